"""`python -m bpgen` as a process of its own, forked from one that has imported numpy and sympy, and
nothing of bpgen: what takes longest is done once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

PARENT = """
import json, os, resource, runpy, signal, sys
import click, jinja2, mpmath, numpy, sympy

for line in sys.stdin:
    arguments, folder, largest = json.loads(line)
    child = os.fork()
    if child:
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    signal.alarm(60)  # seconds
    os.chdir(folder)
    for number, name in ((0, os.devnull), (1, "stdout"), (2, "stderr")):
        mode = os.O_RDWR | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(name if number == 0 else f"{folder}.{name}", mode, 0o600), number)
    if largest:
        sys.dont_write_bytecode = True  # it would be cut short, and read by all others
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    sys.path[0], sys.argv = folder, ["bpgen", *arguments]
    runpy.run_module("bpgen", run_name="__main__", alter_sys=True)
    sys.exit(0)
"""


class Done(NamedTuple):
    code: int
    said: str
    error: str


@cache
def _parent() -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PARENT]
    utf8 = {**os.environ, "PYTHONUTF8": "1"}
    return subprocess.Popen(
        command, env=utf8, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def bpgen(*arguments: str, folder: Path, largest: int = 0) -> Done:
    """What comes of a command in a folder; no file grows beyond the largest, if there is one."""
    parent = _parent()
    assert parent.stdin is not None
    assert parent.stdout is not None
    parent.stdin.write(json.dumps([arguments, str(folder), largest]) + "\n")
    parent.stdin.flush()
    code = int(parent.stdout.readline())
    said, error = (Path(f"{folder}.{name}").read_text() for name in ("stdout", "stderr"))
    return Done(code, said, error)

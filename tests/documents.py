"""Documents whose examples are executed: the README and the pages of the guide.

A block of code is a file: it has the name that the comment on its first line gives, or its kind's
own. A block of a console holds commands and what they print; a block of text is an excerpt of a
file that is there by then. A line of three dots stands for whatever is left out.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from click.testing import CliRunner

from bpgen.cli import main

LEFT_OUT = "..."
NAMES = {"python": "net.py", "json": "values.json"}
TEX = ("pdflatex",)  # is run where the test says that TeX is there


def blocks(document: str) -> list[tuple[str, str]]:
    """Its blocks, each with its kind."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", document, re.DOTALL | re.MULTILINE)


def play(document: str, tex: bool = False) -> None:
    """Do, in the folder that one is in, what a reader of the document would, and see what is shown."""
    for kind, text in blocks(document):
        if kind == "console":
            play_console(text, tex)
        elif kind == "text":
            found = [f for f in Path().rglob("*.*") if f.suffix in (".py", ".tex")]
            assert any(text.rstrip() in f.read_text() for f in found), text
        else:
            named = re.match(r"[#%] ([\w.]+\.\w+)\n", text)
            Path(named[1] if named else NAMES[kind]).write_text(text)


def play_console(text: str, tex: bool = False) -> None:
    """Run its commands; each prints what is shown below it."""
    for command, shown in commands(text):
        program, *arguments = shlex.split(command)
        if program not in TEX or tex:
            printed = printed_by(program, arguments)
            assert is_shown(shown, printed), f"{command}\n{printed}"


def commands(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console, each with what is shown below it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, shown = part.split("\n", 1)
        yield command, shown


def printed_by(program: str, arguments: list[str]) -> str:
    """What a command prints, be it an answer or an error."""
    if program == "bpgen":
        return CliRunner().invoke(main, arguments).output
    path = sys.executable if program == "python" else program
    done = subprocess.run(
        [path, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=program in TEX,
        env={**os.environ, "PYTHONPATH": ""},
    )
    return done.stdout


def is_shown(shown: str, printed: str) -> bool:
    """Whether that is what was printed, but for what is left out."""
    lines = (
        "(?:.*\n)*" if line.strip() == LEFT_OUT else re.escape(line) + "\n"
        for line in shown.splitlines()
    )
    return re.fullmatch("".join(lines), printed) is not None

"""The files of a module that computes by C: what `bpgen emit --target c --python` writes, and what it
refuses to write.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bpgen.cli import main
from bpgen.compiled.library import compiler
from tests.conftest import module_of
from tests.nets_in_c import HEAD, NETS

pytestmark = [
    pytest.mark.skipif(compiler() is None, reason="there is no C compiler"),
    pytest.mark.usefixtures("libraries"),
]


def _emit(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["emit", *arguments])


def test_three_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(HEAD + NETS["dense"])
    done = _emit("--target", "c", "--python", "net.py")
    assert done.exit_code == 0, done.output
    folder = Path("generated")
    assert sorted(p.name for p in folder.iterdir()) == ["net.c", "net.h", "net.py"]
    module = module_of((folder / "net.py").read_text())
    for end in (".h", ".c"):
        lines = {*(folder / f"net{end}").read_text().splitlines()}
        assert lines - {*module.C.splitlines()} <= {'#include "net.h"'}
    (folder / "net.py").write_text("# Written by bpgen; and changed\n")
    stale = _emit("--target", "c", "--python", "--check", "net.py")
    again = "run `bpgen emit --target c --python net.py`"
    assert (stale.exit_code, stale.stdout) == (1, f"generated/net.py: stale; {again}\n")


def test_a_library_that_cannot_be_kept_is_no_defect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    Path("net.py").write_text("from bpgen import *\noutput(tanh(input(2)))\n")
    done = _emit("--target", "c", "--python", "net.py")
    head = "bpgen: net.py: not run, for its library cannot be kept: "
    assert done.exit_code == 2 and done.stderr.startswith(head), done.output
    assert done.stderr.endswith("let XDG_CACHE_HOME be a folder that can be written in\n")
    assert not Path("generated").exists()


def test_python_is_of_c(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(HEAD + NETS["dense"])
    done = _emit("--python", str(tmp_path / "net.py"))
    fact = "--python adds a module that computes by C, and --target is numpy"
    assert (done.exit_code, done.stderr) == (2, f"bpgen: {fact}\n  give --target c, too\n")


@pytest.mark.slow
def test_a_wrong_module_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bpgen.targets.c.module import Module

    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(HEAD + NETS["dense"])
    right = Module.text.fget  # type: ignore[attr-defined]
    wrong = property(lambda self: right(self).replace("/ R(N)", "/ R(N + 1)"))
    monkeypatch.setattr(Module, "text", wrong)
    done = _emit("--target", "c", "--python", "net.py")
    assert done.exit_code == 2 and not Path("generated").exists()
    assert done.stderr.startswith("bpgen: net.py: not written, for it would be wrong: ")

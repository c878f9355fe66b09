"""Beside a net.py there may be a random.py, a click.py, a numpy.py: bpgen runs on Python's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bpgen import shadows
from tests.conftest import ROOT

HIDDEN = ("inspect", "click", "nt")  # the last is of another system, and looked for on all


def _version(folder: Path, path: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "bpgen", "--version"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": ""},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr


def test_modules_beside_a_net_py_come_last(tmp_path: Path) -> None:
    for name in HIDDEN:
        (tmp_path / f"{name}.py").write_text("raise SystemExit(f'{__name__} was imported')\n")
    code, said, error = _version(tmp_path, str(ROOT))
    assert (code, said.split()[0], error) == (0, "bpgen,", "")


def test_a_file_that_hides_a_module_is_named(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("mine = 1\n")
    code, said, error = _version(ROOT, os.pathsep.join((str(tmp_path), str(ROOT))))
    assert (code, said) == (2, "")
    assert error == (
        f"bpgen: {tmp_path / 'click.py'} hides the module click, which bpgen runs on\n"
        "  give it another name, or take its folder out of PYTHONPATH\n"
    )


@pytest.mark.parametrize(
    ("name", "hides"),
    [
        ("random.py", True),
        ("random/__init__.py", True),
        ("numpy.py", True),
        ("numpy/__init__.py", False),
        ("numpy/random.py", False),
        ("network.py", False),
    ],
)
def test_what_hides_a_module(
    name: str, hides: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> object:
        try:
            exec(compile("1 / 0", tmp_path / name, "exec"))
        except ZeroDivisionError as error:
            return shadows.told(error)

    assert told() is None
    monkeypatch.syspath_prepend(tmp_path)
    assert (told() is not None) == hides

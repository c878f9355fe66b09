"""CONTRIBUTING.md: what its table names is there, and as many files as it counts; and names that are
told apart from what they name, for the command line to answer at once, are the same.
"""

from __future__ import annotations

import re

import pytest

import bpgen
from bpgen.cli import emit
from bpgen.commands import formats
from bpgen.emit import _TARGETS, FAST, WITH_PYTHON
from bpgen.render.formats import FORMATS
from bpgen.vocabulary import WORDS
from tests.conftest import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
ROWS = re.findall(r"^\| (an? .*?) \| (\d+) \| (.*) \|$", TEXT, re.MULTILINE)
_PATH = re.compile(r"`((?:[\w.]+/)+[\w.]*|[A-Z]+\.md)`")


def test_the_ten_changes_are_told() -> None:
    kinds = [re.split("[,:]| that | with ", what)[0] for what, *_ in ROWS]
    assert list(dict.fromkeys(kinds)) == [
        "an activation",
        "a scalar function",
        "a loss",
        "a layer",
        "an output format",
        "a target",
        "a stable spelling",
        "a simplification",
        "a check",
        "a command",
    ]


@pytest.mark.parametrize(("what", "count", "where"), ROWS)
def test_a_change_is_made_in_as_many_files_as_are_named(what: str, count: str, where: str) -> None:
    files = {path for path in _PATH.findall(where) if (ROOT / path).is_file()}
    assert len(files) == int(count), (what, sorted(files))


def test_every_folder_is_told_of() -> None:
    pipeline = TEXT[: TEXT.index("## Where is it done")]
    folders = [p.parent.name for p in (ROOT / "bpgen").glob("*/__init__.py")]
    assert [name for name in folders if f"`{name}`" not in pipeline] == []
    assert len(folders) > 15


def test_every_path_is_there() -> None:
    paths = _PATH.findall(TEXT)
    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert len(paths) > 40


def test_every_format_is_made() -> None:
    assert {*formats.FORMATS} == {*FORMATS, "pdf", "html"}


def test_every_target_can_be_asked_for() -> None:
    (choice,) = (p.type for p in emit.params if p.name == "target")
    assert {*choice.choices, FAST, WITH_PYTHON} == {*_TARGETS}  # what --fast and --python ask for


def test_every_word_is_something() -> None:
    assert all(hasattr(bpgen, word) for word in WORDS)

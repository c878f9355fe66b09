"""No pass decides by looking at the text of what is emitted."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT

LOOKS = ("import re\n", "startswith(", "endswith(", ".split(", "partition(", "isidentifier(")
PARSED = ("import ast", "ast.parse")
READERS = {  # what is read there: the sources of the function table, and whole modules for refusal
    "formulas": PARSED,
    "array_api/translated.py": PARSED,
    "numpy/allowed.py": (*PARSED, "startswith(", ".split("),
    "numpy/interface.py": (".split(",),  # the title that a person gave
}


def looked_at(source: str, path: str) -> list[str]:
    """The ways in which a source reads text, but for those that are its business."""
    mine = {word for place, words in READERS.items() if place in path for word in words}
    return [word for word in (*LOOKS, *PARSED) if word in source and word not in mine]


def test_text_decides_nothing() -> None:
    """No pattern, and no look at how a text begins or ends, where a program is made, planned and
    printed; nothing is parsed that a printer wrote.
    """
    rooms = (
        "program",
        "raising",
        "planning",
        "formulas",
        "text",
        "emit",
        "targets/numpy",
        "targets/array_api",
    )
    for path in (p for room in rooms for p in (ROOT / "bpgen" / room).rglob("*.py")):
        assert not looked_at(path.read_text(), path.as_posix()), path


@pytest.mark.parametrize("word", [*LOOKS, *PARSED])
def test_a_look_at_text_is_seen(word: str) -> None:
    assert looked_at(f"if {word}:", "bpgen/targets/numpy/layout.py") == [word]

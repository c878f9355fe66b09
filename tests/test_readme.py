"""Whatever the README says is executed."""

from __future__ import annotations

import re

import pytest

from bpgen import __all__ as words
from bpgen.derive import derive
from bpgen.emit import emitted
from bpgen.load import declared_by
from bpgen.render import render
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
NETS = [text for kind, text in BLOCKS if kind == "python" and "from bpgen" in text]
PROGRAMS = [text for kind, text in BLOCKS if kind == "python" and "from generated" in text]
EXCERPTS = [text for kind, text in BLOCKS if kind == "text"]


def test_there_is_something_to_run() -> None:
    assert (len(NETS), len(PROGRAMS), len(EXCERPTS)) == (6, 1, 2)


@pytest.mark.parametrize("text", NETS)
def test_every_network_is_one(text: str) -> None:
    space: dict[str, object] = {"__name__": "net"}
    exec(emitted(derive(declared_by(text))), space)
    assert space["_self_check"]()  # type: ignore[operator]


@pytest.mark.parametrize("text", PROGRAMS)
def test_every_program_runs(text: str) -> None:
    exec(text, {"__name__": "program"})


def test_the_excerpts_are_what_is_printed() -> None:
    derivation = derive(declared_by(NETS[0]))
    derived, written = EXCERPTS
    assert derived.strip() in render(derivation, fmt="text")
    assert written.strip() in emitted(derivation)


def test_every_word_is_in_the_table() -> None:
    table = README[README.index("| word |") : README.index("A network with outputs and no loss")]
    assert [w for w in words if not re.search(rf"\b{w}\b", table)] == []

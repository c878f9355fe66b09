"""Whatever the README says is executed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bpgen import __all__ as words
from bpgen.check.page.proof import prove_page
from bpgen.derive import derive
from bpgen.load import declared_by
from bpgen.network.shrink import shrunk
from bpgen.prove import claimed, proved
from bpgen.render import render
from tests.conftest import ROOT, derived, emitted, written
from tests.documents import blocks, play_console
from tests.few import one_in

README = (ROOT / "README.md").read_text()
BLOCKS = blocks(README)
NETS = [text for kind, text in BLOCKS if kind == "python" and "from bpgen" in text]
PROGRAMS = [text for kind, text in BLOCKS if kind == "python" and "from generated" in text]
EXCERPTS = [text for kind, text in BLOCKS if kind == "text"]
SESSIONS = [text for kind, text in BLOCKS if kind == "console"]


def test_there_is_something_to_run() -> None:
    assert (len(NETS), len(PROGRAMS), len(EXCERPTS), len(SESSIONS)) == (6, 2, 2, 1)


@pytest.mark.parametrize("text", one_in(3, NETS))
def test_every_network_is_one(text: str) -> None:
    """Of the six equal blocks, two; with `-m slow`, all."""
    assert emitted(text.replace("repeat(6", "repeat(2"))._self_check()


@pytest.mark.parametrize(
    "text", [pytest.param(t, marks=[pytest.mark.slow] * ("repeat(" in t)) for t in NETS]
)
def test_every_equation_of_its_page_holds(text: str) -> None:
    made = derive(shrunk(declared_by(text.replace("repeat(6", "repeat(2"))))
    found = prove_page(render(made, fmt="latex", steps="short"), made.network, (0,))
    assert found.ok, "\n".join(map(str, found.false))


def test_the_counts_of_equations_are_those_of_page_and_comments() -> None:
    report = proved(claimed(declared_by(NETS[0])))
    assert f"`page  {report.page}`, `comments  {report.comments}`" in README


@pytest.mark.slow
def test_the_network_of_six_blocks_is_one() -> None:
    (text,) = (t for t in NETS if "repeat(6" in t)
    assert emitted(text)._self_check()


@pytest.mark.parametrize("text", PROGRAMS)
def test_every_program_runs(text: str) -> None:
    exec(text, {"__name__": "program"})


def test_the_excerpts_are_what_is_printed() -> None:
    page, module = EXCERPTS
    assert page.strip() in render(derived(NETS[0]), fmt="text", steps="short")
    assert module.strip() in written(NETS[0])


@pytest.mark.parametrize("text", SESSIONS)
def test_every_command_says_what_is_shown(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(NETS[0])
    play_console(text)


def test_every_word_is_in_the_table() -> None:
    table = README[README.index("| word |") : README.index("A network with outputs and no loss")]
    assert [w for w in words if not re.search(rf"\b{w}\b", table)] == []

"""The record refuses what it has not seen: another module, page, network or checker, and a line that is
no proof.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bpgen.ir import Network
from bpgen.load import declared_by
from tests.check import nested
from tests.conftest import ROOT, of_example
from tests.proofs import proof as proofs
from tests.proofs.proof import (
    Asked,
    Module,
    Proof,
    Whole,
    every_equation,
    every_line,
    every_mutant,
    every_number,
    lesson,
    no_false_alarm,
    pages,
    scalar_chain_rule,
    whole,
)
from tests.proofs.record import Line, complaints, hold, hold_again, read, sample, write
from tests.proofs.spelling import digest, spelled, with_imports

SOURCE = "from bpgen import *\nx, t = input(2), target()\nw = param(2)\ny = tanh(dot(w, x))\nL = loss((y - t)**2)\n"
NAME, FIGURES = "neuron", "20 seeds"


@cache
def _made() -> Whole:
    return whole(declared_by(SOURCE), Asked())


def _proof(figures: str | None, made: Whole | None = None) -> Proof:
    """One that comes out with these figures, or fails."""

    def run(_: Whole) -> str:
        if figures is None:
            raise AssertionError("proved anew")
        return figures

    return Proof(lambda: made or _made(), run)


def _record(figures: str = FIGURES) -> dict[str, Line]:
    return {NAME: Line(_proof(figures).key(_made()), figures)}


def test_what_was_proved_is_not_proved_again() -> None:
    assert hold(NAME, _proof(None), _record()) == FIGURES


def test_what_has_no_line_is_proved() -> None:
    assert hold(NAME, _proof(FIGURES), {}) == FIGURES
    assert hold(NAME, _proof(FIGURES), {NAME: Line("0" * 64, "1 seed")}) == FIGURES


def _with_claim(**changed: Any) -> Whole:
    return replace(_made(), claim=replace(_made().claim, **changed))


def _other(what: str) -> Whole:
    """What is claimed, changed in one place."""
    claim = _made().claim
    if what == "module":
        return _with_claim(module=claim.module.replace("2 *", "3 *"))
    if what == "module at small sizes":
        return _with_claim(small_module=claim.module.replace("2 *", "3 *"))
    if what == "page":
        return _with_claim(page=(claim.page or "").replace("2", "3"))
    if what == "page in components":
        return replace(_made(), pages={**_made().pages, "short components": ""})
    if what == "network":
        return _with_claim(network=declared_by(SOURCE.replace("tanh", "sin")))
    return replace(_made(), asked=Asked(mutants=30))


@pytest.mark.parametrize(
    "what",
    ["module", "module at small sizes", "page", "page in components", "network", "what is asked"],
)
def test_what_was_proved_says_nothing_of_another(what: str) -> None:
    other = _other(what)
    assert other != _made()
    with pytest.raises(AssertionError, match="proved anew"):
        hold(NAME, _proof(None, other), _record())


def test_another_checker_believes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = _record()
    monkeypatch.setattr(proofs, "checker", lambda: digest("another"))
    with pytest.raises(AssertionError, match="proved anew"):
        hold(NAME, _proof(None), recorded)


def test_the_checker_is_every_file_that_decides() -> None:
    check = [*(ROOT / "bpgen" / "check").rglob("*.py")]
    found = set(with_imports(check))
    functions = [*(ROOT / "bpgen" / "functions").glob("*.py")]
    assert found >= {*check, *functions, ROOT / "bpgen" / "ir.py"}
    makers = {"declare", "network", "derive", "lower", "emit", "render", "html", "lesson", "worked"}
    by_floor = {file.relative_to(ROOT / "bpgen").parts[0] for file in found}
    assert not by_floor & makers


@pytest.mark.slow
def test_a_wrong_module_and_a_wrong_page_are_no_proof() -> None:
    """What is recorded is what these came out with."""
    right = every_line(_made())
    assert complaints({NAME: Line("0" * 64, right)}, [NAME]) == []
    claim = _made().claim
    assert "2 *" in claim.module
    wrong = claim.module.replace("2 *", "3 *")
    with pytest.raises(AssertionError):
        every_line(_with_claim(module=wrong, small_module=wrong))
    with pytest.raises(AssertionError):
        every_line(_with_claim(page=(claim.page or "").replace("2(", "3(")))
    said = re.sub(r"(# \(\d+\) .*?) = ", r"\1 = 2 ", claim.small_module)
    assert said != claim.small_module
    with pytest.raises(AssertionError, match="is not"):
        every_line(_with_claim(small_module=said))
    with pytest.raises(AssertionError):
        every_line(replace(_made(), asked=Asked(mutants=10_000)))


def _module() -> Module:
    return Module(_made().claim.module, _made().claim.small)


def test_a_wrong_module_gives_a_false_alarm() -> None:
    assert no_false_alarm(_module()) == "20 seeds"
    wrong = replace(_module(), text=_module().text.replace("2 *", "3 *"))
    with pytest.raises(AssertionError):
        no_false_alarm(wrong)


def test_a_mutant_that_gets_through_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.fullmatch(r"\d+ mutants of \d+ kinds", every_mutant(_module()))
    survived = SimpleNamespace(survivors=("dw + 0",), tried=2, kinds=1)
    monkeypatch.setattr(proofs, "selftest", lambda *_, **__: survived)
    with pytest.raises(AssertionError):
        every_mutant(_module())


def test_a_sweep_over_other_scalars_is_no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    assert scalar_chain_rule(_module()) == "4 derivatives"
    monkeypatch.setitem(nested._OPERATIONS, "*", lambda a, b: a + b)
    with pytest.raises(AssertionError):
        scalar_chain_rule(_module())


@pytest.mark.slow  # with a wrong module it is refused above
def test_a_wrong_page_alone_is_no_proof() -> None:
    told = pages(declared_by(SOURCE))
    assert complaints({NAME: Line("0" * 64, every_equation(told))}, [NAME]) == []
    wrong = {n: page.replace("2(", "3(") for n, page in told.pages.items()}
    with pytest.raises(AssertionError):
        every_equation(replace(told, pages=wrong))


def test_a_wrong_number_of_a_lesson_is_no_proof() -> None:
    """And another number that is given is another proof."""
    told = lesson(of_example("toy_2_2_1"))
    assert complaints({NAME: Line("0" * 64, every_number(told))}, [NAME]) == []
    (given,) = re.findall(r"L\$ goes from \$([\d.]+)", told.page)
    with pytest.raises(AssertionError):
        every_number(replace(told, page=told.page.replace(given, given[:-1])))
    point = replace(told.point, values={n: v + 1 for n, v in told.point.values.items()})
    assert spelled(replace(told, point=point)) != spelled(told)
    with pytest.raises(AssertionError):
        every_number(replace(told, point=point))


def test_figures_that_come_out_otherwise_are_refused() -> None:
    hold_again(NAME, _proof(FIGURES), _record())
    with pytest.raises(AssertionError, match="recorded as '20 seeds', is '19 seeds'"):
        hold_again(NAME, _proof("19 seeds"), _record())


@pytest.mark.parametrize(
    ("name", "key", "figures", "complaint"),
    [
        ("gone", "0" * 64, "20 seeds", "no such network"),
        (NAME, "0" * 63, "20 seeds", "is no hash"),
        (NAME, "0" * 64, "", "is no proof"),
        (NAME, "0" * 64, "no", "is no proof"),
        (NAME, "0" * 64, "exactly 0 entries", "is no proof"),
        (NAME, "0" * 64, "0 of 9 comments", "is no proof"),
        (NAME, "0" * 64, "exactly 8 entries, 0 mutants of 3 kinds, 0 of 9 comments", "is no proof"),
        (NAME, "0" * 64, "exactly 8 entries, 0 of 0 comments", "is no proof"),
        (NAME, "0" * 64, "AssertionError: a gradient is wrong", "is no proof"),
    ],
)
def test_a_line_that_proves_nothing_is_refused(
    name: str, key: str, figures: str, complaint: str
) -> None:
    (found,) = complaints({name: Line(key, figures)}, [NAME])
    assert complaint in found


def test_it_is_read_as_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    write(
        {
            NAME: Line("0" * 64, "exactly 29 entries, 62 mutants of 20 kinds, matrix 85 equations"),
            "another": Line("1" * 64, "20 seeds"),
        },
        file,
    )
    assert read(file) == {
        "another": Line("1" * 64, "20 seeds"),
        NAME: Line("0" * 64, "exactly 29 entries, 62 mutants of 20 kinds, matrix 85 equations"),
    }
    assert complaints(read(file), [NAME, "another"]) == []
    assert file.read_text().count("\n") == 4


def test_a_proof_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    line = f'"a": ["{"0" * 64}", "20 seeds"]'
    file.write_text(f"{{{line}, {line}}}")
    with pytest.raises(ValueError, match="twice"):
        read(file)


def test_other_proofs_are_drawn_when_anything_changes() -> None:
    names = [f"{k}" for k in range(100)]
    drawn = [sample({"a": Line(str(k), "")}, names) for k in range(2)]
    assert all(len(d) == 6 for d in drawn)
    assert drawn[0] != drawn[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("y = tensor(sum(W[j, k] * x[k], k), j)", "y = tensor(sum(W[k, j] * x[k], k), j)"),
        ("y = W @ x + 0.1", "y = W @ x + 0.1 * (1 + 1e-15)"),
        ("y = W @ x + 1", "y = W @ x + 1.5"),
        ("y = W @ x - x", "y = x - W @ x"),
    ],
)
def test_networks_that_differ_are_spelled_otherwise(one: str, other: str) -> None:
    assert _spelled(one) == _spelled(one)
    assert _spelled(one) != _spelled(other)


def _spelled(line: str) -> str:
    head = "from bpgen import *\nj, k = indices('j k')\nx = input(2)\nW = param(2, 2)\n"
    network: Network = declared_by(f"{head}{line}\noutput(y)\n")
    return spelled(network)

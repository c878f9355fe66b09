"""derive prints no page of which a line is false: a sign that is lost is refused, by its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bpgen.check.page.proof import FalseLine, ReadBack
from bpgen.check.page.proof.allowance import Allowance
from bpgen.cli import main
from bpgen.derive import derive
from bpgen.equations import contraction
from bpgen.gates import lesson, page
from bpgen.load import load
from bpgen.network.shrink import shrunk
from bpgen.render import render
from bpgen.render.scalar import Printer
from tests.conftest import ROOT

NET = """from bpgen import *
x, y = input(300), target(2)
W, b = param(2, 300), param(2)
z = W @ x + b
L = loss(sum((z - y) ** 2))
"""
REMEDY = "a defect of bpgen: report it with net.py; --unchecked prints the page all the same"


def _derived(path: Path, *options: str) -> Result:
    (path / "net.py").write_text(NET)
    return CliRunner().invoke(main, ["derive", str(path / "net.py"), *options])


@pytest.fixture
def lost_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Printer.signed
    monkeypatch.setattr(Printer, "signed", lambda *args: (False, right(*args)[1]))


@pytest.mark.parametrize("options", [(), ("-f", "text"), ("-n", "index"), ("--steps", "all")])
@pytest.mark.usefixtures("lost_signs")
def test_a_page_with_a_lost_sign_is_not_printed(tmp_path: Path, options: tuple[str, ...]) -> None:
    said = _derived(tmp_path, *options)
    assert (said.exit_code, said.stdout) == (2, "")
    fact, remedy = said.stderr.splitlines()
    assert fact.startswith(f"bpgen: {tmp_path}/net.py: not printed, for it would be false: ")
    assert " + y" in fact and " is not " in fact
    assert remedy.strip() == REMEDY


@pytest.mark.usefixtures("lost_signs")
def test_unchecked_it_is_printed(tmp_path: Path) -> None:
    said = _derived(tmp_path, "--unchecked")
    assert (said.exit_code, said.stderr) == (0, "")
    assert "z + y" in said.stdout


def test_nothing_is_written_either(tmp_path: Path, lost_signs: None) -> None:
    assert _derived(tmp_path, "-o", str(tmp_path / "page.tex")).exit_code == 2
    assert not (tmp_path / "page.tex").exists()


def test_what_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = FalseLine("z &= W \\star x \\tag{1}", "cannot go on", unread=True)
    monkeypatch.setattr(page, "prove_page", lambda *_, **__: ReadBack(0, 1, (line,)))
    said = _derived(tmp_path)
    assert (said.exit_code, bool(said.stdout)) == (0, True)
    assert said.stderr.endswith("net.py: not read back, and so not proved: z = W \\star x\n")


def _unread(path: Path, what: str) -> str:
    return f"bpgen: {path}/net.py: not read back, and so not proved: {what}\n"


def test_of_a_long_page_what_is_derived_is_read_and_the_rest_is_said_to_be_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "CHARACTERS", 1)
    said = _derived(tmp_path)
    assert (said.exit_code, bool(said.stdout)) == (0, True)
    assert said.stderr == _unread(tmp_path, "12 of its 18 equations (bpgen check reads all)")
    monkeypatch.setattr("bpgen.gates.page.LARGEST_PAGE", 1)
    assert _derived(tmp_path).stderr == _unread(tmp_path, "12 of its 18 equations")


@pytest.mark.usefixtures("lost_signs")
def test_a_long_page_with_a_lost_sign_among_its_first_lines_is_not_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "CHARACTERS", 200)
    assert (_derived(tmp_path).exit_code, _derived(tmp_path, "--unchecked").exit_code) == (2, 0)


def test_long_axes_of_many_equations_are_left_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "prove_page", None)
    monkeypatch.setattr(page, "EQUATIONS", 1)
    said = _derived(tmp_path)
    left = "its equations, which are more than 100 (bpgen check reads all)"
    assert (said.exit_code, said.stderr) == (0, _unread(tmp_path, left))


LONG = """from sympy import Symbol
from bpgen import *
s = Symbol("s")
x, y = input("T", below=2), target()
h = activation(s / (1 + s**2), s)(sum(layer_norm(embedding(x, 2, 3), axes=1, affine=True)))
L = loss(3 * half_squared_error(h, y))
"""


@pytest.mark.slow
def test_a_factor_that_a_long_page_had_twice_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of some 95 equations in more than 14,000 characters one, over the batch, was false, and was printed."""
    monkeypatch.setattr(contraction, "_with_own_sign", lambda term: term)
    (tmp_path / "net.py").write_text(LONG)
    asked = ["derive", str(tmp_path / "net.py"), "--steps", "all"]
    assert len(CliRunner().invoke(main, [*asked, "--unchecked"]).stdout) > 14_000
    said = CliRunner().invoke(main, asked)
    assert (said.exit_code, said.stdout) == (2, "")
    assert "not printed, for it would be false: " in said.stderr


@pytest.mark.parametrize(
    ("net", "steps"),
    [("toy_2_2_1", "all"), ("shared_weights", "all"), ("attention_weights", "short")],
)
def test_the_order_in_which_a_page_is_read_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, net: str, steps: str
) -> None:
    derivation = derive(shrunk(load(ROOT / "examples" / f"{net}.py")))
    text = render(derivation, fmt="latex", steps=steps)
    in_order = page.prove_page(text, derivation.network, (0,))
    assert in_order.ok
    monkeypatch.setattr(Allowance, "ordered", lambda _, groups: groups[::-1])
    assert page.prove_page(text, derivation.network, (0,)) == in_order
    part = page.prove_page(text, derivation.network, (0,), characters=100)
    assert 0 < part.left < in_order.total and not part.false and not part.ok


@pytest.mark.parametrize("most", [15, 16])
def test_of_a_long_lesson_it_is_said_that_nobody_reads_it(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    toy = str(ROOT / "examples" / "toy_2_2_1.py")  # 16 equations
    monkeypatch.setattr(page, "LESSON", most)
    monkeypatch.setattr(lesson, "LESSON", most)
    said = CliRunner().invoke(main, ["derive", toy, "--lesson"])
    assert (said.exit_code, "Classic mistakes" in said.stdout) == (0, True)
    unread = f"bpgen: {toy}: not read back, and so not proved: {page.LONG}\n"
    assert said.stderr == ("" if most == 16 else unread)


def test_a_right_page_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right, reports = page.prove_page, []

    def proved(*args: Any, **asked: Any) -> ReadBack:
        reports.append(right(*args, **asked))
        return reports[-1]

    monkeypatch.setattr(page, "prove_page", proved)
    assert (_derived(tmp_path).stderr, len(reports)) == ("", 1)
    assert reports[0].ok

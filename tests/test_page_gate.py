"""derive prints no page of which a line is false: a sign that is lost is refused, by its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bpgen.check.page.proof import FalseLine, PageReport
from bpgen.cli import main
from bpgen.gates import page
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
    monkeypatch.setattr(page, "prove_page", lambda *_: PageReport(0, 1, (line,)))
    said = _derived(tmp_path)
    assert (said.exit_code, bool(said.stdout)) == (0, True)
    assert said.stderr.endswith("net.py: not read back, and so not proved: z = W \\star x\n")


@pytest.mark.parametrize("bound", ["EQUATIONS", "CHARACTERS"])
def test_a_long_page_is_left_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    def never(*_: Any) -> PageReport:
        raise AssertionError("it is read back")

    monkeypatch.setattr(page, "prove_page", never)
    monkeypatch.setattr(page, bound, 1)
    assert _derived(tmp_path).exit_code == 0


@pytest.mark.parametrize("most", [15, 16])
def test_of_a_long_lesson_it_is_said_that_nobody_reads_it(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    toy = str(ROOT / "examples" / "toy_2_2_1.py")  # 16 equations, more than those of a page alone
    monkeypatch.setattr(page, "EQUATIONS", 1)
    monkeypatch.setattr(page, "LESSON", most)
    said = CliRunner().invoke(main, ["derive", toy, "--lesson"])
    assert (said.exit_code, "Classic mistakes" in said.stdout) == (0, True)
    unread = f"bpgen: {toy}: not read back, and so not proved: {page.LONG}\n"
    assert said.stderr == ("" if most == 16 else unread)


def test_a_right_page_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right, reports = page.prove_page, []

    def proved(*args: Any) -> PageReport:
        reports.append(right(*args))
        return reports[-1]

    monkeypatch.setattr(page, "prove_page", proved)
    assert (_derived(tmp_path).stderr, len(reports)) == ("", 1)
    assert reports[0].ok

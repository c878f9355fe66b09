"""The guide: a reader who does what its pages say sees what they show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.documents import blocks, is_shown, play, play_console
from tests.few import one_in

PAGES = sorted((ROOT / "guide").glob("*.md"))


@pytest.mark.parametrize("page", one_in(3, PAGES), ids=lambda p: p.stem)
def test_every_example_is_what_a_reader_sees(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bpgen.commands.pdf.compiled", str.encode)  # TeX itself: tests/slow
    play(page.read_text())


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_a_page_is_short_and_its_links_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    lines = text.splitlines()
    assert 60 <= len(lines) <= 120 and max(map(len, lines)) <= 130
    assert "python" in dict(blocks(text)) and "console" in dict(blocks(text))
    assert all((page.parent / link).exists() for link in re.findall(r"\]\(([^)#]+)\)", text))


def test_the_readme_leads_to_every_page_and_the_picture() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [p.name for p in PAGES if f"(guide/{p.name})" not in readme] == []
    assert len(PAGES) == 6 and "](guide/picture.png)" in readme
    assert (ROOT / "guide" / "picture.png").stat().st_size < 250_000


def test_what_is_not_printed_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = "one\ntwo\nthree\n"
    for shown in ("one\ntwo\nthree\n", "...\ntwo\n...\n", "one\n...\n", "...\n"):
        assert is_shown(shown, printed)
    for shown in (
        "",
        "one\n",
        "two\n...\n",
        "...\nthree\ntwo\n...\n",
        "...\ntw\n...\n",
        "one\n...\ntwo\n",
    ):
        assert not is_shown(shown, printed)
    with pytest.raises(AssertionError):
        play_console("$ bpgen --version\nbpgen, version 0\n")
    with pytest.raises(AssertionError):
        play("```python\nx = 1\n```\n```text\nx = 2\n```\n")

"""The guide with the tools that not every machine has: TeX for its documents, Chromium for the
README's picture.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guide.picture import PICTURE, draw
from tests.documents import play
from tests.test_guide import PAGES

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("page", [p for p in PAGES if "pdf" in p.read_text()], ids=lambda p: p.stem)
def test_its_documents_compile(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    play(page.read_text(), tex=True)
    made = sorted(tmp_path.glob("*.pdf"))
    assert made and all(f.read_bytes().startswith(b"%PDF") for f in made)
    if page.stem == "4-paper-appendix":
        log = (tmp_path / "paper.log").read_text()
        assert [line for line in log.splitlines() if re.match(r"Overfull|.*Warning", line)] == []


def size(picture: Path) -> tuple[int, int]:
    """Width and height of a PNG, from its first chunk."""
    head = picture.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR"
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def test_the_picture_is_made_again(tmp_path: Path) -> None:
    """Its size and not its bytes: what letters look like is the machine's."""
    again = tmp_path / "picture.png"
    draw(again)
    assert size(again) == size(PICTURE)
    assert again.stat().st_size > PICTURE.stat().st_size / 2  # is not empty

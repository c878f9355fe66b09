"""What a page brings with it: its style, its script, and KaTeX with the fonts that it needs."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent / "assets"
_FONT_FACE = re.compile(r"@font-face\{[^}]*\}")
_NAME = re.compile(r"fonts/([\w-]+)\.woff2")
# KaTeX's fonts, and the commands of which one of them is for; without commands, always.
_FONTS = {
    "KaTeX_Main-Regular": (),
    "KaTeX_Math-Italic": (),
    "KaTeX_Size1-Regular": (),
    "KaTeX_Size2-Regular": (),
    "KaTeX_Size3-Regular": ("{cases}", r"\left", r"\frac", r"\sqrt"),
    "KaTeX_Size4-Regular": ("{cases}", r"\left", r"\frac", r"\sqrt"),
    "KaTeX_AMS-Regular": (r"\mathbb",),
    "KaTeX_Main-Bold": (r"\mathbf",),
}


@cache
def asset(name: str) -> str:
    """The text of an asset."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def katex_style(formulas: Iterable[str]) -> str:
    """KaTeX's style, with the fonts inlined that these formulas need, and no other."""
    text = "\n".join(formulas)
    wanted = {
        f for f, commands in _FONTS.items() if not commands or any(c in text for c in commands)
    }

    def face(found: re.Match[str]) -> str:
        name = _NAME.search(found[0])
        if name is None or name[1] not in wanted:
            return ""
        source = f'src:url(data:font/woff2;base64,{_font(name[1])}) format("woff2")'
        return re.sub(r"src:[^}]*", source, found[0])

    return _FONT_FACE.sub(face, asset("katex/katex.min.css"))


@cache
def _font(name: str) -> str:
    data = (_FOLDER / "katex" / "fonts" / f"{name}.woff2").read_bytes()
    return base64.b64encode(data).decode("ascii")

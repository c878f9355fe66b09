"""Rows laid out in lines that fit the page."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from textwrap import wrap

from bpgen.render.breaks import Width, broken, leading
from bpgen.render.page import Row
from bpgen.render.style import Numbering

_PAGE = 86.0  # characters of mathematics in a line of the LaTeX page
_TAG = 6  # the number at the margin
_LEAST = 30  # room for a right side, whatever stands on the left
_GAP = r"\quad "
_WIDE = ((r"[A-Z]", 0.3), (r"[MW]", 0.5), (r"w", 0.4), (r"m", 0.7))  # beyond one character
_LARGE = ((r"\odot", 2.0), (r"\sum", 0.9), (r"\left", 0.7), (r"\right", 0.7))
_BESIDE = re.compile(r"_\{([^{}]*)\}\^\{([^{}]*)\}")  # set one above the other
_STACKED = re.compile(r"\\(?:substack\{|begin\{cases\})([^{}]*)(?:\}|\\end\{cases\})")


@lru_cache(1_000)
def measured(math: str) -> float:
    """About how many characters wide a formula is set: of a fraction, the wider half."""
    previous = ""
    while previous != math:
        previous = math
        math = _BESIDE.sub(lambda m: "_" + max(m[1], m[2], key=_plain_width), math)
        math = _STACKED.sub(lambda m: max(re.split(r"\\\\ ", m[1]), key=_plain_width), math)
        math = re.sub(
            r"\\t?frac\{([^{}]*)\}\{([^{}]*)\}", lambda m: max(m[1], m[2], key=_plain_width), math
        )
        math = _unbraced(math) if "frac" in math else re.sub(r"\{([^{}]*)\}", r"\1", math)
    return _plain_width(math)


def _unbraced(math: str) -> str:
    """Inner braces that belong to no fraction taken off: what stands before them is no brace and no
    \\frac.
    """
    return re.sub(
        r"([_^]|\\(?!t?frac)[a-zA-Z]+)\{([^{}]*)\}",
        lambda m: m[1] + m[2],
        math,
    )


@lru_cache(10_000)  # the same few subscripts stand in every formula
def _plain_width(math: str) -> float:
    small = len(re.findall(r"[_^]", math))
    large = sum(extra * math.count(mark) for mark, extra in _LARGE)
    math = re.sub(
        r"\\(left|right|biggl|biggr|mathrm|mathbf|mathbb|text|operatorname|hat|bar|tilde|overset)",
        "",
        math,
    )
    math = re.sub(r"\\(log|exp|tanh|quad)", "abc", math)
    math = re.sub(r"\\[a-zA-Z]+|\\.", "x", math)
    spaced = len(re.findall(r"[=+-]", math))
    wide = sum(extra * len(re.findall(letters, math)) for letters, extra in _WIDE)
    return len(re.sub(r"[\s{}_^&]", "", math)) - 0.3 * small + spaced + wide + large


def _wrapped(
    parts: Iterable[str], room: float, width: Width = measured, apart: bool = False
) -> list[str]:
    """Parts joined into lines no wider than `room`, broken between parts and, where one is too
    wide, inside it. Parts that stand `apart` begin a line where they are broken.
    """
    lines: list[str] = []
    for part in parts:
        pieces = broken(part, room, width)
        if width is columns:  # on the terminal any space will do
            pieces = [line for piece in pieces for line in _cut(piece, int(room))]
        for k, piece in enumerate(pieces):
            begins = apart and k == 0 and len(pieces) > 1
            if lines and not begins and width(f"{lines[-1]} {piece}") <= room:
                lines[-1] += f" {piece}"
            else:
                lines.append(leading(piece))
    return lines


def _cut(piece: str, room: int) -> list[str]:
    if columns(piece) <= room:
        return [piece]
    return wrap(piece, room, break_long_words=False, break_on_hyphens=False)


def latex_rows(rows: tuple[Row, ...], numbering: Numbering | None) -> list[str]:
    """Lines of an aligned environment, and what numbers them, if anything does."""
    margin = max((measured(r.left) for r in rows), default=0.0) + (_TAG if numbering else 0)
    lines: list[str] = []
    for row in rows:
        found = _latex_row(row, max(_PAGE - margin, _LEAST))
        if numbering is not None:
            tags = [*[None] * (len(found) - 1), row.tag]
            found = [line + numbering(tag) for line, tag in zip(found, tags, strict=True)]
        lines += found
    return [line + (r" \\" if k < len(lines) - 1 else "") for k, line in enumerate(lines)]


def _latex_row(row: Row, room: float) -> list[str]:
    since = [
        rf"\text{{since }} {s}" if k == 0 else rf"\text{{and }} {s}"
        for k, s in enumerate(row.since)
    ]
    if row.words and not row.addends:
        facts = [fact for k, fact in enumerate(row.words)]
        facts = [f + "," if k < len(facts) - 1 else f for k, f in enumerate(facts)]
        spaced = [*facts[:1], *(rf"\quad {part}" for part in (*facts[1:], *since))]
        return [
            rf"& \quad {line.removeprefix(_GAP)}" for line in _wrapped(spaced, room - 2, apart=True)
        ]
    if not row.addends:
        return [rf"{row.left} & \qquad {row.numbers}"]
    lead = rf"\quad \text{{{row.words[0]} }}" if row.words else "= "
    first, *more = _wrapped(row.addends, room - 2)
    lines = [rf"{row.left} &{lead}{first}".lstrip(), *(rf"&\quad {m}" for m in more)]
    for extra in [e for e in (row.where, row.shape) if e] + since:
        last = lines[-1].split("&", 1)[1]
        if measured(f"{last}{extra}") + 4 <= room:
            lines[-1] += rf" \quad {extra}"
        else:
            lines += [rf"&\quad {piece}" for piece in _wrapped([extra], room - 2)]
    if row.numbers:
        fits = measured(lines[-1].split("&", 1)[1] + row.numbers) + 6 <= room
        lines[-1:] = (
            [rf"{lines[-1]} \qquad {row.numbers}"]
            if fits
            else [lines[-1], rf"& \qquad {row.numbers}"]
        )
    return lines


def columns(text: str) -> int:
    """Columns a terminal shows."""
    return sum(not unicodedata.combining(c) for c in text)


def text_rows(rows: tuple[Row, ...], width: int) -> list[str]:
    """Lines for the terminal, aligned at their equals signs, numbers at the right."""
    margin = min(max((columns(r.left) for r in rows), default=0), 40)
    lines: list[str] = []
    for row in rows:
        lines += _text_row(row, margin, width)
    return lines


def _text_row(row: Row, margin: int, width: int) -> list[str]:
    blank = " " * margin
    room = max(width - margin - 10, _LEAST)
    since = [f"{'since' if k == 0 else 'and'} {s}" for k, s in enumerate(row.since)]
    if row.words and not row.addends:
        facts = [f"{f}{',' if k < len(row.words) - 1 else ''}" for k, f in enumerate(row.words)]
        said = _wrapped([*facts, *since], room, columns, apart=True)
        return [f"  {blank}     {line}" for line in said]
    if not row.addends:
        first, *more = _wrapped([row.numbers], room - 5, columns)
        begun = f"  {blank[columns(row.left) :]}{row.left}   {first}"
        return [begun, *(f"  {blank}     {m}" for m in more)]
    lead = f"   {row.words[0]} " if row.words else " = "
    first, *more = _wrapped(row.addends, room, columns)
    lines = [
        f"  {blank[columns(row.left) :]}{row.left}{lead}{first}",
        *(f"  {blank}     {m}" for m in more),
    ]
    for extra in [e for e in (row.where, row.shape, *since, row.numbers) if e]:
        if columns(lines[-1]) + columns(extra) + 3 <= width - 6:
            lines[-1] += f"   {extra}"
        else:
            lines += [f"  {blank}     {piece}" for piece in _wrapped([extra], room, columns)]
    if row.tag is not None:
        lines[-1] = f"{lines[-1]}{' ' * max(2, width - 6 - columns(lines[-1]))}({row.tag})"
    return lines

"""Rows laid out in lines that fit the page."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby
from textwrap import wrap

from bpgen.render.breaks import Width, broken, leading
from bpgen.render.page import Row
from bpgen.render.style import Numbering
from bpgen.render.widths import measured

PAGE, COLUMN = 468.0, 231.0  # points of a line of the LaTeX page, and of half of it
_TAG, _APART = 34.0, 10.0  # the number at the margin, and what keeps it apart
_QUAD, _EQUALS = 10.0, 14.0
_LEAST, _LEAST_OF_COLUMN = 170.0, 100.0  # room for a right side, whatever stands on the left
_COLUMNS = 30  # the same on the terminal
_FEW = 6  # rows that are worth two columns
_LOW = 6  # lines of text: a row that is higher has the width of the page, and no column
_TALL = (r"\frac", r"\sum", "{cases}")  # what makes a line twice as high
_GAP = r"\quad "
Run = tuple[bool, tuple[Row, ...]]  # whether in columns, and which rows


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


def in_columns(displays: Sequence[tuple[Row, ...]]) -> list[list[Run]]:
    """The rows of each display in runs, and whether half a page is wide enough for each. Those in
    columns, from display to display, are many: a few are set with the wide ones beside them.
    """
    runs = [(k, run) for k, rows in enumerate(displays) for run in _runs(rows)]
    found: list[list[Run]] = [[] for _ in displays]
    for narrow, together in groupby(runs, lambda placed: placed[1][0]):
        beside = [(k, rows) for k, (_, rows) in together]
        many = narrow and sum(len(rows) for _, rows in beside) >= _FEW
        for k, rows in beside:
            _join(found[k], (many, rows))
    return found


def _runs(rows: tuple[Row, ...]) -> list[Run]:
    """The rows of one display, cut where columns become too narrow for them."""
    if _fits(rows):
        return [(True, rows)]
    runs: list[Run] = []
    for narrow, together in groupby(_equations(rows), _fits):
        run = tuple(row for equation in together for row in equation)
        _join(runs, (narrow and _fits(run), run))
    return runs


def _join(runs: list[Run], run: Run) -> None:
    """One more run, joined to the last where both are as wide."""
    narrow, rows = run
    before = runs.pop()[1] if runs and runs[-1][0] == narrow else ()
    runs.append((narrow, (*before, *rows)))


def _equations(rows: tuple[Row, ...]) -> list[tuple[Row, ...]]:
    """The rows, those of one equation together."""
    found: list[list[Row]] = []
    numbered = any(r.tag is not None for r in rows)
    ended = False
    for row in rows:
        if not found or (row.begins and ended) or (row.left and not numbered):
            found.append([])
        found[-1].append(row)
        ended = row.tag is not None or (ended and not row.begins)
    return [tuple(f) for f in found]


def _fits(rows: tuple[Row, ...]) -> bool:
    """Whether lines of half a page are wide enough."""
    room = COLUMN - _margin(rows)
    if room < _LEAST_OF_COLUMN:
        return False
    set_in = [_latex_row(row, room) for row in rows]
    low = all(height(lines) <= _LOW for lines in set_in)
    return low and all(measured(_right(line)) <= room for lines in set_in for line in lines)


def height(lines: Iterable[str]) -> int:
    """About how many lines of text displayed ones are high."""
    bare = [line.replace(r"\textstyle \sum", "") for line in lines]
    return len(bare) + sum(any(t in line for t in _TALL) for line in bare)


def _margin(rows: tuple[Row, ...]) -> float:
    """What stands left of the equals signs, and the numbers if there are any."""
    numbers = (measured(f"({r.tag})") for r in rows if r.tag is not None)
    number = max((max(_TAG, n + _APART) for n in numbers), default=0.0)
    return max((measured(r.left) for r in rows), default=0.0) + number


def _right(line: str) -> str:
    return line.split("&", 1)[1]


def latex_rows(
    rows: tuple[Row, ...], numbering: Numbering | None, width: float = PAGE, column: bool = False
) -> list[str]:
    """Lines of an aligned environment, and what numbers them, if anything does. Those of a row stay
    in one column.
    """
    room = max(width - _margin(rows), 0.0 if column else _LEAST)
    stays = r" \\*" if column else r" \\"
    breaks: list[str] = []
    lines: list[str] = []
    for row in rows:
        found = _latex_row(row, room)
        if numbering is not None:
            tags = [*[None] * (len(found) - 1), row.tag]
            found = [line + numbering(tag) for line, tag in zip(found, tags, strict=True)]
        lines += found
        breaks += [*[stays] * (len(found) - 1), r" \\"]
    breaks[-1:] = [""] * bool(breaks)
    return [line + end for line, end in zip(lines, breaks, strict=True)]


def _latex_row(row: Row, room: float) -> list[str]:
    since = [
        rf"\text{{since }} {s}" if k == 0 else rf"\text{{and }} {s}"
        for k, s in enumerate(row.since)
    ]
    if row.words and not row.addends:
        facts = [fact for k, fact in enumerate(row.words)]
        facts = [f + "," if k < len(facts) - 1 else f for k, f in enumerate(facts)]
        spaced = [*facts[:1], *(rf"\quad {part}" for part in (*facts[1:], *since))]
        found = _wrapped(spaced, room - _QUAD, apart=True)
        return [rf"& \quad {line.removeprefix(_GAP)}" for line in found]
    if not row.addends:
        return [rf"{row.left} & \qquad {row.numbers}"]
    lead = rf"\quad \text{{{row.words[0]} }}" if row.words else "= "
    first, *more = _wrapped(row.addends, room - _EQUALS)
    lines = [rf"{row.left} &{lead}{first}".lstrip(), *(rf"&\quad {m}" for m in more)]
    for extra in [e for e in (row.where, row.shape) if e] + since:
        last = lines[-1].split("&", 1)[1]
        if measured(f"{last}{extra}") + _QUAD <= room:
            lines[-1] += rf" \quad {extra}"
        else:
            lines += [rf"&\quad {piece}" for piece in _wrapped([extra], room - _QUAD)]
    if row.numbers:
        fits = measured(lines[-1].split("&", 1)[1] + row.numbers) + 2 * _QUAD <= room
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
    number = f"({row.tag})" if row.tag is not None else ""
    edge = width - max(6, columns(number))
    room = max(edge - margin - 4, _COLUMNS)
    since = [f"{'since' if k == 0 else 'and'} {s}" for k, s in enumerate(row.since)]
    if row.words and not row.addends:
        facts = [f"{f}{',' if k < len(row.words) - 1 else ''}" for k, f in enumerate(row.words)]
        found = _wrapped([*facts, *since], room, columns, apart=True)
        return [f"  {blank}     {line}" for line in found]
    if not row.addends:
        first, *more = _wrapped([row.numbers], room - 5, columns)
        begun = f"  {blank[columns(row.left) :]}{row.left}   {first}"
        return [begun, *(f"  {blank}     {m}" for m in more)]
    lead = f"   {row.words[0]} " if row.words else " = "
    first, *more = _wrapped(row.addends, room - (columns(lead) - 3), columns)
    lines = [
        f"  {blank[columns(row.left) :]}{row.left}{lead}{first}",
        *(f"  {blank}     {m}" for m in more),
    ]
    for extra in [e for e in (row.where, row.shape, *since, row.numbers) if e]:
        if columns(lines[-1]) + columns(extra) + 3 <= edge:
            lines[-1] += f"   {extra}"
        else:
            beside = 5 if extra == row.numbers else 0  # the number of the equation
            pieces = _wrapped([extra], room - beside, columns)
            lines += [f"  {blank}     {piece}" for piece in pieces]
    if number:
        lines[-1] = f"{lines[-1]}{' ' * max(2, edge - columns(lines[-1]))}{number}"
    return lines

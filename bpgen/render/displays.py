"""Rows laid out as displays of LaTeX, in lines that fit the page, a column or a paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil

from bpgen.render import escape
from bpgen.render.breaks import broken, entries, factors, folded
from bpgen.render.lines import filled, words, wrapped
from bpgen.render.page import Row
from bpgen.render.style import Numbering
from bpgen.render.widths import is_high, measured

PAGE, COLUMN = 468.0, 231.0  # points of a line of the LaTeX page, and of half of it
_TAG, _APART = 34.0, 10.0  # the number at the margin, and what keeps it apart
_QUAD, _EQUALS = 10.0, 14.0
_BACK, _SPARE = r"\hspace", 3.0  # for what is measured a little too narrow
_LEAST, _LEAST_OF_COLUMN = 170.0, 100.0  # room for a right side, whatever stands on the left
_FEW = 6  # rows that are worth two columns
_LOW = 6  # lines of text: a row that is higher has the width of the page, and no column
Run = tuple[bool, tuple[Row, ...]]  # whether in columns, and which rows


@dataclass(frozen=True)
class Line:
    """One line of a display: what stands left of the equals signs, and from there on."""

    left: str
    right: str

    def __str__(self) -> str:
        return f"{self.left} &{self.right}".lstrip()

    def then(self, more: str) -> Line:
        return replace(self, right=f"{self.right} {more}")

    @property
    def height(self) -> int:
        """About how many lines of text it is high."""
        return 1 + is_high(str(self))


def latex_rows(
    rows: tuple[Row, ...], numbering: Numbering | None, width: float = PAGE, column: bool = False
) -> list[str]:
    """Lines of an aligned environment, and what numbers them, if anything does. Those of a row stay
    in one column.
    """
    stays = r" \\*" if column else r" \\"
    breaks: list[str] = []
    lines: list[str] = []
    for row, found in zip(rows, _lines(rows, width, column), strict=True):
        tags = [*[None] * (len(found) - 1), row.tag]
        numbers = map(numbering, tags) if numbering is not None else [""] * len(found)
        lines += [f"{line}{number}" for line, number in zip(found, numbers, strict=True)]
        breaks += [*[stays] * (len(found) - 1), r" \\"]
    breaks[-1:] = [""] * bool(breaks)
    return [line + end for line, end in zip(lines, breaks, strict=True)]


def height(rows: tuple[Row, ...], width: float = PAGE) -> int:
    """About how many lines of text the display of the rows is high."""
    return sum(line.height for lines in _lines(rows, width) for line in lines)


def _lines(rows: tuple[Row, ...], width: float, column: bool = False) -> list[list[Line]]:
    """The lines of each row."""
    room = max(width - _margin(rows, width), 0.0 if column else _LEAST)
    return [_hung(row, room) if _is_hung(row, width) else _row(row, room) for row in rows]


def _hung(row: Row, room: float) -> list[Line]:
    """The left side, and below it what it is."""
    wide = [measured(a) + _EQUALS > room - _QUAD for a in row.addends]
    narrower = tuple(folded(a) if w else a for a, w in zip(row.addends, wide, strict=True))
    row = replace(row, addends=narrower)
    lines = _row(replace(row, left=""), room - _QUAD)
    sides = [replace(n, right=rf"\quad {n.right}") if n.right[:2] == "= " else n for n in lines]
    return [Line("", row.left), *sides]


def _row(row: Row, room: float) -> list[Line]:
    since = [rf"\text{{{'and' if k else 'since'} }} {s}" for k, s in enumerate(row.since)]
    if row.prose:
        texts = filled(words(row.prose), room - _QUAD, lambda line: measured(rf"\text{{{line}}}"))
        return [Line("", rf" \quad \text{{{escape.latex(text)}}}") for text in texts]
    if row.words and not row.addends:
        facts = [*(f"{f}," for f in row.words[:-1]), row.words[-1], *since]
        parts = wrapped(facts, room - _QUAD, measured, apart=True, gap=r"\quad ")
        return [Line("", rf" \quad {part}") for part in parts]
    if not row.addends:
        left, *more = _with_numbers([Line(row.left, "")], row.numbers, room)
        if not more or _BACK in more[0].right:
            return [left, *more]
        return [replace(more[0], left=left.left), *more[1:]]
    lines = _right_side(row, room)
    for extra in [e for e in (row.where, row.shape) if e] + since:
        if measured(f"{lines[-1].right}{extra}") + _QUAD <= room:
            lines[-1] = lines[-1].then(rf"\quad {extra}")
        else:
            pieces = wrapped([extra], room - _QUAD, measured)
            lines += [Line("", rf"\quad {piece}") for piece in pieces]
    return _with_numbers(lines, row.numbers, room) if row.numbers else lines


def _right_side(row: Row, room: float) -> list[Line]:
    """`left = first addend + ...`, and what it is equal to below that equals sign."""
    lead, wide = "= ", _EQUALS
    if row.words:
        lead = rf"\quad \text{{{row.words[0]} }}"
        wide = measured(lead)
    first, *more = wrapped(row.addends, room - wide, measured)
    below = (m if m.startswith("= ") else rf"\quad {m}" for m in more)
    return [Line(row.left, lead + first), *(Line("", m) for m in below)]


def _with_numbers(lines: list[Line], numbers: str, room: float) -> list[Line]:
    """At the end of the last line where there is room, else below it, in several where needed."""
    if measured(lines[-1].right + numbers) + 2 * _QUAD <= room:
        return [*lines[:-1], lines[-1].then(rf"\qquad {numbers}")]
    below: list[str] = []
    for factor in factors(numbers):  # each whole, if it fits a line
        wide = measured(factor) > room - 2 * _QUAD
        below += entries(factor) if wide else [factor]
    below = filled(below, room - 2 * _QUAD, measured)
    return [*lines, *(Line("", f" {_back(piece, room)} {piece}") for piece in below)]


def _back(piece: str, room: float) -> str:
    """What stands before numbers on a line of their own: those that are too wide even there, as a
    matrix, begin below the left side.
    """
    over = measured(piece) + 2 * _QUAD - room
    return rf"\qquad {_BACK}{{-{ceil(over + _SPARE)}pt}}" if over > 0 else r"\qquad"


def _margin(rows: tuple[Row, ...], width: float) -> float:
    """What stands left of the equals signs, and the numbers if there are any."""
    lefts = (measured(r.left) for r in rows if not _is_hung(r, width))
    return max(lefts, default=0.0) + _number(rows)


def _number(rows: tuple[Row, ...]) -> float:
    numbers = (measured(f"({r.tag})") for r in rows if r.tag is not None)
    return max((max(_TAG, n + _APART) for n in numbers), default=0.0)


def _is_hung(row: Row, width: float) -> bool:
    """Whether nothing fits beside the left side, but does below it: then it stands on a line of its
    own.
    """
    left = measured(row.left) + _EQUALS
    if left + max(map(measured, row.addends), default=0.0) <= width:
        return False  # whatever it can be broken into
    beside = left + _widest(row.addends) > width
    return beside and _QUAD + _widest(map(folded, row.addends)) + _EQUALS <= width


def _widest(addends: Iterable[str]) -> float:
    """The widest of what they can be broken into."""
    pieces = (p for addend in addends for p in broken(addend, 0.0, measured))
    return max(map(measured, pieces), default=0.0)


# columns


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
    room = COLUMN - _margin(rows, COLUMN)
    if room < _LEAST_OF_COLUMN:
        return False
    set_in = _lines(rows, COLUMN, column=True)
    low = all(sum(line.height for line in lines) <= _LOW for lines in set_in)
    return low and all(measured(line.right) <= room for lines in set_in for line in lines)

"""Tables of LaTeX, as wide as their page; long ones are set in parts, between which a page or a
column may end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from bpgen.render.page import Table
from bpgen.render.widths import in_line, measured, unbroken

_BETWEEN = 12.0  # points that LaTeX leaves between two columns
_SPARE = 3.0  # for what is measured a little too narrow
# Sizes of type, and how wide letters are in them, and fractions, whose own letters shrink less.
_SIZES = (
    ("", 1.0, 1.03),
    (r"\small", 0.94, 0.97),
    (r"\footnotesize", 0.86, 0.95),
    (r"\scriptsize", 0.81, 0.9),
)
# Lets lines end after the commas of formulas, as of vectors.
_COMMAS = (
    r'\mathcode`\,="8000\begingroup\lccode`\~=`\,'
    r'\lowercase{\endgroup\def~}{\mathchar"613B\allowbreak}'
)
_FRACTION = r"\frac"
_STEPS = 40  # in which columns are made as narrow as they are to be
_HEADS = 3  # lines that one of the headings is worth
_TOGETHER = 16  # lines of a table that stand on one page


@dataclass(frozen=True)
class _Type:
    """How a table is set: its size, how far its columns are apart, and whether lines may end after
    the commas of formulas; how wide each cell is, row by row, and how narrow columns may be.
    """

    size: str
    between: float
    commas: bool
    cells: tuple[tuple[float, ...], ...]
    least: tuple[float, ...]

    @property
    def wide(self) -> tuple[float, ...]:
        """The columns as wide as their widest cells."""
        return tuple(map(max, zip(*self.cells, strict=True)))

    def room(self, width: float) -> float:
        return width - self.between * (len(self.least) - 1) - _SPARE

    def __str__(self) -> str:
        tight = rf"\tabcolsep={self.between / 2:g}pt" * (self.between < _BETWEEN)
        return f"{self.size}{tight}{_COMMAS * self.commas}"


def latex_table(table: Table, width: float) -> list[str]:
    """A table of LaTeX in so many points: where it is wider, columns are broken, in the largest
    type in which the words of each have room.
    """
    every = [*_types(table)]
    found = next((t for t in every if sum(t.least) <= t.room(width)), every[-1])
    sizes = _fitted(found, found.room(width))
    spec = "".join(
        "l" if size >= whole else rf"p{{{size / width:.3f}\linewidth}}"
        for size, whole in zip(sizes, found.wide, strict=True)
    )
    parts = _parts_of(table, found, sizes)
    ruler = [_ruler(found, sizes)] * bool(parts[1:])
    lines = [rf"{{\renewcommand{{\arraystretch}}{{1.25}}{found}"]
    for k, rows in enumerate(parts):
        heads = [] if k else [_row(table.heads), r"\hline"]
        end = r"\end{tabular}\par" + (r"\nointerlineskip" if k < len(parts) - 1 else "}")
        begin = rf"\noindent\begin{{tabular}}{{@{{}}{spec}@{{}}}}"
        lines += [begin, *ruler, *heads, *map(_row, rows), end]
    return lines


def _row(cells: Sequence[str]) -> str:
    return rf"{' & '.join(cells)} \\"


def _ruler(found: _Type, sizes: Sequence[float]) -> str:
    """A row of no height that makes the columns of each part as wide as those of the others."""
    ends = {0, len(sizes) - 1}
    wide = (size + found.between / (1 + (k in ends)) for k, size in enumerate(sizes))
    return "&".join(rf"\omit\hspace*{{{w:.1f}pt}}" for w in wide) + r"\cr"


def _parts_of(table: Table, found: _Type, sizes: Sequence[float]) -> list[list[tuple[str, ...]]]:
    """The rows of a table, between which a page may end where they are many lines together."""
    high = [_lines(row, sizes) for row in found.cells[1:]]
    if sum(high) <= _TOGETHER:
        return [[*table.rows]]
    parts: list[list[tuple[str, ...]]] = [[]]
    lines = 0
    for row, more in zip(table.rows, high, strict=True):
        if parts[-1] and lines + more > _TOGETHER // 2:
            parts.append([])
            lines = 0
        parts[-1].append(row)
        lines += more
    return parts


def _lines(row: Sequence[float], sizes: Sequence[float]) -> int:
    """About how many lines a row has."""
    return max(ceil(cell / size) for cell, size in zip(row, sizes, strict=True) if size)


def _types(table: Table) -> Iterator[_Type]:
    """The types in which a table may be set, the best first."""
    spaces = (_BETWEEN, _BETWEEN / 2, _BETWEEN / 3)
    rows = (table.heads, *table.rows)
    for commas, between in ((False, _BETWEEN), *((True, space) for space in spaces)):
        for size, *scales in _SIZES[: None if between < _BETWEEN else -1]:
            cells = tuple(tuple(_width(c, *scales) for c in row) for row in rows)
            narrow = (tuple(_unbroken(c, commas, *scales) for c in row) for row in rows)
            least = tuple(map(max, zip(*narrow, strict=True)))
            yield _Type(size, between, commas, cells, least)


def _fitted(found: _Type, room: float) -> list[float]:
    """The widths of columns that fit: step by step one is made narrower, as far as its words go,
    by which the table gets the fewest lines; of several, the widest.
    """
    sizes = [*found.wide]
    step = max((sum(sizes) - room) / _STEPS, 1.0)
    while sum(sizes) > room:
        free = [k for k, size in enumerate(sizes) if size > found.least[k]]
        if not free:
            break
        tries = [[*sizes[:k], max(sizes[k] - step, found.least[k]), *sizes[k + 1 :]] for k in free]
        ranked = [(_high(found, tried), -sizes[k]) for k, tried in zip(free, tries, strict=True)]
        sizes = tries[ranked.index(min(ranked))]
    return sizes


def _high(found: _Type, sizes: Sequence[float]) -> int:
    """How many lines a table has; those of its headings count more."""
    heads, *rows = (_lines(row, sizes) for row in found.cells)
    return _HEADS * heads + sum(rows)


def _width(cell: str, scale: float, of_fractions: float) -> float:
    """A cell's width in points."""
    words, formulas = _parts(cell)
    of_words = sum(map(_words, words)) * scale
    return of_words + sum(
        in_line(f) * (of_fractions if _FRACTION in f else scale) for f in formulas
    )


def _unbroken(cell: str, commas: bool, scale: float, of_fractions: float) -> float:
    """The widest of what stands on one line: a word, a formula's piece, and what is joined to
    them without a space.
    """
    widest = 0.0
    for joined in _joined(cell):
        words, formulas = _parts(joined)
        scaled = (
            unbroken(f, commas) * (of_fractions if _FRACTION in f else scale) for f in formulas
        )
        widest = max(widest, sum(map(_words, words)) * scale + sum(scaled))
    return widest


def _joined(cell: str) -> list[str]:
    """A cell cut at the spaces between its words; those within its formulas stay."""
    parts = cell.split("$")
    kept = "$".join(p.replace(" ", "\0") if k % 2 else p for k, p in enumerate(parts))
    return [joined.replace("\0", " ") for joined in kept.split()]


def _parts(cell: str) -> tuple[list[str], list[str]]:
    """The words of a cell, and its formulas."""
    parts = cell.split("$")
    return parts[::2], parts[1::2]


def _words(text: str) -> float:
    return measured(rf"\text{{{text}}}")

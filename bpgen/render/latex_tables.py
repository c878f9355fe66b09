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
_TOGETHER = 16  # lines of a table that stand on one page


@dataclass(frozen=True)
class _Type:
    """How a table is set: its size, and how wide letters and fractions are in it; how far its
    columns are apart, and whether lines may end after the commas of formulas; and how wide its
    columns are, and how narrow they may be.
    """

    size: str
    scales: tuple[float, float]
    between: float
    commas: bool
    wide: tuple[float, ...]
    least: tuple[float, ...]

    def room(self, width: float) -> float:
        return width - self.between * (len(self.least) - 1) - _SPARE

    def __str__(self) -> str:
        tight = rf"\tabcolsep={self.between / 2:g}pt" * (self.between < _BETWEEN)
        return f"{self.size}{tight}{_COMMAS * self.commas}"


def latex_table(table: Table, width: float) -> list[str]:
    """A table of LaTeX in so many points: where it is wider, its widest columns are broken, in the
    largest type in which the words of each have room.
    """
    columns = table.columns
    every = [*_types(columns)]
    found = next((t for t in every if sum(t.least) <= t.room(width)), every[-1])
    sizes = _fitted(found.wide, found.least, found.room(width))
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
    high = [_lines(row, found, sizes) for row in table.rows]
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


def _lines(row: Sequence[str], found: _Type, sizes: Sequence[float]) -> int:
    """About how many lines a row has."""
    widths = (_width(cell, *found.scales) for cell in row)
    return max(ceil(w / size) for w, size in zip(widths, sizes, strict=True) if size)


def _types(columns: Sequence[tuple[str, ...]]) -> Iterator[_Type]:
    """The types in which a table may be set, the best first."""
    spaces = (_BETWEEN, _BETWEEN / 2, _BETWEEN / 3)
    for commas, between in ((False, _BETWEEN), *((True, space) for space in spaces)):
        for size, of_words, of_fractions in _SIZES[: None if between < _BETWEEN else -1]:
            wide = tuple(
                max(_width(c, of_words, of_fractions) for c in column) for column in columns
            )
            least = tuple(
                max(_unbroken(c, commas, of_words, of_fractions) for c in column)
                for column in columns
            )
            yield _Type(size, (of_words, of_fractions), between, commas, wide, least)


def _fitted(wide: Sequence[float], least: Sequence[float], room: float) -> list[float]:
    """The widths of columns that fit: the widest are made narrower, as far as their words go."""
    sizes = [*wide]
    while (over := sum(sizes) - room) > 0:
        free = [k for k, (size, end) in enumerate(zip(sizes, least, strict=True)) if size > end]
        if not free:
            break
        k = max(free, key=sizes.__getitem__)
        next_to = max((sizes[j] for j in free if sizes[j] < sizes[k]), default=0.0)
        together = [j for j in free if sizes[j] == sizes[k]]
        step = min(sizes[k] - next_to, over / len(together))
        for j in together:
            sizes[j] = max(sizes[j] - step, least[j])
    return sizes


def _width(cell: str, scale: float, of_fractions: float) -> float:
    """A cell's width in points."""
    words, formulas = _parts(cell)
    of_words = sum(map(_words, words)) * scale
    return of_words + sum(
        in_line(f) * (of_fractions if _FRACTION in f else scale) for f in formulas
    )


def _unbroken(cell: str, commas: bool, scale: float, of_fractions: float) -> float:
    """The widest of what stands on one line."""
    words, formulas = _parts(cell)
    alone = (_words(word) * scale for text in words for word in text.split())
    scaled = (unbroken(f, commas) * (of_fractions if _FRACTION in f else scale) for f in formulas)
    return max((*alone, *scaled), default=0.0)


def _parts(cell: str) -> tuple[list[str], list[str]]:
    """The words of a cell, and its formulas."""
    parts = cell.split("$")
    return parts[::2], parts[1::2]


def _words(text: str) -> float:
    return measured(rf"\text{{{text}}}")

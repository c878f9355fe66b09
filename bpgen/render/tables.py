"""Tables, in each format as wide as its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap

from bpgen.render.lines import columns
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
BAR = r"\vert "
_GAP = 2  # columns of the terminal between two of a table


@dataclass(frozen=True)
class _Type:
    """How a table is set: its size, how far its columns are apart, and whether lines may end after
    the commas of formulas; and how wide its columns are, and how narrow they may be.
    """

    size: str
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
    columns = _columns(table)
    every = [*_types(columns)]
    found = next((t for t in every if sum(t.least) <= t.room(width)), every[-1])
    sizes = _fitted(found.wide, found.least, found.room(width))
    spec = "".join(
        "l" if size >= whole else rf"p{{{size / width:.3f}\linewidth}}"
        for size, whole in zip(sizes, found.wide, strict=True)
    )
    rows = [rf"{' & '.join(row)} \\" for row in (table.heads, *table.rows)]
    return [
        rf"{{\renewcommand{{\arraystretch}}{{1.25}}{found}",
        rf"\noindent\begin{{tabular}}{{@{{}}{spec}@{{}}}}",
        rows[0],
        r"\hline",
        *rows[1:],
        r"\end{tabular}\par}",
    ]


def _types(columns: Sequence[tuple[str, ...]]) -> Iterator[_Type]:
    """The types in which a table may be set, the best first."""
    spaces = (_BETWEEN, _BETWEEN / 2, _BETWEEN / 3)
    for commas, between in ((False, _BETWEEN), *((True, space) for space in spaces)):
        for size, *scales in _SIZES[: None if between < _BETWEEN else -1]:
            wide = tuple(max(_width(c, *scales) for c in column) for column in columns)
            least = tuple(max(_unbroken(c, commas, *scales) for c in column) for column in columns)
            yield _Type(size, between, commas, wide, least)


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


def markdown_table(table: Table) -> list[str]:
    """A table of Markdown, in whose cells no bar may stand."""
    rows = [table.heads, tuple("---" for _ in table.heads), *table.rows]
    return [f"| {' | '.join(c.replace('|', BAR) for c in row)} |" for row in rows]


def text_table(table: Table, width: int) -> list[str]:
    """Columns side by side; where they are too wide together, the widest ones are broken."""
    sizes = [max(map(columns, column)) for column in _columns(table)]
    room = width - _GAP * (len(sizes) - 1)
    while sum(sizes) > room and max(sizes) > 8:
        sizes[sizes.index(max(sizes))] -= 1
    heads = list(_lines(table.heads, sizes))
    rule = (" " * _GAP).join("─" * size for size in sizes)
    return [*heads, rule, *(line for row in table.rows for line in _lines(row, sizes))]


def _lines(row: tuple[str, ...], sizes: list[int]) -> Iterator[str]:
    """The lines of a row, whose cells stand side by side."""
    cells = [
        wrap(cell, size, break_on_hyphens=False) or [""]
        for cell, size in zip(row, sizes, strict=True)
    ]
    for parts in zip_longest(*cells, fillvalue=""):
        filled = (part + " " * (s - columns(part)) for part, s in zip(parts, sizes, strict=True))
        yield (" " * _GAP).join(filled).rstrip()


def _columns(table: Table) -> list[tuple[str, ...]]:
    return list(zip(table.heads, *table.rows, strict=True))

"""Tables, in each format as wide as its page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from textwrap import wrap

from bpgen.render.lines import columns
from bpgen.render.page import Table
from bpgen.render.widths import measured

_LONG = 30.0  # of a cell of LaTeX, in hundredths of a line: of longer ones the lines are broken
_BETWEEN = 2.6  # hundredths that LaTeX leaves between two columns
_NARROWEST = 12.0
_POINT = 5.0  # points in a hundredth of a line
BAR = r"\vert "
_GAP = 2  # columns of the terminal between two of a table


def latex_table(table: Table) -> list[str]:
    """A table of LaTeX. A column of long cells is as wide as is left beside the others."""
    widths = [max(map(_width, column)) for column in _columns(table)]
    long = [w for w in widths if w > _LONG]
    rest = 100 - _BETWEEN * len(widths) - sum(w for w in widths if w <= _LONG)
    scale = min(1.0, rest / sum(long)) if long else 1.0
    spec = "".join("l" if w <= _LONG else _broken(w * scale) for w in widths)
    rows = [rf"{' & '.join(row)} \\" for row in (table.heads, *table.rows)]
    return [
        r"{\renewcommand{\arraystretch}{1.25}",
        rf"\noindent\begin{{tabular}}{{{spec}}}",
        rows[0],
        r"\hline",
        *rows[1:],
        r"\end{tabular}}",
    ]


def _broken(width: float) -> str:
    """A column whose lines are broken."""
    return rf"p{{{max(width, _NARROWEST) / 100:.3f}\linewidth}}"


def _width(cell: str) -> float:
    """A cell's width: words are as wide as letters, a formula as it is measured."""
    parts = enumerate(cell.split("$"))
    return sum(measured(part) / _POINT if k % 2 else 0.93 * len(part) for k, part in parts)


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

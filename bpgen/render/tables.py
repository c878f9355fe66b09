"""Tables of Markdown and of the terminal, as wide as their page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from textwrap import wrap

from bpgen.render.lines import columns
from bpgen.render.page import Table

BAR = r"\vert "
_GAP = 2  # columns of the terminal between two of a table


def markdown_table(table: Table) -> list[str]:
    """A table of Markdown, in whose cells no bar may stand."""
    rows = [table.heads, tuple("---" for _ in table.heads), *table.rows]
    return [f"| {' | '.join(c.replace('|', BAR) for c in row)} |" for row in rows]


def text_table(table: Table, width: int) -> list[str]:
    """Columns side by side; where they are too wide together, the widest ones are broken."""
    sizes = [max(map(columns, column)) for column in table.columns]
    room = width - _GAP * (len(sizes) - 1)
    while sum(sizes) > room and max(sizes) > 8:
        sizes[sizes.index(max(sizes))] -= 1
    heads = list(_lines(table.heads, sizes))
    rule = (" " * _GAP).join("─" * size for size in sizes)
    return [*heads, rule, *(line for row in table.rows for line in _lines(row, sizes))]


def _lines(row: tuple[str, ...], sizes: list[int]) -> Iterator[str]:
    """The lines of a row, whose cells stand side by side."""
    cells = [
        wrap(cell, size, break_on_hyphens=False) if cell else [""]
        for cell, size in zip(row, sizes, strict=True)
    ]
    for parts in zip_longest(*cells, fillvalue=""):
        filled = (part + " " * (s - columns(part)) for part, s in zip(parts, sizes, strict=True))
        yield (" " * _GAP).join(filled).rstrip()

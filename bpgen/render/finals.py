"""An equation as it finally reads: in matrices, at its indices, or entry by entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bpgen.ir import Equation, Index
from bpgen.render import components, matrix, rightside
from bpgen.render.chain import strings
from bpgen.render.page import Row
from bpgen.render.places import Statement, along, open_indices
from bpgen.render.sample import View
from bpgen.render.scalar import Printer
from bpgen.render.under import apparent, ranges
from bpgen.render.writer import Writer


def finals(
    equation: Equation, number: int | str | None, writer: Writer, notation: str, view: View
) -> list[Row]:
    """An equation in a notation: one row, or one for each place or entry."""
    blocks = equation.name in writer.blocks
    stepwise = blocks or equation.loop is not None or equation.name in view.carried
    if notation == "matrix" and not stepwise:
        addends = matrix.right_side(equation, writer)
        if addends is not None:
            return [Row(matrix.left_side(equation, writer), strings(addends, writer), tag=number)]
    statements = view.statements(equation)
    if notation == "components":
        rows = [row for s in statements for row in _entries(s, writer)]
    else:
        partial = {i for s in statements for i in _partial(s, writer)}
        whole = [_whole(s, writer) if blocks and notation == "matrix" else None for s in statements]
        rows = [w or _row(s, partial, writer) for s, w in zip(statements, whole, strict=True)]
    if any(s.elsewhere for s in statements):
        last = max(k for k, row in enumerate(rows) if not row.first)
        rows[last] = _elsewhere(rows[last], writer)
    return [*rows[:-1], replace(rows[-1], tag=number)]


def _elsewhere(row: Row, writer: Writer) -> Row:
    """The last of several statements, none of which speaks of what is left."""
    elsewhere = writer.dialect.prose("; 0 elsewhere" if row.where else "0 elsewhere")
    return replace(row, where=row.where + elsewhere)


def _whole(statement: Statement, writer: Writer) -> Row | None:
    """A statement of a repeated block without its indices, where it has such a form."""
    right = statement.right
    if not matrix.is_whole(statement.left, right, writer):
        return None
    addends = matrix.right_side(right, writer)
    left = matrix.named(statement.left, writer)
    if addends is None:
        return None
    return Row(left, strings(addends, writer), first=statement.first)


def _row(statement: Statement, partial: Iterable[Index], writer: Writer) -> Row:
    """A statement with its indices."""
    right = strings(rightside.right_side(statement.right, writer), writer)
    bounds = ranges([i for i in statement.right.indices if i in set(partial)], writer)
    where = writer.dialect.prose("for ") + bounds if bounds else ""
    left = Printer(writer, writer.element).text(statement.left)
    return Row(left, right, where=where, first=statement.first)


def _partial(statement: Statement, writer: Writer) -> list[Index]:
    """The indices of the left side whose ranges no axis shows."""
    left, bodies = statement.left, [t.body for t in statement.right.terms]
    return [
        i
        for i in open_indices(left.indices)
        if not apparent(i, (left, *bodies), writer)
        or any(i == e and s != i.size for e, s in along(left, writer.axes))
    ]


def _entries(statement: Statement, writer: Writer) -> list[Row]:
    """A statement entry by entry."""
    rows = []
    # Which block stays a letter.
    blocks = {writer.blocks[n] for n in (statement.left.name,) if n in writer.blocks}
    indices = tuple(i for i in statement.right.indices if i not in blocks)
    for entry in components.entries(indices):
        right = strings(components.right_side(statement.right, entry, writer), writer)
        left = components.left_side(statement.left, entry, writer)
        rows.append(Row(left, right, first=statement.first))
    return rows

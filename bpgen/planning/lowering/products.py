"""Products whose arrays are not in memory as matrices: the arrangement that copies least."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as pairs
from math import prod
from typing import Protocol

from bpgen.ir import BATCH
from bpgen.planning.layout.layouts import Layouts
from bpgen.planning.lowering.matrices import matrix
from bpgen.planning.lowering.scratch import Scratch
from bpgen.program.grammar import Axes, Contract, Expr


class Values(Protocol):
    """What writes the copies."""

    scratch: Scratch
    layouts: Layouts

    def put(self, at: Expr, value: Expr) -> None: ...


Groups = tuple[Axes, Axes]  # those of the rows of a matrix, and of its columns


def arranged(write: Values, at: Expr, value: Contract) -> tuple[Expr, Contract]:
    """A product of matrices, of which some are copies, and where it is written: where it belongs
    if that is a matrix, or else in memory of its own.
    """
    made = _arrangements(write.layouts, at, value)
    left, right, whole = min(made, key=lambda found: _copied(write.layouts, at, *found))
    operands = tuple(_ordered(write, *operand) for operand in (left, right))
    order = (*whole[0], *whole[1])
    place = at if write.layouts.memory(at) == order else write.scratch.take(order)
    return place, Contract(operands, value.over, order)


Operand = tuple[Expr, Axes, Axes]


def _arrangements(
    layouts: Layouts, at: Expr, value: Contract
) -> Iterator[tuple[Operand, Operand, Groups]]:
    """Two arrays as matrices, and their product as one, in all layouts that one of the three has in
    memory.
    """
    one, two = value.operands
    for left, right in ((one, two), (two, one)):
        overs = [tuple(i for i in layouts.of(o) if i in value.over) for o in (left, right)]
        kept = [
            [tuple(i for i in layouts.of(of) if i in o.axes and i in at.axes) for of in (at, o)]
            for o in (left, right)
        ]
        for rows, columns, over in pairs(*kept, overs):
            yield (left, rows, over), (right, over, columns), (rows, columns)


def _copied(
    layouts: Layouts, at: Expr, left: Operand, right: Operand, whole: Groups
) -> tuple[int, int, int]:
    """How many arrays of samples must be copied, and how many others; and how large a sample is."""
    copies = [o for o, rows, columns in (left, right) if matrix(o, rows, columns, layouts) is None]
    copies += [at] if layouts.memory(at) != (*whole[0], *whole[1]) else []
    large = sum(any(i.size == BATCH for i in copy.axes) for copy in copies)
    numbers = sum(prod(i.size for i in c.axes if isinstance(i.size, int)) for c in copies)
    return large, len(copies) - large, numbers


def _ordered(write: Values, array: Expr, rows: Axes, columns: Axes) -> Expr:
    """An array as a matrix, or a copy that is one."""
    if matrix(array, rows, columns, write.layouts) is not None:
        return array
    copy = write.scratch.take((*rows, *columns))
    write.put(copy, array)
    return copy

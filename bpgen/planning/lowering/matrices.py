"""Contractions as products of two matrices, where memory is already in the order of one."""

from __future__ import annotations

from collections.abc import Callable, Container
from itertools import product as pairs

import sympy as sp

from bpgen.planning.layout.layouts import Layouts
from bpgen.planning.nodes import Dot, Matrix, Ones
from bpgen.program.grammar import Axes, Contract, Expr, Read, Slice


def matrix(array: Expr, rows: Axes, columns: Axes, layouts: Layouts) -> Matrix | None:
    """The array with neighbouring axes as one, if it is one without a copy."""
    memory = layouts.memory(array)
    if memory == (*rows, *columns):
        return Matrix(array, rows, columns)
    if memory == (*columns, *rows):
        return Matrix(array, rows, columns, transposed=True)
    if len(rows) > 1 or len(columns) > 1:
        return None
    if array.axes == (*rows, *columns):
        return Matrix(array, rows, columns)
    return Matrix(array, rows, columns, transposed=True)


def as_dot(at: Expr, value: Contract, layouts: Layouts) -> tuple[Matrix, Dot] | None:
    """Where a product is written and what it is, if all of it is there as matrices."""
    one, two = value.operands
    for (left, right), own in pairs(((one, two), (two, one)), (one, two)):
        found = _dot(at, left, right, tuple(i for i in layouts.of(own) if i in value.over), layouts)
        if found is not None:
            return found
    return None


def _dot(at: Expr, one: Expr, two: Expr, over: Axes, layouts: Layouts) -> tuple[Matrix, Dot] | None:
    """The product of two arrays in this order, summed over axes in this order."""
    memory = layouts.memory(at)
    rows, columns = (tuple(i for i in layouts.of(at) if i in o.axes) for o in (one, two))
    to = matrix(at, rows, columns, layouts)
    left, right = matrix(one, rows, over, layouts), matrix(two, over, columns, layouts)
    if to is None or to.transposed or left is None or right is None:
        return None
    if memory != (*rows, *columns) and not _are_rows(at, rows, columns, layouts):
        return None
    return to, Dot(left, right, at.axes, None in (memory, *map(layouts.memory, (one, two))))


def _are_rows(at: Expr, rows: Axes, columns: Axes, layouts: Layouts) -> bool:
    """Whether a place is a part of an array that holds rows, each in one stretch of memory."""
    if not isinstance(at, Slice) or not isinstance(at.array, Read):
        return False
    if len(rows) != 1 or len(columns) != 1:
        return False
    last = layouts.of(at.array)[-1]
    slot = at.slots[at.array.axes.index(last)].at
    return (
        isinstance(slot, sp.Expr)
        and slot.coeff(columns[0]) == 1
        and layouts.of(at) == (*rows, *columns)
    )


def as_inner(value: Expr, buffers: Container[str]) -> Dot | None:
    """The product of two vectors that have memory of their own, which writes into memory; what a
    caller gives may be of wider numbers.
    """
    if not isinstance(value, Contract) or len(value.operands) != 2 or len(value.over) != 1:
        return None
    one, two = value.operands
    if not all(isinstance(o, (Read, Ones)) and o.name in buffers for o in (one, two)):
        return None
    left = one if isinstance(one, Ones) else Matrix(one, (), value.over)
    return Dot(left, two if isinstance(two, Ones) else Matrix(two, value.over, ()), ())


def as_sum(
    at: Expr, array: Expr, over: Axes, ones: Callable[[Axes], Ones], layouts: Layouts
) -> tuple[Matrix, Dot] | None:
    """A sum as a product with a vector of ones."""
    kept, over = layouts.memory(at), tuple(i for i in layouts.of(array) if i in over)
    left = matrix(array, over, kept or (), layouts)
    if not kept or left is None or layouts.memory(array) is None:
        return None
    to = Matrix(at, (), kept)
    if left.transposed:
        return to, Dot(Matrix(array, kept, over), ones(over), kept)
    return to, Dot(ones(over), left, kept)

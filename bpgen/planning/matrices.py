"""Contractions as products of two matrices, where memory is already in the order of one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product as pairs

from bpgen.planning.nodes import Dot, Matrix, Ones
from bpgen.program.contractions import batch_of, is_product
from bpgen.program.grammar import Axes, Contract, Expr, Read
from bpgen.program.spans import is_whole


def memory_of(array: Expr) -> Axes | None:
    """The axes of an array without gaps, in the order of its memory; None of any other."""
    if isinstance(array, Read):
        return array.axes
    if is_whole(array) and isinstance(array.array, Read):
        return array.axes
    return None


def matrix(array: Expr, rows: Axes, columns: Axes) -> Matrix | None:
    """The array with neighbouring axes as one, if it is one without a copy."""
    memory = memory_of(array)
    if memory == (*rows, *columns):
        return Matrix(array, rows, columns)
    if memory == (*columns, *rows):
        return Matrix(array, rows, columns, turned=True)
    if len(rows) > 1 or len(columns) > 1:
        return None
    if array.axes == (*rows, *columns):
        return Matrix(array, rows, columns)
    return Matrix(array, rows, columns, turned=True)


def is_matrix_product(value: Contract) -> bool:
    """Whether it is one product of two matrices, whatever the order of their axes."""
    if not is_product(value.operands, value.over, value.axes):
        return False
    one, two = value.operands
    return not batch_of(one.axes, two.axes, value.axes)


def as_dot(at: Expr, value: Contract) -> tuple[Matrix, Dot] | None:
    """Where a product is written and what it is, if all of it is there as matrices."""
    one, two = value.operands
    for (left, right), own in pairs(((one, two), (two, one)), (one, two)):
        found = _dot(at, left, right, tuple(i for i in own.axes if i in value.over))
        if found is not None:
            return found
    return None


def _dot(at: Expr, one: Expr, two: Expr, over: Axes) -> tuple[Matrix, Dot] | None:
    """The product of two arrays in this order, summed over axes in this order."""
    rows = tuple(i for i in at.axes if i in one.axes)
    columns = tuple(i for i in at.axes if i in two.axes)
    to, left, right = matrix(at, rows, columns), matrix(one, rows, over), matrix(two, over, columns)
    if to is None or to.turned or left is None or right is None:
        return None
    if at.axes != (*rows, *columns) or memory_of(at) is None:
        return None
    return to, Dot(left, right, at.axes, None in (memory_of(one), memory_of(two)))


def as_sum(
    at: Expr, array: Expr, over: Axes, ones: Callable[[Axes], Ones]
) -> tuple[Matrix, Dot] | None:
    """A sum as a product with a vector of ones."""
    kept = at.axes
    left = matrix(array, over, kept)
    if not kept or left is None or memory_of(at) is None or memory_of(array) is None:
        return None
    to = Matrix(at, (), kept)
    if left.turned:
        return to, Dot(Matrix(array, kept, over), ones(over), kept)
    return to, Dot(ones(over), left, kept)

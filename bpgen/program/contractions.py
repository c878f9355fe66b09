"""Which products of two arrays are matrix products, by their axes alone."""

from __future__ import annotations

from collections.abc import Sequence

from bpgen.program.grammar import Axes, Contract, Expr


def batch_of(one: Axes, two: Axes, kept: Axes) -> Axes:
    """The axes that two arrays both keep: a product for each of their values."""
    return tuple(a for a in kept if a in one and a in two)


def is_product(operands: Sequence[Expr], over: Axes, kept: Axes) -> bool:
    """Whether two arrays share all that is summed; and where both keep an axis, are matrices for
    each value of what they both keep.
    """
    if len(operands) != 2:
        return False
    one, two = (o.axes for o in operands)
    if not {*over} <= {*one} & {*two} or {*one, *two} != {*kept, *over}:
        return False
    batch = batch_of(one, two, kept)
    if not batch:
        return True
    rest = [a for a in kept if a not in batch]
    return len(over) == 1 and len(rest) == 2 and (rest[0] in one) != (rest[1] in one)


def is_matrix_product(value: Contract) -> bool:
    """Whether it is one product of two matrices, whatever the order of their axes."""
    if not is_product(value.operands, value.over, value.axes):
        return False
    one, two = value.operands
    return not batch_of(one.axes, two.axes, value.axes)

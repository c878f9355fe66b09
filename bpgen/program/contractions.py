"""Which products of two arrays are matrix products, by their axes alone."""

from __future__ import annotations

from collections.abc import Sequence

from bpgen.program.grammar import Axes, Expr


def batch_of(one: Expr, two: Expr, kept: Axes) -> Axes:
    """The axes that two arrays both keep: a product for each of their values."""
    return tuple(a for a in kept if a in one.axes and a in two.axes)


def is_product(operands: Sequence[Expr], over: Axes, kept: Axes) -> bool:
    """Whether two arrays share all that is summed; and where both keep an axis, are matrices for
    each value of what they both keep.
    """
    if len(operands) != 2:
        return False
    one, two = operands
    if not {*over} <= {*one.axes} & {*two.axes}:
        return False
    batch = batch_of(one, two, kept)
    if not batch:
        return {*one.axes, *two.axes} == {*kept, *over}
    rest = [a for a in kept if a not in batch]
    whole = {*one.axes, *two.axes} == {*kept, *over}
    return (
        whole
        and len(over) == 1
        and len(rest) == 2
        and (rest[0] in one.axes) != (rest[1] in one.axes)
    )

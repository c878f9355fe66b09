"""Which expressions are views of memory, and along which axes values vary."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import sympy as sp

from bpgen.ir import BATCH, Index, length
from bpgen.planning.nodes import Take
from bpgen.program.grammar import (
    Axes,
    Broadcast,
    Count,
    Expr,
    Gather,
    Join,
    Map,
    Read,
    Slice,
    Slot,
    Split,
    Total,
    View,
)
from bpgen.program.memory import is_identity
from bpgen.program.spans import counted_in, takes_all


def is_constant(value: Expr) -> bool:
    """What no memory is needed for: numbers, and what is counted."""
    return isinstance(value, Count) or (isinstance(value, Map) and not value.operands)


def is_view(value: Expr, declared: Callable[[Expr], bool]) -> bool:
    """Whether it needs no memory of its own, if what it is a view of is there; `declared`: whether
    memory is in the order of an array's axes.
    """
    while not isinstance(value, Read):
        if isinstance(value, Join):
            return declared(value.array) and _in_order(value.array)
        if isinstance(value, (View, Broadcast)):
            value = value.array
        elif is_identity(value):
            value = value.operands[0][1]
        else:
            return False
    return True


def _in_order(array: Expr) -> bool:
    """Whether the axes of an array are those of memory, in its order and without gaps."""
    if is_identity(array):
        inner = array.operands[0][1]
        return inner.axes == array.axes and _in_order(inner)
    if isinstance(array, Slice):
        plain = all(s.at == i for s, i in zip(array.slots, array.axes, strict=False))
        same = [s.length for s in array.slots] == [length(i.size) for i in array.axes]
        return plain and same and isinstance(array.array, Read)
    return isinstance(array, Read)


def varying_axes(value: Expr) -> Axes:
    """The axes along which a value varies: fewer than it is told along, it may be."""
    if isinstance(value, Map):
        return tuple(dict.fromkeys(i for _, a in value.operands for i in varying_axes(a)))
    if isinstance(value, Total):
        last = (value.last,) if value.last is not None else ()
        return tuple(dict.fromkeys(i for a in (*value.addends, *last) for i in varying_axes(a)))
    return value.axes


def numbers_of_sample(array: Expr) -> int | None:
    """How many numbers of an array belong to one sample; None where it is known at run time."""
    sizes = [i.size for i in array.axes if i.size != BATCH]
    known = [size for size in sizes if isinstance(size, int)]
    return prod(known) if len(known) == len(sizes) else None


def unflattened(at: Expr, value: Join) -> Split | None:
    """A place as the digits are told of what is written there; None where a length that they make
    up is known at run time only.
    """
    left, slots = list(value.array.axes), []
    for after, axis in zip(reversed(range(len(value.axes))), value.axes, strict=True):
        whole, digits = length(axis.size), [left.pop(0)]
        while sp.Mul(*(length(i.size) for i in digits)) != whole:
            digits.append(left.pop(0))
        while len(left) > after and left[0].size == 1:
            digits.append(left.pop(0))
        place, step = sp.S.Zero, sp.S.One
        if len(digits) > 1 and not whole.is_Integer:
            return None
        for index in reversed(digits):
            place, step = place + step * index, step * length(index.size)
        slots.append(Slot(place, whole))
    return Split(at, tuple(slots), value.array.axes)


def as_take(value: Gather) -> Take | None:
    """A gather as whole entries along one axis; None where it is more than that."""
    looked_up = [k for k, s in enumerate(value.slots) if isinstance(s.at, Expr)]
    if len(looked_up) != 1:
        return None
    (axis,) = looked_up
    others = [s for k, s in enumerate(value.slots) if k != axis]
    whole = all(takes_all(s, value.axes) and not counted_in(value, s) for s in others)
    places = value.slots[axis].at
    if not whole or not isinstance(places, Expr) or places.axes != value.by:
        return None
    return Take(value.array, places, axis, value.axes)


def labels_of(value: Gather) -> Expr | None:
    """What says which one entry of each row is meant; None where others are."""
    *others, last = value.slots
    own = [s.at for s in others if isinstance(s.at, Index) and s.length == length(s.at.size)]
    each = bool(others) and len(own) == len(others) and own == [*value.axes]
    return last.at if each and isinstance(last.at, Expr) else None


def number_of(value: Expr) -> sp.Expr | None:
    """The number that a value is everywhere."""
    return value.body if isinstance(value, Map) and not value.operands else None

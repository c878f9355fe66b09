"""What is computed of whole rows, as calls: where the largest is, what is below it, the sum.

Of a row of minus infinities alone, the least number there is is taken out, which leaves it so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import sympy as sp

from bpgen.ir import Element
from bpgen.planning.layout.layouts import Layouts
from bpgen.planning.lowering.matrices import as_sum
from bpgen.planning.lowering.scratch import Scratch
from bpgen.planning.nodes import Apply, ArgMax, ExpOfOthers, FlatEntries, MinusOthers, SumOfOthers
from bpgen.planning.views import labels_of
from bpgen.program.grammar import Axes, Expr, Gather, InRows, Map, Read, Reduce
from bpgen.program.spans import is_whole


class Values(Protocol):
    """What writes the calls; `once`: the array of a value, which may be there: it is `known`."""

    scratch: Scratch
    layouts: Layouts
    known: dict[Expr, Read]

    def put(self, at: Expr, value: Expr) -> None: ...

    def into(self, at: Expr, value: Expr) -> None: ...

    def once(self, value: Expr) -> Read: ...

    def summed(self, at: Expr, value: Reduce) -> None: ...


def softmax(write: Values, at: Expr, row: Read, times: sp.Expr = sp.S.One) -> None:
    """exp(z) / sum(exp(z)) along the last axis; the largest is taken out, so nothing overflows. 0
    where all of z are minus infinity. `times` is a number by which all is multiplied.
    """
    below, place = below_largest(write, row)
    exp = exponentials(write, below)
    others = SumOfOthers(exp, place, place.axes)
    if others in write.known:
        total = write.once(Apply("add", (write.once(others), sp.S.One), place.axes))
    else:
        total = write.once(Reduce("sum", exp, exp.axes[-1:], place.axes))
        if may_be_nothing(write, row):
            total = write.once(Apply("maximum", (total, sp.S.One), place.axes))  # 0 of no other
    if times == 1:
        return write.put(at, Apply("divide", (exp, total), at.axes))
    share = write.once(Apply("divide", (times, total), place.axes))
    write.put(at, Apply("multiply", (exp, share), at.axes))


def log_softmax(write: Values, at: Expr, row: Read) -> None:
    """z - log(sum(exp(z))) along the last axis; the largest is taken out, so no digit is lost."""
    below, log = _below_and_log(write, row)
    write.put(at, Apply("subtract", (below, log), at.axes))


def times_softmax(value: Expr) -> tuple[sp.Expr, InRows] | None:
    """The number and the softmax whose product a value is; None where it is not that."""
    if not isinstance(value, Map) or len(value.operands) != 1:
        return None
    ((place, array),) = value.operands
    number = value.body / place
    if is_whole(array) and array.axes == value.axes:
        array = array.array  # the same under other letters
    if not isinstance(array, InRows) or array.call != "softmax" or number.atoms(Element):
        return None
    return number, array


def logs_picked(value: Gather) -> InRows | None:
    """The log_softmax of rows of which each gives one entry; None where it is not that."""
    array = value.array
    if not isinstance(array, InRows) or array.call != "log_softmax":
        return None
    return array if labels_of(value) is not None else None


def in_memory(write: Values, array: Expr, axes: Axes) -> Read:
    """An array with these axes in this order, in memory as well: the last is that of the rows."""
    if isinstance(array, Read) and array.axes == axes == write.layouts.memory(array):
        return array
    copy = write.scratch.take(axes)
    write.put(copy, array)
    return copy


def may_be_nothing(write: Values, row: Read) -> bool:
    """Whether a row may be of minus infinities alone, for other reasons than overflow."""
    return row.name not in write.layouts.finite


def below_largest(write: Values, row: Read) -> tuple[Read, Read]:
    """Each entry less the largest of its row, and where that is."""
    axes, starts = row.axes[:-1], write.scratch.starts(row.axes)
    within = write.once(ArgMax(row, axes))
    place = write.once(Apply("add", (within, starts), axes))
    largest = write.once(FlatEntries(row, place, axes))
    if may_be_nothing(write, row):
        largest = write.once(Apply("maximum", (largest, write.scratch.least()), axes))
    return write.once(Apply("subtract", (row, largest), row.axes)), place


def exponentials(write: Values, below: Read) -> Read:
    """exp of what is below; if it is there but for labels, theirs are put back."""
    exp = write.once(Apply("exp", (below,), below.axes))
    for value in [v for v in write.known if isinstance(v, ExpOfOthers) and v.below == below]:
        own = FlatEntries(below, value.places, value.places.axes)
        kept = write.once(Apply("exp", (write.once(own),), own.axes))
        write.put(FlatEntries(exp, own.places, own.axes), kept)
        del write.known[value]
    return exp


def _below_and_log(write: Values, row: Read) -> tuple[Read, Read]:
    """Each entry less the largest of its row, and log(sum(exp(z - m))), exact where that is small:
    it is log(1 + the sum of the others).
    """
    below, place = below_largest(write, row)
    exp = exponentials(write, below)
    others = write.once(SumOfOthers(exp, place, place.axes))
    return below, write.once(Apply("log1p", (others,), place.axes))


def sum_of_others(write: Values, at: Expr, value: SumOfOthers) -> None:
    """What is left out is put back; what is no number still shows in the sum."""
    array, axes = value.array, value.axes
    left_out = FlatEntries(array, value.places, axes)
    kept, nothing = (write.scratch.take(axes) for _ in range(2))
    write.put(kept, left_out)
    write.put(nothing, Apply("subtract", (kept, kept), axes))
    write.put(left_out, nothing)
    write.summed(at, Reduce("sum", array, array.axes[-1:], axes))
    write.put(left_out, kept)


def minus_others(write: Values, at: Expr, value: MinusOthers) -> None:
    """A product with a vector of minus ones, after which zeros are at the places."""
    array, nothing = value.array, write.scratch.number(sp.S.Zero)
    assert nothing is not None
    write.put(FlatEntries(array, value.places, value.axes), nothing)
    product = as_sum(at, array, array.axes[-1:], write.scratch.minus_ones, write.layouts)
    assert product is not None
    write.put(*product)


LOWERED: dict[str, Callable[..., None]] = {
    "softmax": softmax,
    "log_softmax": log_softmax,
}

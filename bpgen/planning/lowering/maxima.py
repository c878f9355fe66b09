"""The largest of short rows, in pairs of whole arrays, and the first of the largest, marked by
comparisons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Protocol

import sympy as sp

from bpgen.ir import Index, length
from bpgen.planning.lowering.scratch import Scratch
from bpgen.planning.nodes import Apply
from bpgen.program.grammar import Axes, Expr, Loop, Map, Node, Read, Reduce, Slice, Slot, Store


class Values(Protocol):
    """What writes the calls; `largest`: an array in memory, and the largest of its rows."""

    scratch: Scratch
    largest: dict[Expr, tuple[Expr, Read]]
    made: list[Node]

    def put(self, at: Expr, value: Expr) -> None: ...


def largest(write: Values, at: Expr, array: Expr, over: Axes) -> None:
    """The largest along one axis, and of these along the next."""
    for axis in over:
        left = tuple(i for i in array.axes if i != axis)
        to = at if axis == over[-1] else write.scratch.near(array, left)
        found, *others = _places(array, axis)
        if not others:
            write.put(to, found)
        for other in others:
            write.put(to, Apply("maximum", (found, other), to.axes))
            found = to
        array = to


def _places(array: Expr, axis: Index) -> Iterator[Expr]:
    """An array at each place along one of its axes."""
    assert isinstance(axis.size, int)
    for k in range(axis.size):
        places = ((sp.Integer(k) if i == axis else i, length(i.size)) for i in array.axes)
        left = tuple(i for i in array.axes if i != axis)
        yield Slice(array, tuple(Slot(*p) for p in places), left)


def first(write: Values, at: Expr, array: Expr, value: Reduce) -> None:
    """1 at each place that is as large as the largest, and then at none after the first. Where one
    is nan so is the largest, which equals none: there the first nan is it, as numpy has it.
    """
    kept = tuple(i for i in value.axes if i not in value.over)
    known = write.largest.get(value.array)
    top = known[1] if known is not None else write.scratch.near(at, kept)
    if known is None:
        largest(write, top, array, value.over)
    write.put(at, Apply("equal", (array, Read(top.name, kept)), at.axes))
    none = write.scratch.near(at, at.axes, "mask")
    write.put(none, Apply("not_equal", (array, array), none.axes))
    write.put(at, Apply("logical_or", (at, none), at.axes))
    found = write.scratch.near(at, kept, "mask")
    write.put(found, Map(sp.S.Zero, (), ()))
    variables = {i: write.scratch.variable(i) for i in value.over}
    here = _at_one(at, kept, variables)
    body = (
        Store(here, Apply("greater", (here, found), here.axes), False),
        Store(found, Apply("logical_or", (found, here), kept), False),
    )
    write.made.append(Loop(tuple(variables.values()), body))


def _at_one(at: Expr, kept: Axes, variables: Mapping[Index, Index]) -> Slice:
    """The part of a place where the other indices have the values of variables."""
    axes = tuple(i for i in at.axes if i in kept)
    if isinstance(at, Slice):
        slots = (
            s if isinstance(s.at, Expr) else replace(s, at=s.at.xreplace(variables))
            for s in at.slots
        )
        return replace(at, slots=tuple(slots), axes=axes)
    return Slice(at, tuple(Slot(variables.get(i, i), length(i.size)) for i in at.axes), axes)

"""The first of the largest, marked by comparisons of whole arrays, place by place of a row."""

from __future__ import annotations

from typing import Protocol

import sympy as sp

from bpgen.ir import length
from bpgen.planning.nodes import Apply
from bpgen.planning.scratch import Scratch
from bpgen.program.grammar import Expr, Loop, Map, Node, Read, Reduce, Slice, Slot, Store


class Values(Protocol):
    """What writes the calls; `largest`: an array in memory, and the largest of its rows."""

    scratch: Scratch
    largest: dict[Expr, tuple[Expr, Read]]
    made: list[Node]

    def put(self, at: Expr, value: Expr) -> None: ...


def first(write: Values, at: Expr, array: Expr, value: Reduce) -> None:
    """1 at each place that is as large as the largest, and then at none after the first."""
    kept = tuple(i for i in value.axes if i not in value.over)
    known = write.largest.get(value.array)
    largest = known[1] if known is not None else write.scratch.near(at, kept)
    if known is None:
        write.put(largest, Reduce("max", array, value.over, kept))
    largest = Read(largest.name, kept)
    write.put(at, Apply("equal", (array, largest), at.axes))
    found = write.scratch.near(at, kept, "mask")
    write.put(found, Map(sp.S.Zero, (), ()))
    lengths = (length(i.size) for i in at.axes)
    slots = tuple(Slot(i, size) for i, size in zip(at.axes, lengths, strict=True))
    here = Slice(at, slots, tuple(i for i in at.axes if i in kept))
    body = (
        Store(here, Apply("greater", (here, found), here.axes), False),
        Store(found, Apply("logical_or", (found, here), kept), False),
    )
    write.made.append(Loop(value.over, body))

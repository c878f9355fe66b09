"""The entries of an array along one of its axes: which one a statement writes, whether it is all of
it, and whether the steps of a loop, and what was written before, come to one in time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

import sympy as sp

from bpgen.equations.affine import affine
from bpgen.ir import Index, length
from bpgen.program.grammar import Expr, Slice, Slot, View
from bpgen.program.spans import along, takes_all


class Place(NamedTuple):
    """Which axis of an array, where along it, and how long it is."""

    axis: int
    at: sp.Expr
    size: sp.Expr


Parts = tuple[tuple[int, Slot], ...]  # of other axes, where it is not all of them


def entries(at: Expr) -> Iterator[tuple[Place, Parts]]:
    """Where along an axis a place is one entry, and which parts of the other axes it has."""
    view = next((v for v in at.walk() if isinstance(v, View)), None)
    for axis, slot in enumerate(view.slots if view is not None else ()):
        if isinstance(slot.at, sp.Expr) and not slot.at.free_symbols & {*at.axes}:
            yield Place(axis, slot.at, slot.length), _parts(view) if isinstance(view, Slice) else ()


def _parts(view: Slice) -> Parts:
    runs = ((k, s) for k, s in enumerate(view.slots) if along(s, view.axes))
    return tuple((k, s) for k, s in runs if not takes_all(s, view.axes))


def are_all(every: Collection[Parts]) -> bool:
    """Whether parts of an entry are all of it: one is, or each is another stretch of one axis, and
    together they are as long as it.
    """
    if () in every:
        return True
    if any(len(parts) != 1 for parts in every) or len({parts[0][0] for parts in every}) != 1:
        return False
    stretches = [_stretch(parts[0][1]) for parts in {*every}]
    taken = sorted(k for stretch in stretches for k in stretch)
    size = next(iter(every))[0][1].length
    return bool(size.is_Integer) and taken == [*range(int(size))]


def _stretch(slot: Slot) -> range:
    """The entries along an axis that an index runs through; none where they are not known."""
    form = affine(slot.at) if isinstance(slot.at, sp.Expr) else None
    if form is None or not form.start.is_Integer or len(form.steps) != 1:
        return range(0)
    ((index, step),) = form.steps
    begin, size = int(form.start), index.size
    return range(begin, begin + step * size, step) if isinstance(size, int) else range(0)


def is_reached(place: Place, written: Collection[Place], step: Index, reverse: bool) -> bool:
    """Whether the steps of a loop that come before one have written an entry that it tells, and for
    the first steps something before the loop: that alone, where no step has written yet.
    """
    own, offsets = sp.expand(place.at - step), [*_offsets(place.axis, written, step)]
    if not own.is_Integer:
        return False
    end = length(step.size) if reverse else sp.S.Zero
    if not offsets:
        first = own + end - 1 if reverse else own
        return place._replace(at=sp.expand(first)) in written
    for offset in offsets:
        between = range(offset, own) if reverse else range(own, offset)
        before = [place._replace(at=sp.expand(end + k)) for k in between]
        if before and {*before} <= {*written}:
            return True
    return False


def are_whole(written: Collection[Place], step: Index) -> bool:
    """Whether all steps of a loop, and what was written before, came to all entries of an axis."""
    for place in written:
        offset = sp.expand(place.at - step)
        rest = sp.expand(place.size - offset - length(step.size))
        if offset.is_Integer and rest.is_Integer and offset >= 0:
            ends = [*map(sp.Integer, range(offset)), *(place.size - 1 - k for k in range(rest))]
            if all(place._replace(at=sp.expand(at)) in written for at in ends):
                return True
    return False


def _offsets(axis: int, written: Iterable[Place], step: Index) -> Iterator[sp.Expr]:
    """How far from each step what is written in it is along an axis."""
    offsets = (sp.expand(p.at - step) for p in written if p.axis == axis)
    return (o for o in offsets if o.is_Integer)

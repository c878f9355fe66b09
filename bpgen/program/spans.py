"""A place that one index runs through as the part of an axis that it is: from where, to where, and
in which steps, counted from the end where only this is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeGuard

import sympy as sp

from bpgen.equations.affine import affine, digits
from bpgen.ir import BATCH, Index, length
from bpgen.program.grammar import Axes, Expr, Gather, Slice, Slot, View, Windows


@dataclass(frozen=True)
class Span:
    """`start:stop:step`; none of a bound is the end of the axis."""

    start: sp.Expr | None
    stop: sp.Expr | None
    step: int = 1

    @property
    def is_whole(self) -> bool:
        return self == WHOLE


WHOLE = Span(None, None)


@lru_cache(10_000)
def span(place: sp.Expr, size: sp.Expr, index: Index) -> Span:
    """The part of an axis of this length that an index runs through."""
    step = int(place.coeff(index, 1))
    start = sp.expand(place - step * index)
    last = sp.expand(start + step * (length(index.size) - 1))
    if step < 0:
        return _backwards(start, last, step, size)
    over = sp.expand(last + step - size)
    stop = None if over.is_nonnegative else from_the_end(sp.expand(last + 1), size)
    return Span(None if start == 0 else start, stop, step)


def _backwards(start: sp.Expr, last: sp.Expr, step: int, size: sp.Expr) -> Span:
    if last.free_symbols:  # an end that may come to -1: all is counted from the end
        return Span(sp.expand(start - size), sp.expand(last - 1 - size), step)
    return Span(None if start == size - 1 else start, None if last == 0 else last - 1, step)


def from_the_end(place: sp.Expr, size: sp.Expr) -> sp.Expr:
    """A place; counted from the end where the length is known at run time only."""
    back = sp.expand(place - size)
    known = size.is_Integer or not back.is_Integer or not place.free_symbols
    return place if known else back


def bounds(of: Span) -> Iterator[sp.Expr]:
    """The bounds that are no end of the axis."""
    yield from (e for e in (of.start, of.stop) if e is not None)


def along(slot: Slot, axes: Axes) -> Axes:
    """Those of the axes that a place runs along, the slowest first; none where it is looked up."""
    form = affine(slot.at) if isinstance(slot.at, sp.Expr) else None
    return tuple(i for i, _ in form.steps if i in axes) if form is not None else ()


def takes_all(slot: Slot, axes: Axes) -> bool:
    """Whether one of the axes runs through all of a slot's."""
    free = along(slot, axes)
    return len(free) == 1 and span(slot.at, slot.length, free[0]).is_whole


def is_whole(view: Expr) -> TypeGuard[Slice]:
    """Whether a view is the array as it is, under other letters."""
    return isinstance(view, Slice) and all(takes_all(s, view.axes) for s in view.slots)


def digits_of(slot: Slot) -> Axes | None:
    """The indices whose values are the digits of the place, the slowest first."""
    known = isinstance(slot.at, sp.Expr) and slot.length.is_Integer
    return digits(slot.at, int(slot.length)) if known else None


def counted_in(gather: Gather, slot: Slot) -> Axes:
    """The indices whose values a place is counted by, where it is not cut out."""
    free = along(slot, gather.axes)
    return free if {*free} & {*gather.by} else ()


ROWS = "rows"  # what the numbers of the samples are called


def counts_samples(gather: Gather) -> Index | None:
    """The index of the samples, where places are looked up by their numbers."""
    counted = (i for s in gather.slots for i in counted_in(gather, s))
    return next((i for i in counted if i.size == BATCH), None)


def cut_along(node: View | Gather, slot: Slot) -> Axes:
    """The indices along which an axis is cut out: none where its places are looked up."""
    if isinstance(node, Gather) and counted_in(node, slot):
        return ()
    return along(slot, node.axes)


def numbers_apart(node: Gather) -> list[bool]:
    """Of each place whether it is one number, where places are looked up along axes with another
    between them.
    """
    looked_up = [k for k, s in enumerate(node.slots) if not cut_along(node, s)]
    apart = looked_up[-1] - looked_up[0] + 1 > len(looked_up)
    return [apart and isinstance(s.at, sp.Expr) and not along(s, node.axes) for s in node.slots]


def cut_beside(open_: Iterable[Axes], by: Axes) -> list[Index | None]:
    """The indices along which a gather cuts out, axis by axis, where the places run along these;
    None where a place is looked up.
    """
    return [free[0] if len(free) == 1 and free[0] not in by else None for free in open_]


def yielded(kept: Sequence[Index | None], by: Axes) -> Axes:
    """The axes of a gather that cuts out along `kept`: looked up ones stay in place where they
    stand together, else they come first.
    """
    places = [k for k, index in enumerate(kept) if index is None]
    first = places[0] if places[-1] - places[0] + 1 == len(places) else 0
    before = (i for i in kept[:first] if i is not None)
    return (*before, *by, *(i for i in kept[first:] if i is not None))


@dataclass(frozen=True)
class Window:
    """An axis, as windows of this width that slide along it: which of them are meant, and in which
    steps each is read.
    """

    axis: int
    width: int
    begins: Span
    dilation: int


def windows_of(view: Windows) -> Iterator[Window]:
    """The axes that two indices share."""
    slots = [(s, along(s, view.axes)) for s in view.slots]
    kept = [(s, free) for s, free in slots if free]  # the others are places
    for axis, (s, free) in enumerate(kept):
        if len(free) == 2 and isinstance(s.at, sp.Expr):
            place, within = sorted(free, key=view.axes.index)
            dilation = int(s.at.coeff(within, 1))
            assert isinstance(within.size, int)
            reach = dilation * (within.size - 1)
            first = sp.expand(s.at - dilation * within + min(reach, 0))
            width = abs(reach) + 1
            yield Window(axis, width, span(first, s.length - width + 1, place), dilation)

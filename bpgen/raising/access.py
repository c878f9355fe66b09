"""An access as the part of an array that it reads: what kind of part, and which axes come out."""

from __future__ import annotations

from collections import Counter

from bpgen.equations.affine import affine
from bpgen.errors import NetError
from bpgen.ir import BATCH, Element, Index, length
from bpgen.program.grammar import Axes, Expr, Gather, Slice, Slot, Split, Windows
from bpgen.program.spans import cut_beside, digits_of, span, yielded
from bpgen.raising.scope import Scope


def read(access: Element, scope: Scope) -> Expr:
    """The array that an access means, with its axes in the array's own order."""
    return part_of(array_of(access, scope), slots_of(access, scope), scope)


def array_of(access: Element, scope: Scope) -> Expr:
    """The array in which an access is found: what whole numbers say of a recurrence's step is
    looked up among the steps alone.
    """
    array, carried = scope.array(access), scope.tensors[access.name].carried
    if carried is None or not isinstance(access.indices[carried], Element):
        return array
    # A loop around it may count steps by the letter that the array is stored with.
    fresh = tuple(Index(f"_{k}step", i.size) for k, i in enumerate(array.axes))
    return steps_of(array, carried, fresh)


def steps_of(array: Expr, carried: int | None, axes: Axes | None = None) -> Expr:
    """A recurrence without what stands before its first step; `axes`: under these letters."""
    if carried is None:
        return array
    axes = axes or array.axes
    ones = ((i, int(k == carried)) for k, i in enumerate(axes))
    slots = tuple(Slot(i + one, length(i.size) + one) for i, one in ones)
    return Slice(array, slots, axes)


def slots_of(access: Element, scope: Scope) -> tuple[Slot, ...]:
    """Where each index of an access is found in the array. What stands before a recurrence's first
    step is stored first, so that h[-1] is in slot 0.
    """
    info, found = scope.tensors[access.name], []
    for k, (at, axis) in enumerate(zip(access.indices, info.indices, strict=True)):
        if isinstance(at, Element):
            found.append(Slot(read(at, scope), length(axis.size)))
        elif not scope.is_now(access, at):
            one = int(info.carried == k)
            found.append(Slot(at + one, length(axis.size) + one))
    return tuple(found)


def part_of(array: Expr, slots: tuple[Slot, ...], scope: Scope) -> Expr:
    """The elements of an array at these places."""
    if any(isinstance(s.at, Expr) for s in slots):
        return gathered(array, slots, scope)
    open_ = [open_axes(s, scope) for s in slots]
    every = tuple(i for axis in open_ for i in axis)
    crowded = (len(f) > 2 and not digits_of(s) for s, f in zip(slots, open_, strict=True))
    if len(set(every)) < len(every) or any(crowded):  # such as a diagonal: read place by place
        return gathered(array, slots, scope)
    shared = [(s, f) for s, f in zip(slots, open_, strict=True) if len(f) > 1]
    if not shared:
        return Slice(array, slots, every)
    if all(digits_of(s) for s, _ in shared):
        of_digits = (i for s, f in zip(slots, open_, strict=True) for i in digits_of(s) or f)
        return Split(array, slots, tuple(i for i in of_digits if i in every))
    turned = [longest_first(f) for f in open_ if f]  # a window begins along the longer
    return Windows(array, slots, (*(f[0] for f in turned), *(i for f in turned for i in f[1:])))


def open_axes(slot: Slot, scope: Scope) -> Axes:
    """The indices of a place that have no value here, the slowest first."""
    if isinstance(slot.at, Expr):
        return ()
    if affine(slot.at) is None:
        raise NetError(f"{slot.at} is no access", "shift or stride an index by whole numbers")
    return scope.open(slot.at)


def longest_first(axes: Axes) -> Axes:
    """The samples, then other lengths known at run time, then numbers."""

    def rank(index: Index) -> tuple[bool, bool, int]:
        size = index.size
        return size == BATCH, isinstance(size, str), size if isinstance(size, int) else 0

    return tuple(sorted(axes, key=rank, reverse=True))


def gathered(array: Expr, slots: tuple[Slot, ...], scope: Scope, slices: bool = True) -> Gather:
    """The elements at places that are looked up: `E[tok]` for E[tok[n, t], d]. Without `slices` an
    axis is taken whole, or place by place.
    """
    along = [open_axes(s, scope) for s in slots]
    often = Counter(i for of in along for i in of)
    twice = {i for i, times in often.items() if times > 1}  # along two axes at once: a diagonal
    looked_up = (s.at.axes for s in slots if isinstance(s.at, Expr))
    counted = (
        of
        for s, of in zip(slots, along, strict=True)
        if of and not (twice.isdisjoint(of) and _at_once(s, of, slices))
    )
    by = tuple(dict.fromkeys(i for axes in (*looked_up, *counted) for i in axes))
    return Gather(array, slots, by, yielded(cut_beside(along, by), by))


def _at_once(slot: Slot, axes: Axes, slices: bool) -> bool:
    """Whether an axis is read along one index, and whole if it must be."""
    return len(axes) == 1 and (slices or span(slot.at, slot.length, axes[0]).is_whole)

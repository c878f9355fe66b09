"""Which axes the nodes of a program may have: a rule for each kind of node."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import Any

import sympy as sp

from bpgen.equations.affine import Affine, affine
from bpgen.ir import Index, extent, length
from bpgen.program import grammar as program
from bpgen.program.elements import outermost
from bpgen.program.grammar import Axes, Expr, Node, Shape, Slot
from bpgen.program.spans import along, cut_beside, digits_of, yielded

Fixed = Collection[Index]


def agree(node: Node, fixed: Fixed) -> bool:
    """Whether the axes of a node are those that its parts give it, each once, where the indices of
    the loops around it have a value: an array is stored along such an axis, but none is left of it
    in what is read.
    """
    if isinstance(node, Expr):
        free = {*node.axes} - ({*fixed} if not isinstance(node, program.Read) else set())
        if len(free) < len(node.axes):
            return False
    rule = _RULES.get(type(node))
    return rule is None or rule(node, fixed)


def is_full(node: Expr) -> bool:
    """Whether an array has a length along each of its axes: what is the same along one may have
    none there, where it is only added to others or multiplied.
    """
    return {*_own(node)} == {*node.axes}


def _own(node: Expr) -> Axes:
    if isinstance(node, program.Map):
        return tuple(i for _, array in node.operands for i in _own(array))
    if isinstance(node, program.Total):
        return tuple(i for array in _addends(node) for i in _own(array))
    if isinstance(node, (program.Cast, program.Copy, program.AsArray)):
        return _own(node.array)
    return node.axes


def _addends(node: program.Total) -> tuple[Expr, ...]:
    return (*node.addends, *([node.last] if node.last is not None else []))


def _lines_up(node: Expr, axes: Axes) -> bool:
    """Whether an array broadcasts against one of these axes."""
    return {*node.axes} <= {*axes} and (node.axes == axes or is_full(node))


def _sized(shape: Shape, axes: Axes) -> bool:
    """A length for each axis, or that of an array at hand."""
    if shape.of is not None:
        return not shape.sizes
    return len(shape.sizes) == len(axes) and all(map(_is_long, shape.sizes, axes))


def _is_long(size: sp.Expr, axis: Index) -> bool:
    """As long as its axis; a recurrence is stored with what stands before its first step."""
    other = length(axis.size)
    return size == other or sp.expand(size - other) in (0, 1)


def _placed(node: program.View | program.Gather, fixed: Fixed) -> bool:
    """A place for each axis of the array, on it, by indices that have a value or are axes."""
    known = {*node.axes, *fixed}
    return (
        is_full(node.array)
        and len(node.slots) == len(node.array.axes)
        and all(_is_long(s.length, i) for s, i in zip(node.slots, node.array.axes, strict=True))
        and all(isinstance(s.at, Expr) or _lies(s, known) for s in node.slots)
    )


def _lies(slot: Slot, known: set[Index]) -> bool:
    form = affine(slot.at)
    if form is None or not {i for i, _ in form.steps} <= known:
        return False
    return _is_within(form, slot.length)


@lru_cache(4096)
def _is_within(form: Affine, size: sp.Expr) -> bool:
    """Whether no place is surely before the first, or beyond the last."""
    before, beyond = sp.expand(form.lowest), sp.expand(form.highest - size + 1)
    return not before.is_negative and not beyond.is_positive


def _slice(node: program.Slice, fixed: Fixed) -> bool:
    """Along one index at most for each axis, in order."""
    open_ = [along(s, node.axes) for s in node.slots]
    return (
        _placed(node, fixed)
        and all(len(free) < 2 for free in open_)
        and tuple(i for free in open_ for i in free) == node.axes
    )


def _shared_out(node: program.Split, fixed: Fixed) -> bool:
    """Where an axis was, its digits, the slowest first."""
    if not _placed(node, fixed):
        return False
    found: list[Index] = []
    for slot in node.slots:
        free = along(slot, node.axes)
        shared = digits_of(slot)
        if len(free) > 1 and shared is None:
            return False
        found += (i for i in shared or free if i in node.axes)
    return tuple(found) == node.axes


def _windows(node: program.Windows, fixed: Fixed) -> bool:
    """Where each axis begins, in order, then what runs within its window, of a known width."""
    open_ = [sorted(along(s, node.axes), key=node.axes.index) for s in node.slots]
    begins = [free[0] for free in open_ if free]
    within = [i for free in open_ for i in free[1:]]
    return (
        _placed(node, fixed)
        and all(len(free) < 3 for free in open_)
        and all(isinstance(i.size, int) for i in within)
        and (*begins, *within) == node.axes
    )


def _gather(node: program.Gather, fixed: Fixed) -> bool:
    """What is looked up along `by`, and cut out along the others, where numpy leaves them."""
    open_ = [along(s, node.axes) for s in node.slots]
    kept = cut_beside(open_, node.by)
    counted = (i for free, own in zip(open_, kept, strict=True) if own is None for i in free)
    looked_up = [s.at for s in node.slots if isinstance(s.at, Expr)]
    return (
        _placed(node, fixed)
        and None in kept
        and all(_lines_up(at, node.by) for at in looked_up)
        and {*node.by} == {*counted, *(i for at in looked_up for i in at.axes)}
        and node.axes == yielded(kept, node.by)
    )


def _count(node: program.Count, fixed: Fixed) -> bool:
    """Along the index, or its value in a loop."""
    return node.axes == (node.place,) or (not node.axes and node.place in fixed)


def _map(node: program.Map, _: Fixed) -> bool:
    """An operand for each element of the body, and nothing else that runs along an axis."""
    operands = [e for e, _ in node.operands]
    return (
        all(_lines_up(array, node.axes) for _, array in node.operands)
        and {*outermost(node.body)} == {*operands}
        and len({*operands}) == len(operands)
    )


def _total(node: program.Total, _: Fixed) -> bool:
    every = _addends(node)
    return len(every) > 1 and all(_lines_up(a, node.axes) for a in every)


def _contracted(node: program.Contract, _: Fixed) -> bool:
    every = {i for array in node.operands for i in array.axes}
    return (
        len(node.operands) > 1
        and all(map(is_full, node.operands))
        and _some_of(node.over, every)
        and {*node.axes} == every - {*node.over}
    )


def _reduced(node: program.Reduce, _: Fixed) -> bool:
    every = {*node.array.axes}
    marks = node.how == "first"  # along the axes that are searched, which come last
    last = node.axes[len(node.axes) - len(node.over) :]
    return (
        is_full(node.array)
        and _some_of(node.over, every)
        and {*node.axes} == (every if marks else every - {*node.over})
        and (not marks or last == node.over)
    )


def _some_of(over: Axes, every: Iterable[Index]) -> bool:
    """Some of these indices, each once."""
    return 0 < len(over) == len({*over}) and {*over} <= {*every}


def _filled(node: program.Fill, _: Fixed) -> bool:
    """One number, in a shape and precision."""
    one = node.value is None or not node.value.axes
    typed = node.precision is not None or node.shape.of is not None
    return one and typed and _sized(node.shape, node.axes)


_RULES: dict[type[Node], Callable[[Any, Fixed], bool]] = {
    program.Slice: _slice,
    program.Split: _shared_out,
    program.Windows: _windows,
    program.Gather: _gather,
    program.Join: lambda n, _: (
        is_full(n.array) and extent(i.size for i in n.axes) == extent(i.size for i in n.array.axes)
    ),
    program.Broadcast: lambda n, _: (
        _lines_up(n.array, n.axes) and {*n.array.axes} < {*n.axes} and _sized(n.shape, n.axes)
    ),
    program.Count: _count,
    program.Map: _map,
    program.Total: _total,
    program.Contract: _contracted,
    program.Reduce: _reduced,
    program.InRows: lambda n, _: (
        is_full(n.array) and len(n.axes) > 0 and {*n.axes} == {*n.array.axes}
    ),
    program.AsArray: lambda n, _: not n.axes,
    program.Fill: _filled,
    program.Assign: lambda n, _: not isinstance(n.value, Expr) or is_full(n.value),
    program.Store: lambda n, _: _lines_up(n.value, n.at.axes),
    program.ScatterAdd: lambda n, _: _lines_up(n.value, n.at.axes),
    program.Loop: lambda n, fixed: (
        len({*n.indices, *fixed}) == len(n.indices) + len(fixed)
        and not (n.reverse and len(n.indices) > 1)
    ),
}

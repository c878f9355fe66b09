"""Elements of tensors: which axes a symbol says a place of, and what is stored there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpgen.check.page import formula as f
from bpgen.check.page.evaluate.scope import Scope
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.tree import describe, letters_of, symbols_of, together
from bpgen.check.page.world import Array
from bpgen.ir import Size


def parts_of(scope: Scope, node: f.Symbol, name: str) -> tuple[f.Node, ...]:
    """The indices of a symbol, one for each axis that is told."""
    known = scope.find(node)
    assert known is not None
    below, rank = known[2], scope.rank(name)
    if len(below) == 1 and isinstance(below[0], f.Beside):
        below = (together(below[0]),) if rank == 1 else below[0].parts
    elif any(isinstance(p, f.Beside) for p in below):
        below = tuple(together(p) if isinstance(p, f.Beside) else p for p in below)
        if len(below) != rank:  # W_{h,ij}: a label, and letters side by side
            split = (p.parts if isinstance(p, f.Beside) else (p,) for p in known[2])
            below = tuple(p for parts in split for p in parts)
    if len(below) > rank:
        raise Unreadable(f"{describe(node)} has {len(below)} indices, its tensor {rank}")
    return below


def places_of(scope: Scope, node: f.Symbol, name: str, upstream: bool = False) -> list[Array]:
    """The place along each axis that a symbol says, counted from 0; -1 is before the first step."""
    info = scope.world.network.tensors[name]
    lead: list[Array] = []
    if info.block and not upstream:
        if node.block is None:
            raise Unreadable(f"{describe(node)} is of which block?")
        lead.append(scope.place(node.block))
    elif node.block is not None:
        raise Unreadable(f"{describe(node)} is of no block")
    if info.batched and scope.reading.sample:
        lead.append(scope.which_sample)
    return [*lead, *map(scope.place, parts_of(scope, node, name))]


def slots_of(scope: Scope, node: f.Symbol, name: str) -> list[Array]:
    """The places where a symbol's elements are stored."""
    carried = scope.world.network.tensors[name].carried
    return [p + (k == carried) for k, p in enumerate(places_of(scope, node, name))]


def open_axes(scope: Scope, node: f.Symbol, name: str) -> int:
    """How many axes of a tensor have no index: 0 of an entry, 1 of a vector, 2 of a matrix."""
    return scope.rank(name) - len(parts_of(scope, node, name))


@dataclass(frozen=True)
class _Axis:
    """An axis of an array: how long it is told to be, the slot of its element 0, and whether
    it goes on with a 0, as gradients do after the last step.
    """

    size: int
    start: int
    goes_on: bool


def element(
    scope: Scope,
    node: f.Symbol,
    name: str,
    array: Array,
    slope: bool = False,
    upstream: bool = False,
) -> Array:
    """An element of a tensor's array, which has a first axis that `which` chooses along, or what is
    left of it where it has fewer indices than axes.
    """
    places = places_of(scope, node, name, upstream)
    axes = [*_axes(scope, name, slope, upstream)]
    index, missing = [np.minimum(scope.which, len(array) - 1)], np.asarray(False)
    for k, (place, axis) in enumerate(zip(places, axes, strict=False), start=1):
        if axis.goes_on:
            array = _ended(array, k)
            if (place == axis.size).any():
                scope.reading.beyond.add(axis.size)
        missing = missing | (place < -axis.start) | (place >= axis.size + axis.goes_on)
        index.append(np.clip(place + axis.start, 0, array.shape[k] - 1))
    rest: Any = tuple(slice(axis.start, None) for axis in axes[len(places) :])
    shape = np.broadcast_shapes(*(i.shape for i in index))
    found = array[(*np.broadcast_arrays(*index), *rest)]
    if len(rest) > 2:
        raise Unreadable(f"{describe(node)} is no matrix")
    found = found.reshape((*found.shape, *([1] * (2 - len(rest)))))
    assert found.ndim == len(shape) + 2
    if missing.any():
        none = complex(np.nan, np.nan) if np.iscomplexobj(found) else np.nan
        found = np.where(missing[..., None, None], none, found)
    return np.swapaxes(found, -1, -2) if node.transposed else found


def _axes(scope: Scope, name: str, slope: bool, upstream: bool) -> Iterator[_Axis]:
    """The axes of a tensor's array; what is given for an output begins with its first step, and has
    no blocks.
    """
    info = scope.world.network.tensors[name]
    steps = _steps(scope)
    for k, axis in enumerate(info.indices):
        own = k == info.carried
        if not (upstream and info.block and k == 0):
            goes_on = slope and (own or axis.size in steps)
            yield _Axis(scope.world.size(axis.size), int(own and not upstream), goes_on)


def _steps(scope: Scope) -> set[Size | None]:
    """The lengths of recurrences, beyond whose last step gradients are 0."""
    loops = (e.loop for e in scope.world.network.equations)
    return {loop.index.size for loop in loops if loop is not None}


def _ended(array: Array, axis: int) -> Array:
    """With a 0 after the last."""
    end = np.zeros_like(array.take([0], axis))
    return np.concatenate([array, end], axis)


def is_start(scope: Scope, node: f.Symbol, name: str) -> bool:
    """Whether a symbol is what stands before the first step of a recurrence."""
    info = scope.world.network.tensors[name]
    if info.carried is None:
        return False
    said: f.Node = node.block
    if not info.block:
        parts = parts_of(scope, node, name)
        at = info.carried - (info.batched and scope.reading.sample)
        said = parts[at] if at < len(parts) else None
    if said is None or letters_of(said):
        return False
    return bool((scope.place(said) == -1).all())


def after_the_only_step(scope: Scope, node: f.Node) -> bool:
    """Whether something is said of the step after the last, where there is one step in all."""
    loops = {e.name: (e, e.loop) for e in scope.world.network.equations if e.loop is not None}
    for symbol in symbols_of(node):
        known = scope.find(symbol)
        if known is None or known[1] not in loops:
            continue
        equation, loop = loops[known[1]]
        axis, alone = equation.indices.index(loop.index), scope.world.size(loop.index.size) == 1
        here = places_of(scope, symbol, equation.name)[axis : axis + 1] if alone else []
        if any((place == 1).all() for place in here):
            return True
    return False

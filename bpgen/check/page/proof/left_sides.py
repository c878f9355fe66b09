"""Left sides: of which tensor a row tells, and at which of its places."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from bpgen.check.page import formula as f
from bpgen.check.page.evaluate import Scope
from bpgen.check.page.evaluate.derivatives import scalar_of
from bpgen.check.page.evaluate.elements import open_axes, parts_of, slots_of
from bpgen.check.page.evaluate.letters import free, letter_axes
from bpgen.check.page.evaluate.sums import sizes_below
from bpgen.check.page.reading import Reading
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.tree import letter_of
from bpgen.check.page.world import Array, Values
from bpgen.ir import BATCH


def column(values: list[int]) -> Array:
    return np.asarray(values, dtype=float).reshape((-1, 1))


def named(node: f.Node) -> f.Symbol:
    """The symbol that a left side is, or is the derivative by."""
    found = node.by if isinstance(node, f.Derivative) else node
    if not isinstance(found, f.Symbol):
        raise Unreadable("no tensor stands on the left")
    return found


def told_of(node: f.Node, scope: Scope) -> tuple[bool, str] | None:
    known = scope.find(named(node))
    if known is None:
        return None
    return isinstance(node, f.Derivative) or known[0] is scope.reading.names.gradients, known[1]


def axes_of(node: f.Node, scope: Scope) -> list[int]:
    """The sizes of the axes that are left of a tensor."""
    symbol = named(node)
    known = scope.find(symbol)
    if known is None:
        raise Unreadable("what has this shape?")
    info = scope.world.network.tensors[known[1]]
    done = info.block + (info.batched and scope.reading.sample)
    done += len(parts_of(scope, symbol, known[1]))
    return [scope.world.size(i.size) for i in info.indices[done:]]


def whole_of(node: f.Node, scope: Scope) -> Array:
    """All of the tensor that a left side is of."""
    of = told_of(node, scope)
    if of is None:
        raise Unreadable("nothing is told elsewhere")
    slope, name = of
    reading = scope.reading
    top = reading.top
    if isinstance(node, f.Derivative) and (said := scalar_of(scope, node.of)) is not None:
        top = said
    array = reading.gradient(top, name) if slope else scope.world.values[name]
    return array


def within_block(node: f.Node, reading: Reading) -> tuple[int, ...]:
    """The axes of the tensor on a left side, but for that of its blocks: a row speaks of one."""
    known = reading.names.find(named(node))
    info = reading.world.network.tensors[known[1]] if known is not None else None
    return tuple(range(info.block, len(info.indices))) if info is not None else ()


def slots_told(node: f.Node, scope: Scope) -> list[Array]:
    symbol = named(node)
    known = scope.find(symbol)
    assert known is not None
    return slots_of(scope, symbol, known[1])


def spelled(
    left: f.Node, right: f.Node, name: str, reading: Reading, values: Values, first: bool = False
) -> Array:
    """The tensor that a formula of one sample says, for every sample and every step taken: an entry
    at its letters, or a whole vector or matrix. `first`: what stands before its first step alone.
    """
    world, symbol = reading.world, named(left)
    lanes = max(map(len, values.values()))
    scope = Scope(reading, values=values)
    sizes = {n: min(s for m, s in letter_axes(scope, left) if m == n) for n in free(scope, left)}
    at = {n: np.arange(reading.base, reading.base + size) for n, size in sizes.items()}
    block = letter_of(symbol.block) if symbol.block is not None else None
    scope = scope.over({n: at[n] for n in reversed(at) if n != block})
    scope = of_every_sample(scope, name)
    if block is not None:
        scope = scope.over({block: at[block]})
    scope = scope.over({"the step": np.arange(lanes)})
    scope = replace(scope, which=scope.letters["the step"])
    whole: Any = ((0, 0), (slice(None), 0), ())[open_axes(scope, symbol, name)]
    made = scope.value(right)[(..., *whole)]
    info = world.network.tensors[name]
    shape = list(world.shape(info))
    if first:
        shape.pop(info.carried or 0)
    return np.broadcast_to(made, (lanes, *shape))


def of_every_sample(scope: Scope, name: str) -> Scope:
    """What is told of one sample's tensor, of all at once."""
    if not (scope.reading.sample and scope.world.network.tensors[name].batched):
        return scope
    scope = scope.over({"the sample": np.arange(scope.world.lengths[BATCH])})
    return replace(scope, which_sample=scope.letters["the sample"])


def sizes_of(maximum: f.Over | f.Call, name: str, scope: Scope) -> tuple[int, ...]:
    """The sizes of a maximum's own indices; written out, it has those of its equation."""
    if isinstance(maximum, f.Over):
        return tuple(sizes_below(scope, maximum).values())
    equation = next(e for e in scope.world.network.equations if e.name == name)
    return tuple(scope.world.size(k.size) for k in equation.terms[0].over)


def is_maximum(node: f.Node) -> bool:
    over = isinstance(node, f.Over) and node.kind == "max"
    return over or (isinstance(node, f.Call) and node.name == "max")

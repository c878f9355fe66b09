"""The value of a symbol: a letter, a length, a number, a tensor or an element of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from bpgen.check.page import formula as f
from bpgen.check.page.evaluate.elements import element
from bpgen.check.page.evaluate.scope import Scope
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.tree import describe, letter_of, together
from bpgen.check.page.world import LOWEST, Array


def beside(scope: Scope, node: f.Beside) -> Array:
    return scope.value(together(node))


def symbol(scope: Scope, node: f.Symbol) -> Array:
    """What the first of these ways makes of it."""
    for way in (_argument, _letter, _constant, _tensor_or_unit, _length, _euler):
        found = way(scope, node)
        if found is not None:
            return found
    raise Unreadable(f"what is {describe(node)}?")


def _argument(scope: Scope, node: f.Symbol) -> Array | None:
    """An argument of a function that is being defined, or an entry of it."""
    name = letter_of(node) or ""
    if not node.below and name in scope.constants:
        return scope.constants[name]
    if node.layer or not node.below or node.block or node.stem not in scope.constants:
        return None
    vector = scope.constants[node.stem]
    return vector[..., scope.place(node.below[0]), 0][..., None, None]


def _letter(scope: Scope, node: f.Symbol) -> Array | None:
    name = letter_of(node) or ""
    return scope.letters[name][..., None, None] if name in scope.letters else None


def _constant(scope: Scope, node: f.Symbol) -> Array | None:
    return _number(scope, node, {"infinity": lambda real: real(-LOWEST), "circle": _pi})


def _euler(scope: Scope, node: f.Symbol) -> Array | None:
    return _number(scope, node, {"e": lambda real: np.exp(real(1))})


def _number(
    scope: Scope, node: f.Symbol, known: Mapping[str, Callable[[Any], Any]]
) -> Array | None:
    if node != f.Symbol(node.stem, node.accent) or node.stem not in known:
        return None
    return np.full((1, 1), known[node.stem](scope.world.dtype))


def _pi(real: Any) -> Any:
    return 4 * np.arctan(real(1))


def _length(scope: Scope, node: f.Symbol) -> Array | None:
    name = scope.reading.names.length(node)
    return None if name is None else np.full((1, 1), scope.world.lengths[name])


def _tensor_or_unit(scope: Scope, node: f.Symbol) -> Array | None:
    """Of what reads like a tensor's element and like a unit vector, what there is."""
    name = _of_unit(scope, node)
    try:
        if scope.find(node) is not None:
            return _tensor(scope, node)
    except Unreadable:
        if name is None:
            raise
    return None if name is None else _unit(scope, node, name)


def _of_unit(scope: Scope, node: f.Symbol) -> str | None:
    """The integer tensor of a unit vector, if it reads like one."""
    if node.stem not in ("e", "bold e") or len(node.below) != 1 or node.layer or node.accent:
        return None
    (label,) = node.below
    known = scope.find(label)
    is_integer = known and known[1] and scope.world.network.tensors[known[1]].bound is not None
    return known[1] if known and is_integer else None


def _unit(scope: Scope, node: f.Symbol, name: str) -> Array:
    """e_y, the unit vector of a label or another integer."""
    scope.reading.units.add(name)
    (label,), bound = node.below, scope.world.network.tensors[name].bound or 0
    made = (np.arange(bound) == scope.place(label)[..., None]).astype(float)[..., None]
    return np.asarray(np.swapaxes(made, -1, -2) if node.transposed else made)


def _tensor(scope: Scope, node: f.Symbol) -> Array:
    known = scope.find(node)
    assert known is not None
    table, name, _ = known
    reading = scope.reading
    if table is reading.names.gradients:
        return element(scope, node, name, reading.gradient(reading.top, name)[None], True)
    if table is reading.names.given:
        return element(scope, node, name, scope.world.given[name][None], True, upstream=True)
    if not name:
        raise Unreadable("the scalar further on has no value")
    found = element(scope, node, name, scope.stored(name))
    return found + reading.base if scope.world.network.tensors[name].bound is not None else found

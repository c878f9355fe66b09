"""Functions: those that everybody knows, those that the page defines, those that it names."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np

from bpgen.check.entrywise.evaluation import STEP
from bpgen.check.entrywise.named import smooth
from bpgen.check.entrywise.scalars import CALLS
from bpgen.check.page import formula as f
from bpgen.check.page.evaluate.scope import Scope
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.world import LOWEST, Array

# By the name on the page.
FUNCTIONS: dict[str, Any] = {
    **{n: CALLS[n] for n in ("log", "exp", "tanh", "sin", "cos", "tan", "sinh", "cosh")},
    **{n: CALLS[n] for n in ("sign", "erf", "erfc")},
    "arctan": CALLS["atan"],
    "arsinh": CALLS["asinh"],
    "abs": CALLS["Abs"],
    "sech": lambda z: 1 / np.cosh(z),
    "floor": lambda z: np.floor(np.real(z)),
}
_EXTREMES = {"max": CALLS["Max"], "min": CALLS["Min"]}


def call(scope: Scope, node: f.Call) -> Array:
    if node.name == "softmax":
        return _softmax(scope, node)
    arguments = [scope.value(a) for a in node.arguments]
    if not node.prime:
        return _applied(scope, node.name, arguments)
    own = f"{node.name}'"
    if own in scope.reading.functions and node.name not in scope.reading.functions:
        return _applied(scope, own, arguments)
    moved = [arguments[0] + 1j * STEP, *arguments[1:]]
    return np.imag(_applied(scope, node.name, moved)) / STEP


def _applied(scope: Scope, name: str, arguments: list[Array]) -> Array:
    known = scope.reading.functions.get(name)
    if known is not None:
        entries = [a[..., None, None] for a in arguments]  # each entry is a scalar of its own
        given = dict(zip(known.names, entries, strict=True))
        own = replace(scope, letters={}, constants=given)
        return own.value(known.body)[..., 0, 0]
    if name in _EXTREMES:
        return np.asarray(reduce(_EXTREMES[name], arguments))
    if name in scope.reading.unknown and len(arguments) == 1:
        return np.asarray(smooth(name)(arguments[0]))
    if name not in FUNCTIONS or len(arguments) != 1:
        raise Unreadable(f"the function {name} is not told")
    return np.asarray(FUNCTIONS[name](arguments[0]))


def _softmax(scope: Scope, node: f.Call) -> Array:
    """Along a vector, or the last axis of what has fewer indices than axes."""
    inner = scope.value(node.arguments[0])
    if inner.shape[-1] != 1 and inner.shape[-2] != 1 and node.at:
        raise Unreadable("the softmax of a matrix at one index")
    axis = -2 if inner.shape[-1] == 1 else -1
    largest = inner.real.max(axis, keepdims=True)
    raised = np.exp(inner - largest)
    found = raised / raised.sum(axis, keepdims=True)
    if scope.world.nothing:
        found = np.where(largest < LOWEST / 2, 0, found)
    if not node.at:
        return np.asarray(found)
    vector = found.reshape((*found.shape[:-2], -1))
    (place,) = map(scope.place, node.at)
    lead = np.broadcast_shapes(vector.shape[:-1], place.shape)
    vector = np.broadcast_to(vector, (*lead, vector.shape[-1]))
    place = np.broadcast_to(place, lead)
    return np.take_along_axis(vector, place[..., None], -1)[..., None]

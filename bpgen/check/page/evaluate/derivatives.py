"""Partial derivatives: an element takes an imaginary step, and so does a formula of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bpgen.check.entrywise.evaluation import STEP
from bpgen.check.page import formula as f
from bpgen.check.page.evaluate.elements import element, slots_of
from bpgen.check.page.evaluate.scope import Scope
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.tree import describe
from bpgen.check.page.world import Array, Values


def derivative(scope: Scope, node: f.Derivative) -> Array:
    known = scope.find(node.by)
    if known is None or known[0] is not scope.reading.names.tensors or not known[1]:
        raise Unreadable(f"a derivative by {describe(node.by)}")
    name, top = known[1], scalar_of(scope, node.of)
    if top is not None and not node.immediate:
        return element(scope, node.by, name, scope.reading.gradient(top, name)[None], True)
    which, missing = _steps(scope, node.by, name)
    moved = replace(scope, values=_values(scope, node, name), which=which)
    slope = np.imag(moved.value(node.of)) / STEP
    return np.where(missing[..., None, None], np.nan, slope) if missing.any() else slope


def _steps(scope: Scope, by: f.Symbol, name: str) -> tuple[Array, Array]:
    """Which of the steps of a tensor's elements is the one of this symbol, and where there is
    none.
    """
    slots, stored = slots_of(scope, by, name), scope.world.values[name].shape
    if len(slots) != len(stored):
        raise Unreadable(f"a derivative by all of {describe(by)}")
    missing, inside = np.asarray(False), []
    for slot, size in zip(slots, stored, strict=True):
        missing = missing | (slot < 0) | (slot >= size)
        inside.append(np.clip(slot, 0, size - 1))
    which = np.ravel_multi_index(tuple(np.broadcast_arrays(*inside)), stored) if inside else 0
    return np.asarray(which), missing


def _values(scope: Scope, node: f.Derivative, name: str) -> Values:
    """The values of all tensors where each element of one takes a step: with all that follows, or
    for an immediate derivative of the formula alone.
    """
    if not node.immediate:
        return scope.world.moved(name)
    known = scope.find(node.of)
    return scope.world.immediately(known[1] if known is not None else None, name)


def scalar_of(scope: Scope, node: f.Node) -> str | None:
    """The name of a scalar of one sample, or of the whole batch."""
    known = scope.find(node)
    if known is None or known[0] is not scope.reading.names.tensors or known[2]:
        return None
    name = known[1]
    if not name:
        return ""
    info = scope.world.network.tensors[name]
    return name if len(info.indices) == (info.batched and scope.reading.sample) else None

"""Sums and maxima over letters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bpgen.check.page import formula as f
from bpgen.check.page.evaluate.letters import letter_axes
from bpgen.check.page.evaluate.scope import Scope
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.world import LOWEST, Array


def over(scope: Scope, node: f.Over) -> Array:
    """A sum; or a maximum, the first of the largest with its imaginary part, of which the first
    letter runs slowest.
    """
    if node.kind == "max":
        flat = run_through(scope, node)
        first = np.real(flat).argmax(-1)[..., None]
        return np.asarray(np.take_along_axis(flat, first, -1)[..., 0])
    return np.asarray(_ranged(scope, node, 0).sum(tuple(range(len(node.under.letters)))))


def run_through(scope: Scope, node: f.Over) -> Array:
    """What a maximum runs through, along a last axis."""
    body = _ranged(scope, node, LOWEST)
    lead = len(node.under.letters)
    moved = np.moveaxis(body, range(lead), range(-1, -1 - lead, -1))
    return moved.reshape((*body.shape[lead:], -1))


def _ranged(scope: Scope, node: f.Over, otherwise: float) -> Array:
    """What stands below a sum or a maximum, with an axis for each letter, the last first."""
    sizes = sizes_below(scope, node)
    inner = scope.counted(sizes)
    body = inner.value(node.body)
    shape = (*reversed(sizes.values()), *([1] * scope.depth), 1, 1)
    body = np.broadcast_to(body, np.broadcast_shapes(body.shape, shape))
    keep = np.asarray(True)
    for condition in node.under.conditions:
        keep = keep & inner.value(f.Indicator(condition)).astype(bool)
    return np.where(keep, body, otherwise)


def sizes_below(scope: Scope, node: f.Over) -> dict[str, int]:
    """How many values each letter of a sum has."""
    ranged = {name: scope.bound(sign, end) for name, sign, end in node.under.ranges}
    return {n: ranged[n] if n in ranged else _size(scope, n, node) for n in node.under.letters}


def _size(scope: Scope, name: str, node: f.Over) -> int:
    """As many as the shortest axis has that it runs over."""
    inside = replace(scope, letters={**scope.letters, name: np.zeros(1, dtype=int)})
    for among in ((node.body,), node.under.conditions):
        found = [s for part in among for n, s in letter_axes(inside, part) if n == name]
        if found:
            return min(found)
    raise Unreadable(f"nothing says what {name} runs over")

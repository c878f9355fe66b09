"""Is a network defined for a single sample? A correlation is not: there is nothing to vary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sympy as sp

from bpgen.check.entrywise import evaluate, gradients, shown
from bpgen.check.entrywise.scalars import ENDLESS
from bpgen.check.module.point import Array, Point
from bpgen.ir import BATCH, Network, length


def defined_for_one(network: Network, lengths: Mapping[str, int], points: Iterable[Point]) -> bool:
    """Whether the equations have numbers for one sample, and gradients, at any of some points."""
    one = {length(BATCH): sp.S.One}
    if any(t.body.xreplace(one).has(sp.zoo, sp.nan) for e in network for t in e.terms):
        return False
    return any(_at(network, {**lengths, BATCH: 1}, point) for point in points)


def numbers(arrays: Iterable[Any]) -> bool:
    """Whether all are numbers."""
    return all(bool(np.all(np.abs(a) < ENDLESS)) for a in arrays)


def _at(network: Network, lengths: Mapping[str, int], point: Point) -> bool:
    """The same at one point, of all that is computed; of what forward draws nothing is left
    out.
    """
    given: dict[str, Array] = {n: a for group in point.groups() for n, a in group.items()}
    for t in network.role("noise"):
        sizes = (i.size if isinstance(i.size, int) else lengths[str(i.size)] for i in t.indices)
        given[t.name] = np.ones(tuple(sizes))
    values = evaluate(network, lengths, given)
    asked = {*network.outputs, *filter(None, [network.loss])}
    if not numbers(shown(network, name, values[name]) for name in asked):
        return False
    computed = (e.name for e in network)
    ones = {name: np.ones_like(shown(network, name, values[name])) for name in computed}
    return numbers(gradients(network, lengths, given, ones).values())

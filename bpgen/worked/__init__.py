"""A worked example: the numbers of every equation, of the update, and of the pass after it.

They are those of the emitted module, and of the equations evaluated entry by entry: where the two
differ, nothing is told.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from bpgen.check.entrywise import evaluate, gradients
from bpgen.check.entrywise.order import starts
from bpgen.check.module import load
from bpgen.errors import NetError
from bpgen.functions import masked
from bpgen.ir import Network
from bpgen.record import Derivation
from bpgen.worked.compared import compared
from bpgen.worked.example import RATE, Example
from bpgen.worked.factors import factors
from bpgen.worked.point import Array, Arrays, Point, point

__all__ = ["Example", "Worked", "taken", "worked"]

SEED = 0  # of the parameters that an example does not give


@dataclass(frozen=True)
class Worked:
    """Every number of an example, samples along the first axis where a tensor has one."""

    point: Point
    values: Arrays  # of every tensor
    slopes: Arrays  # the gradient of the loss by every tensor, the computed ones too
    after: Arrays  # the parameters after one step
    values_after: Arrays  # every tensor again
    locals: Arrays  # d(upstream)/d(tensor), entry by entry, where one equation alone reads it so
    rate: float
    held: tuple[str, ...]


def worked(derivation: Derivation, module: str, example: Example) -> Worked:
    """The numbers of a network with a loss, of its derivation and module."""
    network = derivation.network
    if network.loss is None:
        fact = "a worked example needs a loss: there is nothing to descend"
        raise NetError(fact, "end net.py with loss(...)", example.place)
    emitted = load(module)
    given = point(network, example, emitted.init(SEED))
    values = evaluate(network, given.lengths, given.values)
    slopes = gradients(differentiated(derivation), given.lengths, given.values)
    params = {n: given.values[n] for n in emitted.SHAPES}
    _refuse_nan(network, values, {n: slopes[n] for n in params}, given, example)
    grads = compared(differentiated(derivation), emitted, given, values, slopes, example.place)
    after = {
        n: p if n in example.held else p - _rate(example) * grads[n] for n, p in params.items()
    }
    again = evaluate(network, given.lengths, {**given.values, **after})
    found, local = {**slopes, **grads}, factors(derivation, given)
    values, found, again = (taken(network, a) for a in (values, found, again))
    return Worked(given, values, found, after, again, local, _rate(example), example.held)


def differentiated(derivation: Derivation) -> Network:
    """The network whose gradients a page tells: where another spelling is differentiated, that."""
    equations = tuple(f.source for f in derivation.forward)
    return replace(derivation.network, equations=equations)


def taken(network: Network, arrays: Arrays) -> dict[str, Array]:
    """What each step of a recurrence has, without what stands before the first."""
    return {n: a[tuple(slice(s, None) for s in starts(network, n))] for n, a in arrays.items()}


def at_example(derivation: Derivation, example: Example | None, file: str | None) -> Worked:
    """The numbers of net.py's own example, or of a file's values in the place of its."""
    from bpgen.emit import emitted

    given = example or Example()
    return worked(derivation, emitted(derivation), given.with_file(file) if file else given)


def _refuse_nan(
    network: Network, values: Arrays, slopes: Arrays, given: Point, example: Example
) -> None:
    """NetError where something has no value, or no slope; what is masked out is minus infinity."""
    zero = [n for n in given.drawn if not np.any(given.values[n])]
    begun = f"; 0 where it gives none: {', '.join(zero)}" if zero else ""
    for equation in network:
        value = values[equation.name]
        masks = any(t.body.has(masked) for t in equation.terms)
        if not np.all(np.isfinite(value) | (masks & np.isneginf(value))):
            fact = f"{equation.name} has no value at the example"
            raise NetError(fact, f"give other values{begun}", example.place)
    for name, slope in slopes.items():
        if not np.all(np.isfinite(slope)):
            fact = f"dL/d{name} has no value at the example"
            raise NetError(fact, f"give other values{begun}", example.place)


def _rate(example: Example) -> float:
    rate = example.rate
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 < rate < math.inf:
        fact = f"the example's {RATE} is {rate!r:.40}"
        raise NetError(fact, "give a positive number", example.place)
    return float(rate)

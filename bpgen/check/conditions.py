"""What a network decides by: its masks, and the numbers that its inputs are compared with, so that
what is drawn reaches both sides.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from sympy.core.relational import Relational

from bpgen import functions
from bpgen.ir import Network, elements


def masks(network: Network) -> frozenset[str]:
    """The real inputs and targets that some masked value is kept or left out by, itself or through
    what is computed of them.
    """
    waiting = [e.name for _, keep in _masked(network) for e in elements(keep)]
    found, seen = set[str](), set[str]()
    while waiting:
        name = waiting.pop()
        info = network.tensors[name]
        if info.role in ("input", "target") and info.bound is None:
            found.add(name)
        elif name not in seen:
            seen.add(name)
            own = (e for e in network if e.name == name)
            waiting += [read.name for equation in own for read in equation.reads()]
    return frozenset(found)


def _masked(network: Network) -> Iterator[tuple[sp.Expr, ...]]:
    for equation in network:
        for term in equation.terms:
            yield from (call.args for call in term.body.atoms(functions.masked))


def thresholds(network: Network) -> dict[str, tuple[float, ...]]:
    """The numbers other than 0 that a tensor is compared with: in a condition, a maximum or a
    minimum.
    """
    found: dict[str, set[float]] = {}
    for equation in network:
        for term in equation.terms:
            for place in _decisions(term.body):
                numbers = {float(a) for a in place.args if a.is_number and a.is_finite} - {0.0}
                for name in {e.name for a in place.args for e in elements(a)}:
                    found.setdefault(name, set()).update(numbers)
    return {name: tuple(sorted(numbers)) for name, numbers in found.items() if numbers}


def _decisions(body: sp.Expr) -> Iterator[sp.Basic]:
    """The comparisons in an expression, those in the definitions of its functions included."""
    yield from body.atoms(Relational, sp.Max, sp.Min)
    for call in body.atoms(sp.Function):
        known = functions.row(call)
        if known is not None and known.definition is not None:
            yield from known.definition(*call.args).atoms(Relational, sp.Max, sp.Min)

"""What a network decides by: its masks, and the numbers that its inputs are compared with, so that
what is drawn reaches both sides.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import sympy as sp
from sympy.core.relational import Relational

from bpgen import functions
from bpgen.ir import Network, elements

Sides = tuple[sp.Basic, ...]  # what is compared with each other


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
            for sides in _decisions(term.body):
                numbers = {float(a) for a in sides if a.is_number and a.is_finite} - {0.0}
                for name in {e.name for a in sides for e in elements(a)}:
                    found.setdefault(name, set()).update(numbers)
    return {name: tuple(sorted(numbers)) for name, numbers in found.items() if numbers}


def _decisions(body: sp.Expr) -> Iterator[Sides]:
    """What is compared in an expression, in the definitions of its functions included."""
    yield from _compared(body)
    for call in body.atoms(sp.Function):
        read = elements(call)
        letters = [sp.Symbol(f"e{k}", real=True) for k in range(len(read))]
        given = dict(zip(letters, read, strict=True))
        spoken = call.xreplace(dict(zip(read, letters, strict=True)))
        yield from (tuple(a.xreplace(given) for a in sides) for sides in _in_definition(spoken))


@lru_cache  # a function of one element is that of every other
def _in_definition(call: sp.Expr) -> tuple[Sides, ...]:
    """What is compared in the definition of a function."""
    known = functions.row(call)
    if known is None or known.definition is None:
        return ()
    return tuple(_compared(known.definition(*call.args)))


def _compared(body: sp.Expr) -> Iterator[Sides]:
    yield from (place.args for place in body.atoms(Relational, sp.Max, sp.Min))

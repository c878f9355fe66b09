"""The author's order: sympy sorts by the alphabet, a page by what things are and when they were
declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from bpgen.ir import Element, Network
from bpgen.render.partial import Partial
from bpgen.render.reads import read_in

_TINY = sp.Rational(1, 1000)  # below this, an addend only keeps a root or a quotient from 0


class Order:
    """Sort keys for the factors of a product and the addends of a sum; ties keep sympy's canonical
    order.
    """

    def __init__(self, network: Network, adjoint_of: Mapping[str, str]) -> None:
        self.position = {name: k for k, name in enumerate(network.tensors)}
        self.params = {t.name for t in network.role("param")}
        self.adjoint_of = adjoint_of
        self.tops = {network.loss: 0, network.sample_loss: 1}
        self.known: dict[sp.Expr, tuple[int, ...]] = {}

    def place(self, name: str) -> int:
        return self.position.get(self.adjoint_of.get(name, name), len(self.position))

    def _places(self, expr: sp.Expr) -> tuple[int, ...]:
        if expr not in self.known:
            self.known[expr] = tuple(sorted(self.place(e.name) for e in read_in(expr)))
        return self.known[expr]

    def _kind(self, names: set[str]) -> int:
        """Parameters, then adjoints, then forward values."""
        if names and names <= self.params:
            return 3
        return 4 if names & self.adjoint_of.keys() else 5

    def factor(self, expr: sp.Expr) -> tuple[Any, ...]:
        """Numbers, lengths, parameters, adjoints, values; a function after what is no function."""
        if expr.is_number:
            return (0,)
        if isinstance(expr, sp.Symbol):
            return (1, expr.name)
        if expr.has(Partial):
            return (2, max(self._upstream(p.of.name) for p in expr.atoms(Partial)))
        kind = self._kind({e.name for e in read_in(expr)})
        rank = (not isinstance(expr, Element), isinstance(expr, sp.Add))
        return (kind, expr.has(sp.Function), self._places(expr), rank)

    def _upstream(self, name: str) -> tuple[int, int]:
        """The loss comes first, then what is nearest to it."""
        return self.tops.get(name, 2), -self.place(name)

    def addend(self, expr: sp.Expr) -> tuple[Any, ...]:
        """What is positive first, then constants, then by declaration, and what is tiny last; of
        two alike, the shorter.
        """
        coefficient, rest = expr.as_coeff_Mul()
        places = self._places(expr)
        rank = 1 if places else 2 if expr.is_Rational and 0 < abs(expr) < _TINY else 0
        return (bool(coefficient.is_negative), rank, places, rest.count_ops())

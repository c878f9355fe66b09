"""The operations of an equation, counted again: of each the values that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

import sympy as sp

from bpgen.ir import Element, Equation, Index, Size, Term, indices_of


@dataclass
class Count:
    """How many sums, products and quotients an equation takes, and values of functions."""

    equation: Equation
    lengths: Mapping[str, int]
    operations: int = 0
    functions: int = 0

    def __post_init__(self) -> None:
        by_outer: dict[object, list[tuple[sp.Expr, Term]]] = {}
        for k, term in enumerate(self.equation.terms):
            outer, inner = self._parted(term)
            alone = term.at is not None or not term.over
            by_outer.setdefault((outer, k if alone else -1), []).append((inner, term))
        for (outer, _), parts in by_outer.items():  # type: ignore[misc]
            self._bracket(outer, parts)
        own = self._size(self.equation.indices)
        whole = sum(t.at is None for t in self.equation.terms)
        self.operations += max(whole - 1, 0) * own

    def _parted(self, term: Term) -> tuple[sp.Expr, sp.Expr]:
        """What stands before a sum, and in it."""
        if not term.over:
            return term.body, sp.S.One
        if term.reduce != "sum":
            return sp.S.One, term.body
        inside = [f for f in sp.Mul.make_args(term.body) if {*indices_of(f)} & {*term.over}]
        before = [f for f in sp.Mul.make_args(term.body) if f not in inside]
        return sp.Mul(*before), sp.Mul(*inside)

    def _bracket(self, outer: sp.Expr, parts: list[tuple[sp.Expr, Term]]) -> None:
        """What stands before a bracket, times the sums in it."""
        self._made(outer)
        used, bound = {*indices_of(outer)}, set[Index]()
        for inner, term in parts:
            if term.over:
                self._summed(inner, term)
                used |= {*indices_of(inner), *term.over}
                bound |= {*term.over} - {*self.equation.indices}
        if bound and outer not in (1, -1):
            self.operations += self._size(used - bound)
        self._scattered(outer, parts)

    def _scattered(self, outer: sp.Expr, parts: list[tuple[sp.Expr, Term]]) -> None:
        """What is written at places is added to what is there."""
        for inner, term in parts:
            if term.at is not None and (term.over or len(self.equation.terms) > 1):
                speak = (i for e in (outer, inner, *term.at) for i in indices_of(e))
                self.operations += self._size({*speak} & {*self.equation.indices})

    def _summed(self, inner: sp.Expr, term: Term) -> None:
        self._made(inner)
        each = self._size({*indices_of(inner), *term.over})
        left = self._size({*indices_of(inner)} - {*term.over})
        self.operations += each - left
        if term.reduce == "logsumexp":  # the largest, less it, exp, their sum, log, it again
            self.functions += each + left
            self.operations += each - left + each + left

    def _made(self, expr: sp.Expr) -> None:
        """A formula at all values of its indices."""
        if not expr.has(Element) or isinstance(expr, Element):
            return
        here = self._size(indices_of(expr))
        inner: Iterable[sp.Expr] = expr.args
        if isinstance(expr, sp.Add):
            self.operations += here * (len(expr.args) - 1)
        elif isinstance(expr, sp.Mul):
            inner = self._product(expr, here)
        elif isinstance(expr, sp.Pow):
            self.operations += here
        else:
            self.functions += here
        for part in inner:
            self._made(part)

    def _product(self, expr: sp.Mul, here: int) -> list[sp.Expr]:
        """Factors and divisors, all numbers as one of them; a sign is none."""
        factors = [x for x in expr.args if x.has(Element)]
        number = any(not x.has(Element) and x != -1 for x in expr.args)
        below = [x.base for x in factors if isinstance(x, sp.Pow) and x.exp == -1]
        above = [x for x in factors if not (isinstance(x, sp.Pow) and x.exp == -1)]
        operands = len(factors) + number + (not above and not number)
        self.operations += here * (operands - 1)
        return [*above, *below]

    def _size(self, indices: Iterable[Index]) -> int:
        return size_of((i.size for i in dict.fromkeys(indices)), self.lengths)


def size_of(sizes: Iterable[Size | None], lengths: Mapping[str, int]) -> int:
    return prod(s if isinstance(s, int) else lengths[str(s)] for s in sizes)

"""Level three: scalars in index notation, `sum(W[i, j] * x[j], j) + b[i]`, and the algebra they allow.

A formula is a sum of terms (ir.Term). A product or function of what is already reduced is not a term any more:
the reduced part then becomes a tensor of its own, which the naming pass gives a name.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import sympy as sp

from bpgen.errors import NetError
from bpgen.ir import Element, Index, Reduce, Term, elements

_fresh = count()


def fresh(size: Any) -> Index:
    """An index no other formula has; printed under a letter chosen later."""
    return Index(f"_{next(_fresh)}", size)


def number(value: Any) -> sp.Expr:
    """A number of net.py as an exact one: 0.1 is 1/10, and its float is 0.1 again."""
    if isinstance(value, bool) or not isinstance(value, (int, float, sp.Expr)):
        if hasattr(value, "item") and getattr(value, "size", None) == 1:
            return number(value.item())
        raise NetError(f"{type(value).__name__} is not part of a formula", "use numbers, tensors and bpgen's functions")
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise NetError(f"{value} is not a number a network can hold", "use finite numbers")
        return sp.Rational(repr(value))
    expr = sp.sympify(value)
    if isinstance(expr, sp.Expr) and expr.has(sp.Float):
        expr = expr.xreplace({f: sp.Rational(repr(float(f))) for f in expr.atoms(sp.Float)})
    if expr.is_real is False:
        raise NetError(f"{expr} is not real", "networks here compute with real numbers")
    return expr


class Formula:
    """A scalar in index notation: a sum of terms, open in the indices that no term reduces."""

    __array_ufunc__ = None  # numpy scalars on the left defer to us

    def __init__(self, terms: tuple[Term, ...]) -> None:
        plain = [t for t in terms if not t.over]
        reduced = [t for t in terms if t.over]
        merged = sp.Add(*(t.body for t in plain)) if plain else sp.S.Zero
        self.terms = tuple(reduced) + ((Term(merged),) if plain and (merged != 0 or not reduced) else ())

    @staticmethod
    def of(value: Any) -> Formula:
        """A number, formula or rank-0 tensor as a formula."""
        if isinstance(value, Formula):
            return value
        if hasattr(value, "scalar_formula"):
            formula: Formula = value.scalar_formula()
            return formula
        return Formula((Term(number(value)),))

    @property
    def plain(self) -> bool:
        return len(self.terms) == 1 and not self.terms[0].over

    @property
    def free(self) -> tuple[Index, ...]:
        """Open indices, in the order in which they appear."""
        found: dict[Index, None] = {}
        for term in self.terms:
            for access in _in_order(term.body):
                for index in access.indices:
                    for symbol in sorted(index.free_symbols, key=str):
                        if isinstance(symbol, Index) and symbol not in term.over:
                            found[symbol] = None
        return tuple(found)

    def body(self) -> sp.Expr:
        """The one unreduced body; what is reduced becomes a tensor of its own first."""
        if self.plain:
            return self.terms[0].body
        from bpgen.declare.tensor import materialise

        return materialise(self)

    def apply(self, function: Callable[..., sp.Expr]) -> Formula:
        """A scalar function of this formula."""
        return Formula((Term(function(self.body())),))

    def __add__(self, other: Any) -> Formula:
        return Formula(self.terms + Formula.of(other).terms) if _known(other) else NotImplemented

    def __mul__(self, other: Any) -> Formula:
        if not _known(other):
            return NotImplemented
        left, right = self, Formula.of(other)
        if left.plain:
            left, right = right, left
        if any(t.reduce != "sum" for t in left.terms):
            return Formula((Term(left.body() * right.body()),))
        factor = right.body()
        return Formula(tuple(_scaled(t, factor) for t in left.terms))

    def __pow__(self, other: Any) -> Formula:
        if not _known(other):
            return NotImplemented
        return Formula((Term(self.body() ** Formula.of(other).body()),))

    def __rpow__(self, other: Any) -> Formula:
        return Formula((Term(Formula.of(other).body() ** self.body()),))

    def __neg__(self) -> Formula:
        return self * -1

    def __sub__(self, other: Any) -> Formula:
        return self + -Formula.of(other) if _known(other) else NotImplemented

    def __rsub__(self, other: Any) -> Formula:
        return -self + other

    def __truediv__(self, other: Any) -> Formula:
        return self * Formula.of(other) ** -1 if _known(other) else NotImplemented

    def __rtruediv__(self, other: Any) -> Formula:
        return Formula.of(other) * self**-1

    __radd__ = __add__
    __rmul__ = __mul__

    def __bool__(self) -> bool:
        raise NetError("a formula is neither true nor false", "write the equation for every case, without `if`")

    def __iter__(self) -> Any:
        raise NetError("a formula cannot be looped over", "name an index and sum over it: sum(x[i], i)")


def _known(value: Any) -> bool:
    return isinstance(value, (Formula, int, float, sp.Expr)) or hasattr(value, "scalar_formula") or hasattr(value, "item")


def _in_order(expr: sp.Basic) -> list[Element]:
    return [e for e in sp.preorder_traversal(expr) if isinstance(e, Element)]


def _scaled(term: Term, factor: sp.Expr) -> Term:
    """factor * sum over K of body, with K renamed where the factor speaks of the same index."""
    clash = {k: fresh(k.size) for k in term.over if k in factor.free_symbols}
    return Term(term.body.xreplace(clash) * factor, tuple(clash.get(k, k) for k in term.over), term.reduce)


def reduce(formula: Any, over: tuple[Any, ...], how: Reduce) -> Formula:
    """`how` over the named indices of a formula."""
    formula = Formula.of(formula)
    for index in over:
        if not isinstance(index, Index):
            raise NetError(f"{how} is over indices, not {index!r}", 'declare them: i, j = indices("i j")')
        if index not in formula.free:
            raise NetError(f"index {index} is not in what is summed", "sum over an index that the formula uses")
    if how == "sum":
        return Formula(tuple(Term(t.body, t.over + over, "sum") if t.reduce == "sum"
                             else Term(Formula((t,)).body(), over, "sum") for t in formula.terms))  # fmt: skip
    return Formula((Term(formula.body(), over, how),))


def accesses(formula: Formula) -> list[Element]:
    """Every element the formula reads."""
    return [e for t in formula.terms for e in elements(t.body)]

"""The shape of a term: what stands outside its sum, and the factors inside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import sympy as sp

from bpgen.ir import Element, Equation, Index, Reduce, Term


@dataclass(frozen=True)
class Sum:
    """`reduce over(indices)` of a product of factors, each of which uses at least one of the
    indices.
    """

    factors: tuple[sp.Expr, ...]
    over: tuple[Index, ...]
    reduce: Reduce = "sum"

    @property
    def body(self) -> sp.Expr:
        return sp.Mul(*self.factors)


@dataclass(frozen=True)
class Group:
    """`outer * (sum + sum + ...)`, written at `at` where it is a scatter. No sums: the outer factor
    alone.
    """

    outer: sp.Expr
    sums: tuple[Sum, ...] = ()
    at: tuple[sp.Expr, ...] | None = None


def split(term: Term) -> tuple[sp.Expr, Sum | None]:
    """A term as outer factor and sum: sum_i W[i,j] d[i] a[j] is a[j] * sum_i W[i,j] d[i]."""
    if not term.over:
        return term.body, None
    if term.reduce != "sum":
        return sp.S.One, Sum((term.body,), term.over, term.reduce)
    factors = sp.Mul.make_args(term.body)
    inside = tuple(f for f in factors if f.free_symbols & set(term.over))
    outside = [f for f in factors if not f.free_symbols & set(term.over)]
    return sp.Mul(*outside), Sum(inside, term.over)


def groups(equation: Equation) -> tuple[Group, ...]:
    """The terms of an equation, sums with the same outer factor together, in the order of the
    terms.
    """
    found: dict[tuple[sp.Expr, tuple[sp.Expr, ...] | None], list[Sum]] = {}
    plain: list[Group] = []
    for term in equation.terms:
        outer, inner = split(term)
        if inner is None or term.at is not None:
            plain.append(Group(outer, (inner,) if inner else (), term.at))
        else:
            found.setdefault((outer, None), []).append(inner)
    return tuple(Group(outer, tuple(sums), at) for (outer, at), sums in found.items()) + tuple(
        plain
    )


def uses(factor: sp.Expr, indices: Iterable[Index]) -> tuple[Index, ...]:
    """Those of `indices` that a factor speaks of, in their order."""
    return tuple(i for i in indices if i in factor.free_symbols)


def factored(equation: Equation) -> tuple[sp.Expr, Equation]:
    """A factor that every term has outside its sum, and the equation without it: r * (g - sum g)
    rather than r * g - r * sum g. 1 where there is none.
    """
    if not _is_sum_of_unlike(equation):
        return sp.S.One, equation
    common = shared(split(t)[0] for t in equation.terms)
    if common == 1:
        return common, equation
    return common, replace(equation, terms=tuple(t.map(lambda b: b / common) for t in equation.terms))


def _is_sum_of_unlike(equation: Equation) -> bool:
    """Several terms, at least one of them a plain sum, that `groups` does not already bring
    together.
    """
    terms = equation.terms
    if len(terms) < 2 or any(t.at is not None or t.reduce != "sum" for t in terms):
        return False
    return any(t.over for t in terms) and len({split(t)[0] for t in terms}) > 1


def shared(coefficients: Iterable[sp.Expr]) -> sp.Expr:
    """The product of forward values and their powers that every coefficient holds."""
    common: dict[sp.Expr, sp.Expr] | None = None
    for coefficient in coefficients:
        powers = _powers(coefficient)
        if common is None:
            common = powers
        common = {b: _lesser(e, powers[b]) for b, e in common.items() if b in powers}
    return sp.Mul(*(b**e for b, e in (common or {}).items()))


def _powers(product: sp.Expr) -> dict[sp.Expr, sp.Expr]:
    """The exponents of the factors that are no numbers."""
    varying = (f for f in sp.Mul.make_args(product) if f.has(Element))
    return dict((f, sp.S.One) if isinstance(f, sp.exp) else f.as_base_exp() for f in varying)


def _lesser(one: sp.Expr, two: sp.Expr) -> sp.Expr:
    """The part that two exponents have in common: of 1/2 and 3/2 the 1/2, of 1 and -1 nothing."""
    if not (one.is_number and two.is_number):
        return one if one == two else sp.S.Zero
    return min(one, two, key=abs) if one.is_positive == two.is_positive else sp.S.Zero

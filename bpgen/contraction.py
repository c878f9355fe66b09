"""The shape of a term: what stands outside its sum, and the factors inside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

from bpgen.ir import Equation, Index, Reduce, Term


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

"""An equation as a linear combination of sums: coefficients outside, and each sum one thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

import sympy as sp

from bpgen.derive.measure import own_weight
from bpgen.equations.contraction import factored, outer_and_sum
from bpgen.equations.substitution import bound_as, read_at
from bpgen.ir import BATCH, Element, Equation, Index, Size, Term, extent, indices_of

_BATCH, _UNKNOWN = 64, 16  # lengths known at run time, where costs are compared


@dataclass(frozen=True)
class Sum:
    """`sum over(indices) body`, its bound indices in one spelling: equal sums are equal."""

    body: sp.Expr
    over: tuple[Index, ...]

    def at(self, places: Mapping[Index, sp.Expr]) -> Sum:
        """The same sum at other places, none of which speaks of what it binds."""
        term = read_at(Term(self.body, self.over), places)
        return sum_of(term.body, term.over)

    @cached_property
    def free(self) -> frozenset[Index]:
        """The indices on which its value depends."""
        bound = set(self.over)
        return frozenset(i for i in indices_of(self.body) if i not in bound)


Linear = dict[Sum | None, sp.Expr]  # the key None is what stands in no sum


def sum_of(body: sp.Expr, over: tuple[Index, ...]) -> Sum:
    """The sum with its bound indices called __0, __1, ..., but for what is free in it."""
    free = {str(i.name) for i in indices_of(body) if i not in over}
    names = [n for n in (f"__{k}" for k in range(len(over) + len(free))) if n not in free]
    spelled = []
    for order in permutations(over) if 1 < len(over) <= 3 else (over,):
        bound = {k: Index(name, k.size) for name, k in zip(names, order, strict=False)}
        term = bound_as(Term(body, order), bound)
        spelled.append(Sum(term.body, term.over))
    return min(spelled, key=lambda w: str((w.body, w.over))) if spelled[1:] else spelled[0]


def summed(body: sp.Expr, over: tuple[Index, ...]) -> tuple[sp.Expr, Sum | None]:
    """A sum as its outer factor and what is left of it."""
    idle = [k for k in over if k not in body.free_symbols]
    outer, inner = outer_and_sum(Term(body, tuple(k for k in over if k not in idle)))
    outer *= extent(k.size for k in idle)
    if inner is None:
        return outer, None
    number, rest = inner.body.as_coeff_Mul()
    return outer * number, sum_of(rest, inner.over)


def opened(terms: Iterable[Term]) -> Linear | None:
    """Terms as a linear combination, or None where one is no plain sum."""
    found: Linear = {}
    for term in terms:
        if term.at is not None or (term.over and term.reduce != "sum"):
            return None
        add(found, *reversed(summed(term.body, term.over)))
    return found


def add(linear: Linear, key: Sum | None, coefficient: sp.Expr) -> None:
    linear[key] = linear.get(key, sp.S.Zero) + coefficient
    if linear[key] == 0:
        del linear[key]


def closed(linear: Linear) -> tuple[Term, ...]:
    """The combination as terms: what is in no sum first."""
    plain = [Term(linear[None])] if None in linear else []
    sums = [Term(c * s.body, s.over) for s, c in linear.items() if s is not None]
    return (*plain, *sums) or (Term(sp.S.Zero),)


def cost(linear: Linear, left: tuple[Index, ...]) -> float:
    """Array passes, each by the number of its entries; a factor before a bracket counts once."""
    found = factored(Equation("", left, closed(linear)))
    if found is None:
        return _added_up(linear, left)
    inside, beside = opened(found.inside.terms) or {}, opened(found.beside.terms) or {}
    around = _priced(found.outer) + _entries(left) * (1 + bool(beside))
    return around + _added_up(inside, left) + _added_up(beside, left)


def _added_up(linear: Linear, left: tuple[Index, ...]) -> float:
    total = _entries(left) * max(len(linear) - 1.0, 0.0)
    for key, coefficient in linear.items():
        total += _priced(coefficient)
        if key is not None:
            total += _priced(key.body) + _entries(indices_of(key.body))
            if coefficient not in (1, -1):
                total += _entries({*key.free, *indices_of(coefficient)})
    return total


def _priced(expr: sp.Expr) -> float:
    """What an expression costs, each operation by the entries of its own operands."""
    if isinstance(expr, Element) or not expr.args:
        return 0.1 * _entries(indices_of(expr))
    return own_weight(expr) * _entries(indices_of(expr)) + sum(map(_priced, expr.args))


def _entries(indices: Iterable[Index]) -> float:
    total = 1.0
    for index in indices:
        total *= _size(index.size)
    return total


def _size(size: Size | None) -> int:
    return size if isinstance(size, int) else _BATCH if size == BATCH else _UNKNOWN

"""Sums that are one number by what the network defines: sum_j (x_j - m) = 0 where m is the mean of
x, sum_k exp(u_k - s) = 1 where s is the log-sum-exp of u.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

import sympy as sp

from bpgen.derive.linear import Linear, Sum, add, opened, sum_of, summed
from bpgen.functions import masked
from bpgen.ir import Element, Equation, Index, Term, elements, extent
from bpgen.record import KnownSum

_DEEPEST = 6  # definitions within definitions
_LONGEST = 8  # addends of a formula that is looked into


class KnownSums:
    """Which sums of forward values are 0 or 1, whatever the parameters and inputs are; each is
    looked into once.
    """

    def __init__(self, equations: Iterable[Equation]) -> None:
        self.definitions = {e.name: e for e in equations}
        bodies = [t.body for e in self.definitions.values() for t in e.terms]
        self.masks = any(body.has(masked) for body in bodies)  # of nothing kept, the sum is 0
        self.found: dict[Sum, KnownSum | None] = {}

    def known(self, total: Sum) -> KnownSum | None:
        """What is known of a sum: of all its indices, or of some of them."""
        if total not in self.found:
            zero = KnownSum(Term(total.body, total.over), 0)
            self.found[total] = zero if self._vanishes(total) else next(self._ones(total), None)
        return self.found[total]

    def _vanishes(self, total: Sum) -> bool:
        if isinstance(total.body, sp.Mul) or not self._known(total.body):
            return False
        spread: Linear = {}
        self._spread(total.body, total.over, sp.S.One, spread, _DEEPEST)
        return all(sp.expand(c) == 0 for c in spread.values())

    def apart(self, total: Sum) -> tuple[sp.Expr, KnownSum, Sum] | None:
        """c, and what is left, of sum_k p_k (c + u_k) where the p_k are 1 together."""
        factors = sp.Mul.make_args(total.body)
        for bracket in (f for f in factors if isinstance(f, sp.Add)):
            constant, varying = bracket.as_independent(*total.over, as_Add=True)
            share = sp.Mul(*(f for f in factors if f != bracket))
            one = self.known(sum_of(share, total.over)) if 0 not in (constant, varying) else None
            if one is not None and one.value == 1 and len(one.term.over) == len(total.over):
                return constant, one, sum_of(share * varying, total.over)
        return None

    def _ones(self, total: Sum) -> Iterator[KnownSum]:
        """Exponentials, each over all of them: exp(u - s), where s is the log-sum-exp of u."""
        body = self._exponential(total.body)
        if self.masks or not body.has(sp.exp):
            return
        for access in sorted(elements(body), key=str):
            equation = self.definitions.get(access.name)
            term = equation.terms[0] if equation is not None else None
            if equation is None or term is None or term.reduce != "logsumexp":
                continue
            at = dict(zip(equation.indices, access.indices, strict=True))
            log = Sum(term.body, term.over).at(at)
            share = sum_of(sp.exp(log.body - access), log.over)
            for over in combinations(total.over, len(term.over)):
                if sum_of(body, over) == share:
                    yield KnownSum(Term(total.body, over), 1)

    def _exponential(self, body: sp.Expr) -> sp.Expr:
        """A forward value by its formula, where that is an exponential of its own entries."""
        equation = self.definitions.get(body.name) if isinstance(body, Element) else None
        if equation is None or not equation.pointwise() or equation.loop is not None:
            return body
        return equation.terms[0].body.xreplace(
            dict(zip(equation.indices, body.indices, strict=True))
        )

    def _known(self, body: sp.Expr) -> bool:
        return all(e.name in self.definitions for e in body.atoms(Element)) or isinstance(
            body, sp.Add
        )

    def _spread(
        self, body: sp.Expr, over: tuple[Index, ...], times: sp.Expr, into: Linear, depth: int
    ) -> None:
        """`times` the sum of `body`, in sums of what is no forward value of a formula."""
        outer, inner = summed(body, over)
        if inner is None:
            self._mean(times, outer, into)
        elif isinstance(inner.body, sp.Add) and len(inner.body.args) <= _LONGEST:
            for addend in inner.body.args:
                self._spread(addend, inner.over, times * outer, into, 0)
        elif not (depth and self._by_formula(inner, times * outer, into, depth - 1)):
            add(into, inner, times * outer)

    def _by_formula(self, total: Sum, times: sp.Expr, into: Linear, depth: int) -> bool:
        """Add `times` the sum of a forward value by the value's own equation, if that is a formula
        in which all sums are per row.
        """
        formula = self._defined(total.body)
        if formula is None or not all(_per_row(k, c, total) for k, c in formula.items()):
            return False
        count = extent(k.size for k in total.over)
        for key, coefficient in formula.items():
            if key is None:
                self._spread(coefficient, total.over, times, into, depth)
            else:
                self._spread(key.body, key.over, times * count * coefficient, into, 0)
        return True

    def _mean(self, times: sp.Expr, value: sp.Expr, into: Linear) -> None:
        """A multiple of a forward value that is itself a sum, as that sum."""
        access = [f for f in sp.Mul.make_args(value) if f.has(Element)]
        known = self._defined(access[0]) if len(access) == 1 else None
        if known is None or not any(known):
            add(into, None, times * value)
            return
        for key, coefficient in known.items():
            factor = times * (value / access[0]) * coefficient
            if key is None:
                add(into, None, factor)
            else:
                self._spread(key.body, key.over, factor, into, 0)

    def _defined(self, access: sp.Expr) -> Linear | None:
        """A forward value by its own equation."""
        equation = self.definitions.get(access.name) if isinstance(access, Element) else None
        known = opened(equation.terms) if equation is not None else None
        if equation is None or known is None:
            return None
        at = dict(zip(equation.indices, access.indices, strict=True))
        return {k and k.at(at): c.xreplace(at) for k, c in known.items()}


def _per_row(key: Sum | None, coefficient: sp.Expr, total: Sum) -> bool:
    """Whether a sum within a formula, and what it is multiplied by, are the same for every entry
    that is summed.
    """
    free = set() if key is None else key.free | coefficient.free_symbols
    return not free & set(total.over)

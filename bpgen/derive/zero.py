"""Sums that vanish by what the network defines: sum_j (x_j - m) = 0 where m is the mean of x."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from bpgen.derive.linear import Linear, Whole, add, opened, summed
from bpgen.ir import Element, Equation, Index

_DEEPEST = 6  # definitions within definitions
_LONGEST = 8  # addends of a formula that is looked into


class Zeros:
    """Which sums of forward values are 0; each is looked into once."""

    def __init__(self, equations: Iterable[Equation]) -> None:
        self.definitions = {e.name: e for e in equations}
        self.found: dict[Whole, bool] = {}

    def vanishes(self, total: Whole) -> bool:
        """Whether a sum is 0 whatever the parameters and inputs are."""
        if isinstance(total.body, sp.Mul) or not self._known(total.body):
            return False
        if total not in self.found:
            spread: Linear = {}
            self._spread(total.body, total.over, sp.S.One, spread, _DEEPEST)
            self.found[total] = all(sp.expand(c) == 0 for c in spread.values())
        return self.found[total]

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
        elif depth and (definition := self._formula(inner.body)) is not None:
            self._spread(definition, inner.over, times * outer, into, depth - 1)
        else:
            add(into, inner, times * outer)

    def _formula(self, body: sp.Expr) -> sp.Expr | None:
        """What a forward value is by its own pointwise formula."""
        equation = self.definitions.get(body.name) if isinstance(body, Element) else None
        if equation is None or not equation.pointwise():
            return None
        return equation.terms[0].body.xreplace(_at(equation, body))

    def _mean(self, times: sp.Expr, value: sp.Expr, into: Linear) -> None:
        """A multiple of a forward value that is itself a sum, as that sum."""
        access = [f for f in sp.Mul.make_args(value) if f.has(Element)]
        known = self._total(access[0]) if len(access) == 1 else None
        if known is None:
            add(into, None, times * value)
            return
        for key, coefficient in known.items():
            factor = times * (value / access[0]) * coefficient
            if key is None:
                add(into, None, factor)
            else:
                self._spread(key.body, key.over, factor, into, 0)

    def _total(self, access: sp.Expr) -> Linear | None:
        """What a forward value is as a combination of sums, where it is one."""
        equation = self.definitions.get(access.name) if isinstance(access, Element) else None
        known = opened(equation.terms) if equation and not equation.pointwise() else None
        if equation is None or known is None:
            return None
        at = _at(equation, access)
        return {k and Whole(k.body.xreplace(at), k.over): c.xreplace(at) for k, c in known.items()}


def _at(equation: Equation, access: Element) -> dict[sp.Expr, sp.Expr]:
    return dict(zip(equation.indices, access.indices, strict=True))

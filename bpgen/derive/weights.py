"""What is the same for all classes, taken into a sum whose weights sum to 1: s - sum_i y_i z_i is
sum_i y_i (s - z_i), which keeps the digits that the two sides share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import sympy as sp

from bpgen.ir import Element, Equation, Network, Term


class Weights:
    """The log-sum-exps of a network, and its targets that sum to 1."""

    def __init__(self, network: Network) -> None:
        self.targets = {t.name for t in network.role("target") if t.sums_to_one}
        self.logs = {e.name: e for e in network if e.terms[0].reduce == "logsumexp"}

    def within(self, equation: Equation) -> Equation:
        """The equation with each log-sum-exp taken into the sum of what it is of, by weights."""
        if not self.targets or len(equation.terms) < 2:
            return equation
        terms = list(equation.terms)
        for k, term in enumerate(terms):
            for addend, s in self._logs(term):
                found = (m for m, t in enumerate(terms) if self._is_weighted(t, addend, s))
                if (m := next(found, None)) is not None:
                    y = self._weight(terms[m])
                    terms[m] = replace(terms[m], body=y * (addend + terms[m].body / y))
                    terms[k] = replace(terms[k], body=terms[k].body - addend)
        kept = tuple(t for t in terms if t.body != 0)
        return replace(equation, terms=kept) if tuple(terms) != equation.terms else equation

    def _logs(self, term: Term) -> Iterator[tuple[sp.Expr, Element]]:
        """Each addend of a formula that is a multiple of a log-sum-exp, and that."""
        for addend in sp.Add.make_args(term.body) if not term.over and term.at is None else ():
            access = addend.as_coeff_Mul()[1]
            if isinstance(access, Element) and access.name in self.logs:
                yield addend, access

    def _is_weighted(self, term: Term, addend: sp.Expr, s: Element) -> bool:
        """Whether a sum is of what a log-sum-exp is of, subtracted, each times its weight."""
        y, log = self._weight(term), self.logs[s.name]
        (inner,) = log.terms
        if y == 1 or len(inner.over) != 1:
            return False
        at = dict(zip((*log.indices, *inner.over), (*s.indices, *term.over), strict=True))
        number = addend.as_coeff_Mul()[0]
        return bool(sp.expand(term.body / y + number * inner.body.xreplace(at)) == 0)

    def _weight(self, term: Term) -> sp.Expr:
        """The target among the factors of a sum over its classes; 1 where there is none."""
        if len(term.over) != 1 or term.reduce != "sum" or term.at is not None:
            return sp.S.One
        for f in sp.Mul.make_args(term.body):
            if isinstance(f, Element) and f.name in self.targets and f.indices[-1] == term.over[0]:
                return f
        return sp.S.One

"""Closed forms: an adjoint that is a sum per row is written inside the next one where the whole
then costs no more, sums of centred values vanish, products of forward values are told as values.

What comes out of a norm's forward equations this way is the three-term form that people write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from bpgen.atoms import replaced
from bpgen.derive.known_sums import KnownSums
from bpgen.derive.linear import Linear, Sum, add, closed, cost, opened, summed
from bpgen.derive.measure import lighter, weight
from bpgen.derive.products import Products, without_numbers
from bpgen.derive.simplify import factored_out
from bpgen.ir import Element, Equation, Index, Network, Term, elements, extent
from bpgen.record import Equality, KnownSum

_SLACK = 1.25  # for one statement less, a quarter of the work more
_LARGEST = 80.0  # the weight of an adjoint that is looked into
_MOST = 8  # its terms
_NESTED = 8  # adjoints written inside one equation, one after the other

Reasons = dict[Equality | KnownSum, None]


@dataclass(frozen=True)
class _Adjoint:
    """An adjoint found before, as a linear combination of sums."""

    of: str
    equation: Equation
    place: int

    @cached_property
    def linear(self) -> Linear:
        """The adjoint itself; nothing, where it is no such combination."""
        return (opened(self.equation.terms) if _fits(self.equation.terms) else None) or {}

    @property
    def cost(self) -> float:
        return cost(self.linear, self.equation.indices)


class ClosedForms:
    """The adjoints found so far and who still reads each. The cost is linear in the equations."""

    def __init__(self, network: Network) -> None:
        self.products, self.known = Products(network), KnownSums(network)
        self.adjoints: dict[str, _Adjoint] = {}
        self.read_by: dict[str, set[str]] = {}  # the tensors whose adjoints read an adjoint
        self.reads: dict[str, set[str]] = {}

    def passed_on(self, terms: Iterable[Term], to: str) -> None:
        """A tensor received terms that may read adjoints found before."""
        for name in _mentioned(terms):
            if name in self.adjoints:
                self.read_by.setdefault(name, set()).add(to)
                self.reads.setdefault(to, set()).add(name)

    def form(self, of: str, equation: Equation) -> tuple[tuple[Term, ...], Reasons]:
        """The adjoint of the tensor `of` in closed form, and why it is that."""
        linear = opened(equation.terms) if _fits(equation.terms) else None
        if linear is None:
            return equation.terms, {}
        reasons: Reasons = {}
        best = self._simpler(linear, reasons)
        gone = {of}
        for _ in range(_NESTED):
            step = next(self._steps(gone, equation, best), None)
            if step is None:
                break
            name, best, more = step
            reasons.update(more)
            if self.read_by.get(name, set()) <= gone:
                gone.add(self.adjoints[name].of)
        return (closed(best) if best != linear else equation.terms), reasons

    def keep(self, of: str, equation: Equation) -> None:
        """Remember the adjoint of `of`, and which adjoints it reads now that it is closed."""
        self.adjoints[equation.name] = _Adjoint(of, equation, len(self.adjoints))
        for name in self.reads.pop(of, set()) - set(_mentioned(equation.terms)):
            self.read_by[name].discard(of)
        self.passed_on(equation.terms, of)

    def _steps(
        self, gone: set[str], equation: Equation, linear: Linear
    ) -> Iterator[tuple[str, Linear, Reasons]]:
        """The combination with one adjoint written out, where that is no worse; the latest first.

        An adjoint that only those of the tensors in `gone` read need then not be computed; of
        another, sums must vanish.
        """
        for name in self._candidates(linear, len(equation.indices)):
            known, reasons = self.adjoints[name], Reasons()
            dies = self.read_by.get(name, set()) <= gone
            written = self._written_out(linear, known, reasons)
            if written is None or not (dies or any(isinstance(r, KnownSum) for r in reasons)):
                continue
            before = cost(linear, equation.indices) + known.cost
            if cost(written, equation.indices) <= _SLACK * before:
                yield name, written, reasons

    def _candidates(self, linear: Linear, rank: int) -> list[str]:
        """The adjoints read that hold a sum of fewer axes than the equation's, the latest first."""
        found = []
        terms = closed(linear)
        reshaped = {e.name for t in terms for e in elements(t.body) if not _is_plain(e)}
        for name in _mentioned(terms):
            known = self.adjoints.get(name) if name not in reshaped else None
            if known is not None and known.linear:
                most = max(rank, len(known.equation.indices))
                sums = [key for key in known.linear if key is not None]
                if all(len(s.free) < most for s in sums) and (sums or _is_smaller(known, rank)):
                    found.append(name)
        return sorted(found, key=lambda n: -self.adjoints[n].place)

    # the algebra

    def _written_out(self, linear: Linear, known: _Adjoint, reasons: Reasons) -> Linear | None:
        """The combination with an adjoint replaced by what it is, or None where that is no linear
        combination of sums.
        """
        found: Linear = {}
        for key, coefficient in linear.items():
            body, times = (coefficient, sp.S.One) if key is None else (key.body, coefficient)
            rest, parts = _parted(body, known.equation.name)
            if key is None:
                add(found, None, rest)
            else:
                self._sum(found, key, rest, coefficient, reasons)
            for access, factor in parts:
                if not self._spread(found, known, access, key, factor * times, reasons):
                    return None
        return self._simpler(found, reasons)

    def _spread(
        self,
        found: Linear,
        known: _Adjoint,
        access: Element,
        total: Sum | None,
        factor: sp.Expr,
        reasons: Reasons,
    ) -> bool:
        """Add `factor` times an adjoint written out at an access, within a sum or in none."""
        at = dict(zip(known.equation.indices, access.indices, strict=True))
        for key, coefficient in known.linear.items():
            product = factor * replaced(coefficient, at)
            bound = set(total.over) if total else set()
            outer: Linear = {None: product}
            if total is not None:
                outer = {}
                self._sum(outer, total, product, sp.S.One, reasons)
            if key is None:
                for k, c in outer.items():
                    add(found, k, c)
                continue
            if set(outer) - {None} or any(at[i].free_symbols & bound for i in key.free):
                return False  # a product of two sums
            if outer:
                add(found, key.at(at), outer[None])
        return True

    def _sum(
        self, into: Linear, total: Sum, body: sp.Expr, times: sp.Expr, reasons: Reasons
    ) -> None:
        """Add `times` the sum of a body over the indices of another sum."""
        if body == 0:
            return
        outer, key = summed(self.products.fold(body, reasons), total.over)
        known = self.known.known(key) if key is not None else None
        if key is not None and known is not None:
            reasons[known] = None
            rest = extent(k.size for k in key.over if k not in known.term.over)
            add(into, None, times * outer * rest * known.value)
        elif key is not None and (apart := self.known.apart(key)) is not None:
            constant, one, left = apart
            reasons[one] = None
            add(into, None, times * outer * constant)
            add(into, left, times * outer)
        else:
            add(into, key, times * outer)

    def _simpler(self, linear: Linear, reasons: Reasons) -> Linear:
        """Sums that vanish left out; coefficients and sums told in forward values."""
        found: Linear = {}
        for key, coefficient in linear.items():
            if key is None or not (self.products.any or _may_be_known(key.body)):
                add(found, key, self._told(coefficient, reasons))
                continue
            outside: Linear = {}
            self._sum(outside, key, key.body * coefficient, sp.S.One, reasons)
            for k, c in outside.items():
                add(found, k, c)
        return {k: c if k is None else self._told(c, reasons) for k, c in found.items()}

    def _told(self, coefficient: sp.Expr, reasons: Reasons) -> sp.Expr:
        """A coefficient in its lightest form, in forward values."""
        if not (self.products.any or coefficient.has(sp.Add)):
            return coefficient
        found, why = coefficient, Reasons()
        forms = [
            factored_out(coefficient),
            self._by_adjoint(coefficient),
            *_distributed(coefficient),
        ]
        for form in dict.fromkeys((*forms, without_numbers(coefficient))):
            more = Reasons()
            told = self.products.fold(form, more)
            if lighter(told, found) and (more or form != coefficient):
                found, why = told, more
        reasons.update(why)
        return found

    def _by_adjoint(self, total: sp.Expr) -> sp.Expr:
        """A sum with the factors of each adjoint together: dv x - dv m + g is dv (x - m) + g."""
        read = [e for e in elements(total) if e.name in self.adjoints]
        for access in read if isinstance(total, sp.Add) else ():
            with_it = [a for a in total.args if a.has(access)]
            if len(with_it) > 1:
                total = total - sp.Add(*with_it) + factored_out(sp.Add(*with_it))
        return total


def _may_be_known(body: sp.Expr) -> bool:
    """Whether the sum of it, or of a part of it, may be one number."""
    return isinstance(body, (Element, sp.Add)) or body.has(sp.exp, sp.Add)


def _is_smaller(known: _Adjoint, rank: int) -> bool:
    """Whether an adjoint is one product of fewer axes than the equation it may go into."""
    body = known.linear.get(None)
    return len(known.equation.indices) < rank and isinstance(body, (sp.Mul, Element))


def _parted(body: sp.Expr, name: str) -> tuple[sp.Expr, list[tuple[Element, sp.Expr]]]:
    """What of a body does not read an adjoint, and the factor of each access to it."""
    parts = []
    for access in sorted((e for e in body.atoms(Element) if e.name == name), key=str):
        mark = sp.Dummy(real=True)
        marked = body.xreplace({access: mark})
        parts.append((access, sp.diff(marked, mark)))
        body = marked.xreplace({mark: sp.S.Zero})
    return body, parts


def _distributed(product: sp.Expr) -> Iterator[sp.Expr]:
    """A product with one of its factors inside a sum of products: s (1 + z t) is s + s z t."""
    parts = sp.Mul.make_args(product)
    for total in (p for p in parts if isinstance(p, sp.Add) and any(map(_is_product, p.args))):
        for factor in (p for p in parts if isinstance(p, Element)):
            inside = sp.Add(*(factor * a for a in total.args))
            yield sp.Mul(*(p for p in parts if p not in (total, factor)), inside)


def _is_product(addend: sp.Expr) -> bool:
    return len([f for f in sp.Mul.make_args(addend) if f.has(Element)]) > 1


def _fits(terms: tuple[Term, ...]) -> bool:
    return len(terms) <= _MOST and sum(weight(t.body) for t in terms) <= _LARGEST


def _is_plain(access: Element) -> bool:
    """Whether each of its axes is one of the equation's: of a reshape there are as many elements,
    whatever the number of axes. Before the first step stands what the formula of the steps is not.
    """
    before = any(i.is_Integer and i < 0 for i in access.indices)
    return not before and not any(
        isinstance(i, sp.Add) and len(i.atoms(Index)) > 1 for i in access.indices
    )


def _mentioned(terms: Iterable[Term]) -> list[str]:
    """The names of the tensors that terms read."""
    found: dict[str, None] = {}
    for term in terms:
        for expr in term.exprs:
            found.update(dict.fromkeys(e.name for e in elements(expr)))
    return list(found)

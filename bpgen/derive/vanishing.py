"""0 log 0, 0 times infinity and 0 / 0, each of which is 0: where the first 0 is a target or a
probability, or what stands above a norm vanishes with it.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p

from bpgen.atoms import replaced
from bpgen.functions import (
    Convention,
    masked,
    on_paper,
    step,
    xlog1py,
    xlogy,
    zero_over,
    zero_times,
)
from bpgen.ir import Element, Equation, Index, Network, elements

NORM = Convention("the gradient of a norm is 0 where the norm is")


class Vanishing:
    """What may be 0 in a network: targets and probabilities, by name, and norms, by what they are
    the norms of.
    """

    def __init__(self, network: Network) -> None:
        self.targets = {t.name for t in network.role("target") if t.bound is None}
        self.probabilities: set[str] = set()
        self.infinite: set[str] = set()  # adjoints of what a logarithm is taken of
        self.unlimited = _unlimited(network)
        self.sums = {
            e.name: e
            for e in network
            if e.terms[0].reduce == "logsumexp" and e.name in self.unlimited
        }
        self.definitions: dict[str, Equation] = {e.name: e for e in network}  # as evaluated
        self.carried = {t.name: t.carried for t in network.tensors.values()}

    def spelled(self, expr: sp.Expr) -> sp.Expr:
        """The expression with every product that is 0 told as one."""
        if not expr.args or isinstance(expr, (Element, zero_over, zero_times)):
            return expr
        if isinstance(expr, sp.Mul):
            better = next(self._products(expr), None)
            if better is not None:
                return self.spelled(better)
        args = [self.spelled(a) for a in expr.args]
        return expr if tuple(args) == expr.args else expr.func(*args)

    def _products(self, product: sp.Mul) -> Iterator[sp.Expr]:
        for u in product.args:
            for v in product.args:
                told = self._told(u, v) if u != v else None
                if told is not None:
                    yield sp.Mul(told, *(f for f in product.args if f not in (u, v)))
        for v in filter(_divides, product.args):
            for entry in self._entries(1 / v):
                above = _taken(product, entry)
                if above is not None:
                    yield zero_over(above, 1 / v) * (product / v / above)

    def _told(self, u: sp.Expr, v: sp.Expr) -> sp.Expr | None:
        """u v, which is 0 where u is."""
        if _divides(v):
            found = self._is_over(u, 1 / v) or self._is_norm(1 / v, u)
            return zero_over(u, 1 / v) if found else None
        if isinstance(v, sp.Add) and not isinstance(u, sp.Pow):
            over = [a for a in v.args if any(self._over_norm(u, f) for f in sp.Mul.make_args(a))]
            if over:
                return sp.Add(*(u * a for a in over), u * (v - sp.Add(*over)))
        if self._is_overcome(u, v):
            return zero_times(u, v)
        return self._times(u, v) if self._may_be_zero(u) or self._is_power(u, v) else None

    def _times(self, u: sp.Expr, v: sp.Expr) -> sp.Expr | None:
        """u v, with a logarithm or what else may be infinite for v."""
        log = self._definition(v) if isinstance(v, Element) else v
        if isinstance(log, sp.log) and log.has(Element):
            return xlogy(u, log.args[0])
        if isinstance(v, log1p):
            return xlog1py(u, v.args[0])
        if isinstance(v, Element):
            infinite = v.name in self.infinite and v.indices == u.indices
            return zero_times(u, v) if infinite else None
        parts = self._parts(v) if isinstance(v, sp.Add) else []
        return sp.Add(*(zero_times(u, p) for p in parts)) if parts else None

    def _may_be_zero(self, factor: sp.Expr) -> bool:
        """A target, 1 less one, or a probability."""
        named = isinstance(factor, Element) and factor.name in self.probabilities
        return named or self._is_target(factor)

    def _is_power(self, u: sp.Expr, v: sp.Expr) -> bool:
        """Whether u is x^b, with an exponent that is no number, and v log(x)."""
        value = self._definition(u) if isinstance(u, Element) and isinstance(v, sp.log) else u
        varies = isinstance(value, sp.Pow) and not value.exp.is_number
        return varies and v == sp.log(value.base)

    def _is_overcome(self, u: sp.Expr, v: sp.Expr) -> bool:
        """Whether v holds an exponential, and u is exp of less than that taken negative: 0 before
        the other overflows.
        """
        value = self._definition(u) if isinstance(u, Element) else u
        if not isinstance(value, sp.exp):
            return False
        taken = (a.as_coeff_Mul() for a in sp.Add.make_args(value.args[0]))
        large = (e for c, e in taken if c.is_negative and isinstance(e, sp.exp))
        return any(v.has(e, expm1(e.args[0])) for e in large)

    def _is_over(self, above: sp.Expr, below: sp.Expr) -> bool:
        """Whether a target is over a value of its own entry."""
        same = above.free_symbols <= below.free_symbols and below.has(Element)
        return same and self._is_target(above)

    def _over_norm(self, u: sp.Expr, factor: sp.Expr) -> bool:
        return _divides(factor) and self._is_norm(1 / factor, u)

    def learn(self, of: str, adjoint: Equation) -> None:
        """Remember the adjoint of a probability that holds its logarithm, if that may be minus
        infinity.
        """
        read = {e.name for e in adjoint.reads()}
        if of in self.probabilities and read & self.sums.keys():
            self.infinite.add(adjoint.name)

    def at_zero(self, expr: sp.Expr, of: str) -> sp.Expr:
        """What the sum `of` of squares receives through its root: 0 where all of them are 0."""
        over = {p: 1 / p for p in expr.atoms(sp.Pow) if p.exp in (-1, -sp.S.Half)}
        roots = {p: n for p, n in over.items() if self._is_root(n, of)}
        return expr.xreplace({p: zero_over(step(n), n) for p, n in roots.items()})

    def conventions(self, adjoint: Equation) -> tuple[Convention, ...]:
        """What an adjoint takes for the slope of a norm at 0."""
        ratios = [z.args for t in adjoint.terms for z in t.body.atoms(zero_over)]
        norms = any(above.has(step) or self._is_norm(below, above) for above, below in ratios)
        return (NORM,) if norms else ()

    def _is_root(self, below: sp.Expr, of: str) -> bool:
        value = self._definition(below) if isinstance(below, Element) else below
        inside = value.base if isinstance(value, sp.Pow) and value.exp == sp.S.Half else value
        return isinstance(inside, Element) and inside.name == of and self._squares(inside) != []

    def _is_target(self, factor: sp.Expr) -> bool:
        """A target y, or 1 - y."""
        return any(isinstance(e, Element) and e.name in self.targets for e in (factor, 1 - factor))

    def _parts(self, total: sp.Add) -> list[sp.Expr]:
        """The logarithms of probabilities in a sum, z - s each, and what is left; nothing, where
        there is none.
        """
        found, rest = [], list(total.args)
        for s in (e for e in elements(total) if e.name in self.sums):
            read = {s.name, *(e.name for e in self.sums[s.name].reads())}
            own = [a for a in rest if {e.name for e in a.atoms(Element)} <= read and a.has(Element)]
            rest = [a for a in rest if a not in own]
            found += [sp.Add(*own)] if own else []
        return [*found, *([sp.Add(*rest)] if rest else [])] if found else []

    def _is_norm(self, below: sp.Expr, above: sp.Expr) -> bool:
        """Whether what is below is the root of a sum of squares, that of what is above among
        them.
        """
        return any(_is_entry(above, b) for b in self._entries(below))

    def _entries(self, norm: sp.Expr) -> list[sp.Expr]:
        """What a root is the norm of; nothing, where it is none."""
        value = on_paper(self._definition(norm) if isinstance(norm, Element) else norm)
        root = isinstance(value, sp.Pow) and value.exp == sp.S.Half
        return self._squares(value.base) if root else []

    def _squares(self, total: sp.Expr) -> list[sp.Expr]:
        """What a sum is of the squares of; nothing, where it is of something else."""
        if isinstance(total, Element):
            equation = self.definitions.get(total.name)
            if equation is None or not self._at_step(total) or len(equation.terms) > 1:
                return []
            (term,) = equation.terms
            if term.reduce != "sum" or term.at is not None:
                return []
            total = replaced(term.body, dict(zip(equation.indices, total.indices, strict=True)))
        squares = [_squared(a) for a in sp.Add.make_args(total)]
        return [] if None in squares else [b for b in squares if b is not None]

    def _definition(self, access: Element) -> sp.Expr:
        equation = self.definitions.get(access.name)
        equation = equation and equation.of_steps()
        if equation is None or not equation.pointwise() or not self._at_step(access):
            return access
        places = dict(zip(equation.indices, access.indices, strict=True))
        return replaced(equation.terms[0].body, places)

    def _at_step(self, access: Element) -> bool:
        """Whether a value is read at a step that its equation is of, and not before the first."""
        return at_step(access, self.carried.get(access.name))


def divisors(body: sp.Expr) -> list[sp.Expr]:
    """What quotients that are 0 where what they divide is, divide by."""
    return [quotient.args[1] for quotient in body.atoms(zero_over)]


def at_step(access: Element, axis: int | None) -> bool:
    """Whether a value, carried along an axis if along any, is read at a step, not before it."""
    return axis is None or isinstance(access.indices[axis], Index)


def _divides(factor: sp.Expr) -> bool:
    plain = isinstance(factor, sp.Pow) and not isinstance(factor, sp.exp)
    return plain and bool(factor.exp.is_negative)


def _unlimited(network: Network) -> set[str]:
    """The values that may be minus infinity: what masks leave, the inputs, where a mask may have
    been used already, and what is computed of these entry by entry.
    """
    found = {t.name for t in network.role("input") if t.bound is None}
    for equation in network:
        sums = any(t.over and t.reduce == "sum" for t in equation.terms)
        reads = found & {e.name for e in equation.reads()}
        if any(t.body.has(masked) for t in equation.terms) or (reads and not sums):
            found.add(equation.name)
    return found


def _squared(addend: sp.Expr) -> sp.Expr | None:
    """u of a positive multiple of u^2."""
    number, rest = addend.as_coeff_Mul()
    base, power = rest.as_base_exp()
    return base if number.is_positive and power == 2 else None


def _taken(product: sp.Expr, entry: sp.Expr) -> sp.Expr | None:
    """The factors of a product that are those of what is squared, at some places; None where one
    of them is not there.
    """
    left = [f.as_base_exp() for f in sp.Mul.make_args(product)]
    found = []
    for part in sp.Mul.make_args(entry):
        if part.is_number:
            continue
        of = (k for k, (b, e) in enumerate(left) if e.is_Integer and e > 0 and _same(b, part))
        k = next(of, None)
        if k is None:
            return None
        found.append(left[k][0])
        left[k] = left[k][0], left[k][1] - 1
    return sp.Mul(*found) if found else None


def _is_entry(factor: sp.Expr, base: sp.Expr) -> bool:
    """Whether a factor is what is squared at some place, or its opposite."""
    return any(_same(f, base) for f in (factor, -factor))


def _same(one: sp.Expr, other: sp.Expr) -> bool:
    """Whether two expressions are the same but for the places of the elements."""
    plain = [
        e.xreplace({a: sp.Symbol(a.name, real=True) for a in e.atoms(Element)})
        for e in (one, other)
    ]
    return bool(plain[0] == plain[1])

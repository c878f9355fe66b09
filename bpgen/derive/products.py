"""Products of forward values recognised as a forward value: c * r**3 is xhat * r**2 where
xhat = c * r.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sympy as sp

from bpgen.atoms import replaced
from bpgen.derive.decimals import with_short_numbers
from bpgen.derive.simplify import with_plain_signs
from bpgen.equations.affine import is_within
from bpgen.ir import Element, Equation, Index, elements
from bpgen.record import Equality

Factors = dict[sp.Expr, sp.Expr]  # exponents of bases
Shape = tuple[str, tuple[str, ...]]
_WIDEST = 12  # factors: wider products are nobody's definition


class Products:
    """The forward values that are products, found by the factor of theirs that says most."""

    def __init__(self, equations: Iterable[Equation]) -> None:
        self.by_factor: dict[Shape, list[tuple[Equation, Factors]]] = {}
        self.sums: dict[Shape, list[tuple[Equation, sp.Expr, sp.Expr]]] = {}
        for equation in map(Equation.of_steps, equations):
            body = equation.terms[0].body if equation.pointwise() else None
            if isinstance(body, sp.Mul):
                self._learn(equation, self.factors(body))
            elif isinstance(body, sp.Add):
                self.sums.setdefault(_shape(body), []).append((equation, *_plain(body)))

        self.any = bool(self.by_factor or self.sums)

    def _learn(self, equation: Equation, wanted: Factors) -> None:
        varying = [b for b in wanted if b.has(Element)]
        if len(varying) >= 2:
            key = max(varying, key=lambda b: (len(_shape(b)[1]), str(b)))
            self.by_factor.setdefault(_shape(key), []).append((equation, wanted))

    def fold(self, expr: sp.Expr, reasons: dict[Any, None] | None = None) -> sp.Expr:
        """`expr` with its products written in forward values, outermost products first."""
        if not self.any or not expr.args or isinstance(expr, Element):
            return expr
        if isinstance(expr, sp.Mul):
            expr = self._folded(expr, reasons)
        if isinstance(expr, sp.Function):
            return expr.func(*(self._value(a) for a in expr.args))
        if not isinstance(expr, (sp.Mul, sp.Add)):
            return expr
        return expr.func(*(self.fold(a, reasons) for a in expr.args))

    def _value(self, argument: sp.Expr) -> sp.Expr:
        """The argument of a function, by its name where it is a forward value."""
        content, value = self._named(argument) if isinstance(argument, sp.Add) else (0, argument)
        return value if content == 1 and isinstance(value, Element) else argument

    def _folded(self, product: sp.Expr, reasons: dict[Any, None] | None) -> sp.Expr:
        """A product with every definition it holds replaced by its value."""
        found = next(self._quotients(self.factors(product)), None)
        if found is None:
            return product
        equation, shorter = found
        if reasons is not None:
            reasons[Equality((equation.terms[0].body, equation.lhs))] = None
        return self._folded(with_short_numbers(with_plain_signs(shorter)), reasons)

    def _quotients(self, given: Factors) -> Iterator[tuple[Equation, sp.Expr]]:
        """The definitions that a product holds, and the product by each."""
        if len(given) > _WIDEST:
            return
        for base in given:
            for equation, wanted in self.by_factor.get(_shape(base), ()):
                at = _matched(wanted, given, base)
                value = equation.lhs if at is None else equation.lhs.xreplace(at)
                if at is not None and at.keys() >= {*equation.indices} and not _is_diagonal(value):
                    definition = self.factors(equation.terms[0].body.xreplace(at))
                    yield equation, value * _divided(given, definition)

    def factors(self, product: sp.Expr) -> Factors:
        """The bases of a product and their exponents; a sum without its number, and by its name
        where it has one.
        """
        found: Factors = {}
        for factor in sp.Mul.make_args(product):
            exponential = isinstance(factor, sp.exp)
            base, exponent = (factor, sp.S.One) if exponential else factor.as_base_exp()
            if isinstance(base, sp.Add):
                content, base = self._named(base)
                if exponent.is_Integer or content == 1:
                    found[content] = found.get(content, sp.S.Zero) + exponent
                else:
                    base = factor.as_base_exp()[0]
            found[base] = found.get(base, sp.S.Zero) + exponent
        return {b: e for b, e in found.items() if e != 0 and b != 1}

    def _named(self, base: sp.Add) -> tuple[sp.Expr, sp.Expr]:
        """A sum as a number times a forward value, or times a sum."""
        content, plain = _plain(base)
        for equation, number, body in self.sums.get(_shape(plain), ()):
            at = _unified(body, plain, {})
            if at is not None and at.keys() >= {*equation.indices}:
                return content / number, equation.lhs.xreplace(at)
        return content, plain


def _plain(base: sp.Add) -> tuple[sp.Expr, sp.Expr]:
    """A sum without its number: 2 m - 2 x is -2 times x - m, and 2 v + 2 is 2 times v + 1."""
    first = next((a for a in base.args if not a.is_Number), sp.S.One)
    content = abs(first.as_coeff_Mul()[0])
    rest = sp.Add(*(a / content for a in base.args))
    return (-content, -rest) if rest.could_extract_minus_sign() else (content, rest)


def without_numbers(product: sp.Expr) -> sp.Expr:
    """A product with the numbers of its sums outside: 2 / (2 v + 2) is 1 / (v + 1)."""
    outside: list[sp.Expr] = []
    for factor in sp.Mul.make_args(product):
        base, exponent = factor.as_base_exp()
        if isinstance(base, sp.Add) and exponent.is_Integer:
            content = abs(_plain(base)[0])
            outside.append(content**exponent)
            factor = sp.Add(*(a / content for a in base.args)) ** exponent
        outside.append(factor)
    return sp.Mul(*outside)


def _shape(expr: sp.Expr) -> Shape:
    return type(expr).__name__, tuple(sorted({e.name for e in elements(expr)}))


def _matched(wanted: Factors, given: Factors, base: sp.Expr) -> dict[sp.Expr, sp.Expr] | None:
    """Index values at which every factor wanted is among those given, starting from one of them."""
    key = next((b for b in wanted if _shape(b) == _shape(base)), None)
    at = None if key is None else _unified(key, base, {})
    for pattern in wanted if at is not None else ():
        at = _found(pattern, wanted[pattern], given, at) if at is not None else None
    return at


def _is_diagonal(access: Element) -> bool:
    """a[i, i] of an outer product: one number of many, worth no reading."""
    return len({*access.indices}) < len(access.indices)


def _found(
    pattern: sp.Expr, exponent: sp.Expr, given: Factors, at: dict[sp.Expr, sp.Expr]
) -> dict[sp.Expr, sp.Expr] | None:
    if not pattern.has(Element):
        return at
    for base, has in given.items():
        if _holds(exponent, has) and _shape(base) == _shape(pattern):
            found = _unified(pattern, base, at)
            if found is not None:
                return found
    return None


def _holds(exponent: sp.Expr, has: sp.Expr) -> bool:
    """Whether a power is part of another: r of r**3, and 1 / s of 1 / s**2."""
    return bool(
        exponent.is_number
        and has.is_number
        and exponent.is_positive == has.is_positive
        and abs(exponent) <= abs(has)
    )


def _unified(
    pattern: sp.Expr, expr: sp.Expr, at: dict[sp.Expr, sp.Expr]
) -> dict[sp.Expr, sp.Expr] | None:
    """More index values, that make a factor equal to another; None where there are none."""
    ours, theirs = ({e.name: e for e in elements(x)} for x in (pattern, expr))
    if ours.keys() != theirs.keys() or len(ours) != len(elements(pattern)):
        return None
    found = dict(at)
    for name, access in ours.items():
        for mine, yours in zip(access.indices, theirs[name].indices, strict=True):
            if isinstance(mine, Index) and found.setdefault(mine, yours) != yours:
                return None
    met = replaced(pattern, found) == expr and all(is_within(e, i) for i, e in found.items())
    return found if met else None


def _divided(given: Factors, by: Factors) -> sp.Expr:
    left = {**given, **{b: given.get(b, sp.S.Zero) - e for b, e in by.items()}}
    return sp.Mul(*(b**e for b, e in left.items()))

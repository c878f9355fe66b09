"""Where the numbers of a product stand: 0.26829 z (7.45462... + z^2) is z (2 + 0.26829 z^2)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import sympy as sp

from bpgen.atoms import atoms
from bpgen.ir import Element

_LONG = 1000  # numerators and denominators of numbers that nobody would mind where they stand


def with_short_numbers(expr: sp.Expr) -> sp.Expr:
    """The expression with each product's number moved into a sum, or out of it, where that spares
    digits. What algebra makes of decimals is a ratio of large whole numbers.
    """
    if not any(abs(r.p) >= _LONG or r.q >= _LONG for r in atoms(expr, sp.Rational)):
        return expr
    return _shortened(expr)


@lru_cache(4096)
def _shortened(expr: sp.Expr) -> sp.Expr:
    if not expr.args or isinstance(expr, Element):
        return expr
    expr = expr.func(*map(_shortened, expr.args))
    return min([expr, *_moved(expr)], key=_digits) if expr.is_Mul or expr.is_Pow else expr


def _moved(product: sp.Expr) -> Iterator[sp.Expr]:
    """The product with its number, or one of a sum within it, taken into that sum or out of it; the
    sum may stand in a power.
    """
    number, rest = product.as_coeff_Mul(rational=True)
    factors = sp.Mul.make_args(rest)
    for factor in factors:
        total, power = (factor, sp.S.One) if factor.is_Add else factor.as_base_exp()
        beside = [f for f in factors if f != factor]
        if not total.is_Add or not power.is_number or not (beside or power != 1):
            continue  # a number alone before a sum is multiplied out by sympy
        addends = [a.as_coeff_Mul(rational=True) for a in total.args]
        for scale in dict.fromkeys([number, *(1 / abs(c) for c, _ in addends)]):
            outside = number / scale**power
            if outside.is_Rational:
                inside = sp.Add(*(c * scale * a for c, a in addends))
                yield sp.Mul(outside, *beside, inside**power)


def _digits(expr: sp.Expr) -> int:
    """How many digits its numbers are written in; -a has none."""
    return sum(_written(r) for r in _numbers(expr) if r != -1)


def _numbers(expr: sp.Expr) -> Iterator[sp.Rational]:
    if isinstance(expr, sp.Rational):
        yield expr
    elif not isinstance(expr, Element):
        for part in expr.args:
            yield from _numbers(part)


def _written(number: sp.Rational) -> int:
    """Digits of a number: as a decimal where it is one, or of both parts of the fraction."""
    twos, fives = (sp.multiplicity(prime, number.q) for prime in (2, 5))
    if number.q != 2**twos * 5**fives:
        return len(str(abs(number.p))) + len(str(number.q))
    places = max(twos, fives)
    return max(int(places), len(str(abs(number.p) * 10**places // number.q)))

"""Where the numbers of a product stand: 0.26829 z (7.45462... + z^2) is z (2 + 0.26829 z^2), and
0.005 z (10 u + t) is z (0.05 u + 0.005 t).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import sympy as sp

from bpgen.atoms import atoms
from bpgen.ir import Element

_LONG = 1000  # numerators and denominators of numbers that nobody would mind where they stand


def with_short_numbers(expr: sp.Expr) -> sp.Expr:
    """The expression with each product's number moved into a sum, or out of it, where that spares
    digits: what algebra makes of decimals is a ratio of large whole numbers. A decimal stands
    before a sum only where it spares a number.
    """
    if not any(_is_long(r) or _is_decimal(r) for r in atoms(expr, sp.Rational)):
        return expr
    return _shortened(expr)


@lru_cache(4096)
def _shortened(expr: sp.Expr) -> sp.Expr:
    if not expr.args or isinstance(expr, Element):
        return expr
    expr = expr.func(*map(_shortened, expr.args))
    if not (expr.is_Mul or expr.is_Pow):
        return expr
    inside = _with_decimals_inside(expr)
    long = any(map(_is_long, _numbers(inside)))
    return min([inside, *_moved(inside)], key=_digits) if long else inside


def _with_decimals_inside(product: sp.Expr) -> sp.Expr:
    """The product with its decimal in a sum that is its factor, where that takes no number and no
    digit more.
    """
    number, rest = product.as_coeff_Mul(rational=True)
    factors = sp.Mul.make_args(rest)
    sums = [f for f in factors if f.is_Add]
    if not _is_decimal(number) or len(sums) != 1:
        return product
    addends = [a.as_coeff_Mul(rational=True) for a in sums[0].args]
    inside = [number * c for c, _ in addends]
    before = [number, *(c for c, _ in addends if abs(c) != 1)]
    if not all(n.is_Integer or _is_decimal(n) for n in inside) or len(inside) > len(before):
        return product
    if sum(map(_written, inside)) > sum(map(_written, before)):
        return product
    total = sp.Add(*(n * a for n, (_, a) in zip(inside, addends, strict=True)))
    return sp.Mul(total, *(f for f in factors if not f.is_Add))


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


def _is_long(number: sp.Rational) -> bool:
    return bool(abs(number.p) >= _LONG or number.q >= _LONG)


def _is_decimal(number: sp.Rational) -> bool:
    """Whether it is written with a point: 0.3, and not 1/4 or 1/3."""
    rest = number.q // 2 ** int(sp.multiplicity(2, number.q))
    return bool(rest > 1 and rest == 5 ** int(sp.multiplicity(5, rest)))


def _written(number: sp.Rational) -> int:
    """Digits of a number: as a decimal where it is one, or of both parts of the fraction."""
    twos, fives = (sp.multiplicity(prime, number.q) for prime in (2, 5))
    if number.q != 2**twos * 5**fives:
        return len(str(abs(number.p))) + len(str(number.q))
    places = max(twos, fives)
    return max(int(places), len(str(abs(number.p) * 10**places // number.q)))

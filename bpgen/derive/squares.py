"""Sums of squares, c + u^2 among them: their roots, logarithms and quotients, in functions of which
no square overflows.
"""

from __future__ import annotations

import sympy as sp

from bpgen.functions import cauchy, hypotenuse, hypotenuse_excess, log_squares, over_squares
from bpgen.ir import Element

_MOST = 3  # addends


def square(expr: sp.Expr) -> tuple[sp.Expr, sp.Expr] | None:
    """(c, u) of c u^2 with a positive number c."""
    coefficient, rest = expr.as_coeff_Mul()
    powers = [factor.as_base_exp() for factor in sp.Mul.make_args(rest)]
    if not coefficient.is_positive or rest == 1 or any(not (k / 2).is_Integer for _, k in powers):
        return None
    return coefficient, sp.Mul(*(base ** (k / 2) for base, k in powers))


def _side(addend: sp.Expr) -> sp.Expr | None:
    """The root of a positive number, of a square, or of an exponential."""
    number, rest = addend.as_coeff_Mul()
    if isinstance(rest, sp.exp) and number.is_positive:
        return sp.sqrt(number) * sp.exp(rest.args[0] / 2)
    if addend.is_number:
        return sp.sqrt(addend) if addend.is_positive else None
    found = square(addend)
    return sp.sqrt(found[0]) * found[1] if found is not None else None


def _sides(base: sp.Expr) -> tuple[sp.Expr, sp.Expr] | None:
    """z and r of z^2 + r^2, where z is the root of a square, and r may be another hypotenuse."""
    if not isinstance(base, sp.Add) or len(base.args) > _MOST:
        return None
    sides = [_side(addend) for addend in base.args]
    squares = [s for s, a in zip(sides, base.args, strict=True) if square(a) is not None]
    if None in sides or not squares:
        return None
    others = [s for s in sides if s != squares[0]]
    if len(others) != len(sides) - 1:
        return None
    r = others[0]
    for side in others[1:]:
        r = hypotenuse(side, r)
    return squares[0], r


def of_two_squares(expr: sp.Expr) -> sp.Expr | None:
    """sqrt(r^2 + z^2), its negative powers, and log(r^2 + z^2)"""
    if isinstance(expr, sp.log):
        sides = _sides(expr.args[0])
        return log_squares(*sides) if sides is not None else None
    if not isinstance(expr, sp.Pow) or isinstance(expr, sp.exp):
        return None
    power = 2 * expr.exp
    if power != 1 and not (power.is_Integer and power.is_negative):
        return None
    sides = _sides(expr.base)
    if sides is None:
        return None
    if power == 1:
        return hypotenuse(*sides)
    whole, half = divmod(-int(power), 2)
    return cauchy(*sides) ** whole / hypotenuse(*sides) ** half


def root_less_number(expr: sp.Expr) -> sp.Expr | None:
    """sqrt(c^2 + u^2) - c, exact where u is small"""
    number, *parts = expr.args if isinstance(expr, sp.Add) else (sp.S.Zero,)
    for part in parts if number.is_number else ():
        factor, root = part.as_coeff_Mul()
        c = -number / factor
        if c.is_positive and isinstance(root, sp.Pow) and root.exp == sp.Rational(1, 2):
            u = _side(root.base - c**2)
            if u is not None:
                return factor * hypotenuse_excess(u, c) + (expr - number - part)
    return None


def over_two_squares(expr: sp.Expr) -> sp.Expr | None:
    """z / (r^2 + z^2), of which the quotient vanishes before the square of z is too large"""
    for part in expr.args if isinstance(expr, sp.Mul) else ():
        base, power = part.as_base_exp()
        sides = _sides(base) if power.is_Integer and power.is_negative else None
        if sides is None:
            continue
        for z, r in (sides, sides[::-1]):
            number, factors = z.as_independent(Element, sp.Symbol, as_Add=False)
            if _divides(factors, expr):
                return expr / factors * base * over_squares(z, r) / number
    return None


def _divides(factors: sp.Expr, product: sp.Expr) -> bool:
    """Whether factors, and there are some, are among those of a product."""
    powers = dict(f.as_base_exp() for f in sp.Mul.make_args(product))
    left = (powers.get(b, 0) - k for b, k in map(sp.Expr.as_base_exp, sp.Mul.make_args(factors)))
    return factors != 1 and all(k.is_Integer and k.is_nonnegative for k in left)

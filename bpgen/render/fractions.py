"""Numbers and quotients taken apart for printing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal

import sympy as sp

from bpgen.functions import zero_over

_FRACTION = 4  # halves, thirds and quarters are fractions
_LARGEST = 1000  # and so is what is no decimal, up to this denominator
_EXACT, _ROUNDED = 8, 6  # significant digits
_MANY = 60  # more digits than any number of a net.py has
_TINY = -4  # below this power of ten, a number is written with it


@dataclass(frozen=True)
class Digits:
    """A number as a decimal times a power of ten; rounded, where it has too many digits to show."""

    decimal: str
    power: int = 0
    rounded: bool = False


def fraction(expr: sp.Expr) -> tuple[sp.Rational, list[sp.Expr], list[sp.Expr], list[sp.Expr]]:
    """A product as rational coefficient, factors above, factors below, and lengths (N) below."""
    coefficient, rest = expr.as_coeff_Mul(rational=True)
    top: list[sp.Expr] = []
    bottom: list[sp.Expr] = []
    lengths: list[sp.Expr] = []
    for factor in _factors(rest):
        if _is_below(factor):
            under = factor.base**-factor.exp
            (lengths if isinstance(factor.base, sp.Symbol) else bottom).append(under)
        elif factor != 1:
            top.append(factor)
    return coefficient, top, bottom, lengths


def _factors(product: sp.Expr) -> list[sp.Expr]:
    """Those of a product. A ratio that is 0 where its numerator is lends it both, of which nothing
    cancels: 0 over 0 stays what it is.
    """
    own = list(sp.Mul.make_args(product))
    ratios = [f for f in own if isinstance(f, zero_over)]
    rest = [f for f in own if f not in ratios]
    below = sp.Mul(*(f for f in rest if _is_below(f)), *(1 / r.args[1] for r in ratios))
    above = [a for r in ratios for a in sp.Mul.make_args(r.args[0])]
    if not ratios or any(f.is_number for f in (*above, *sp.Mul.make_args(below))):
        return own
    return [*above, *(f for f in rest if not _is_below(f)), *sp.Mul.make_args(below)]


def _is_below(factor: sp.Expr) -> bool:
    return isinstance(factor, sp.Pow) and bool(factor.exp.could_extract_minus_sign())


def digits(value: sp.Rational) -> Digits | None:
    """The digits of a positive number, or None where it is a fraction: 0.2 and 0.05, but 1/4, 5/7,
    and 1/64, which is a mean.
    """
    if value.q == 1:
        return Digits(str(value.p))
    exact, terminates = _divided(value, _MANY), 10**_MANY % int(value.q) == 0
    plain = value.q <= _LARGEST and (not terminates or value.q & (value.q - 1) == 0)
    if value.q <= _FRACTION or plain:
        return None
    rounded = not terminates or (value.q > _LARGEST and len(exact.as_tuple().digits) > _EXACT)
    shown = _divided(value, _ROUNDED) if rounded else exact
    power = shown.adjusted() if shown.adjusted() < _TINY else 0
    return Digits(format(shown.scaleb(-power).normalize(), "f"), power, rounded)


def _divided(value: sp.Rational, precision: int) -> Decimal:
    context = Context(prec=precision)
    return context.divide(Decimal(int(value.p)), Decimal(int(value.q))).normalize(context)

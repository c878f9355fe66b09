"""Numbers and quotients taken apart for printing."""

from __future__ import annotations

import sympy as sp


def fraction(expr: sp.Expr) -> tuple[sp.Rational, list[sp.Expr], list[sp.Expr], list[sp.Expr]]:
    """A product as rational coefficient, factors above, factors below, and lengths (N) below."""
    coefficient, rest = expr.as_coeff_Mul(rational=True)
    top: list[sp.Expr] = []
    bottom: list[sp.Expr] = []
    lengths: list[sp.Expr] = []
    for factor in sp.Mul.make_args(rest):
        if isinstance(factor, sp.Pow) and factor.exp.could_extract_minus_sign():
            under = factor.base**-factor.exp
            (lengths if isinstance(factor.base, sp.Symbol) else bottom).append(under)
        elif factor != 1:
            top.append(factor)
    return coefficient, top, bottom, lengths


def decimal(value: sp.Rational) -> str | None:
    """A whole number, or one whose fraction is a short decimal and a tenth or finer: 0.05, but not
    0.5.
    """
    if value.q == 1:
        return str(value.p)
    if value.q < 10 or 10**12 % value.q:
        return None
    digits = str(abs(value.p) * 10**12 // value.q).rjust(13, "0")
    return f"{'-' if value.p < 0 else ''}{digits[:-12]}.{digits[-12:].rstrip('0')}"

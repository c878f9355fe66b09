"""Sums of two products, in each of which stands what may be too small for a number: w sigmoid(u)
+ v sigmoid(-u), and the like of exponentials.
"""

from __future__ import annotations

import sympy as sp

from bpgen.derive.exponentials import exponentials
from bpgen.derive.logarithms import logarithm
from bpgen.functions import log_add_exp, log_mixture, mixture_share, over_mixture
from bpgen.ir import Element


def log_of_mixture(expr: sp.Expr) -> sp.Expr | None:
    """log(w f + v g), through the logarithms of f and g, where both may be 0 in floats"""
    mixed = _mixture(expr.args[0]) if isinstance(expr, sp.log) else None
    return _log(*mixed) if mixed else None


def _log(w: sp.Expr, y: sp.Expr, v: sp.Expr, z: sp.Expr) -> sp.Expr:
    if w.is_number:
        return log_add_exp(sp.log(w) + y, sp.log(v) + z)
    return log_mixture(w, y, v, z)


def over_a_mixture(expr: sp.Expr) -> sp.Expr | None:
    """h / (w f + v g)^k, through the logarithms of f, g and h, where all may be 0 in floats; w f
    over it as its share, which is 0 where w is
    """
    for part in expr.args if isinstance(expr, sp.Mul) else ():
        base, power = part.as_base_exp()
        mixed = _mixture(base) if power.is_Integer and power.is_negative else None
        rest, top = _taken_apart(expr / part) if mixed else (expr, sp.S.Zero)
        if mixed and top != 0:
            return _over(rest, top, mixed, -power)
    return None


def _over(rest: sp.Expr, top: sp.Expr, mixed: tuple[sp.Expr, ...], power: sp.Expr) -> sp.Expr:
    """rest exp(top) / (w exp(y) + v exp(z))^power."""
    whole = _log(*mixed)
    if isinstance(whole, log_add_exp):
        return rest * sp.exp(top - power * whole)
    w, y, v, z = mixed
    for weight, own, *others in ((w, y, v, z), (v, z, w, y)):
        if power == 1 and weight in sp.Mul.make_args(rest):
            return rest / weight * sp.exp(top - own) * mixture_share(weight, own, *others)
    return rest * over_mixture(top / power, *mixed) ** power


def _mixture(expr: sp.Expr) -> tuple[sp.Expr, ...] | None:
    """w, log f, v and log g of w f + v g. The weights are both positive numbers, or neither is one
    or has a function; a difference loses digits. Of multiples of exponentials other rules know.
    """
    if not isinstance(expr, sp.Add) or len(expr.args) != 2 or exponentials(expr):
        return None
    (w, y), (v, z) = map(_taken_apart, expr.args)
    if y == 0 or z == 0 or (w / v).is_negative or w.has(sp.Function) or v.has(sp.Function):
        return None
    fits = (w.is_number and v.is_number) or (w.has(Element) and v.has(Element))
    return (w, y, v, z) if fits and not w.is_negative else None


def _taken_apart(product: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """c and log f of a product c f, where f are the factors whose logarithms are known."""
    rest, total = sp.S.One, sp.S.Zero
    for factor in sp.Mul.make_args(product):
        base, power = (factor, 1) if isinstance(factor, sp.exp) else factor.as_base_exp()
        known = _logarithm(base) if sp.sympify(power).is_positive else None
        rest, total = (rest * factor, total) if known is None else (rest, total + power * known)
    return rest, total


def _logarithm(factor: sp.Expr) -> sp.Expr | None:
    if isinstance(factor, sp.exp):
        return factor.args[0]
    return logarithm(factor) if factor.args else None

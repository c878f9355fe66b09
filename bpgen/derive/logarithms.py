"""Logarithms of products, powers, functions and differences, in spellings that neither overflow nor
take the logarithm of 0.
"""

from __future__ import annotations

import sympy as sp
from sympy.codegen.cfunctions import log1p

from bpgen.atoms import atoms
from bpgen.derive.exponentials import Exponential, exponential, log_of_exponentials
from bpgen.functions import (
    complement,
    log1mexp,
    log1mexpexp,
    log_cosh,
    row,
    sigmoid,
    softplus,
)
from bpgen.ir import Element

_NO_DIFFERENCE = ((sp.S.One, sp.S.Zero), (sp.S.One, sp.S.Zero))


def log_of_product(expr: sp.Expr) -> sp.Expr | None:
    """log(p q) = log p + log q and log(p^k) = k log p, for a factor p known to be positive"""
    if not isinstance(expr, sp.log):
        return None
    factors = sp.Mul.make_args(expr.args[0])
    positive = [f for f in factors if _is_positive(f)]
    if not positive or (len(factors) == 1 and not isinstance(factors[0], sp.Pow)):
        return None
    rest = [f for f in factors if f not in positive]
    logs = [f.exp * sp.log(f.base) if _is_power(f) else sp.log(f) for f in positive]
    return sp.Add(*logs, *([sp.log(sp.Mul(*rest))] if rest else []))


def _is_power(expr: sp.Expr) -> bool:
    return isinstance(expr, sp.Pow) and not isinstance(expr, sp.exp)


def _is_positive(expr: sp.Expr) -> bool:
    """A positive number, an exponential or a sum of some, a function whose logarithm is one, its
    complement, 1 less the square of a tanh, or a power of one.
    """
    base = expr.base if _is_power(expr) else expr
    return (
        bool(base.is_positive and not base.has(Element, sp.Function))
        or isinstance(base, sp.exp)
        or log_of_exponentials(sp.log(base)) is not None
        or logarithm(base) is not None
        or log_of_tanh_square(sp.log(base)) is not None
    )


def log_of_exp(expr: sp.Expr) -> sp.Expr | None:
    """log(exp u) = u, which sympy writes by itself"""
    inside = expr.args[0] if isinstance(expr, sp.log) else expr
    return inside.args[0] if inside is not expr and isinstance(inside, sp.exp) else None


def log_of_cosh(expr: sp.Expr) -> sp.Expr | None:
    """log(c cosh u) = log c + log cosh(u)"""
    return log_of_function(expr) if expr.has(sp.cosh) else None


def log_of_function(expr: sp.Expr) -> sp.Expr | None:
    """The logarithm of a function or of its complement, as one function: log sigmoid(u) =
    -softplus(-u), log(1 - tanh u) = log 2 - softplus(2u)
    """
    return logarithm(expr.args[0]) if isinstance(expr, sp.log) else None


def logarithm(expr: sp.Expr) -> sp.Expr | None:
    """The logarithm of a positive multiple of a function or of its complement, as one function."""
    of = complement(expr) if isinstance(expr, sp.Add) else expr
    number, call = of.as_coeff_Mul() if of is not None else (sp.S.One, sp.S.Zero)
    known = row(call)
    if known is None or known.logarithm is None or not number.is_positive:
        return None
    return sp.log(number) + known.logarithm(*call.args)


def log_of_positive(expr: sp.Expr) -> sp.Expr | None:
    """The logarithm of a positive number, of a function that has one, of a sum of both, or of a
    power of it.
    """
    base, power = expr.as_base_exp()
    parts = sp.Add.make_args(base)
    if not power.is_number or not all(p.is_positive or logarithm(p) is not None for p in parts):
        return None
    return power * (logarithm(base) or sp.log(base))


def log_of_tanh_square(expr: sp.Expr) -> sp.Expr | None:
    """log(1 - tanh(u)^2) = -2 log cosh(u)"""
    if not (isinstance(expr, sp.log) and isinstance(expr.args[0], sp.Add)):
        return None
    number, inside = expr.args[0].primitive()
    base, power = (1 - inside).as_base_exp()
    if power == 2 and isinstance(base, sp.tanh):
        return sp.log(number) - 2 * log_cosh(base.args[0])
    return None


def log_of_1_less_exp(expr: sp.Expr) -> sp.Expr | None:
    """log(1 - exp(u)), as one function: log1p(-exp(u)) where exp(u) is small, log(-expm1(u)) where
    it is nearly 1
    """
    inside = expr.args[0] if isinstance(expr, sp.log) else sp.S.Zero
    return log1mexp((1 - inside).args[0]) if isinstance(1 - inside, sp.exp) else None


def log_of_1_and_more(expr: sp.Expr) -> sp.Expr | None:
    """log(1 + u) = log1p(u), exact where u is small"""
    if isinstance(expr, sp.log) and isinstance(expr.args[0], sp.Add) and expr.args[0].args[0] == 1:
        return log1p(expr.args[0] - 1)
    return None


def log_of_difference(expr: sp.Expr) -> sp.Expr | None:
    """log(c exp(u) - d exp(v)) = log c + u + log(1 - exp(v - u + log(d/c))), where exp(u) may
    overflow
    """
    (c, u), (d, v) = _difference(expr) or _NO_DIFFERENCE
    return sp.log(c) + u + log1mexp(v - u + sp.log(d / c)) if u != 0 else None


def log_of_1_less_exp_of_exp(expr: sp.Expr) -> sp.Expr | None:
    """log(c - c exp(-d exp u)) = log c + log(1 - exp(-d exp u)), that as one function"""
    (c, u), (d, v) = _difference(expr) or _NO_DIFFERENCE
    number, inner = v.as_coeff_Mul()
    if u == 0 and c == d and number.is_negative and isinstance(inner, sp.exp):
        return sp.log(c) + log1mexpexp(inner.args[0] + sp.log(-number))
    return None


def log_of_difference_of_sigmoids(expr: sp.Expr) -> sp.Expr | None:
    """log(sigmoid(u) - sigmoid(v)) = log sigmoid(u) + log sigmoid(-v) + log(1 - exp(v - u)), and
    multiples, where u and v share an addend: of that v - u has no rounding
    """
    if not (isinstance(expr, sp.log) and isinstance(expr.args[0], sp.Add)):
        return None
    number, inside = expr.args[0].primitive()
    signed = {sign: [a for a in inside.args if isinstance(sign * a, sigmoid)] for sign in (1, -1)}
    if len(inside.args) != 2 or any(len(found) != 1 for found in signed.values()):
        return None
    (u,), (v,) = signed[1][0].args, (-signed[-1][0]).args
    if not {*sp.Add.make_args(u)} & {*sp.Add.make_args(v)}:
        return None
    return sp.log(number) - softplus(-u) - softplus(v) + log1mexp(v - u)


def _difference(expr: sp.Expr) -> tuple[Exponential, Exponential] | None:
    """(c, u) and (d, v) of log(c exp(u) - d exp(v))."""
    if not (isinstance(expr, sp.log) and isinstance(expr.args[0], sp.Add)):
        return None
    parts = expr.args[0].args
    signed = [exponential(p) for p in parts], [exponential(-p) for p in parts]
    above, below = ([(c, u) for c, u in found if c.is_positive] for found in signed)
    return (above[0], below[0]) if len(parts) == 2 and len(above) == len(below) == 1 else None


def log_of_power(expr: sp.Expr) -> sp.Expr | None:
    """log(u^k v) = k log|u| + log(v), for even k, where the power would overflow or vanish"""
    if not isinstance(expr, sp.log):
        return None
    even = [f for f in sp.Mul.make_args(expr.args[0]) if _is_power(f) and (f.exp / 2).is_Integer]
    if not even:
        return None
    rest = sp.Mul(*(f for f in sp.Mul.make_args(expr.args[0]) if f not in even))
    return sp.Add(*(f.exp * sp.log(sp.Abs(f.base)) for f in even), sp.log(rest))


def over_signs(expr: sp.Expr) -> sp.Expr:
    """sign(u) / |u| as 1 / u, which is the slope of log |u|."""
    new = {}
    for product in atoms(expr, sp.Mul) if expr.has(sp.sign) else ():
        for f in product.args:
            below = 1 / sp.Abs(f.args[0]) if isinstance(f, sp.sign) else None
            if below in product.args:
                rest = (a for a in product.args if a not in (f, below))
                new[product] = sp.Mul(1 / f.args[0], *rest)
    return expr.xreplace(new)

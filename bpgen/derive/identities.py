"""Identities from spellings that overflow or cancel to ones that do neither, as a table of
rules, each with the failure that it avoids.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp
from sympy.codegen.cfunctions import expm1

from bpgen.derive.exponentials import (
    exp_times_sigmoid,
    less_reflected,
    log_of_exponentials,
    power_of_exponentials,
    power_of_sigmoid,
    power_of_softplus,
    quotient_of_exponentials,
    sech_of_exponentials,
    sigmoid_of_exponentials,
    without,
)
from bpgen.derive.hazards import bell_over_erfc
from bpgen.derive.logarithms import (
    log_of_1_and_more,
    log_of_1_less_exp,
    log_of_1_less_exp_of_exp,
    log_of_cosh,
    log_of_difference,
    log_of_difference_of_sigmoids,
    log_of_exp,
    log_of_function,
    log_of_power,
    log_of_product,
    log_of_tanh_square,
)
from bpgen.derive.mixtures import log_of_mixture, over_a_mixture
from bpgen.derive.squares import of_two_squares, over_two_squares, root_less_number, square
from bpgen.functions import bell, xlog1py, xlogx, xlogy
from bpgen.ir import Element
from bpgen.record import Risk

Rewrite = Callable[[sp.Expr], sp.Expr | None]


@dataclass(frozen=True, eq=False)  # of what is remembered, tables of them are the keys
class Rule:
    """An identity, and how its left side fails in floats; None where it only leads to others."""

    rewrite: Rewrite
    avoids: Risk | None


@lru_cache(10_000)  # a spelling is asked for with and without the names of intermediates
def _applied(expr: sp.Expr, rules: tuple[Rule, ...]) -> tuple[sp.Expr, frozenset[Risk]]:
    """`expr` with every spelling of a table replaced, from the outside in and again from the inside
    out, and what that avoids.
    """
    if expr.is_number:  # which sympy evaluates to as many digits as it takes
        return expr, frozenset()
    for rule in rules:
        better = rule.rewrite(expr)
        if better is not None:
            found, avoided = _applied(better, rules)
            return found, avoided | ({rule.avoids} if rule.avoids else set())
    if not expr.args or isinstance(expr, Element):
        return expr, frozenset()
    args, avoids = zip(*(_applied(a, rules) for a in expr.args), strict=True)
    inner = expr.func(*args)
    if inner == expr:
        return inner, frozenset()
    found, avoided = _applied(inner, rules)
    return found, avoided.union(*avoids)


def without_overflow(expr: sp.Expr) -> sp.Expr:
    """`expr` free of spellings that overflow where their value does not."""
    return _applied(expr, _OVERFLOW)[0]


def without_cancellation(expr: sp.Expr) -> sp.Expr:
    """`expr` as it should be evaluated: log1p and expm1 where digits would cancel, no square that
    overflows in 1 + u^2 or a bell, and no logarithm of the 0 that it is multiplied by.
    """
    return _applied(expr, _CANCELLATION)[0]


def avoided(expr: sp.Expr) -> frozenset[Risk]:
    """How `expr` fails in floats where its stable spelling does not."""
    found, overflow = _applied(expr, _OVERFLOW)
    return overflow | _applied(found, _CANCELLATION)[1]


def _exp_and_rest(expr: sp.Expr) -> tuple[sp.Expr, sp.Expr] | None:
    """(u, r) of exp(u) + r."""
    if isinstance(expr, sp.Add):
        for part in expr.args:
            if isinstance(part, sp.exp):
                return part.args[0], expr - part
    return None


def _sinh_over_cosh(expr: sp.Expr) -> sp.Expr | None:
    """sinh(u) / cosh(u) = tanh(u)"""
    for part in expr.args if isinstance(expr, sp.Mul) else ():
        power = part.as_base_exp()
        if isinstance(power[0], sp.cosh) and power[1].is_negative:
            above = sp.sinh(power[0].args[0])
            if above in expr.args:
                rest = power[0] ** (power[1] + 1)
                return without(expr, part, above) * rest * sp.tanh(above.args[0])
    return None


def _tanh(expr: sp.Expr) -> sp.Expr | None:
    """(exp u - exp(-u)) / (exp u + exp(-u)) = tanh u, and (exp u - 1) / (exp u + 1) =
    tanh(u / 2), also their powers
    """
    over_sum = isinstance(expr, sp.Mul) and any(a.is_Pow and a.base.is_Add for a in expr.args)
    powers = {a: _with_content(a) for a in expr.args} if over_sum else {}
    for over, (number, base, exponent) in powers.items():
        found = _exp_and_rest(base) if exponent.is_Integer and exponent.is_negative else None
        half = _half(*found) if found is not None else None
        if found is None or half is None:
            continue
        top = sp.exp(found[0]) - found[1]
        tanh = {top: sp.tanh(half), -top: -sp.tanh(half), sp.Abs(top): sp.Abs(sp.tanh(half))}
        for above, (factor, other, times) in powers.items():
            if other in tanh and times.is_Integer and times.is_positive:
                both = min(times, -exponent)
                rest = base ** (exponent + both) * other ** (times - both)
                return number * factor * without(expr, over, above) * rest * tanh[other] ** both
    return None


def _with_content(factor: sp.Expr) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """c, u and k of c u^k, with no number left that is common to the addends of u."""
    base, power = factor.as_base_exp()
    content, rest = base.primitive() if isinstance(base, sp.Add) else (sp.S.One, base)
    return content**power, rest, power


def _half(u: sp.Expr, rest: sp.Expr) -> sp.Expr | None:
    """Half of u - v, where rest is exp(v)."""
    if isinstance(rest, sp.exp):
        return (u - rest.args[0]) / 2
    return u / 2 if rest == 1 else None


def _expm1(expr: sp.Expr) -> sp.Expr | None:
    """exp(u) - 1 = expm1(u), exact where u is small"""
    if isinstance(expr, sp.Add) and expr.args[0] == -1:
        found = _exp_and_rest(expr)
        if found:
            return expm1(found[0]) + found[1] + 1
    if isinstance(expr, sp.Add) and expr.args[0] == 1:
        for part in expr.args:
            if isinstance(-part, sp.exp):
                return -expm1((-part).args[0]) + (expr - 1 - part)
    return None


def _less_cosine(expr: sp.Expr) -> sp.Expr | None:
    """1 - cos(u) = 2 sin(u / 2)^2 and cosh(u) - 1 = 2 sinh(u / 2)^2, exact where u is small"""
    number, *parts = expr.args if isinstance(expr, sp.Add) else (sp.S.Zero,)
    for part in parts if number.is_number else ():
        call = -part / number
        if isinstance(call, (sp.cos, sp.cosh)):
            half = call.args[0] / 2
            square = sp.sin(half) ** 2 if isinstance(call, sp.cos) else -(sp.sinh(half) ** 2)
            return 2 * number * square + (expr - number - part)
    return None


def _bell(expr: sp.Expr) -> sp.Expr | None:
    """exp(-u^2) / sqrt(pi) and exp(-u^2 / 2) / sqrt(pi), as densities and the slope of erf have
    them, where the square would overflow
    """
    if isinstance(expr, sp.Mul) and 1 / sp.sqrt(sp.pi) in expr.args:
        for part in expr.args:
            found = square(-part.args[0]) if isinstance(part, sp.exp) else None
            if found is None:
                continue
            for rate in (sp.S.One, _HALF):
                root = sp.sqrt(found[0] / rate)
                if root.is_Rational:
                    return without(expr, part) * bell(root * found[1], rate)
    return None


def _xlogy(expr: sp.Expr) -> sp.Expr | None:
    """u log(u v), also in u (log(u v) - w): it is 0 where u is; (1 + u) log(1 + u) keeps the digits
    of u
    """
    if not isinstance(expr, sp.Mul):
        return None
    parts = [(p, [a for a in sp.Add.make_args(p) if _logged(a, expr)]) for p in expr.args]
    found = [(part, addends) for part, addends in parts if addends]
    if len(found) != 1:  # of several sums the product is left as it is
        return None
    ((part, addends),) = found
    if isinstance(part, sp.log):
        (u, *_), y = _logged(part, expr), part.args[0]
        rest = without(expr, part, u)
        if isinstance(u, sp.Add) and u.args[0] == 1 and u == y:
            return rest * xlog1py(u, u - 1)
        return rest * (xlogx(u) if u == y else xlogy(u, y))
    rest = without(expr, part)
    return sp.Add(*(rest * a for a in addends), rest * (part - sp.Add(*addends)))


def _logged(addend: sp.Expr, product: sp.Mul) -> list[sp.Expr]:
    """The factors of a product that are also factors within the logarithm of an addend."""
    logs = [f for f in sp.Mul.make_args(addend) if isinstance(f, sp.log)]
    inside = {f for log in logs for f in sp.Mul.make_args(log.args[0])}
    return [f for f in product.args if f in inside and not f.is_number]


_HALF = sp.Rational(1, 2)

# Differentiated in the new spelling: the old one overflows.
_OVERFLOW = (
    Rule(log_of_exp, Risk.LOG_OF_0),
    Rule(log_of_product, None),
    Rule(log_of_cosh, Risk.OVERFLOW),
    Rule(log_of_function, Risk.LOG_OF_0),
    Rule(log_of_exponentials, Risk.OVERFLOW),
    Rule(power_of_exponentials, Risk.OVERFLOW),
    Rule(power_of_sigmoid, Risk.UNDERFLOW),
    Rule(power_of_softplus, None),
    Rule(log_of_tanh_square, Risk.LOG_OF_0),
    Rule(log_of_difference, Risk.OVERFLOW),
    Rule(log_of_difference_of_sigmoids, Risk.LOG_OF_0),
    Rule(log_of_1_less_exp_of_exp, Risk.CANCELLATION),
    Rule(_sinh_over_cosh, Risk.OVERFLOW),
    Rule(sech_of_exponentials, Risk.OVERFLOW),
    Rule(_tanh, Risk.OVERFLOW),
    Rule(sigmoid_of_exponentials, Risk.OVERFLOW),
    Rule(exp_times_sigmoid, Risk.OVERFLOW),
    Rule(quotient_of_exponentials, Risk.OVERFLOW),
    Rule(less_reflected, None),
    Rule(bell_over_erfc, Risk.UNDERFLOW),
)
# Only evaluated in the new spelling: it keeps digits that the old one cancels, has no square
# that overflows, or no 0 times infinity.
_CANCELLATION = (
    Rule(_xlogy, Risk.LOG_OF_0),
    Rule(log_of_mixture, Risk.LOG_OF_0),
    Rule(over_a_mixture, Risk.UNDERFLOW),
    Rule(log_of_1_less_exp, Risk.CANCELLATION),
    Rule(root_less_number, Risk.CANCELLATION),
    Rule(over_two_squares, Risk.OVERFLOW),
    Rule(of_two_squares, Risk.OVERFLOW),
    Rule(log_of_power, Risk.OVERFLOW),
    Rule(log_of_1_and_more, Risk.CANCELLATION),
    Rule(_expm1, Risk.CANCELLATION),
    Rule(_less_cosine, Risk.CANCELLATION),
    Rule(_bell, Risk.OVERFLOW),
)

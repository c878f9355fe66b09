"""Sums of a few exponentials: their logarithms, powers and quotients, in spellings that do not
overflow.
"""

from __future__ import annotations

from itertools import permutations

import sympy as sp
from sympy.codegen.cfunctions import expm1

from bpgen.atoms import atoms
from bpgen.functions import log_add_exp, sech, sigmoid, softplus

Exponential = tuple[sp.Expr, sp.Expr]  # (c, u) of c exp(u), with a positive number c
_MOST = 8  # addends


def exponentials(expr: sp.Expr) -> list[Exponential]:
    """(c, u) of each addend of c exp(u) + d exp(v) + ..., the numbers as one with u = 0; nothing
    where an addend is no positive multiple of an exponential.
    """
    addends = [exponential(a) for a in expr.args] if isinstance(expr, sp.Add) else []
    number = sp.Add(*(c for c, u in addends if u == 0))
    found = [*([(number, sp.S.Zero)] if number != 0 else []), *(a for a in addends if a[1] != 0)]
    positive = all(c.is_positive for c, _ in found)
    return found if 2 <= len(found) <= _MOST and positive else []


def exponential(addend: sp.Expr) -> Exponential:
    """(c, u) of c exp(u); c is 0 where it is none."""
    if addend.is_number:
        return addend, sp.S.Zero
    varying = [f for f in sp.Mul.make_args(addend) if not f.is_number]
    if all(isinstance(f, sp.exp) for f in varying):
        constant = (f for f in sp.Mul.make_args(addend) if f.is_number)
        return sp.Mul(*constant), sp.Add(*(f.args[0] for f in varying))
    return sp.S.Zero, addend


def log_of_exponentials(expr: sp.Expr) -> sp.Expr | None:
    """log(c exp u + d exp v + ...) = log(exp(log c + u) + exp(log d + v + ...)), two at a time; of
    a number that is not small and one exponential a + softplus(b - a), log(1 + exp u) = softplus(u)
    among them
    """
    terms = exponentials(_of_exponentials(expr.args[0])) if isinstance(expr, sp.log) else []
    return _log_of_sum(terms) if terms else None


def _of_exponentials(total: sp.Expr) -> sp.Expr:
    """A sum whose addends exp(u) (exp v + ...), as logarithms of sums within it leave them, are
    exp(u + log(exp v + ...)).
    """
    if not isinstance(total, sp.Add) or not total.has(sp.exp):
        return total
    return sp.Add(*(_of_exponential(addend) for addend in total.args))


def _of_exponential(addend: sp.Expr) -> sp.Expr:
    factors = [
        sp.exp(log) if isinstance(f, sp.Add) and (log := log_of_exponentials(sp.log(f))) else f
        for f in sp.Mul.make_args(addend)
    ]
    return one_exponential(sp.Mul(*factors)) if addend.is_Mul else addend


def _log_of_sum(terms: list[Exponential]) -> sp.Expr:
    *others, last = (sp.log(c) + u for c, u in terms)
    for a in reversed(others):
        # Far below the sum, as -1e10 where nothing is to lead, a would take the digits of the rest.
        near = a.is_number and a >= -1
        last = a + softplus(last - a) if near else log_add_exp(a, last)
    return last


def power_of_exponentials(expr: sp.Expr) -> sp.Expr | None:
    """exp(u) S^k = exp(u + k log S), where the sum S of exponentials may overflow and S^k does not:
    k is no whole number, or S divides and is of three or more
    """
    for part in sp.Mul.make_args(expr):
        if isinstance(part, sp.Pow) and not isinstance(part, sp.exp) and part.exp.is_number:
            terms, power = exponentials(part.base), part.exp
            divides = power.is_negative and len(terms) > 2
            if terms and (divides or not power.is_Integer):
                others = (f for f in sp.Mul.make_args(expr) if f != part)
                return one_exponential(sp.Mul(*others, sp.exp(power * _log_of_sum(terms))))
    return None


def less_reflected(expr: sp.Expr) -> sp.Expr | None:
    """c softplus(u) - c softplus(-u) = c u, the logarithm of the odds of a sigmoid"""
    of = {}
    for addend in expr.args if isinstance(expr, sp.Add) else ():
        parts = addend.as_independent(softplus, as_Add=False)
        if isinstance(parts[1], softplus):
            of[parts] = addend
    for (factor, call), addend in of.items():
        other = of.get((-factor, softplus(-call.args[0])))
        if other is not None:
            return expr - addend - other + factor * call.args[0]
    return None


def with_whole_exponentials(expr: sp.Expr) -> sp.Expr:
    """c + c expm1(u) as c exp(u)."""
    whole = {}
    for total in atoms(expr, sp.Add) if expr.has(expm1) else ():
        for part in total.args:
            call = next((f for f in sp.Mul.make_args(part) if isinstance(f, expm1)), None)
            if call is not None and part / call in total.args:
                whole[total] = total - part / call - part + part / call * sp.exp(call.args[0])
    return expr.xreplace(whole)


def one_exponential(product: sp.Expr) -> sp.Expr:
    """exp(u) exp(v) = exp(u + v)"""
    factors = sp.Mul.make_args(product)
    of_exp = [f.args[0] for f in factors if isinstance(f, sp.exp)]
    rest = (f for f in factors if not isinstance(f, sp.exp))
    return sp.Mul(*rest, sp.exp(sp.Add(*of_exp)))


def over_exponentials(product: sp.Expr, total: sp.Expr) -> sp.Expr:
    """exp(u) / (c exp(v) + ...) = exp(u - log(c exp(v) + ...)), where u is none of those added."""
    terms = exponentials(total)
    tops = [f.args[0] for f in sp.Mul.make_args(product) if isinstance(f, sp.exp)]
    if not terms or not tops or any(u in tops for _, u in terms):
        return product
    return one_exponential(product * total * sp.exp(-_log_of_sum(terms)))


def quotient_of_exponentials(expr: sp.Expr) -> sp.Expr | None:
    """exp(u) exp(-v) = exp(u - v), where both may be large"""
    parts = expr.args if isinstance(expr, sp.Mul) else ()
    signs = {_is_negative(f.args[0]) for f in parts if isinstance(f, sp.exp)}
    return one_exponential(expr) if signs == {True, False} else None


def _is_negative(argument: sp.Expr) -> bool:
    return all(a.as_coeff_Mul()[0].is_negative for a in sp.Add.make_args(argument))


def power_of_sigmoid(expr: sp.Expr) -> sp.Expr | None:
    """sigmoid(u)^k = exp(-k softplus(-u)), where k is no whole number: the root of what is too
    small for a float is none
    """
    if isinstance(expr, sp.Pow) and isinstance(expr.base, sigmoid):
        power, u = expr.exp, expr.base.args[0]
        if power.is_number and not power.is_Integer:
            return sp.exp(-power * softplus(-u))
    return None


def power_of_softplus(expr: sp.Expr) -> sp.Expr | None:
    """exp(-k softplus(u)) = sigmoid(-u)^k, whose complement and logarithm have spellings of their
    own
    """
    number, call = expr.args[0].as_coeff_Mul() if isinstance(expr, sp.exp) else (expr, expr)
    if isinstance(call, softplus) and number.is_Integer and number.is_negative:
        return sigmoid(-call.args[0]) ** -number
    return None


def sech_of_exponentials(expr: sp.Expr) -> sp.Expr | None:
    """1 / cosh(u) = sech(u), also with cosh written out"""
    if isinstance(expr, sp.Pow) and expr.exp.is_negative:
        if isinstance(expr.base, sp.cosh):
            return sech(expr.base.args[0]) ** -expr.exp
        terms = exponentials(expr.base) if expr.exp.is_Integer else []
        if len(terms) == 2 and terms[0] == (terms[1][0], -terms[1][1]):
            c, u = max(terms, key=lambda term: str(term[1]))
            return (sech(u) / (2 * c)) ** -expr.exp
    return None


def _without_exp(expr: sp.Expr, u: sp.Expr, most: sp.Integer) -> tuple[sp.Integer, sp.Expr]:
    """How often exp(u) can be taken out of a product, and what is left; 1 as often as one likes."""
    if u == 0:
        return most, expr
    number, rest = u.primitive()
    for part in sp.Mul.make_args(expr):
        if isinstance(part, sp.exp):
            multiple, other = part.args[0].primitive()
            if other == rest and (multiple / number).is_Integer:
                times = min(multiple / number, most)
                left = sp.exp((multiple - times * number) * rest)
                return times, without(expr, part) * left
    return sp.S.Zero, expr


def sigmoid_of_exponentials(expr: sp.Expr) -> sp.Expr | None:
    """exp(u) / (c exp(u) + d exp(v)) = sigmoid(u - v + log(c/d)) / c, also with 1 for exp(u), and
    powers: 1 / (1 + exp(-v)) = sigmoid(v)
    """
    for part in sp.Mul.make_args(expr):
        base, power = part.as_base_exp()
        if power.is_Integer and power.is_negative:
            terms = sorted(exponentials(base), key=lambda term: term[1] == 0)
            for (c, u), (d, v) in permutations(terms, 2) if len(terms) == 2 else ():
                times, left = _without_exp(expr, u, -power)
                if times:
                    return left * (base * sigmoid(u - v + sp.log(c / d)) / c) ** times
    return None


def exp_times_sigmoid(expr: sp.Expr) -> sp.Expr | None:
    """exp(u) sigmoid(-u) = sigmoid(u), and powers"""
    for part in expr.args if isinstance(expr, sp.Mul) else ():
        base, power = part.as_base_exp()
        if isinstance(base, sigmoid) and power.is_Integer and power.is_positive:
            times, left = _without_exp(expr, -base.args[0], power)
            if times:
                return left * (sigmoid(-base.args[0]) / base) ** times
    return None


def without(product: sp.Expr, *factors: sp.Expr) -> sp.Expr:
    """A product without some of its factors."""
    return sp.Mul(*(a for a in product.args if a not in factors))

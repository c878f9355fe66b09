"""What the floats in a module's text stand for: exact numbers, of which they are the rounding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import combinations_with_replacement

import sympy as sp

from bpgen.ir import Equation

NICE = 10**6  # denominators of constants a float may stand for
SHORT = 12  # characters of a decimal that is meant as it stands
FIGURES = 6  # characters of a decimal whose products with another are as short
FEW = 12  # numbers of which all products are known
ULP = 4e-16  # relative: how far a float may lie from a constant that it is the rounding of


def constant(number: float, known: Mapping[float, sp.Expr]) -> sp.Expr:
    """What a float stands for: a constant of the network, else the simplest fraction or multiple of
    an irrational constant within a rounding of it: what is computed, as 0.1 N, is rounded again.
    """
    if number in known:
        return known[number]
    fits = []
    if len(repr(number)) > SHORT:
        irrational = {value: exact for value, exact in known.items() if not exact.is_Rational}
        for value, exact in {1.0: sp.S.One, **irrational}.items():
            ratio = Fraction(number / value).limit_denominator(NICE)
            if abs(value * float(ratio) - number) <= ULP * abs(number):
                fits.append((abs(ratio.numerator) * ratio.denominator, ratio, exact))
    if not fits:
        return sp.Rational(repr(number))
    _, ratio, exact = min(fits, key=lambda fit: fit[0])
    return exact * sp.Rational(ratio.numerator, ratio.denominator)


def constants(network: Iterable[Equation]) -> dict[float, sp.Expr]:
    """The irrational constants of a network, and what its rational ones are multiplied to, by the
    floats they print as.
    """
    known = (sp.log(2), 2 / sp.sqrt(sp.pi))  # which log_cosh and the derivative of erf need
    network = tuple(network)
    found: dict[float, sp.Expr] = {**_products(network), **{float(c): c for c in known}}
    logs: dict[float, sp.Expr] = {}
    takes_logs = any(t.body.has(sp.log) for e in network for t in e.terms)
    for equation in network:
        for term in equation.terms:
            if term.over and takes_logs:  # that of a sum of exponentials, each times a number
                logs.update(_log_of(abs(_coefficient(term.body))))
            for part in sp.preorder_traversal(term.body):
                number = _alone(part) if isinstance(part, sp.Add) else _coefficient(part)
                logs.update(_logs(part))
                found.update({float(c): c for c in _roots(part)})
                if isinstance(part, sp.Pow) and part.base.is_number and not part.exp.is_number:
                    number = sp.log(part.base)  # which its derivative multiplies by
                if not number.is_rational and number.is_finite:
                    found.update({float(c): c for c in (number, 1 / number)})
    found.update(logs)  # log(1 + exp(-40)) is rounded to what exp(-40) is, and written instead
    roots = [c for c in found.values() if not c.is_rational]
    found.update({float(slope * c): slope * c for c in roots for slope in known[1:]})
    found.update({float(c**2): c**2 for c in roots})  # that of 2 ** z / log(2) has log(2) ** 2
    return found


def _products(network: Iterable[Equation]) -> dict[float, sp.Expr]:
    """Products of up to four numbers of a network: a derivative is multiplied by the factor and
    the exponent of each function that it goes through, and divided by a factor where a value that
    holds it is told by its name. Of many numbers those of two.
    """
    bodies = [term.body for equation in network for term in equation.terms]
    numbers = {abs(n) for body in bodies for n in body.atoms(sp.Rational) if n != 0}
    odd = sorted(n for n in numbers if len(repr(float(n))) > FIGURES)
    factors = [sp.S.One, *sorted(numbers - {sp.S.One} - {*odd})[:FEW], *odd[:FEW]]
    of = combinations_with_replacement(factors, 4 if len(factors) <= FEW else 2)
    every = {sp.Mul(*product) for product in of} if odd else set()
    every |= {n / number for n in factors for number in odd[:FEW]}
    return {float(sign * n): sign * n for n in every for sign in (1, -1)}


def _log_of(number: sp.Expr) -> dict[float, sp.Expr]:
    """The logarithm of a number, whole and as the sum that its factors make, with either sign."""
    log = sp.log(number) if number.is_positive else sp.S.Zero
    logs = {log, *sp.Add.make_args(sp.expand_log(log, force=True))} - {sp.S.Zero}
    return {float(sign * log): sign * log for log in logs for sign in (1, -1)}


def _logs(part: sp.Basic) -> dict[float, sp.Expr]:
    """Logarithms of the coefficients of a sum, and of the numbers in it together, that a stable
    spelling may have moved into an exponent: 1 / (2 + 3 exp z) is written with log(2/3), log(3 - 3
    tanh z) with log 6, log(1 + e + exp z) with log(1 + e).
    """
    sum_of = part.args[0] if isinstance(part, sp.log) else part
    addends = sp.Add.make_args(sum_of)
    if not (isinstance(part, sp.log) or any(a.has(sp.exp) for a in addends)):
        return {}
    sizes = {abs(c) for c in (_alone(sum_of), *map(_coefficient, addends))} - {sp.S.Zero}
    every = {c / d for c in (*sizes, *(2 * s for s in sizes)) for d in (*sizes, sp.S.One)}
    return {value: log for c in sorted(every, key=str) for value, log in _log_of(c).items()}


def _roots(part: sp.Basic) -> list[sp.Expr]:
    """Roots of the numbers in a sum and of their quotients: 1 / (2 + 3 z^2) is written with z
    sqrt(3) and sqrt(2), or with sqrt(2/3).
    """
    if not isinstance(part, sp.Add):
        return []
    sizes = {abs(a.as_coeff_Mul()[0]) for a in part.args} - {sp.S.Zero}
    roots = {sp.sqrt(c / d) for c in (*sizes, sp.S.One) for d in (*sizes, sp.S.One)}
    odd = sorted((root for root in roots if not root.is_Rational), key=str)
    return [sign * root for root in odd for sign in (1, -1)]


def _alone(part: sp.Basic) -> sp.Expr:
    """The numbers of a sum, together."""
    return sp.Add(*(a for a in sp.Add.make_args(part) if a.is_number))


def _coefficient(part: sp.Basic) -> sp.Expr:
    """The constant factor of a product, or a constant itself."""
    if isinstance(part, sp.Mul):
        return sp.Mul(*(a for a in part.args if a.is_number))
    return part if isinstance(part, sp.Expr) and part.is_number and part.is_real else sp.S.One

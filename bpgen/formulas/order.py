"""In which order sums and products are written, and what stands above a fraction bar or below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy as sp

from bpgen.functions import row
from bpgen.ir import elements


def addends(expr: sp.Add, order: Mapping[str, int]) -> list[sp.Expr]:
    """What is added up, as it is written: positive before negative, and by the names in it."""

    def place(part: sp.Expr) -> tuple[bool, bool, list[int]]:
        return bool(part.could_extract_minus_sign()), not part.is_number, _rank(part, order)

    parts = sorted(expr.args, key=place)
    signs = [p.could_extract_minus_sign() for p in parts if not p.is_number]
    if {*signs} == {True, False}:  # a - b + eps: a small number is not lost in a
        parts.sort(key=lambda p: bool(p.is_number))
    return parts


def rounded(value: sp.Expr) -> sp.Rational:
    """The decimal that stands for a number in code."""
    return sp.Rational(repr(float(value)))


def with_one_number(expr: sp.Add) -> sp.Expr:
    """The numbers of a sum as their sum: log(3) - log(2) + z is 0.4054651081081644 + z."""
    numbers = [a for a in expr.args if a.is_number]
    if len(numbers) < 2:
        return expr
    rest = (a for a in expr.args if not a.is_number)
    return sp.Add(rounded(sp.Add(*numbers)), *rest)


def factors(above: Iterable[sp.Expr], order: Mapping[str, int]) -> list[sp.Expr]:
    """The factors of a product as they are written, numbers first and what compares last."""

    def place(factor: sp.Expr) -> tuple[int, list[int]]:
        names = {e.name for e in elements(factor)}
        known = row(factor)
        if factor.is_number:
            kind = 0
        elif known is not None and known.mask:  # -(z > 0) is no number
            kind = 4
        elif isinstance(factor, sp.Add):
            kind = 1 if len(names) > 1 else 3
        else:
            kind = 2
        return kind, _rank(factor, order)

    return sorted(above, key=place)


def _rank(part: sp.Basic, order: Mapping[str, int]) -> list[int]:
    return sorted(order.get(e.name, -1) for e in elements(part))


def content_of(expr: sp.Expr) -> tuple[sp.Rational, sp.Expr]:
    """What all addends of a sum have in common, where no other number is left in them."""
    content, rest = expr.primitive() if isinstance(expr, sp.Add) else (sp.S.One, expr)
    plain = all(abs(a.as_coeff_Mul()[0]) == 1 for a in sp.Add.make_args(rest))
    return (content, rest) if plain else (sp.S.One, expr)


def with_contents(product: sp.Mul) -> tuple[sp.Rational, sp.Expr]:
    """The rational coefficient of a product, the contents of its sums among it, and the rest."""
    coefficient, rest = product.as_coeff_Mul(rational=True)
    contents, factors = zip(*map(content_of, sp.Mul.make_args(rest)), strict=True)
    return coefficient * sp.Mul(*contents), sp.Mul(*factors)


def fraction(coefficient: sp.Rational, rest: sp.Expr) -> tuple[list[sp.Expr], list[sp.Expr]]:
    """The factors above and below the fraction bar."""
    above: list[sp.Expr] = []
    below: list[sp.Expr] = []
    for factor in sp.Mul.make_args(rest):
        if (
            isinstance(factor, sp.Pow)
            and not isinstance(factor, sp.exp)
            and factor.exp.could_extract_minus_sign()
        ):
            below.append(1 / factor)
        elif factor != 1:
            above.append(factor)
    if is_decimal(coefficient):
        return [coefficient, *above], below
    if coefficient.p != 1:
        above.insert(0, sp.Integer(coefficient.p))
    if coefficient.q != 1:
        below.insert(0, sp.Integer(coefficient.q))
    return above, below


def is_decimal(value: sp.Rational) -> bool:
    """Whether a fraction is better written 0.02 than / 50: a short decimal, or one nobody reads.
    1 / 64 stays: it is a mean.
    """
    if value.q > 1000:
        return True
    rest, tens = int(value.q), 0
    while rest % 2 == 0:
        rest //= 2
    while rest % 5 == 0:
        rest, tens = rest // 5, tens + 1
    return rest == 1 and tens > 0 and len(repr(float(value))) <= 8

"""How a scalar is written: as a sum of multiples, as a product with a number, as a quotient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import gcd, lcm

from bpgen.check.residues.scalar import Scalar

Form = dict[int, Fraction]  # a sum of multiples of scalars, by their residues
LINEAR = ("+", "-")


def add_all(form: Form, other: Form, factor: Fraction) -> None:
    for base, times in other.items():
        add(form, base, times * factor)


def add(form: Form, base: int, factor: Fraction) -> None:
    form[base] = form.get(base, Fraction(0)) + factor
    if not form[base]:
        del form[base]


def coefficient(node: Scalar) -> tuple[Fraction, Scalar | None]:
    """The rational factor of a product, and what it multiplies where that is one scalar of the
    product, else the product; None where there is nothing but a number.
    """
    factor, others, waiting = Fraction(1), list[Scalar](), [(node, 1)]
    while waiting:
        one, power = waiting.pop()
        if one.op == "const":
            factor = factor * one.number if power > 0 else factor / one.number
        elif one.op in ("*", "/"):
            sign = 1 if one.op == "*" else -1
            waiting += [(one.args[0], power), (one.args[1], sign * power)]
        else:
            others.append(one)
            if power < 0:
                others.append(one)  # no single factor
    if not others:
        return factor, None
    return factor, others[0] if len(others) == 1 else node


def addends(node: Scalar) -> Iterator[Scalar]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one.op in LINEAR:
            waiting += one.args
        else:
            yield one


def content(parts: Iterable[Scalar]) -> Fraction:
    """The largest number that each addend is a whole multiple of."""
    numbers = [coefficient(part)[0] for part in parts]
    over = lcm(*(n.denominator for n in numbers))
    return Fraction(gcd(*(int(n * over) for n in numbers)), over)


def denominators(node: Scalar) -> Iterator[Scalar]:
    """The sums that a product divides by, or a sum within it; exp(-log u) divides by u."""
    waiting = [(node, 1)]
    while waiting:
        one, power = waiting.pop()
        if one.op in ("*", "/"):
            sign = 1 if one.op == "*" else -1
            waiting += [(one.args[0], power), (one.args[1], sign * power)]
        elif one.op == "^" and one.number.denominator == 1:
            times = int(one.number)
            waiting += [(one.args[0], power if times > 0 else -power)] * abs(times)
        elif one.op == "exp":
            waiting += [(u, power * sign) for u, sign in _factors(one.args[0])]
        elif one.op in LINEAR:
            if power < 0:
                yield one
            else:
                waiting += [(a, power) for a in one.args]


def _factors(exponent: Scalar) -> Iterator[tuple[Scalar, int]]:
    """Each u of exp(log u - log v + ...), with the sign of its logarithm, as often as it counts."""
    waiting = [(exponent, 1)]
    while waiting:
        one, sign = waiting.pop()
        number, kernel = coefficient(one)
        if one.op in LINEAR:
            own = sign if one.op == "+" else -sign
            waiting += [(one.args[0], sign), (one.args[1], own)]
        elif kernel is not None and kernel.op == "log" and number.denominator == 1:
            sign *= 1 if number > 0 else -1
            yield from [(kernel.args[0], sign)] * abs(int(number))

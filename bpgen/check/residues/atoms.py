"""What is transcendental or a root, as residues: independent ones, save for what is known of them.

A known relation is kept by construction: exp(a + b) = exp(a) exp(b), log(a b) = log a + log b,
exp(log a) = a, cos^2 + sin^2 = 1, and the roots of one radicand are powers of each other. Of every
other relation the residues know nothing: what needs it is not proved, and nothing false is. An
expression that is 0 for independent values of its atoms is 0 for their true ones.

Of the two roots of a square one is taken, by chance where the radicand is itself the square of
something; that it is the one which is meant is told by the values, in 60 digits.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, lcm

import sympy as sp

from bpgen.check.residues.field import ROOTS, Circle, Field
from bpgen.check.residues.forms import (
    LINEAR,
    Form,
    add,
    add_all,
    addends,
    coefficient,
    content,
    denominators,
)
from bpgen.check.residues.scalar import Scalar

ONE = 1
# Factors by which one scalar of a sum may differ from another that is already known.
NEAR = [Fraction(s * a, b) for a, b in ((1, 1), (2, 1), (1, 2), (4, 1), (1, 4)) for s in (1, -1)]
LATELY = 16  # logarithms of which a new one may be known, and exponentials that may be between


class Atoms:
    """The atoms of one run, or of one of its lanes, each by the residue of its argument."""

    def __init__(self, field: Field, lane: int) -> None:
        self.field, self.lane = field, lane  # which of a scalar's residues these go by
        # Each factor, its residue and that of its inverse: division takes long where residues are.
        self._near = [(f, field.rational(f), field.rational(1 / f)) for f in NEAR]
        # By how much roots of squares raise the degree: an expression in them is 0 where the
        # product of all its conjugates is.
        self.conjugates = 1
        self._bases: dict[int, int] = {}  # exp of what exponents are sums of
        self._orders: dict[int, int] = {}  # what the denominators of their powers divide
        self._angles: dict[int, Circle] = {}
        # Of sums, by residue: who adds in another order adds the same.
        self._forms: dict[int, Form] = {0: {}}
        self._exponents: dict[int, int] = {1: 0}  # of the exponentials
        self._logs: dict[int, int] = {}
        self._roots: dict[int, int] = {}
        self._others: dict[tuple[str, int], int] = {}

    @property
    def rooted(self) -> bool:
        return bool(self._roots)

    def exp(self, node: Scalar) -> tuple[int, int]:
        """exp of a sum as a product of powers; exp(c log x) is x ** c."""
        result, degree, p = 1, 1, self.field.prime
        form, logs = self._form(node)
        for base, factor in form.items():
            base, factor = self._fraction(base, factor)
            if base not in self._bases:
                self._bases[base] = self.field.square()
            result = result * self.field.power(self._bases[base], factor) % p
            degree += ceil(ROOTS * abs(factor))
        for inner, factor in logs:
            power, grown = self.power(inner, factor)
            result, degree = result * power % p, degree + grown
        exponent = node.residues[self.lane]
        self._exponents.setdefault(result, exponent)
        self._exponents.setdefault(result * result % p, 2 * exponent % p)
        return result, degree

    def circle(self, node: Scalar) -> tuple[Circle, int]:
        """The cosine and the sine of a sum of angles."""
        result, degree = (1, 0), 1
        form, logs = self._form(node)
        for inner, factor in logs:
            add(form, self.log(inner)[0], factor)
        for base, factor in form.items():
            base, factor = self._fraction(base, factor)
            if base not in self._angles:
                self._angles[base] = self.field.angle()
            turn = self.field.multiple(self._angles[base], factor)
            result = self.field.turned(result, turn)
            degree += ceil(ROOTS * abs(factor))
        return result, degree

    def _form(self, node: Scalar) -> tuple[Form, list[tuple[Scalar, Fraction]]]:
        """A scalar as a sum of multiples of others, and the logarithms in it apart."""
        form: Form = {}
        logs: list[tuple[Scalar, Fraction]] = []
        waiting = [(node, Fraction(1))]
        while waiting:
            one, factor = waiting.pop()
            if one.residues[self.lane] in self._forms:
                add_all(form, self._forms[one.residues[self.lane]], factor)
                continue
            number, kernel = coefficient(one)
            factor *= number
            if kernel is None:
                add(form, ONE, factor)
            elif kernel.op == "log":
                logs.append((kernel.args[0], factor))
            elif kernel.op in LINEAR:
                sign = 1 if kernel.op == "+" else -1
                waiting += [(kernel.args[0], factor), (kernel.args[1], sign * factor)]
            else:
                over = self.field.rational(1 / number)
                inner = one.residues[self.lane] * over % self.field.prime
                add_all(form, self._known(inner), factor)
        if not logs:
            self._forms.setdefault(node.residues[self.lane], dict(form))
        return form, logs

    def _known(self, residue: int) -> Form:
        """What stands for a residue in sums: itself, or a multiple of what is there already."""
        for factor, _, over in self._near:
            other = residue * over % self.field.prime
            if other in self._forms:
                return {base: times * factor for base, times in self._forms[other].items()}
        self._forms[residue] = {residue: Fraction(1)}
        return self._forms[residue]

    def _fraction(self, base: int, factor: Fraction) -> tuple[int, Fraction]:
        """The base and the factor that a power is taken of: where one power would have to be the
        root of all, and of too high an order, this one stands for itself.
        """
        order = lcm(self._orders.get(base, 1), factor.denominator)
        if order <= ROOTS:
            self._orders[base] = order
            return base, factor
        sign = 1 if factor > 0 else -1
        return base * self.field.rational(abs(factor)) % self.field.prime, Fraction(sign)

    def log(self, node: Scalar) -> tuple[int, int]:
        """log of a product as a sum; a factor counts by its size."""
        p = self.field.prime
        for residue in (node.residues[self.lane], p - node.residues[self.lane]):
            if residue in self._logs:
                return self._logs[residue], 1
        total, degree, waiting = 0, 1, [(node, Fraction(1))]
        while waiting:
            one, power = waiting.pop()
            times = self.field.rational(power)
            if one.op in ("*", "/"):
                sign = 1 if one.op == "*" else -1
                waiting += [(one.args[0], power), (one.args[1], sign * power)]
            elif one.op == "^":
                waiting.append((one.args[0], power * one.number))
            elif one.op == "exp":
                total, degree = (
                    total + times * one.args[0].residues[self.lane],
                    degree + one.args[0].degree,
                )
            elif one.op == "const":
                total += times * self._log_of_number(one.number)
            else:
                found, grown = self._log_of_sum(one)
                self._logs[one.residues[self.lane]] = found % p  # another may stand alone
                total, degree = total + times * found, degree + grown
        self._logs[node.residues[self.lane]] = total % p
        return total % p, degree

    def _log_of_number(self, number: Fraction) -> int:
        total = 0
        for sign, part in ((1, number.numerator), (-1, number.denominator)):
            for prime, power in sp.factorint(abs(part)).items():
                total += sign * power * self._log_of_residue(int(prime))
        return total

    def _log_of_residue(self, residue: int) -> int:
        """An atom, unless this or its opposite is known, or an exponential."""
        for one in (residue, self.field.prime - residue):
            if one in self._logs:
                return self._logs[one]
            if one in self._exponents:
                return self._exponents[one]
        self._logs[residue] = self.field.random()
        return self._logs[residue]

    def _log_of_sum(self, node: Scalar) -> tuple[int, int]:
        """log of a sum: of its largest addend, and of the sum in units of that, which is the same
        for all multiples of the sum.
        """
        p = self.field.prime
        for residue in (node.residues[self.lane], p - node.residues[self.lane]):
            if residue in self._logs:
                return self._logs[residue], 1
        parts = list(addends(node))
        over = [d for a in parts for d in denominators(a)]
        whole = node.residues[self.lane]
        for denominator in over:
            whole = whole * denominator.residues[self.lane] % p
        below = sum(self.log(d)[0] for d in over)
        common = content(parts) if over else Fraction(1)
        for factor in (common * near for near in NEAR) if over else ():
            residue = whole * self.field.rational(1 / factor) % p
            if residue in self._logs or residue in self._exponents:
                found = self._log_of_residue(residue)
                found += self._log_of_number(abs(factor)) - below
                return found % p, node.degree
        multiple = self._log_of_multiple(whole)
        if multiple is not None:
            return (multiple - below) % p, node.degree
        found, degree = self._log_by_largest(node, parts)
        if over:  # the numerator may stand alone
            self._logs.setdefault(whole, (found + below) % p)
        return found, degree

    def _log_by_largest(self, node: Scalar, parts: list[Scalar]) -> tuple[int, int]:
        """log of a sum by that of its largest addend."""
        p = self.field.prime
        largest = max(parts, key=lambda a: abs(a.value))
        if largest is node or not largest.residues[self.lane] or not largest.value:
            return self._log_of_residue(node.residues[self.lane]), 1
        unit, degree = self.log(largest)
        rest = node.residues[self.lane] * self.field.inverse(largest.residues[self.lane]) % p
        return (unit + self._log_of_residue(rest)) % p, degree + 1

    def _log_of_multiple(self, residue: int) -> int | None:
        """log of a number times an exponential times a sum whose logarithm is known, such as cosh z
        = exp(-z) (exp(2 z) + 1) / 2.
        """
        p = self.field.prime
        for other in list(self._logs)[-LATELY:] if residue else ():
            ratio = residue * self.field.inverse(other or 1) % p
            turned = self.field.inverse(ratio)
            for factor, times, over in self._near:
                for one, sign in ((ratio * over % p, 1), (turned * times % p, -1)):
                    exponent = self._exponent(one)
                    if exponent is not None:
                        number = self._log_of_number(abs(factor))
                        return (self._logs[other] + number + sign * exponent) % p
        return None

    def _exponent(self, residue: int) -> int | None:
        """That of a known exponential, or of the quotient of two."""
        if residue in self._exponents:
            return self._exponents[residue]
        for below in list(self._exponents)[-LATELY:]:
            above = residue * below % self.field.prime
            if above in self._exponents:
                return self._exponents[above] - self._exponents[below]
        return None

    def power(self, node: Scalar, exponent: Fraction) -> tuple[int, int]:
        """A rational power. A radicand that is no square has roots all the same, which know of each
        other and not of it.
        """
        residue, size = node.residues[self.lane], abs(exponent)
        if exponent.denominator == 1:
            base = residue if exponent > 0 else self.field.inverse(residue)
            return pow(base, abs(exponent.numerator), self.field.prime), ceil(node.degree * size)
        if residue not in self._roots:
            square = self.field.is_square(residue)
            self._roots[residue] = residue if square else self.field.square()
            self.conjugates *= 2 * exponent.denominator if square else 1
        return self.field.power(self._roots[residue], exponent), ceil(node.degree * (1 + size))

    def odd(self, function: str, node: Scalar) -> tuple[int, int]:
        """An atom of an odd function."""
        residue = node.residues[self.lane]
        opposite = (function, self.field.prime - residue)
        if opposite in self._others:
            return self.field.prime - self._others[opposite], 1
        if (function, residue) not in self._others:
            self._others[function, residue] = self.field.random()
        return self._others[function, residue], 1

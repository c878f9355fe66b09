"""The scalars of an exact run: each by its residues, its value, and how it was made of others.

The emitted module computes with them, and so do the network's equations; the reverse sweep over
what the equations did is the chain rule, one elementary operation at a time. The residue decides
what is equal (see `field` and `atoms`); the value, to 60 digits, decides on which side of a kink
the point lies, and refutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from operator import eq
from typing import Any

import numpy as np
import sympy as sp

from bpgen.check.constants import constant
from bpgen.check.residues.atoms import Atoms
from bpgen.check.residues.elementary import AT_ZERO, ODD, SLOPES, WRITTEN
from bpgen.check.residues.field import Field
from bpgen.check.residues.scalar import Scalar
from bpgen.check.residues.values import DIGITS, TIE, TOO_DEEP, NotProved, OnKink, Undefined, mp


class Tape:
    """One run: its scalars in the order in which they were made, and the atoms among them.

    Where a radicand is no square, its root is an atom that knows nothing of it. So a run may have
    several lanes, in each of which other radicands are squares: what is equal in one is proved.
    """

    def __init__(self, fields: Sequence[Field], known: dict[float, sp.Expr]) -> None:
        self.fields, self.known = fields, known
        self.atoms = [Atoms(field, lane) for lane, field in enumerate(fields)]
        self.primes = [field.prime for field in fields]
        self.made: list[Scalar] = []
        # What stands for a new scalar: itself, or one that is known to equal it.
        self.instead: Callable[[Scalar], Scalar] | None = None
        self._numbers: dict[Any, Scalar] = {}
        self.zero, self.one = self.number(Fraction(0)), self.number(Fraction(1))

    @property
    def rooted(self) -> bool:
        """Whether roots were taken: in other lanes other radicands are squares."""
        return any(atoms.rooted for atoms in self.atoms)

    def given(self, value: Any) -> Scalar:
        """A new variable, at this value."""
        return self._new("given", (), value, [f.random() for f in self.fields], 1)

    def held(self, number: Scalar) -> Scalar:
        """A variable of which only this value is looked at."""
        return self._new("given", (), number.value, number.residues, 0)

    def number(self, number: Fraction) -> Scalar:
        """A rational constant."""
        if number not in self._numbers:
            value = mp.mpf(number.numerator) / number.denominator
            made = self._new("const", (), value, [f.rational(number) for f in self.fields], 0)
            made.number = number
            self._numbers[number] = made
        return self._numbers[number]

    def constant(self, number: sp.Expr) -> Scalar:
        """A constant by its exact expression: a root of 2, pi, the logarithm of 3."""
        if number not in self._numbers:
            self._numbers[number] = self._read(number)
        return self._numbers[number]

    def _read(self, number: sp.Expr) -> Scalar:
        if number.is_Rational:
            return self.number(Fraction(int(number.p), int(number.q)))
        if number is sp.E:
            return self.call("exp", self.one)
        if number.is_NumberSymbol:
            value = mp.mpmathify(sp.N(number, DIGITS + 5))
            return self.given(value)
        if number is sp.S.NegativeInfinity:
            return self.infinite(-1)
        parts = [self.constant(a) for a in number.args]
        if number.is_Add or number.is_Mul:
            total = parts[0]
            for part in parts[1:]:
                total = total + part if number.is_Add else total * part
            return total
        if number.is_Pow:
            return self.power(*parts)
        return self.call(type(number).__name__, *parts)

    def infinite(self, sign: int) -> Scalar:
        """Minus infinity, as a masked value is; or what is taken from it."""
        return self._new("inf", (), sign * mp.inf, [], 0)

    def lift(self, other: Any) -> Scalar | None:
        """Any number as a scalar; None for what is no number."""
        if isinstance(other, Scalar):
            return other
        if isinstance(other, (bool, int, np.integer, np.bool_)):
            whole = int(other)  # it is found as the equal fraction is
            return self._numbers[whole] if whole in self._numbers else self.number(Fraction(whole))
        if isinstance(other, (float, np.floating)):
            if np.isfinite(other):
                return self._float(float(other))
            if np.isinf(other):
                return self.infinite(1 if other > 0 else -1)
            raise NotProved(f"a value is {float(other)}")
        if isinstance(other, Fraction):
            return self.number(other)
        return None

    def _float(self, number: float) -> Scalar:
        key = ("float", number)
        if key not in self._numbers:
            self._numbers[key] = self.constant(constant(number, self.known))
        return self._numbers[key]

    def _new(
        self, op: str, args: tuple[Scalar, ...], value: Any, residues: list[int], degree: int
    ) -> Scalar:
        made = Scalar(self, op, args, value, residues, degree)
        if self.instead is not None and residues:
            return self.instead(made)
        self.made.append(made)
        return made

    def binary(self, op: str, one: Scalar, two: Scalar) -> Scalar:
        """A sum, a difference, a product or a quotient."""
        if one.op == "const" and two.op == "const":
            if op == "/" and not two.number:
                raise Undefined("a division by zero")
            return self.number(_RATIONAL[op](one.number, two.number))
        shorter = self._shorter(op, one, two)
        if shorter is not None:
            return shorter
        if one.op == "inf" or two.op == "inf":
            return self._beyond(op, one, two)
        if op == "/" and 0 in two.residues:
            raise Undefined("a division by zero")
        if op == "/" and not two.value:
            raise OnKink("a divisor is 0 at the point")
        pairs = zip(self.primes, one.residues, two.residues, strict=True)
        residues = [_RESIDUES[op](p, a, b) for p, a, b in pairs]
        value = _VALUES[op](one.value, two.value)
        return self._new(op, (one, two), value, residues, one.degree + two.degree)

    def _shorter(self, op: str, one: Scalar, two: Scalar) -> Scalar | None:
        """x + 0, 1 x and their like are no operation."""
        if op in ("+", "-") and two is self.zero:
            return one
        if op == "+" and one is self.zero:
            return two
        if op in ("*", "/") and two is self.one:
            return one
        if op == "*" and one is self.one:
            return two
        # 0 times minus infinity is 0: a probability that is 0, times its logarithm.
        if (op == "*" and two is self.zero) or (op in ("*", "/") and one is self.zero):
            return self.zero
        return None

    def _beyond(self, op: str, one: Scalar, two: Scalar) -> Scalar:
        """Infinities. Where nothing is kept, minus infinity less minus infinity stays what it is:
        the share of each is 0, by convention.
        """
        value = _VALUES[op](one.value, two.value)
        if op == "/" and two.op == "inf" and one.op != "inf":
            return self.zero
        if mp.isnan(value) and op in ("+", "-"):
            value = -mp.inf
        if not mp.isinf(value):
            raise NotProved("a value is not finite")
        return self.infinite(1 if value > 0 else -1)

    def power(self, base: Scalar, exponent: Scalar) -> Scalar:
        """A power; one that is no number is an exponential."""
        if exponent.op in ("+", "-") and _is_whole(exponent.args[1]):  # x^(b - 1) is x^b / x
            rest, over = (self.power(base, e) for e in exponent.args)
            return self.binary("*" if exponent.op == "+" else "/", rest, over)
        if exponent.op != "const":
            return self.call("exp", exponent * self.call("log", base))
        number = exponent.number
        if number == 1:
            return base
        if base.op == "inf":
            if number > 0:
                raise NotProved("a value is not finite")
            return self.zero
        if base.op == "const" and number.denominator == 1:
            if not base.number and number < 0:
                raise Undefined("a division by zero")
            return self.number(base.number ** int(number))
        if base is self.zero and number > 0:  # a constant: what it is the root of, nobody moves
            return self.zero
        if 0 in base.residues and number < 0:
            raise Undefined("a division by zero")
        residues, degree = self._atom("power", base, number)
        whole = number.denominator == 1
        value = base.value ** int(number) if whole else mp.power(base.value, _mpf(number))
        made = self._new("^", (base,), value, residues, degree)
        if made.op == "^":
            made.number = number
        return made

    def call(self, function: str, *arguments: Scalar) -> Scalar:
        """An elementary function, or one that is written in elementary ones."""
        if function in WRITTEN:
            written: Scalar = WRITTEN[function](self, *arguments)
            return written
        (x,) = arguments
        if x.op == "inf" and function == "exp":
            return self.zero if x.value < 0 else x
        if x.op == "inf":
            raise NotProved("a value is not finite")
        if x is self.zero and function == "log":
            return self.infinite(-1)
        if x is self.zero and function in AT_ZERO:
            return self.number(AT_ZERO[function])
        if function in ("exp", "log"):
            residues, degree = self._atom(function, x)
        elif function in ("cos", "sin"):
            points, degree = self._atom("circle", x)
            residues = [point[function == "sin"] for point in points]
        elif function in ODD:
            residues, degree = self._atom("odd", function, x)
        else:
            raise NotProved(f"the exact check knows no value of {function}")
        value = getattr(mp, function)(x.value)
        return self._new(function, (x,), value, residues, degree)

    def _atom(self, kind: str, *of: Any) -> tuple[list[Any], int]:
        """The residues, and the degree, of an atom."""
        found = [getattr(atoms, kind)(*of) for atoms in self.atoms]
        return [residue for residue, _ in found], max(degree for _, degree in found)

    def same(self, one: Scalar, other: Scalar) -> bool:
        """Whether two scalars are provably equal, near the point: their residues are the same."""
        if one.op == "inf" or other.op == "inf":
            return one.op == other.op and bool(one.value == other.value)
        self.shallow(one.degree + other.degree)
        return any(map(eq, one.residues, other.residues))

    def shallow(self, degree: int) -> None:
        """Refuse to decide what is of too high a degree."""
        for field, atoms in zip(self.fields, self.atoms, strict=True):
            if not degree * atoms.conjugates * len(self.fields) <= field.deepest:
                raise NotProved(TOO_DEEP)

    def compare(self, one: Scalar, other: Scalar) -> int:
        """-1, 0 or 1; a tie at the point is believed only where it is one everywhere."""
        if one is other:
            return 0
        if one.op == "inf" or other.op == "inf":
            return int(one.value > other.value) - int(one.value < other.value)
        difference = one.value - other.value
        if abs(difference) > TIE:
            return 1 if difference > 0 else -1
        if not self.same(one, other):
            raise OnKink("two values are equal at the point")
        return 0

    def adjoints(self, of: Scalar, wanted: Iterable[Scalar]) -> list[Scalar]:
        """d(of)/d(each), by the chain rule over all that was made, the last first."""
        found: dict[Scalar, Scalar] = {of: self.one}
        for node in reversed(self.made[:]):
            if node in found and node.op in SLOPES:
                for argument, slope in zip(
                    node.args, SLOPES[node.op](node, found[node]), strict=True
                ):
                    before = found.get(argument)
                    found[argument] = slope if before is None else before + slope
        return [found.get(x, self.zero) for x in wanted]


def _mpf(number: Fraction) -> Any:
    return mp.mpf(number.numerator) / number.denominator


_RATIONAL: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}
_VALUES: dict[str, Callable[[Any, Any], Any]] = _RATIONAL
_RESIDUES: dict[str, Callable[[int, int, int], int]] = {
    "+": lambda p, a, b: (a + b) % p,
    "-": lambda p, a, b: (a - b) % p,
    "*": lambda p, a, b: a * b % p,
    "/": lambda p, a, b: a * pow(b, -1, p) % p,
}


def _is_whole(number: Scalar) -> bool:
    return number.op == "const" and number.number.denominator == 1

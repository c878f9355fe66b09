"""One scalar of an exact run, as numpy's arrays of objects compute with it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Protocol

import numpy as np
import sympy as sp


class Arithmetic(Protocol):
    """What scalars are computed by."""

    zero: Scalar

    def number(self, number: Fraction) -> Scalar:
        """A rational constant."""

    def constant(self, number: sp.Expr) -> Scalar:
        """A constant by its exact expression."""

    def lift(self, other: Any) -> Scalar | None:
        """Any number as a scalar; None for what is no number."""

    def binary(self, op: str, one: Scalar, two: Scalar) -> Scalar:
        """A sum, a difference, a product or a quotient."""

    def power(self, base: Scalar, exponent: Scalar) -> Scalar:
        """A power."""

    def call(self, function: str, *arguments: Scalar) -> Scalar:
        """An elementary function."""

    def compare(self, one: Scalar, other: Scalar) -> int:
        """-1, 0 or 1."""


class Scalar:
    """One scalar: `op` of `args`, or of a `number`."""

    __slots__ = ("args", "degree", "number", "op", "residues", "tape", "value")
    dtype = np.dtype(object)
    ndim = 0
    shape: tuple[int, ...] = ()
    number: Fraction  # of a constant, or the exponent of a power

    def __init__(
        self,
        tape: Arithmetic,
        op: str,
        args: tuple[Scalar, ...],
        value: Any,
        residues: list[int],
        degree: int,
    ) -> None:
        self.tape, self.op, self.args, self.value = tape, op, args, value
        self.residues, self.degree = residues, degree

    def __repr__(self) -> str:
        return f"{float(self.value):.6g}"

    def _with(self, op: str, other: Any, swapped: bool = False) -> Any:
        lifted = self.tape.lift(other)
        if lifted is None:
            return NotImplemented
        return self.tape.binary(op, *((lifted, self) if swapped else (self, lifted)))

    def __add__(self, other: Any) -> Any:
        return self._with("+", other)

    def __sub__(self, other: Any) -> Any:
        return self._with("-", other)

    def __mul__(self, other: Any) -> Any:
        return self._with("*", other)

    def __truediv__(self, other: Any) -> Any:
        return self._with("/", other)

    def __rsub__(self, other: Any) -> Any:
        return self._with("-", other, swapped=True)

    def __rtruediv__(self, other: Any) -> Any:
        return self._with("/", other, swapped=True)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Any:
        return self.tape.binary("-", self.tape.zero, self)

    def __pos__(self) -> Scalar:
        return self

    def __abs__(self) -> Any:
        return -self if self < 0 else self

    def __pow__(self, other: Any) -> Any:
        lifted = self.tape.lift(other)
        return NotImplemented if lifted is None else self.tape.power(self, lifted)

    def __rpow__(self, other: Any) -> Any:
        lifted = self.tape.lift(other)
        return NotImplemented if lifted is None else self.tape.power(lifted, self)

    def _compare(self, other: Any) -> int:
        lifted = self.tape.lift(other)
        if lifted is None:
            raise TypeError(f"{other!r} is no number")
        return self.tape.compare(self, lifted)

    def __lt__(self, other: Any) -> bool:
        return self._compare(other) < 0

    def __le__(self, other: Any) -> bool:
        return self._compare(other) <= 0

    def __gt__(self, other: Any) -> bool:
        return self._compare(other) > 0

    def __ge__(self, other: Any) -> bool:
        return self._compare(other) >= 0

    def __eq__(self, other: object) -> bool:
        return self is other or self._compare(other) == 0

    def __ne__(self, other: object) -> bool:
        return self is not other and self._compare(other) != 0

    def __bool__(self) -> bool:
        return self._compare(0) != 0

    def __hash__(self) -> int:
        return id(self)

    @property
    def T(self) -> Scalar:
        return self

    def item(self) -> Scalar:
        return self

    def copy(self) -> Scalar:
        return self

    def astype(self, *_: Any, **__: Any) -> Scalar:
        return self

    def mean(self) -> Scalar:
        return self

    sum = mean

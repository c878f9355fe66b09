"""The scalars that an emitted module computes with when it is run exactly: an expression and its
value at a point.

Arithmetic builds expressions; comparisons are decided by the values, so the code takes the branches
of the point's region. Whenever a value is that of a scalar of the written-out network, and the
algebra *proves* that the expression is that scalar, the scalar's symbol takes the expression's
place: so expressions stay small at any depth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from bpgen.check.constants import constant, constants
from bpgen.check.proofs import OPENED, Proofs, operations
from bpgen.check.written import TIE, NotProved, OnKink, Written, evaluate, mp

SHOWN = 35  # digits in which values of equal scalars agree
DEPTH = 12  # tensors whose definitions one recognition may open


class World:
    """One run: the written-out network, and what has been proved of it."""

    def __init__(self, written: Written) -> None:
        self.written, self.proofs = written, Proofs(written)
        self.constants = constants(written.network)
        self.known: dict[str, list[sp.Expr]] = {}
        self._recognise()
        self._merge()

    def _recognise(self) -> None:
        """Every defined scalar goes by its value; adjoints also where the batch mean is yet to be
        taken.
        """
        n, written = self.written.batch(), self.written
        means = dict.fromkeys((1, -1, n, -n, sp.Rational(1, n), sp.Rational(-1, n)))
        for symbol in written.definitions:
            for factor in (1, -1) if symbol in written.forward else means:
                value = written.values[symbol] * evaluate(sp.sympify(factor), {})
                self.known.setdefault(_shown(value), []).append(factor * symbol)

    def _merge(self) -> None:
        """Scalars of one value that are provably equal become one: of two attention scores the one
        gradient is minus the other. Whoever reads either need not see it again.
        """
        for first, *others in self.known.values():
            for other in others:
                (symbol,), (kept,) = other.free_symbols, first.free_symbols
                merged = self.proofs.same.keys() & {symbol, kept}
                if symbol is not kept and not merged and self._recognised(other, first):
                    self.proofs.merge(symbol, first * symbol / other)

    def scalar(self, expr: sp.Expr, value: Any, size: int = 1) -> Exact:
        """A scalar, by its symbol in the network where it provably has one. `size` is at least the
        number of operations of the expression.
        """
        if not mp.isfinite(value):
            return self._infinite(value)
        if not expr.is_Atom and value != 0:
            for candidate in self.known.get(_shown(value), ())[:4]:
                if expr == candidate or self._recognised(expr, candidate):
                    return Exact(self, candidate, value)
        if size > OPENED and (size := operations(expr)) > OPENED:
            return self._opaque(value)
        return Exact(self, expr, value, size)

    def _opaque(self, value: Any) -> Exact:
        """A value whose expression is too large to go on with: it can be refuted, never proved."""
        symbol = sp.Dummy("large", real=True)
        self.written.values[symbol] = self.proofs.shaken[symbol] = value
        return Exact(self, symbol, value)

    def _recognised(self, expr: sp.Expr, candidate: sp.Expr) -> bool:
        """What cannot be proved in a few steps stays as it is: the proof at the end decides."""
        try:
            return self.proofs.zero(expr - candidate, DEPTH)
        except OnKink:
            raise
        except NotProved:
            return False

    def _infinite(self, value: Any) -> Exact:
        """Minus infinity, as a masked value is; nothing else without an end is a scalar."""
        if value != -mp.inf:
            raise NotProved(f"a value is {value}")
        return Exact(self, sp.S.NegativeInfinity, value)

    def lift(self, other: Any) -> Exact | None:
        """Any number as a scalar; None for what is no number."""
        if isinstance(other, Exact):
            return other
        if isinstance(other, (bool, int, np.integer, np.bool_)):
            return Exact(self, sp.Integer(int(other)), mp.mpf(int(other)))
        if isinstance(other, (float, np.floating)):
            if not np.isfinite(other):
                return self._infinite(mp.mpf(float(other)))
            exact = constant(float(other), self.constants)
            return Exact(self, exact, evaluate(exact, {}))
        return None


def _shown(value: Any) -> str:
    return str(mp.nstr(value, SHOWN))


class Exact:
    """One scalar of an exact run."""

    __slots__ = ("expr", "size", "value", "world")
    dtype = np.dtype(object)
    ndim = 0
    shape: tuple[int, ...] = ()

    def __init__(self, world: World, expr: sp.Expr, value: Any, size: int = 1) -> None:
        self.world, self.expr, self.value, self.size = world, expr, value, size

    def __repr__(self) -> str:
        return f"Exact({self.expr})"

    def _with(self, other: Any, combine: Callable[[Any, Any], Any], swapped: bool = False) -> Any:
        lifted = self.world.lift(other)
        if lifted is None:
            return NotImplemented
        one, two = (lifted, self) if swapped else (self, lifted)
        size = one.size + two.size + 1
        return self.world.scalar(combine(one.expr, two.expr), combine(one.value, two.value), size)

    def __add__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a + b)

    def __sub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a - b)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a * b)

    def __truediv__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a / b)

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a - b, swapped=True)

    def __rtruediv__(self, other: Any) -> Any:
        return self._with(other, lambda a, b: a / b, swapped=True)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Exact:
        return Exact(self.world, -self.expr, -self.value, self.size)

    def __pos__(self) -> Exact:
        return self

    def __abs__(self) -> Exact:
        return -self if self < 0 else self

    def __pow__(self, other: Any) -> Any:
        lifted = self.world.lift(other)
        if lifted is None:
            return NotImplemented
        expr = self.expr**lifted.expr
        return self.world.scalar(expr, evaluate(expr, self.world.written.values), self.size + 1)

    def __rpow__(self, other: Any) -> Any:
        lifted = self.world.lift(other)
        return NotImplemented if lifted is None else lifted**self

    def _compare(self, other: Any) -> int:
        """-1, 0 or 1; a tie at the point is believed only where it is one everywhere."""
        lifted = self.world.lift(other)
        if lifted is None:
            raise TypeError(f"{other!r} is no number")
        if self.expr == lifted.expr:
            return 0
        difference = self.value - lifted.value
        if abs(difference) > TIE:
            return 1 if difference > 0 else -1
        if not self.world.proofs.zero(self.expr - lifted.expr):
            raise OnKink(f"{self.expr} and {lifted.expr} are equal at the point")
        return 0

    def __lt__(self, other: Any) -> bool:
        return self._compare(other) < 0

    def __le__(self, other: Any) -> bool:
        return self._compare(other) <= 0

    def __gt__(self, other: Any) -> bool:
        return self._compare(other) > 0

    def __ge__(self, other: Any) -> bool:
        return self._compare(other) >= 0

    def __eq__(self, other: object) -> bool:
        return self._compare(other) == 0

    def __ne__(self, other: object) -> bool:
        return self._compare(other) != 0

    def __bool__(self) -> bool:
        return self._compare(0) != 0

    __hash__ = None  # type: ignore[assignment]

    def item(self) -> Exact:
        return self

    def copy(self) -> Exact:
        return self

    def conjugate(self) -> Exact:
        return self

    def astype(self, *_: Any, **__: Any) -> Exact:
        return self

    def mean(self) -> Exact:
        return self

    sum = mean

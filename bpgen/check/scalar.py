"""The scalars that an emitted module computes with when it is run exactly: an expression and its
value at a point.

Arithmetic builds expressions; comparisons are decided by the values, so the code takes the branches
of the point's region. Whenever a value is that of a scalar of the written-out network, and the
algebra *proves* that the expression is that scalar, the scalar's symbol takes the expression's
place: so expressions stay small at any depth.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p

from bpgen import functions
from bpgen.check.algebra import TooLarge, vanishes
from bpgen.check.written import TIE, NotProved, OnKink, Written, evaluate, mp

SHOWN = 35  # digits in which values of equal scalars agree
DEPTH = 12  # tensors whose definitions one recognition may open
OPENED = 3000  # operations that an expression may grow to while definitions are opened
SPENT = 150_000  # the same, in one run altogether
FORWARD = 4  # tensors of the forward pass opened while adjoints are kept
NICE = 4096  # denominators of constants a float may stand for
SHORT = 12  # characters of a decimal that is meant as it stands
ULP = 4e-16  # relative: how far a float may lie from a constant that it is the rounding of


class World:
    """One run: the written-out network, and what has been proved of it."""

    def __init__(self, written: Written) -> None:
        self.written = written
        self.constants = _constants(written)
        self.known: dict[str, list[sp.Expr]] = {}
        self.proved: dict[tuple[sp.Expr, int], bool] = {}
        shaken = np.random.default_rng(1).uniform(0.999, 1.001, len(written.values))
        self.shaken = {
            s: v * mp.mpf(f) for (s, v), f in zip(written.values.items(), shaken, strict=True)
        }
        self.adjoints = {e for e in written.adjoint.values() if e in written.definitions}
        self.forward = set(written.definitions) - self.adjoints
        # Inputs moved, and all that follows from them.
        self.moved = _Following(written, self.shaken, {*written.group.values()})
        self.spent = 0  # operations in expressions opened so far
        self._recognise()

    def _recognise(self) -> None:
        """Every defined scalar goes by its value; adjoints also where the batch mean is yet to be
        taken.
        """
        n, written = self.written.batch(), self.written
        for symbol in written.definitions:
            factors = {1, -1, n, -n, sp.Rational(1, n)} if symbol in self.adjoints else {1, -1}
            for factor in sorted(factors, key=str):
                self.known.setdefault(
                    _shown(written.values[symbol] * evaluate(sp.sympify(factor), {})), []
                ).append(factor * symbol)

    def scalar(self, expr: sp.Expr, value: Any) -> Exact:
        """A scalar, by its symbol in the network where it provably has one."""
        if not mp.isfinite(value):
            return self._infinite(value)
        if not expr.is_Atom and value != 0:
            for candidate in self.known.get(_shown(value), ())[:4]:
                if expr == candidate or self._recognised(expr - candidate):
                    return Exact(self, candidate, value)
        return Exact(self, expr, value)

    def _infinite(self, value: Any) -> Exact:
        """Minus infinity, as a masked value is; nothing else without an end is a scalar."""
        if value != -mp.inf:
            raise NotProved(f"a value is {value}")
        return Exact(self, sp.S.NegativeInfinity, value)

    def _recognised(self, difference: sp.Expr) -> bool:
        """What cannot be proved in a few steps stays as it is: the proof at the end decides."""
        try:
            return self.zero(difference, DEPTH)
        except OnKink:
            raise
        except NotProved:
            self.proved[difference, DEPTH] = False
            return False

    def lift(self, other: Any) -> Exact | None:
        """Any number as a scalar; None for what is no number."""
        if isinstance(other, Exact):
            return other
        if isinstance(other, (bool, int, np.integer, np.bool_)):
            return Exact(self, sp.Integer(int(other)), mp.mpf(int(other)))
        if isinstance(other, (float, np.floating)):
            if not np.isfinite(other):
                return self._infinite(mp.mpf(float(other)))
            constant = self._constant(float(other))
            return Exact(self, constant, evaluate(constant, {}))
        return None

    def _constant(self, number: float) -> sp.Expr:
        """What a float in the module's text stands for; never more than a rounding away from the
        float.
        """
        if number in self.constants:
            return self.constants[number]
        near = Fraction(number).limit_denominator(NICE)
        long = len(repr(number)) > SHORT  # 1 - 1 / 3 is a rounding away from 2 / 3
        if abs(float(near) - number) <= ULP * abs(number) * long:
            return sp.Rational(near.numerator, near.denominator)
        if long:
            for value, constant in self.constants.items():
                ratio = Fraction(number / value).limit_denominator(10**6)
                if abs(value * float(ratio) - number) <= ULP * abs(number):
                    return constant * sp.Rational(ratio.numerator, ratio.denominator)
        return sp.Rational(repr(number))

    def zero(self, expr: sp.Expr, depth: int = 10_000) -> bool:
        """Whether the expression is provably zero; definitions are opened, the last first, until it
        shows.
        """
        if (expr, depth) not in self.proved:
            self.proved[expr, depth] = self._zero(expr, depth)
        return self.proved[expr, depth]

    def _zero(self, expr: sp.Expr, depth: int) -> bool:
        if not self._perhaps(expr, self.moved):
            return False
        try:
            if vanishes(self._opened_at(expr, self._needed(expr))):
                return True
        except TooLarge:
            if self.spent > SPENT:
                raise
        return self._one_by_one(expr, depth)

    def _one_by_one(self, expr: sp.Expr, depth: int) -> bool:
        """Whether the expression is zero where the last tensors' definitions are opened."""
        for _ in range(depth):
            if any(self._perhaps(e, self.shaken) and vanishes(e) for e in self._spellings(expr)):
                return True
            opened = self._opened(expr, self.written.definitions)
            if opened == expr:
                return False
            expr = opened
        return False

    def _needed(self, expr: sp.Expr) -> set[int]:
        """The tensors whose definitions it takes to see that the expression is zero, as few as can
        be: what remains a symbol may have any value, and the expression is zero all the same.
        """
        every = sorted(self._reached(expr), reverse=True)
        low, high = 0, 1  # the fewest of the last ones that are enough
        while high < len(every) and not self._suffices(expr, {*every[:high]}):
            low, high = high, 2 * high
        while low < high:
            middle = (low + high) // 2
            if self._suffices(expr, {*every[:middle]}):
                high = middle
            else:
                low = middle + 1
        needed = {*every[:low]}
        for group in sorted(needed):
            if self._suffices(expr, needed - {group}):
                needed.remove(group)
        return needed

    def _suffices(self, expr: sp.Expr, groups: set[int]) -> bool:
        """Whether the expression is zero by the definitions of these tensors, as values tell."""
        return self._perhaps(expr, _Following(self.written, self.shaken, groups))

    def _reached(self, expr: sp.Expr) -> set[int]:
        """The tensors that an expression is made of, all the way down."""
        definitions = self.written.definitions
        waiting = [s for s in expr.free_symbols if s in definitions]
        seen = set(waiting)
        while waiting:
            new = {s for s in definitions[waiting.pop()].free_symbols if s in definitions} - seen
            seen |= new
            waiting += new
        return {self.written.group[s] for s in seen}

    def _opened_at(self, expr: sp.Expr, groups: set[int]) -> sp.Expr:
        """The expression with the definitions of these tensors, the last first."""
        which = {s for s in self.written.definitions if self.written.group[s] in groups}
        while any(s in which for s in expr.free_symbols):
            expr = self._opened(expr, which)
        return expr

    def _spellings(self, expr: sp.Expr) -> Iterator[sp.Expr]:
        """The expression; then with forward values opened: a (1 - a) against the
        derivative at z.
        """
        for _ in range(FORWARD):
            yield expr
            try:
                opened = self._opened(expr, self.forward)
            except TooLarge:  # then adjoints are opened, unless the run has spent all it may
                if self.spent > SPENT:
                    raise
                return
            if opened == expr:
                return
            expr = opened

    def _opened(self, expr: sp.Expr, which: Container[sp.Symbol]) -> sp.Expr:
        """The expression with the definitions of the last tensor among these in the place of its
        scalars.
        """
        written = self.written
        last = max((written.group[s] for s in expr.free_symbols if s in which), default=-1)
        found = {
            s: written.definitions[s]
            for s in expr.free_symbols
            if s in which and written.group[s] == last
        }
        opened = expr.xreplace(found)
        size = _operations(opened)
        self.spent += size
        if size > OPENED or self.spent > SPENT:
            raise TooLarge("too large")
        return written.resolve(opened)

    def _perhaps(self, expr: sp.Expr, values: Mapping[sp.Symbol, Any]) -> bool:
        """Numerically zero at these values: else there is no use in trying."""
        try:
            return bool(abs(evaluate(expr, values)) < TIE)
        except (ValueError, ZeroDivisionError, TypeError):
            return False


def _operations(expr: sp.Expr) -> int:
    """How many operations an expression is written in; beyond `OPENED` any number."""
    found, waiting = 0, [expr]
    while waiting and found <= OPENED:
        args = waiting.pop().args
        found += max(len(args) - 1, 1) if args else 0
        waiting += args
    return found


def _shown(value: Any) -> str:
    return str(mp.nstr(value, SHOWN))


def _constants(written: Written) -> dict[float, sp.Expr]:
    """The irrational constants of the network, by the floats they print as."""
    known = (sp.log(2), 2 / sp.sqrt(sp.pi))  # which log_cosh and the derivative of erf need
    found: dict[float, sp.Expr] = {float(c): c for c in known}
    for equation in written.network:
        for term in equation.terms:
            for part in sp.preorder_traversal(term.body):
                constant = _coefficient(part)
                found.update({float(c): c for c in _logs(part)})
                if isinstance(part, sp.Pow) and part.base.is_number and not part.exp.is_number:
                    constant = sp.log(part.base)  # which its derivative multiplies by
                if not constant.is_rational and constant.is_finite:
                    found.update({float(c): c for c in (constant, 1 / constant)})
    return found


def _logs(part: sp.Basic) -> list[sp.Expr]:
    """Logarithms of the coefficients within a logarithm: log(2 + 3 exp z) is written with log 2."""
    if not isinstance(part, sp.log):
        return []
    logs = [sp.log(abs(a.as_coeff_Mul()[0])) for a in sp.Add.make_args(part.args[0])]
    return [sign * log for log in logs if log != 0 for sign in (1, -1)]


def _coefficient(part: sp.Basic) -> sp.Expr:
    """The constant factor of a product, or a constant itself."""
    if isinstance(part, sp.Mul):
        return sp.Mul(*(a for a in part.args if a.is_number))
    return part if isinstance(part, sp.Expr) and part.is_number and part.is_real else sp.S.One


class _Following(dict[sp.Symbol, Any]):
    """Values that are computed when they are asked for: by their definitions those of some tensors,
    and as they are given the rest.
    """

    def __init__(
        self, written: Written, given: Mapping[sp.Symbol, Any], groups: Container[int]
    ) -> None:
        self.written, self.given, self.groups = written, given, groups

    def __missing__(self, symbol: sp.Symbol) -> Any:
        definition = self.written.definitions.get(symbol)
        if definition is None or self.written.group[symbol] not in self.groups:
            self[symbol] = self.given[symbol]
        else:
            self[symbol] = evaluate(definition, self)
        return self[symbol]


class Exact:
    """One scalar of an exact run."""

    __slots__ = ("expr", "value", "world")
    dtype = np.dtype(object)
    ndim = 0
    shape: tuple[int, ...] = ()

    def __init__(self, world: World, expr: sp.Expr, value: Any) -> None:
        self.world, self.expr, self.value = world, expr, value

    def __repr__(self) -> str:
        return f"Exact({self.expr})"

    def _with(self, other: Any, combine: Callable[[Any, Any], Any], swapped: bool = False) -> Any:
        lifted = self.world.lift(other)
        if lifted is None:
            return NotImplemented
        one, two = (lifted, self) if swapped else (self, lifted)
        return self.world.scalar(combine(one.expr, two.expr), combine(one.value, two.value))

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
        return Exact(self.world, -self.expr, -self.value)

    def __pos__(self) -> Exact:
        return self

    def __abs__(self) -> Exact:
        return -self if self < 0 else self

    def __pow__(self, other: Any) -> Any:
        lifted = self.world.lift(other)
        if lifted is None:
            return NotImplemented
        expr = self.expr**lifted.expr
        return self.world.scalar(expr, evaluate(expr, self.world.written.values))

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
        if not self.world.zero(self.expr - lifted.expr):
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


_UNARY: dict[str, Callable[[Any], Any]] = {
    "exp": sp.exp,
    "log": sp.log,
    "log1p": log1p,
    "expm1": expm1,
    "tanh": sp.tanh,
    "sin": sp.sin,
    "cos": sp.cos,
    "tan": sp.tan,
    "sinh": sp.sinh,
    "cosh": sp.cosh,
    "arctan": sp.atan,
    "arcsinh": sp.asinh,
    "sqrt": sp.sqrt,
}
_CREATE = (
    "zeros",
    "ones",
    "empty",
    "full",
    "eye",
    "zeros_like",
    "ones_like",
    "empty_like",
    "full_like",
)
_CONVERT = ("asarray", "array", "ascontiguousarray", "asanyarray")


def overrides(world: World) -> dict[str, Any]:
    """The functions of numpy that must know of exact scalars; others take arrays of objects as they
    are.
    """
    table: dict[str, Any] = {
        name: _elementwise(world, function) for name, function in _UNARY.items()
    }
    table.update({name: _creator(getattr(np, name)) for name in _CREATE})
    table.update({name: _converter(getattr(np, name)) for name in _CONVERT})
    table["isfinite"] = lambda a: np.ones(np.shape(a), bool)
    table["isnan"] = table["isinf"] = lambda a: np.zeros(np.shape(a), bool)
    table["logaddexp"] = lambda a, b: table["log"](table["exp"](a) + table["exp"](b))
    table["square"] = lambda a: a * a
    return table


def meanings(world: World) -> dict[str, Any]:
    """The helpers that approximate, as the functions that they stand for."""
    return {
        row.name: _elementwise(world, row.definition, row.arity)
        for row in functions.ROWS.values()
        if row.numeric and row.definition is not None
    }


def _elementwise(world: World, function: Callable[..., Any], arity: int = 1) -> Any:
    def apply(*numbers: Any) -> Exact:
        lifted = [world.lift(x) for x in numbers]
        if any(x is None for x in lifted):
            raise TypeError(f"{numbers!r} are no numbers")
        expr = function(*(x.expr for x in lifted if x is not None))
        return world.scalar(expr, evaluate(expr, world.written.values))

    ufunc = np.frompyfunc(apply, arity, 1)
    return lambda *x, out=None, dtype=None, **_: ufunc(*x) if out is None else ufunc(*x, out=out)


def _floating(dtype: Any) -> bool:
    return dtype is None or np.dtype(dtype).kind in "fO"


def _creator(create: Callable[..., Any]) -> Callable[..., Any]:
    def make(first: Any, *rest: Any, **kwargs: Any) -> Any:
        array = create(first, *rest, **kwargs)
        if array.dtype.kind != "f":
            return array
        whole = np.array(
            [int(v) if v == int(v) else v for v in np.nan_to_num(array.ravel()).tolist()], object
        )
        return whole.reshape(array.shape)

    return make


def _converter(convert: Callable[..., Any]) -> Callable[..., Any]:
    def make(value: Any, dtype: Any = None, *rest: Any, **kwargs: Any) -> Any:
        exact = isinstance(value, Exact) or np.asarray(value).dtype.kind == "O"
        return convert(value, object if exact and _floating(dtype) else dtype, *rest, **kwargs)

    return make


__all__ = ["Exact", "NotProved", "TooLarge", "World", "meanings", "overrides"]

"""Scalar expressions of sympy as functions of the values of their indices, compiled once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, reduce
from typing import Any

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Not, Or

from bpgen import functions
from bpgen.check.residues.scalar import Scalar
from bpgen.check.residues.tape import Tape
from bpgen.check.residues.values import NotProved
from bpgen.ir import Element, Index

Bound = dict[sp.Symbol, Any]  # values of indices, and of the arguments of a function
# What an expression comes to where indices have values: an integer while it can be one.
Reader = Callable[[Bound], Any]


class Expressions:
    """The expressions of a network, on a tape. `access` says what an element of a tensor is."""

    def __init__(
        self, tape: Tape, lengths: Mapping[str, int], access: Callable[[Element], Reader]
    ) -> None:
        self.tape, self.lengths, self.access = tape, lengths, access
        self._readers: dict[sp.Basic, Reader] = {}

    def function(self, definition: Callable[..., sp.Expr], arity: int) -> Callable[..., Any]:
        """A function of scalars by its definition in elementary ones, read where it is called."""
        arguments = [sp.Dummy(real=True) for _ in range(arity)]

        @cache
        def read() -> Reader:
            return self.reader(definition(*arguments))

        return lambda *values: read()(dict(zip(arguments, values, strict=True)))

    def scalar(self, number: Any) -> Scalar:
        lifted = self.tape.lift(number)
        if lifted is None:
            raise NotProved(f"{type(number).__name__} is no number")
        return lifted

    def reader(self, expr: sp.Basic) -> Reader:
        """An expression as a function of the values of its indices, made once."""
        if expr not in self._readers:
            self._readers[expr] = self._compiled(expr)
        return self._readers[expr]

    def _compiled(self, expr: Any) -> Reader:
        if isinstance(expr, Element):
            return self.access(expr)
        if isinstance(expr, Index):
            return lambda bound: bound[expr]
        if expr.is_Symbol:  # a length, or the argument of a function
            return lambda bound: bound[expr] if expr in bound else self.lengths[expr.name]
        if expr.is_Integer:
            whole = int(expr)
            return lambda _: whole
        if expr.is_Number or expr.is_NumberSymbol:
            number = self.tape.constant(sp.nsimplify(expr) if expr.is_Float else expr)
            return lambda _: number
        if isinstance(expr, sp.Piecewise):
            return self._cases(expr)
        known = functions.row(expr)
        if known is not None and known.definition is not None and known.name != "masked":
            return self.reader(known.definition(*expr.args))
        arguments = [self.reader(a) for a in expr.args]
        if type(expr) in _FOLDED:
            fold = _FOLDED[type(expr)]
            return lambda bound: reduce(fold, (a(bound) for a in arguments))
        return self._call(expr, arguments)

    def _cases(self, expr: sp.Piecewise) -> Reader:
        cases = [(self.reader(value), self._condition(when)) for value, when in expr.args]
        return lambda bound: next(value(bound) for value, holds in cases if holds(bound))

    def _call(self, expr: Any, arguments: list[Reader]) -> Reader:
        """A power, a function, the larger of two."""
        if isinstance(expr, sp.Pow):
            base, exponent = arguments
            return lambda bound: _power(base(bound), exponent(bound), self.scalar)
        if isinstance(expr, functions.masked):
            keep, value = arguments[1], arguments[0]
            return lambda bound: (
                value(bound) if self.compare(keep(bound), 0) else self.tape.infinite(-1)
            )
        if isinstance(expr, (sp.Max, sp.Min)):
            largest = isinstance(expr, sp.Max)
            return lambda bound: reduce(
                self.larger if largest else self._smaller, (a(bound) for a in arguments)
            )

        def call(bound: Bound) -> Any:
            values = [a(bound) for a in arguments]
            if all(isinstance(v, int) for v in values) and isinstance(expr, (sp.Mod, sp.floor)):
                return int(expr.func(*values))
            return self.tape.call(type(expr).__name__, *map(self.scalar, values))

        return call

    def compare(self, one: Any, other: Any) -> int:
        if isinstance(one, int) and isinstance(other, int):
            return (one > other) - (one < other)
        return self.tape.compare(self.scalar(one), self.scalar(other))

    def larger(self, one: Any, other: Any) -> Any:
        return one if self.compare(one, other) >= 0 else other

    def _smaller(self, one: Any, other: Any) -> Any:
        return one if self.compare(one, other) <= 0 else other

    def _condition(self, condition: Any) -> Callable[[Bound], bool]:
        """Whether a condition holds at the point, and so around it."""
        if isinstance(condition, (BooleanTrue, BooleanFalse, bool)):
            known = bool(condition)
            return lambda _: known
        if isinstance(condition, (And, Or)):
            parts = [self._condition(c) for c in condition.args]
            every = all if isinstance(condition, And) else any
            return lambda bound: every(part(bound) for part in parts)
        if isinstance(condition, Not):
            inner = self._condition(condition.args[0])
            return lambda bound: not inner(bound)
        if not isinstance(condition, Relational):
            raise NotProved(f"the condition {condition}")
        left, right = (self.reader(side) for side in condition.args)
        relation = type(condition)
        return lambda bound: bool(relation(sp.Integer(self.compare(left(bound), right(bound))), 0))


_FOLDED: dict[Any, Callable[[Any, Any], Any]] = {
    sp.Add: lambda a, b: a + b,
    sp.Mul: lambda a, b: a * b,
}


def _power(base: Any, exponent: Any, lift: Callable[[Any], Scalar]) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        return base**exponent
    return lift(base) ** exponent

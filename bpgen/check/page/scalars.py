"""The scalar bodies of equations on a grid of their indices, and the functions in them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from bpgen.check.page.unknown import smooth
from bpgen.functions import ROWS, Named
from bpgen.ir import Element, Index

Array = NDArray[Any]
Values = Mapping[str, Array]
STEP = 1e-30
LOWEST = -1e30  # minus infinity, of which a difference can still be taken


@dataclass(frozen=True)
class Formula:
    """A scalar body on a grid of its indices."""

    lengths: Mapping[str, int]  # known at run time
    values: Values
    at: Mapping[Index, Array]
    rank: int

    def place(self, expr: sp.Expr) -> Array:
        return np.asarray(np.rint(np.asarray(self.number(expr)).real).astype(int))

    def number(self, expr: Any) -> Any:
        if isinstance(expr, Element):
            return self._element(expr)
        if isinstance(expr, Index):
            return self.at[expr]
        if isinstance(expr, sp.Symbol):
            return self.lengths[expr.name]
        if expr.is_number and not expr.has(Element):
            value = complex(expr)
            return value if value.imag else value.real
        if isinstance(expr, sp.Piecewise):
            return self._cases(expr)
        known = ROWS.get(type(expr).__name__)
        if known is not None and type(expr).__name__ not in ELEMENTARY and known.definition:
            if type(expr).__name__ == "masked":
                kept = np.asarray(self.number(expr.args[1])).real != 0
                return np.where(kept, self.number(expr.args[0]), LOWEST)
            symbols = sp.symbols("z s t", real=True)[: len(expr.args)]
            body = known.definition(*symbols)
            inner = dict(zip(symbols, (self.number(a) for a in expr.args), strict=True))
            return _Named(self.lengths, self.values, self.at, self.rank, inner).number(body)
        args = [self.number(a) for a in expr.args]
        if isinstance(expr, Named):
            return smooth(expr.word, expr.order)(*args)
        return OPERATIONS[type(expr).__name__](*args)

    def _element(self, access: Element) -> Any:
        found = self.values[access.name]
        if not access.indices:
            return found if found.ndim == 0 else found.reshape((-1, *([1] * self.rank)))
        grid = np.zeros([1] * self.rank)  # of which a fixed place has every axis, too
        index = np.broadcast_arrays(*(self.place(i) for i in access.indices), grid)[:-1]
        size = found.shape[found.ndim - len(index) :]
        within = [np.clip(i, -s, s - 1) for i, s in zip(index, size, strict=True)]
        return found[(..., *within)]

    def _cases(self, expr: Any) -> Any:
        found: Any = float("nan")
        for value, when in reversed(expr.args):
            then = self.number(value)
            found = then if when == sp.true else np.where(self._holds(when), then, found)
        return found

    def _holds(self, when: Any) -> Any:
        if isinstance(when, (sp.And, sp.Or)):
            parts = [self._holds(a) for a in when.args]
            return (np.logical_and if isinstance(when, sp.And) else np.logical_or).reduce(parts)
        one, other = (np.asarray(self.number(a)).real for a in when.args)
        return RELATIONS[when.rel_op](one, other)


@dataclass(frozen=True)
class _Named(Formula):
    """A function's definition, whose symbols have values."""

    symbols: Mapping[sp.Symbol, Any]

    def number(self, expr: Any) -> Any:
        return self.symbols[expr] if expr in self.symbols else super().number(expr)


def _erf(z: Any) -> Any:
    z = np.asarray(z, dtype=complex)
    real = np.vectorize(math.erf, otypes=[float])(z.real)
    return real + 2j / math.sqrt(math.pi) * np.exp(-(z.real**2)) * z.imag


def absolute(z: Any) -> Any:
    z = np.asarray(z)
    return z * np.sign(z.real)


def _largest_of(*args: Any) -> Any:
    found = args[0]
    for other in args[1:]:
        found = np.where(np.real(other) > np.real(found), other, found)
    return found


def _smallest_of(*args: Any) -> Any:
    return -_largest_of(*(-np.asarray(a) for a in args))


def power(base: Any, exponent: Any) -> Any:
    """A whole power by multiplication: (-2)^2 has no imaginary part of its own."""
    base = np.asarray(base)
    if np.ndim(exponent) == 0 and float(np.real(exponent)).is_integer() and not np.imag(exponent):
        return np.asarray(base, dtype=complex) ** int(np.real(exponent))
    # A negative base has no real root: not a number, and not a complex one.
    root = np.exp(np.asarray(exponent) * np.log(np.asarray(base, dtype=complex)))
    root = np.where((base == 0) & (np.real(exponent) > 0), 0, root)
    return np.where(np.real(base) < 0, np.nan, root)


def _log(z: Any) -> Any:
    z = np.asarray(z, dtype=complex)
    return np.where(z.real < 0, np.nan, np.log(z))


def _xlog(z: Any, y: Any) -> Any:
    return np.where(np.real(z) == 0, 0, np.asarray(z) * _log(y))


ELEMENTARY: dict[str, Any] = {
    "exp": np.exp,
    "log": _log,
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "atan": lambda z: np.arctan(np.asarray(z, dtype=complex)),
    "asinh": lambda z: np.arcsinh(np.asarray(z, dtype=complex)),
    "Abs": absolute,
    "sign": lambda z: np.sign(np.real(z)),
    "erf": _erf,
    "xlogx": lambda z: _xlog(z, z),
    "xlogy": _xlog,
    "xlog1py": lambda z, y: _xlog(z, 1 + np.asarray(y)),
}


OPERATIONS: dict[str, Any] = {
    **ELEMENTARY,
    "Add": lambda *args: sum(args[1:], args[0]),
    "Mul": lambda *args: math.prod(args),
    "Pow": power,
    "Max": _largest_of,
    "Min": _smallest_of,
    "floor": lambda z: np.floor(np.real(z)),
    "Mod": lambda a, b: np.mod(np.real(a), np.real(b)),
}


RELATIONS: dict[str, Any] = {
    ">": np.greater,
    ">=": np.greater_equal,
    "<": np.less,
    "<=": np.less_equal,
    "==": np.equal,
    "!=": np.not_equal,
}

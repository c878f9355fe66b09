"""A side of a comment, in numbers: each of its letters runs along an axis of its own."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import add, mul, sub, truediv
from typing import Any

import numpy as np
import sympy as sp

from bpgen import functions
from bpgen.check.claims.names import Meaning
from bpgen.check.claims.scalars import definition
from bpgen.check.comments.values import Unread, Values
from bpgen.check.entrywise import scalars


@dataclass(frozen=True)
class At:
    """The values, and the letters, each all its whole numbers."""

    values: Values
    letters: Mapping[str, np.ndarray]

    def over(self, sizes: Mapping[str, int]) -> At:
        """With an axis more for each, before all others."""
        count = max((v.ndim for v in self.letters.values()), default=0)
        more = {
            n: np.arange(size).reshape((-1,) + (1,) * (count + k))
            for k, (n, size) in enumerate(reversed([*sizes.items()]))
        }
        return replace(self, letters={**self.letters, **more})

    def size(self, letter: str, nodes: tuple[ast.expr, ...]) -> int:
        """How far a letter runs: along the shortest axis that it is the place on."""
        found = []
        for node in (n for each in nodes for n in ast.walk(each) if isinstance(n, ast.Subscript)):
            for axis, place in enumerate(_places(node)):
                if isinstance(place, ast.Name) and place.id == letter:
                    found.append(self.values.size(ast.unparse(node.value), axis))
        if not found:
            raise Unread(f"how far {letter} runs")
        return min(found)

    def bound(self, node: ast.expr, body: ast.expr) -> tuple[str, int]:
        """A letter that a sum is over, and how far it runs: as is said, or along an axis."""
        match node:
            case ast.Name(id=letter):
                return letter, self.size(letter, (body,))
            case ast.Compare(left=ast.Name(id=letter), ops=[ast.Lt()], comparators=[end]):
                return letter, int(self.value(end))
        raise Unread(f"what a sum over {ast.unparse(node)} is")

    def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.UnaryOp(operand=inner):
                return -self.value(inner)
            case ast.BinOp(op=ast.Pow()):
                return _power(self.value(node.left), self.value(node.right))
            case ast.BinOp():
                return _BINARY[type(node.op)](self.value(node.left), self.value(node.right))
            case ast.Compare(ops=[op], comparators=[right]):
                holds = _COMPARED[type(op)](self.value(node.left), self.value(right))
                return np.asarray(holds, float)
            case ast.Name(id=name):
                return self.letters[name] if name in self.letters else self.values.number(name)
            case ast.Subscript():
                return self.entry(node)
            case ast.Call(func=ast.Name(id=name)):
                return self.call(name, node.args)
        raise Unread(ast.unparse(node))

    def entry(self, node: ast.Subscript) -> np.ndarray:
        meaning = self.values.meaning(ast.unparse(node.value))
        array, steps = self.values.array(meaning), self.values.ends(meaning)
        places, after = self.places(node, meaning), np.False_
        if steps is not None:  # what comes after the last step hears of nothing
            after = places[steps] >= array.shape[steps]
            places[steps] = np.where(after, 0, places[steps])
        if any(p.min() < 0 or p.max() >= n for p, n in zip(places, array.shape, strict=True)):
            raise Unread("what is beyond an axis")
        return np.where(after, 0, array[tuple(places)])

    def places(self, node: ast.expr, meaning: Meaning) -> list[np.ndarray]:
        """Where an entry stands in its array."""
        told = _places(node) if isinstance(node, ast.Subscript) else []
        pairs = zip(told, self.values.first(meaning), strict=True)
        return [np.asarray(self.value(place) + first, int) for place, first in pairs]

    def call(self, name: str, arguments: list[ast.expr]) -> Any:
        if name in _OVER and all(isinstance(n, ast.Name | ast.Compare) for n in arguments[1:]):
            over = dict(self.bound(n, arguments[0]) for n in arguments[1:])
            inner = self.over(over)
            body = np.asarray(inner.value(arguments[0]))
            shape = np.broadcast_shapes(body.shape, *(v.shape for v in inner.letters.values()))
            return _OVER[name](np.broadcast_to(body, shape), tuple(range(len(over))))
        values = [np.asarray(self.value(a), float) for a in arguments]
        if name in _CALLS:
            return _CALLS[name](*values)
        symbols = sp.symbols(f"a:{len(arguments)}", real=True)
        try:
            expr = (getattr(functions, name, None) or definition(name))(*symbols)
        except (KeyError, TypeError, AttributeError):
            raise Unread(f"what {name} is") from None
        return _of(expr, dict(zip(symbols, values, strict=True)))


def _of(expr: Any, values: Mapping[sp.Symbol, np.ndarray]) -> Any:
    """An expression of a function's definition, in numbers."""
    if expr in values:
        return values[expr]
    if isinstance(expr, sp.Piecewise):
        sides = [(_of(e, values), _of(c, values)) for e, c in expr.args]
        found: Any = np.nan
        for value, holds in reversed(sides):
            found = np.where(holds, value, found)
        return found
    if not getattr(expr, "args", ()):
        return float(expr) if expr not in (sp.true, sp.false) else bool(expr)
    name = type(expr).__name__
    calls = {"Add": lambda *a: reduce(add, a), "Mul": lambda *a: reduce(mul, a)}
    calls |= {**scalars.CALLS, **scalars.COMPARISONS, "Pow": _power}
    if name in calls:
        return calls[name](*(_of(a, values) for a in expr.args))
    spelt = scalars.defined(expr)
    if spelt is None:
        raise Unread(f"what {name} is")
    return _of(spelt, values)


def _power(base: Any, exponent: Any) -> Any:
    """Of what is negative, too, where the exponent is a whole number."""
    if np.ndim(exponent) == 0 and float(exponent).is_integer():
        return np.asarray(base, float) ** int(exponent)
    return scalars.power(np.asarray(base, float), exponent)


def _places(node: ast.Subscript) -> list[ast.expr]:
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _log_sum(values: np.ndarray, axes: tuple[int, ...]) -> Any:
    top = values.max(axes, keepdims=True)
    return np.log(np.exp(values - top).sum(axes)) + np.squeeze(top, axes)


_OVER: dict[str, Any] = {"sum": np.sum, "max": np.max, "logsumexp": _log_sum}
_BINARY: dict[type, Any] = {ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv}
_COMPARED: dict[type, Any] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}
_CALLS: dict[str, Any] = {**scalars.CALLS, "max": np.maximum, "min": np.minimum}

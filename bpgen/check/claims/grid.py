"""The value of a tree at all places of its index letters at once, where it is made of entries,
numbers, arithmetic, scalar functions and sums; of others there is none.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from bpgen.check.claims.functions import FUNCTIONS
from bpgen.check.claims.names import Names
from bpgen.check.claims.scalars import SCALAR, slope_of
from bpgen.check.claims.text import called
from bpgen.check.claims.view import View

_SUMS = ("sum", "mean")
_POWERS = range(1, 65)
_LARGEST = 10**6  # entries of what is computed at once


class NoGrid(Exception):
    """It must be asked for place by place."""


class Asked(Protocol):
    """What names stand for, and which of them are index letters."""

    @property
    def names(self) -> Names: ...
    @property
    def view(self) -> View: ...
    @property
    def letters(self) -> tuple[str, ...]: ...
    @property
    def places(self) -> Mapping[str, int]: ...

    def value(self, node: ast.expr) -> Any:
        """The value of a tree at one place."""

    def sizes(self, *nodes: ast.expr) -> dict[str, int]:
        """How many values each letter has."""


def at_once(scope: Asked, node: ast.expr, free: Mapping[str, int]) -> Any:
    """The value at all places of the free letters, or NoGrid."""
    grid = Grid(scope, scope.places, ()).over(free)
    try:
        found = np.asarray(grid.value(node), object)
    except (ValueError, TypeError, IndexError, ArithmeticError, AttributeError):
        raise NoGrid from None  # place by place it is said in words
    return np.array(np.broadcast_to(found, grid.shape))


@dataclass(frozen=True)
class Grid:
    """Letters, each all its whole numbers along an axis of its own, or one of them."""

    scope: Asked
    letters: Mapping[str, Any]
    shape: tuple[int, ...]

    def over(self, sizes: Mapping[str, int]) -> Grid:
        """With an axis more for each of these letters, after all others."""
        shape = (*self.shape, *sizes.values())
        if np.prod(shape, dtype=float) > _LARGEST:
            raise NoGrid
        beside = (1,) * len(sizes)
        found = {
            k: v.reshape(v.shape + beside) if np.ndim(v) else v for k, v in self.letters.items()
        }
        for k, (letter, size) in enumerate(sizes.items(), len(self.shape)):
            found[letter] = np.arange(size).reshape(
                [size if i == k else 1 for i in range(len(shape))]
            )
        return Grid(self.scope, found, shape)

    def value(self, node: ast.expr) -> Any:
        """A number, or an array of one entry along the axes that it does not depend on."""
        rule = _RULES.get(type(node))
        if rule is None:
            raise NoGrid
        return rule(self, node)

    # the rules

    def _name(self, node: ast.Name) -> Any:
        if node.id in self.letters:
            return self.letters[node.id]
        value = self.scope.value(node)
        if np.ndim(value):
            raise NoGrid
        return value

    def _binary(self, node: ast.BinOp) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        arithmetic = _BINARY.get(type(node.op))
        # What is whole has rules of its own where it is divided or raised to a power.
        if arithmetic is None or (isinstance(node.op, (ast.Div, ast.Pow)) and _is_whole(left)):
            raise NoGrid
        if isinstance(node.op, ast.Pow) and not (isinstance(right, int) and right in _POWERS):
            raise NoGrid
        divisor = np.asarray(right) if isinstance(node.op, ast.Div) else np.ones(1)
        if divisor.dtype.kind != "O" and np.any(divisor == 0):  # of scalars it raises
            raise NoGrid
        return arithmetic(left, right)

    def _unary(self, node: ast.UnaryOp) -> Any:
        inner = self.value(node.operand)
        return -inner if isinstance(node.op, ast.USub) else inner

    def _subscript(self, node: ast.Subscript) -> Any:
        meaning = self.scope.names.find(getattr(node.value, "id", ""))
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        lettered = {n.id for p in parts for n in ast.walk(p) if isinstance(n, ast.Name)}
        if meaning is None or not lettered & {*self.scope.letters}:
            raise NoGrid
        at = [np.asarray(self.value(part)) for part in parts]
        if any(place.dtype.kind != "i" for place in at):
            raise NoGrid
        return self.scope.view.entries(meaning, at)

    def _call(self, node: ast.Call) -> Any:
        name, function = called(node), node.func
        of = function.value if isinstance(function, ast.Attribute) else None
        if node.keywords or not node.args or getattr(of, "id", "np") not in ("np", "numpy"):
            raise NoGrid
        bound = [a.id for a in node.args[1:] if isinstance(a, ast.Name)]
        bound = [letter for letter in bound if letter in self.scope.letters]
        if bound and name in _SUMS:
            return self._over(name, node.args[0], bound)
        if bound or name in FUNCTIONS or not (name in SCALAR or slope_of(name)):
            raise NoGrid
        return self.scope.view.scalar(name, *map(self.value, node.args))

    def _over(self, name: str, body: ast.expr, over: list[str]) -> Any:
        sizes = self.scope.sizes(body)
        if any(letter not in sizes for letter in over):
            raise NoGrid
        inner = self.over({letter: sizes[letter] for letter in over})
        every = np.broadcast_to(inner.value(body), inner.shape)
        axes = tuple(range(len(self.shape), len(inner.shape)))
        return FUNCTIONS[name](self.scope.view, every, axis=axes)


def _is_whole(value: Any) -> bool:
    """Whether it is made of whole numbers alone."""
    first = next(iter(np.ravel(np.asarray(value, object))), None)
    return isinstance(first, int)


_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}
_RULES: dict[type, Callable[[Grid, Any], Any]] = {
    ast.Name: Grid._name,
    ast.Constant: lambda grid, node: node.value,
    ast.BinOp: Grid._binary,
    ast.UnaryOp: Grid._unary,
    ast.Subscript: Grid._subscript,
    ast.Call: Grid._call,
}

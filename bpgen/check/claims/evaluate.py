"""The value of a side of a claim, by its syntax tree."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bpgen.check.claims.functions import FUNCTIONS
from bpgen.check.claims.grid import NoGrid, at_once
from bpgen.check.claims.names import RATES, Names
from bpgen.check.claims.scalars import SCALAR, slope_of
from bpgen.check.claims.text import called
from bpgen.check.claims.view import Unfit, View
from bpgen.check.residues.values import OnKink
from bpgen.ir import BATCH

_LARGEST = 64  # exponents that are whole numbers


@dataclass(frozen=True)
class Scope:
    """What names stand for: those of the network at a point, and index letters, each a number."""

    names: Names
    view: View
    letters: tuple[str, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)

    def value(self, node: ast.expr) -> Any:
        """An array, or a number; Unfit where there is none. What trees share is computed once."""
        if self.places:
            return self._computed(node)
        point = self.view.point
        key = id(node), self.view.reading
        if key not in point.known:
            before = len(point.decisions)
            value = self._computed(node)
            point.known[key] = node, value, point.decisions[before:]
        else:
            point.decisions.extend(point.known[key][2])
        return point.known[key][1]

    def _computed(self, node: ast.expr) -> Any:
        try:
            return _RULES[type(node)](self, node)
        except (Unfit, OnKink):
            raise
        except (ValueError, TypeError, IndexError, ArithmeticError, AttributeError) as error:
            raise Unfit(f"{ast.unparse(node)}: {error}") from None

    def everywhere(self, node: ast.expr, free: Mapping[str, int]) -> Any:
        """The value at all places of the free letters, each along an axis of its own."""
        if not free:
            return self.value(node)
        before = len(self.view.point.decisions)
        try:
            return at_once(self, node, free)
        except NoGrid:
            del self.view.point.decisions[before:]
        found = np.empty(tuple(free.values()), object)
        for at in itertools.product(*map(range, free.values())):
            here = {**self.places, **dict(zip(free, at, strict=True))}
            value = replace(self, places=here).value(node)
            if np.ndim(value) and np.size(value) != 1:
                raise Unfit(f"{ast.unparse(node)} is no number at one place")
            found[at] = np.asarray(value, object).reshape(()).item()
        return found

    def sizes(self, *nodes: ast.expr) -> dict[str, int]:
        """How many values each letter has: as many as the shortest axis that it runs along."""
        found: dict[str, int] = {}
        for node in (n for side in nodes for n in ast.walk(side)):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                meaning = self.names.find(node.value.id)
                for k, part in enumerate(_parts(node)):
                    if isinstance(part, ast.Name) and part.id in self.letters and meaning:
                        size = self.view.size(meaning, k)
                        found[part.id] = min(size, found.get(part.id, size))
        return found

    # the rules

    def _name(self, node: ast.Name) -> Any:
        if node.id in self.places:
            return self.places[node.id]
        if node.id in self.letters:
            raise Unfit(f"{node.id} is an index that no bracket on the left and no sum binds")
        meaning = self.names.find(node.id)
        if meaning is not None:
            return self.view.value(meaning)
        if node.id == BATCH:
            return self.view.samples
        if node.id in self.names.lengths:
            return self.view.point.lengths[node.id]
        if node.id in RATES:
            return self.view.point.rate(node.id)
        raise Unfit(f"the network has no {node.id}")

    def _binary(self, node: ast.BinOp) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.MatMult) and not (np.ndim(left) and np.ndim(right)):
            return left * right
        if isinstance(node.op, ast.Pow):
            whole = isinstance(right, int)
            if whole and abs(right) > _LARGEST:
                raise Unfit(f"an exponent is at most {_LARGEST}")
            if not whole or isinstance(left, int):
                return self.view.scalar("power", left, right)
            return 1 / left**-right if right < 0 else left**right
        try:
            if self.view.reading.paper and not isinstance(node.op, ast.MatMult):
                _same_shape(left, right)
            return _BINARY[type(node.op)](left, right)
        except ValueError:
            shapes = f"{_shape(left)} and {_shape(right)}"
            raise Unfit(f"{ast.unparse(node)} has the shapes {shapes}") from None

    def _unary(self, node: ast.UnaryOp) -> Any:
        inner = self.value(node.operand)
        return -inner if isinstance(node.op, ast.USub) else inner

    def _attribute(self, node: ast.Attribute) -> Any:
        inner = self.value(node.value)
        if node.attr == "shape":
            return np.shape(inner)
        if np.ndim(inner) == 1 and not self.view.reading.batch:
            raise Unfit(f"{ast.unparse(node)} is of a vector that is no column")
        return np.asarray(inner).T

    def _call(self, node: ast.Call) -> Any:
        name = called(node)
        method = isinstance(node.func, ast.Attribute) and not (
            isinstance(node.func.value, ast.Name) and node.func.value.id in ("np", "numpy")
        )
        bound = [a for a in node.args[1:] if isinstance(a, ast.Name) and a.id in self.letters]
        if bound and not method:
            return self._over(name, node.args[0], [str(b.id) for b in bound])
        first = [node.func.value] if method and isinstance(node.func, ast.Attribute) else []
        values = [self.value(a) for a in (*first, *node.args)]
        options = {str(k.arg): self.value(k.value) for k in node.keywords}
        if name == "one_hot" and len(values) == 1:
            values.append(self._bound(node.args[0]))
        if name == "sum" and len(values) == 2:
            options["axis"] = values.pop()
        if name in FUNCTIONS:
            return FUNCTIONS[name](self.view, *values, **options)
        if options or not (name in SCALAR or slope_of(name)):
            raise Unfit(f"{ast.unparse(node)} is no function")
        return self.view.scalar(name, *values)

    def _bound(self, label: ast.expr) -> int:
        """How many values a label may have."""
        meaning = self.names.find(getattr(label, "id", ""))
        bound = self.names.network.tensors[meaning.tensor].bound if meaning else None
        if bound is None:
            raise Unfit(f"{ast.unparse(label)} is no label")
        return bound

    def _over(self, name: str, body: ast.expr, over: list[str]) -> Any:
        """What is over index letters, as a sum is."""
        inner = replace(self, places={k: v for k, v in self.places.items() if k not in over})
        sizes = inner.sizes(body)
        if loose := [k for k in over if k not in sizes]:
            raise Unfit(f"nothing says what {loose[0]} runs over")
        every = inner.everywhere(body, {k: sizes[k] for k in over})
        return FUNCTIONS[name](self.view, np.ravel(every))

    def _subscript(self, node: ast.Subscript) -> Any:
        at = [self._place(p) for p in _parts(node)]
        lettered = any(isinstance(n, ast.Name) and n.id in self.letters for n in ast.walk(node))
        meaning = self.names.find(getattr(node.value, "id", ""))
        if lettered and meaning is not None and all(isinstance(a, int) for a in at):
            return self.view.entry(meaning, tuple(at))
        return np.asarray(self.value(node.value))[tuple(at)]

    def _place(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Slice):
            ends = (node.lower, node.upper, node.step)
            return slice(*(None if e is None else self._place(e) for e in ends))
        found = self.value(node)
        if isinstance(found, (np.integer, np.ndarray)) and np.ndim(found) == 0:
            return int(found)
        return found

    def _compare(self, node: ast.Compare) -> Any:
        found: Any = True
        for left, op, right in zip(
            (node.left, *node.comparators), node.ops, node.comparators, strict=False
        ):
            found = found & _COMPARED[type(op)](self.value(left), self.value(right))
        return np.asarray(found).astype(int)


def _parts(node: ast.Subscript) -> list[ast.expr]:
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _same_shape(left: Any, right: Any) -> None:
    """ValueError where two shapes differ, and neither is that of a number."""
    if np.shape(left) != np.shape(right) and 1 not in (np.size(left), np.size(right)):
        raise ValueError


def _shape(value: Any) -> str:
    return "a number" if not np.ndim(value) else "x".join(map(str, np.shape(value)))


_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.MatMult: lambda a, b: a @ b,
}
_COMPARED: dict[type, Callable[[Any, Any], Any]] = {
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
}
_RULES: dict[type, Callable[[Scope, Any], Any]] = {
    ast.Name: Scope._name,
    ast.Constant: lambda scope, node: node.value,
    ast.BinOp: Scope._binary,
    ast.UnaryOp: Scope._unary,
    ast.Attribute: Scope._attribute,
    ast.Call: Scope._call,
    ast.Subscript: Scope._subscript,
    ast.Compare: Scope._compare,
    ast.Tuple: lambda scope, node: tuple(scope.value(e) for e in node.elts),
    ast.List: lambda scope, node: [scope.value(e) for e in node.elts],
}

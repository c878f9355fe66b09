"""The comments of an emitted module read back: both sides of each, evaluated at random values, with
the written-out network's gradients as the meaning of every adjoint.

Of a block's functions nothing is asked, nor which of equal ones is the first. What is added up is
asked for together.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import reduce
from operator import add, mul, sub, truediv
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy as sp

from bpgen import functions
from bpgen.check.claims import comment
from bpgen.check.claims.names import Meaning, Names
from bpgen.check.claims.scalars import definition
from bpgen.check.entrywise import scalars
from bpgen.check.entrywise.order import starts
from bpgen.check.page.drawing import drawn
from bpgen.check.page.proof import definitions, spellings
from bpgen.check.page.proof.judge import Judge as Lines
from bpgen.check.page.proof.page import Page
from bpgen.check.page.reading import Reading
from bpgen.check.page.world import LOWEST
from bpgen.derive import derive
from bpgen.ir import Network
from bpgen.names import adjoint_name
from bpgen.render import render
from tests.told import beside, parts, told

SAMPLES, TOLERANCE = 3, 1e-7
UNASKED = "unasked: "
GIVEN = "what a caller gives"  # of which an output's upstream gradient is
_NO_EQUATION = re.compile(r"step by step|is the first largest|^first_")


class Unasked(Exception):
    """There is no saying what a comment means by itself."""


@dataclass(frozen=True)
class Judge:
    """A network at random values, and the names of its adjoints."""

    names: Names
    reading: Reading

    @staticmethod
    def of(network: Network, seed: int = 0) -> Judge:
        derivation = derive(network)
        page = Page.of(render(derivation, fmt="latex"), derivation.network, seed, SAMPLES)
        page.whole.world = drawn(derivation.network, SAMPLES, seed)
        # By which spelling the chain rule goes, the page alone says.
        definitions.read(page, Lines(page.tolerance))
        spellings.read(page)
        names = Names(derivation.network, {adjoint_name(t): t for t in network.tensors})
        return Judge(names, replace(page.whole, top=network.loss or ""))

    def wrong(self, line: str) -> str:
        """How the sides differ; Unasked where there is no saying."""
        left, right = self.sides(line)
        at = self.for_all(left, right)
        sides = (np.maximum(at.value(side), LOWEST) for side in (left, right))  # of what is masked
        return _unlike(*np.broadcast_arrays(*sides))

    def sides(self, line: str) -> tuple[ast.expr, ast.expr]:
        left, right = line.split(" = ", 1)
        with suppress(comment.NotOne):
            right = comment.read(right, self.names)
        return ast.parse(left, mode="eval").body, ast.parse(right, mode="eval").body

    def added(self, name: str, lines: Iterable[str]) -> str:
        """How a value differs from all that is added up in it."""
        meaning = _At(self, {}).meaning(name)
        value = self.array(meaning)
        total = np.zeros(value.shape)
        for part in (p for line in lines for p in parts(line)):
            left, right = self.sides(part.line)
            assert isinstance(left, ast.Subscript)
            at = self.for_all(left, right, part.ends)
            shape = np.broadcast_shapes(*(v.shape for v in at.letters.values()))
            each = (*at.places(left, meaning), at.value(right))
            *places, more = (np.broadcast_to(a, shape) for a in each)
            np.add.at(total, tuple(places), more)
        return _unlike(value, total)

    def for_all(
        self, left: ast.expr, right: ast.expr, said: Mapping[str, str] = MappingProxyType({})
    ) -> _At:
        """The letters of the left side, as far as they run: as is said, or along an axis."""
        at = _At(self, {})
        known = (*self.reading.world.lengths, *said)
        letters = [n for n in _letters(left) if self.names.find(n) is None]
        sizes = {n: at.size(n, (left, right)) for n in letters if n not in known}
        ranges = {n: int(at.value(ast.parse(e, mode="eval").body)) for n, e in said.items()}
        return at.over({n: size for n, size in {**sizes, **ranges}.items() if n in letters})

    def array(self, meaning: Meaning) -> np.ndarray:
        world = self.reading.world
        if world.network.tensors[meaning.tensor].block:
            raise Unasked("blocks")
        if meaning.of == GIVEN:
            return world.given[meaning.tensor]
        if meaning.of is None:
            return np.real(world.values[meaning.tensor])
        return self.reading.gradient(meaning.of, meaning.tensor)


def _unlike(one: np.ndarray, other: np.ndarray) -> str:
    near = (one == other) | (np.abs(one - other) <= TOLERANCE * (1 + np.abs(one)))
    return "" if near.all() else f"{one[~near][0]:.6g} is not {other[~near][0]:.6g}"


def _letters(node: ast.expr) -> Iterator[str]:
    inside = node.slice if isinstance(node, ast.Subscript) else ast.Tuple([])
    yield from dict.fromkeys(n.id for n in ast.walk(inside) if isinstance(n, ast.Name))


@dataclass(frozen=True)
class _At:
    """Letters, each all its whole numbers along an axis of its own."""

    judge: Judge
    letters: Mapping[str, np.ndarray]

    def over(self, sizes: Mapping[str, int]) -> _At:
        """With an axis more for each, before all others."""
        count = max((v.ndim for v in self.letters.values()), default=0)
        more = {
            n: np.arange(size).reshape((-1,) + (1,) * (count + k))
            for k, (n, size) in enumerate(reversed(sizes.items()))
        }
        return replace(self, letters={**self.letters, **more})

    def size(self, letter: str, nodes: tuple[ast.expr, ...]) -> int:
        """How far a letter runs: along the shortest axis that it is the place on."""
        found = []
        for node in (n for each in nodes for n in ast.walk(each) if isinstance(n, ast.Subscript)):
            for k, place in enumerate(_places(node)):
                if isinstance(place, ast.Name) and place.id == letter:
                    tensor = self.meaning(ast.unparse(node.value)).tensor
                    world = self.judge.reading.world
                    found.append(world.shape(world.network.tensors[tensor])[k])
        if not found:
            raise Unasked(f"how far {letter} runs")
        return min(found)

    def bound(self, node: ast.expr, body: ast.expr) -> tuple[str, int]:
        """A letter that a sum is over, and how far it runs: as is said, or along an axis."""
        match node:
            case ast.Name(id=letter):
                return letter, self.size(letter, (body,))
            case ast.Compare(left=ast.Name(id=letter), ops=[ast.Lt()], comparators=[end]):
                return letter, int(self.value(end))
        raise Unasked(f"what a sum over {ast.unparse(node)} is")

    def meaning(self, name: str) -> Meaning:
        found = self.judge.names.find(name)
        if found is None and name.removeprefix("d_") in self.judge.reading.world.given:
            return Meaning(name.removeprefix("d_"), GIVEN)
        if found is None:
            raise Unasked(f"what {name} is")
        return found

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
                return self.name(name)
            case ast.Subscript():
                return self.entry(node)
            case ast.Call(func=ast.Name(id=name)):
                return self.call(name, node.args)
        raise Unasked(ast.unparse(node))

    def name(self, name: str) -> Any:
        if name in self.letters:
            return self.letters[name]
        known = {"pi": np.pi, **self.judge.reading.world.lengths}
        is_named = self.judge.names.find(name) is not None
        return (
            known[name] if name in known and not is_named else self.judge.array(self.meaning(name))
        )

    def entry(self, node: ast.Subscript) -> np.ndarray:
        meaning = self.meaning(ast.unparse(node.value))
        array = self.judge.array(meaning)
        info = self.judge.reading.world.network.tensors[meaning.tensor]
        steps = info.carried if meaning.of not in (None, GIVEN) else None
        places, after = self.places(node, meaning), np.False_
        if steps is not None:  # what comes after the last step hears of nothing
            after = places[steps] >= array.shape[steps]
            places[steps] = np.where(after, 0, places[steps])
        if any(p.min() < 0 or p.max() >= n for p, n in zip(places, array.shape, strict=True)):
            raise Unasked("what is beyond an axis")
        return np.where(after, 0, array[tuple(places)])

    def places(self, node: ast.Subscript, meaning: Meaning) -> list[np.ndarray]:
        """Where an entry is in its array, in which a recurrence begins one step earlier."""
        network, where = self.judge.reading.world.network, _places(node)
        given = meaning.of == GIVEN
        first = (0,) * len(where) if given else starts(network, meaning.tensor)
        return [np.asarray(self.value(p) + s, int) for p, s in zip(where, first, strict=True)]

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
            raise Unasked(f"what {name} is") from None
        return _of(expr, dict(zip(symbols, values, strict=True)))


def _of(expr: Any, values: Mapping[sp.Symbol, np.ndarray]) -> Any:
    """An expression of a function's definition, in numbers."""
    if expr in values:
        return values[expr]
    if isinstance(expr, sp.Piecewise):
        sides = [(_of(e, values), _of(c, values)) for e, c in expr.args]
        return reduce(lambda rest, side: np.where(side[1], side[0], rest), reversed(sides), np.nan)
    if not getattr(expr, "args", ()):
        return float(expr) if expr not in (sp.true, sp.false) else bool(expr)
    name = type(expr).__name__
    calls = {"Add": lambda *a: reduce(add, a), "Mul": lambda *a: reduce(mul, a)}
    calls |= {**scalars.CALLS, **scalars.COMPARISONS, "Pow": _power}
    if name in calls:
        return calls[name](*(_of(a, values) for a in expr.args))
    spelt = scalars.defined(expr)
    if spelt is None:
        raise Unasked(f"what {name} is")
    return _of(spelt, values)


def _power(base: Any, exponent: Any) -> Any:
    """Of what is negative, too, where the exponent is a whole number."""
    if np.ndim(exponent) == 0 and float(exponent).is_integer():
        return np.asarray(base, float) ** int(exponent)
    return scalars.power(np.asarray(base, float), exponent)


def _places(node: ast.Subscript) -> list[ast.expr]:
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _log_sum(values: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    top = values.max(axes, keepdims=True)
    return np.log(np.exp(values - top).sum(axes)) + np.squeeze(top, axes)


_OVER = {"sum": np.sum, "max": np.max, "logsumexp": _log_sum}
_BINARY: dict[type, Any] = {ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv}
_COMPARED: dict[type, Any] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}
_CALLS = {**scalars.CALLS, "max": np.maximum, "min": np.minimum}


def judged(network: Network, module: str) -> Iterator[tuple[str, str]]:
    """Each comment of a network's module, and how its sides differ, or what it is not asked for."""
    judge, every = Judge.of(network), told(module)
    sums = {line.name for line in every if " += " in line.text}
    for line in dict.fromkeys(every):
        try:
            if _NO_EQUATION.search(line.text):
                raise Unasked("in which order it is done")
            if line.name in sums:
                yield line.text, judge.added(line.name, beside(line, every))
            else:
                yield line.text, judge.wrong(line.text)
        except Unasked as why:
            yield line.text, f"{UNASKED}{why}"


def false(network: Network, module: str) -> list[str]:
    """The comments of a network's module that do not hold, each with how."""
    return [
        f"{line}\n  {why}"
        for line, why in judged(network, module)
        if why and not why.startswith(UNASKED)
    ]

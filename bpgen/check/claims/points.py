"""Points at which a claim is looked at: the network's values and gradients there, as exact scalars
or, where there are too many of them, as numbers.
"""

from __future__ import annotations

import ast
import math
from fractions import Fraction
from functools import reduce
from operator import add
from random import Random
from typing import Any, Protocol

import numpy as np
import sympy as sp

from bpgen.check.claims.scalars import definition
from bpgen.check.conditions import masks
from bpgen.check.constants import constants
from bpgen.check.entrywise.adjoints import Adjoints
from bpgen.check.entrywise.evaluation import Evaluation
from bpgen.check.entrywise.tape import tape
from bpgen.check.page.drawing import drawn as values_drawn
from bpgen.check.page.world import World
from bpgen.check.residues.entries import Entries
from bpgen.check.residues.field import PRIMES, Field
from bpgen.check.residues.scalar import Scalar
from bpgen.check.residues.tape import Tape
from bpgen.check.residues.values import NotProved
from bpgen.check.trial import cost
from bpgen.ir import Network

GRID = 2**20  # the denominator of what is drawn for an exact run
LARGE = 4_000  # entries of a network that is looked at by numbers alone
CLOSE, ROUNDING = 1e-9, 1e-13  # of the largest entry, and where that is 0: numbers are equal

Known = dict[Any, tuple[ast.expr, Any, list[int]]]

PROVED, ALIKE, DIFFERENT = "proved", "alike", "different"


class Point(Protocol):
    """One draw of everything that is given, and what the network makes of it."""

    network: Network
    lengths: dict[str, int]
    decisions: list[int]  # on which side of each kink the point lies, and what is computed there
    own: int  # how many of them are the network's
    known: Known  # values of trees, and what they decided

    def stored(self, name: str) -> Any:
        """The values of a tensor, with what stands before the first step of a recurrence."""

    def gradient(self, name: str, of: str) -> Any:
        """The same of the gradient of a scalar."""

    def jacobian(self, name: str, of: str) -> Any:
        """The derivatives of a vector by a vector, of the first sample, a row for each entry."""

    def scalar(self, name: str, *arrays: Any) -> Any:
        """A scalar function, entry by entry."""

    def rate(self, name: str) -> Any:
        """A positive number that the network has not: a learning rate."""

    def compare(self, found: Any, expected: Any, largest: float) -> str:
        """Whether two numbers are provably equal, alike as numbers, or different; of an array whose
        largest entry is given.
        """


def drawn(network: Network, batch: int, seed: int, numbers: bool = False) -> Point:
    """A random point of a network: exact, unless it is large or numbers are asked for."""
    world = values_drawn(network, batch, seed)
    rng = np.random.default_rng([seed, batch])
    for info in network.role("param"):  # so that nothing is saturated
        shape = world.shape(info)[info.block :]
        world.values[info.name] = world.values[info.name] / math.sqrt(math.prod(shape[1:]))
    for name in masks(network):
        shape = world.shape(network.tensors[name])
        kept = rng.permutation(np.resize([1.0, 0.0, 1.0], math.prod(shape)))
        world.values[name] = kept.reshape(shape)
    return Numbers(world) if numbers or cost(network, 0) > LARGE else Exact(world, seed)


def _given(world: World) -> dict[str, Any]:
    """What is no equation's."""
    own = world.network.tensors
    return {name: a for name, a in world.values.items() if own[name].role != "value"}


class Watched(Tape):
    """A tape that keeps how each comparison was decided."""

    def __init__(self, *arguments: Any) -> None:
        self.decisions: list[int] = []
        super().__init__(*arguments)

    def compare(self, one: Scalar, other: Scalar) -> int:
        found = super().compare(one, other)
        if one is not other and not one.op == other.op == "const":
            self.decisions.append(found)
        return found

    def apart(self, one: Scalar) -> Scalar:
        """The same scalar as a node of its own, so that its adjoint is its own as well."""
        if one.op == "inf":
            return one
        return self._new("*", (one, self.one), one.value, one.residues, one.degree)


class Written(Entries):
    """A network written out, where no two entries are one scalar, though they may be equal."""

    tape: Watched

    def _entry(self, name: str, at: tuple[int, ...]) -> Any:
        if self.tensors[name][at] is None:
            self.tensors[name][at] = self.tape.apart(super()._entry(name, at))
        return self.tensors[name][at]

    def adjoints(self, of: str) -> dict[str, Any]:
        """The gradient of a scalar, of each sample of it, by every real tensor; of "", that of what
        is minimised.
        """
        parts = np.ravel(self.tensors[of]) if of else [self.loss]
        real = [n for n, t in self.network.tensors.items() if t.bound is None]
        wanted = [x for name in real for x in self.tensors[name].ravel()]
        found = iter(self.tape.adjoints(reduce(add, parts), wanted))
        return {name: self._like(self.tensors[name], found) for name in real}


class Exact:
    """A point of exact scalars."""

    def __init__(self, world: World, seed: int) -> None:
        self.network, self.lengths = world.network, dict(world.lengths)
        fields = [Field(PRIMES[0], Random(f"claims {seed}"))]
        self.tape = Watched(fields, constants(world.network))
        given = {name: _rational(a) for name, a in _given(world).items()}
        cotangents = enumerate(world.given.values(), 1)
        given |= {f"cotangent {k}": _rational(a) for k, a in cotangents}
        self.entries = Written(world.network, self.lengths, given, self.tape)
        self.decisions = self.tape.decisions
        self.own = len(self.decisions)
        self.known: Known = {}
        self._gradients: dict[str, dict[str, Any]] = {}
        self._rates: dict[str, Scalar] = {}
        self._functions: dict[tuple[str, int], Any] = {}

    def stored(self, name: str) -> Any:
        return self.entries.tensors[name]

    def gradient(self, name: str, of: str) -> Any:
        if of not in self._gradients:
            self._gradients[of] = self.entries.adjoints(of)
        return self._gradients[of][name]

    def jacobian(self, name: str, of: str) -> Any:
        own = self.entries.tensors
        by = own[name][0] if self.network.tensors[name].batched else own[name]
        rows = [self.tape.adjoints(entry, [*by]) for entry in own[of][0]]
        found = np.empty((len(rows), len(by)), object)
        found[:] = rows
        return found

    def scalar(self, name: str, *arrays: Any) -> Any:
        key = name, len(arrays)
        if key not in self._functions:
            read = self.entries.expressions.function(definition(name), len(arrays))
            lift = self.entries.expressions.scalar
            self._functions[key] = np.frompyfunc(lambda *x: read(*map(lift, x)), len(arrays), 1)
        return self._functions[key](*arrays)

    def rate(self, name: str) -> Any:
        if name not in self._rates:
            value = self.tape.number(Fraction(3 + len(self._rates), 7)).value
            self._rates[name] = self.tape.given(value)
        return self._rates[name]

    def compare(self, found: Any, expected: Any, largest: float) -> str:
        one, other = self.tape.lift(found), self.tape.lift(expected)
        if one is None or other is None:
            raise TypeError(f"{found!r} is no number")
        gap = 0 if one.value == other.value else abs(one.value - other.value)
        if not gap <= 1e-30 * max(1, abs(other.value)):
            return DIFFERENT
        try:
            return PROVED if self.tape.same(one, other) else ALIKE
        except NotProved:
            return ALIKE


def _rational(array: Any) -> Any:
    """Values on a grid of rationals; whole numbers as they are."""
    array = np.asarray(array)
    if array.dtype.kind in "iu":
        return array
    found = np.empty(array.size, object)
    found[:] = [Fraction(int(np.rint(v * GRID)), GRID) for v in array.real.ravel()]
    return found.reshape(array.shape)


class Numbers:
    """A point of numbers."""

    def __init__(self, world: World) -> None:
        self.network, self.lengths = world.network, dict(world.lengths)
        self.world, self.own = world, 0
        self.known: Known = {}
        self.decisions: list[int] = []
        self.evaluation = Evaluation(self.network, self.lengths, _given(world))
        self._gradients: dict[str, Any] = {}

    def stored(self, name: str) -> Any:
        return self.evaluation.values[name][0]

    def gradient(self, name: str, of: str) -> Any:
        if of not in self._gradients:
            ones = {of: np.ones(np.shape(self.stored(of)))} if of else self.world.given
            self._gradients[of] = Adjoints(self.evaluation, ones).found
        return self._gradients[of][name]

    def jacobian(self, name: str, of: str) -> Any:
        shape = np.shape(self.stored(of))
        rows = []
        for k in range(shape[1]):
            ones = np.zeros(shape)
            ones[0, k] = 1
            rows.append(Adjoints(self.evaluation, {of: ones}).found[name])
        return np.array([r[0] if self.network.tensors[name].batched else r for r in rows])

    def scalar(self, name: str, *arrays: Any) -> Any:
        symbols = sp.symbols(f"z:{len(arrays)}", real=True)
        given = dict(zip(symbols, arrays, strict=True))
        body = tape(sp.sympify(definition(name)(*symbols)))
        with np.errstate(all="ignore"):
            return body.run(lambda leaf: given[leaf] if leaf in given else _constant(leaf))[0]

    def rate(self, name: str) -> Any:
        return 3 / 7 + len(name)

    def compare(self, found: Any, expected: Any, largest: float) -> str:
        gap = abs(float(found) - float(expected))
        return ALIKE if gap <= CLOSE * largest + ROUNDING else DIFFERENT


def _constant(leaf: Any) -> float | bool:
    """A number; of the last of several cases, true."""
    return bool(leaf) if leaf in (sp.true, sp.false) else float(leaf)

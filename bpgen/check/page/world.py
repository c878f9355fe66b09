"""The written-out network: the value of every element, and what moves with it.

The equations are evaluated on the grid of their indices, with complex numbers: a step of 1e-30
along the imaginary axis of one element shows how every other follows, with no difference taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

import numpy as np

from bpgen.check.page.scalars import STEP, Array, Formula, Values
from bpgen.ir import BATCH, Equation, Index, Network, Size, TensorInfo, Term

_ROUNDING = 1e-15  # by which part of itself a number is off that was rounded
_PRIMES = (3, 5, 7, 2, 11)
# Between which numbers parameters and all else are drawn, attempt after attempt, where some
# function is not defined for normal ones: sqrt(x), log(1 - x), log(x - 1).
_SHARE, _ABOVE, _BELOW = (0.15, 0.85), (4.0, 8.0), (-8.0, -4.0)
_BETWEEN = (
    *((None, None), (_SHARE, _SHARE), (None, _SHARE)) * 4,
    *((None, _ABOVE), (_ABOVE, _ABOVE), (None, _BELOW), (_ABOVE, _BELOW)) * 2,
)


@dataclass(frozen=True)
class World:
    """A network, the lengths known at run time, and a value of each tensor."""

    network: Network
    lengths: Mapping[str, int]
    values: dict[str, Array] = field(default_factory=dict)
    # The upstream gradients of outputs, where there is no loss.
    given: dict[str, Array] = field(default_factory=dict)
    # What the page says instead that an equation is, where it differentiates another spelling: of
    # the steps of a recurrence, and of what stands before the first.
    told: dict[tuple[str, bool], Callable[[World, Values], Array]] = field(default_factory=dict)
    seed: int | None = None  # of how all that is computed is rounded once more
    _moved: dict[str, dict[str, Array]] = field(default_factory=dict)

    @staticmethod
    def drawn(network: Network, batch: int, seed: int) -> World:
        """Random values at which every equation has a finite value, positive ones where need be."""
        names = {str(s) for t in network.tensors.values() for i in t.indices for s in [i.size]}
        free = sorted(n for n in names if not n.isdigit() and n not in (BATCH, "None"))
        lengths = {n: _PRIMES[k % len(_PRIMES)] for k, n in enumerate(free)}
        lengths[BATCH] = batch
        rng = np.random.default_rng(seed)
        for attempt in range(len(_BETWEEN)):
            world = World(network, lengths)
            for info in network.tensors.values():
                if info.role != "value":
                    world.values[info.name] = world._draw(info, rng, attempt)
                    if info.bound is not None:  # each label another one with each seed
                        first = np.random.default_rng(len(info.name)).integers(
                            info.bound, size=world.shape(info)
                        )
                        world.values[info.name] = (first + seed) % info.bound
            world.run(world.values, {})
            if world.defined:
                break
        for name in network.outputs if network.loss is None else ():
            info = network.tensors[name]
            shape = world.shape(info)[info.block :]
            world.given[name] = rng.normal(size=shape)
        return world

    @property
    def defined(self) -> bool:
        """Whether every equation has a finite value."""
        return all(np.isfinite(v).all() for v in self.values.values())

    @staticmethod
    def at(network: Network, lengths: Mapping[str, int], values: Values) -> World:
        """The values of every equation where these are given."""
        world = World(network, lengths, {name: np.array(v) for name, v in values.items()})
        world.run(world.values, {})
        return world

    def shaken(self, seed: int) -> World:
        """The same values where each that is computed is off by a rounding."""
        known = {n: v for n, v in self.values.items() if self._is_given(n)}
        world = World(self.network, self.lengths, known, self.given, seed=seed)
        world.run(world.values, {})
        return replace(world, told=self.told)

    def _is_given(self, name: str) -> bool:
        return self.network.tensors[name].role != "value"

    def _draw(self, info: TensorInfo, rng: np.random.Generator, attempt: int) -> Array:
        shape = self.shape(info)
        if info.keep is not None:
            keep = float(info.keep)
            return np.where(rng.uniform(size=shape) < max(keep, 0.5), 1 / keep, 0.0)
        drawn = rng.normal(size=shape)
        if info.sums_to_one:
            raised = np.exp(drawn)
            return np.asarray(raised / raised.sum(-1, keepdims=True))
        between = _BETWEEN[attempt][info.role != "param"]
        return drawn if between is None else rng.uniform(*between, size=shape)

    def size(self, size: Size | None) -> int:
        return size if isinstance(size, int) else self.lengths[str(size)]

    def shape(self, info: TensorInfo) -> tuple[int, ...]:
        """The shape of a tensor, without the place before the first step."""
        return tuple(self.size(i.size) for i in info.indices)

    def run(self, values: dict[str, Array], moves: Mapping[str, Array]) -> None:
        """Every equation's value, into `values`; `moves` is added to the tensors that it names.

        A recurrence is evaluated again and again until its last step is right, in which entries
        may need one another.
        """
        for _, together in groupby(
            enumerate(self.network.equations), lambda f: f[1].loop.name if f[1].loop else f[0]
        ):
            group = [e for _, e in together]
            loop = group[0].loop
            for e in group if loop else ():
                values[e.name] = np.zeros(self._stored(e.name), dtype=complex)
            each = sum(len(e.terms) for e in group)
            for _ in range((self.size(loop.index.size) + 1) * each if loop else 1):
                before = [values.get(e.name) for e in group]
                for e in group:
                    made = self.evaluated(e, values)
                    values[e.name] = made + moves[e.name] if e.name in moves else made
                if all(map(_unchanged, before, (values[e.name] for e in group))):
                    break

    def _stored(self, name: str) -> tuple[int, ...]:
        info = self.network.tensors[name]
        shape = list(self.shape(info))
        if info.carried is not None:
            shape[info.carried] += 1  # the last is what stands before the first, at -1
        return tuple(shape)

    def evaluated(self, equation: Equation, values: Values) -> Array:
        """The value of an equation's tensor, from the values that it reads."""
        found = self._evaluated(equation, values)
        return found if self.seed is None else found * _off(np.real(found), self.seed)

    def _evaluated(self, equation: Equation, values: Values) -> Array:
        made = self._written(equation, values)
        for first in (False, True):
            told = self.told.get((equation.name, first))
            if told is not None:
                made = self._respelled(equation.name, made, told(self, values), first)
        return made

    def _respelled(self, name: str, made: Array, told: Array, first: bool) -> Array:
        """What the page tells of a tensor, in its place: of a recurrence the steps (blocks), or
        what stands before the first.
        """
        info = self.network.tensors[name]
        if info.carried is None:
            return told
        lead = max(made.ndim, told.ndim + first) - len(info.indices)
        shape = (told if told.ndim + first > made.ndim else made).shape[:lead]
        made = np.array(np.broadcast_to(made, (*shape, *self._stored(name))))
        place: list[Any] = [slice(s) for s in self.shape(info)]
        place[info.carried] = -1 if first else place[info.carried]
        made[(..., *place)] = told
        return made

    def _written(self, equation: Equation, values: Values) -> Array:
        with np.errstate(all="ignore"):
            parts = [self._term(t, equation, values) for t in equation.terms]
        found = parts[0]
        for part in parts[1:]:
            found = found + part
        return found

    def _term(self, term: Term, equation: Equation, values: Values) -> Array:
        own = equation.indices
        info = self.network.tensors[equation.name]
        places = own if term.at is None else term.at
        read = {s for e in (term.body, *places) for s in e.free_symbols if isinstance(s, Index)}
        wanted = (i for i in own if term.at is None or i in read)
        over = tuple(k for k in term.over if k not in own or term.reduce != "first")
        grid = (*wanted, *(k for k in over if k not in own))
        sizes = [self.size(i.size) for i in grid]
        at = {
            i: np.arange(s).reshape([-1 if k == j else 1 for j in range(len(grid))])
            for k, (i, s) in enumerate(zip(grid, sizes, strict=True))
        }
        body = np.asarray(Formula(self.lengths, values, at, len(grid)).number(term.body))
        lead = body.shape[: body.ndim - len(grid)] if body.ndim > len(grid) else ()
        body = np.broadcast_to(body, (*lead, *sizes))
        if term.reduce == "first":
            return self._first(body, own, term.over)
        axes = tuple(k - len(grid) for k in range(len(grid)) if grid[k] not in own)
        if term.at is None:
            body = _reduced(body, axes, term.reduce)
            if info.carried is None:
                return np.asarray(body)
            made = np.zeros((*lead, *self._stored(equation.name)), dtype=complex)
            inside: Any = (..., *(slice(s) for s in self.shape(info)))
            made[inside] = body
            return made
        made = np.zeros((*lead, *self._stored(equation.name)), dtype=complex)
        index = Formula(self.lengths, values, at, len(grid))
        where = [np.broadcast_to(index.place(e), sizes) for e in places]
        keep = np.ones(sizes, dtype=bool)
        for i, e in zip(own, where, strict=True):
            if i in at and i in read:
                keep &= np.broadcast_to(at[i] == e, sizes)
        flat = body.reshape((*lead, -1))[..., keep.ravel()]
        there: Any = (..., *(w.ravel()[keep.ravel()] for w in where))
        np.add.at(made, there, flat)
        return made

    def _first(self, body: Array, own: tuple[Index, ...], over: tuple[Index, ...]) -> Array:
        """1 at the first of the largest over some of the axes, 0 elsewhere."""
        axes = [k - len(own) for k, i in enumerate(own) if i in over]
        moved = np.moveaxis(body.real, axes, range(-len(axes), 0))
        shape = moved.shape
        flat = moved.reshape((*shape[: -len(axes)], -1))
        found = np.arange(flat.shape[-1]) == flat.argmax(-1)[..., None]
        return np.moveaxis(found.reshape(shape).astype(float), range(-len(axes), 0), axes)

    def moved(self, name: str) -> dict[str, Array]:
        """Every value where each element of a tensor in turn takes an imaginary step: the first
        axis counts these elements.
        """
        if name not in self._moved:
            values = {n: v for n, v in self.values.items() if self._is_given(n)}
            move = self.alone(name)
            if name in values:
                values[name] = values[name] + move
            self.run(values, {name: move})
            self._moved[name] = values
        return self._moved[name]

    def alone(self, name: str) -> Array:
        """The imaginary steps of a tensor's elements, one after another."""
        shape = self.values[name].shape
        count = math.prod(shape)
        return (1j * STEP * np.eye(count)).reshape((count, *shape))


def _off(values: Array, seed: int) -> Array:
    """What numbers are off by, as factors; equal numbers are off alike, and stay equal."""
    bits = np.array(values, dtype=float, order="C").view(np.uint64)
    with np.errstate(over="ignore"):  # modulo 2^64
        mixed = (bits ^ (bits >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15 + 2 * seed)
    return 1 + _ROUNDING * (mixed >> np.uint64(11)) / 2.0**52 - _ROUNDING


def _unchanged(before: Array | None, after: Array) -> bool:
    return before is not None and np.array_equal(before, after, equal_nan=True)


def _reduced(body: Array, axes: tuple[int, ...], reduce: str) -> Array:
    if not axes:
        return body
    return _KINDS[reduce](body, axes)


def logsumexp(body: Array, axes: tuple[int, ...]) -> Array:
    top = body.real.max(axes, keepdims=True)
    return np.asarray(np.log(np.exp(body - top).sum(axes)) + top.squeeze(axes))


def largest(body: Array, axes: tuple[int, ...]) -> Array:
    """The first of the largest, with its imaginary part."""
    keep = tuple(a % body.ndim for a in axes)
    moved = np.moveaxis(body, keep, range(-len(keep), 0))
    flat = moved.reshape((*moved.shape[: -len(keep)], -1))
    return np.asarray(np.take_along_axis(flat, flat.real.argmax(-1)[..., None], -1)[..., 0])


_KINDS: dict[str, Callable[[Array, tuple[int, ...]], Array]] = {
    "sum": lambda body, axes: np.asarray(body.sum(axes)),
    "max": largest,
    "logsumexp": logsumexp,
}

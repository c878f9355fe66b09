"""The written-out network: the value of every element, and what moves with it.

Values are those of the evaluation entry by entry, as it stores them: of a recurrence, slot 0 is
what stands before the first step. An imaginary step of one element shows how every other follows,
with no difference taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bpgen.check.entrywise.evaluation import Evaluation
from bpgen.functions import masked
from bpgen.ir import BATCH, Network, Size, TensorInfo

Array = NDArray[Any]
Values = Mapping[str, Array]
LOWEST = -1e30  # minus infinity, of which a difference can still be taken
# What the page says instead that an equation is, from the values of all tensors in their lanes.
Spelling = Callable[["World", Values], Array]


@dataclass(frozen=True)
class World:
    """A network, the lengths known at run time, and a value of each tensor."""

    network: Network
    lengths: Mapping[str, int]
    values: dict[str, Array] = field(default_factory=dict)
    # The upstream gradients of outputs, where there is no loss.
    given: dict[str, Array] = field(default_factory=dict)
    # Where the page differentiates another spelling of a tensor: of the steps of a recurrence, and
    # of what stands before the first.
    told: dict[tuple[str, bool], Spelling] = field(default_factory=dict)
    dtype: Any = np.float64
    fallen: frozenset[str] = frozenset()  # what came to minus infinity, though nothing is masked
    # Log-sum-exps that the page writes as softmaxes alone: its formulas mention what they are of.
    within: frozenset[str] = frozenset()
    nothing: bool = False  # whether the page says what a softmax of nothing is
    _moved: dict[str, dict[str, Array]] = field(default_factory=dict)

    @staticmethod
    def at(
        network: Network, lengths: Mapping[str, int], values: Values, nothing: bool = False
    ) -> World:
        """The values of every equation where these are given."""
        given = {n: np.array(v) for n, v in values.items()}
        return World(network, lengths, given, nothing=nothing)._computed()

    def _computed(self) -> World:
        """With what is computed from what is given."""
        given = {n: v for n, v in self.values.items() if self.is_given(n)}
        found = _Spelled(replace(self, values=given, told={}))
        values = {n: v[0] for n, v in found.values.items()}
        return replace(self, values=values, fallen=frozenset(found.fallen), _moved={})

    @cached_property
    def masked(self) -> set[str]:
        """The tensors in which something is masked out."""
        masks = (e for e in self.network if any(t.body.has(masked) for t in e.terms))
        return {e.name for e in masks}

    @cached_property
    def log_sums(self) -> set[str]:
        """The log-sum-exps."""
        return {e.name for e in self.network if e.terms[0].reduce == "logsumexp"}

    @property
    def defined(self) -> bool:
        """Whether every equation has a finite value, but for what is masked: of that something is
        kept, and no loss is infinite by it.
        """
        kept = (v for name, v in self.values.items() if name in self._ends)
        return (
            not self.fallen
            and all(np.isfinite(v).all() for v in self.values.values())
            and all((np.abs(v) < -LOWEST / 2).all() for v in kept)
        )

    @cached_property
    def _ends(self) -> set[str]:
        """The losses, and what is the largest of several, or the log-sum-exp of them."""
        found = {e.name for e in self.network if e.terms[0].reduce in ("max", "logsumexp")}
        return found | {self.network.loss or "", self.network.sample_loss or ""}

    def longer(self) -> World:
        """The same in the longest numbers."""
        return replace(self, dtype=np.longdouble)._computed()

    @property
    def lanes(self) -> dict[str, Array]:
        """The values, with a first axis of one entry."""
        return {name: value[None] for name, value in self.values.items()}

    def is_given(self, name: str) -> bool:
        return self.network.tensors[name].role != "value"

    def size(self, size: Size | None) -> int:
        return size if isinstance(size, int) else self.lengths[str(size)]

    def shape(self, info: TensorInfo) -> tuple[int, ...]:
        """The shape of a tensor, without what stands before the first step."""
        return tuple(self.size(i.size) for i in info.indices)

    def moved(self, name: str) -> Values:
        """Every value where each element of a tensor in turn takes an imaginary step: the first
        axis counts these elements, or has one entry of what stays.
        """
        if name not in self._moved:
            self._moved[name] = _Spelled(self, {name: self.steps(name)}).values
        return self._moved[name]

    def along(self, steps: Values) -> Values:
        """Every value where all these elements take a step at once, in one lane."""
        return _Spelled(self, {name: step[None] for name, step in steps.items()}).values

    def of_sample(self, n: int) -> World:
        """The same with one sample of the batch alone."""
        tensors, lengths = self.network.tensors, {**self.lengths, BATCH: 1}
        arrays = {name: v for name, v in self.values.items() if self.is_given(name)}
        values, given = (
            {name: of_sample(tensors[name], array, n) for name, array in of.items()}
            for of in (arrays, self.given)
        )
        return replace(self, lengths=lengths, values=values, given=given)._computed()

    def steps(self, name: str) -> Array:
        """A step of each element of a tensor, one after another."""
        shape = self.values[name].shape
        count = math.prod(shape)
        return np.eye(count).reshape((count, *shape))

    def immediately(self, of: str | None, by: str) -> Values:
        """Where each element of a tensor takes a step that one equation alone follows, or none."""
        still = replace(self.network, equations=())
        found = _Spelled(replace(self, network=still), {by: self.steps(by)})
        found.values = {**self.lanes, by: found.stepped(by, self.values[by][None])}
        for equation in self.network.equations:
            if equation.name in (of, *self.within):  # all steps of a recurrence at once
                found.whole(replace(equation, loop=None))
        return found.values


def of_sample(info: TensorInfo, array: Array, n: int) -> Array:
    """What is of one sample; what all samples share is as it is."""
    axis = _batch_axis(info, array)
    return array if axis is None else array.take([n], axis)


def along_batch(info: TensorInfo, array: Array) -> Array:
    """Of which sample each entry is."""
    axis = _batch_axis(info, array)
    assert axis is not None
    return np.asarray(np.indices(array.shape)[axis])


def _batch_axis(info: TensorInfo, array: Array) -> int | None:
    """Where the samples are along; an array may be without the axis of the blocks."""
    sizes = [i.size for i in info.indices][len(info.indices) - array.ndim :]
    return sizes.index(BATCH) if BATCH in sizes else None


class _Spelled(Evaluation):
    """The values of a world where each tensor is as the page spells it."""

    def __init__(self, world: World, steps: Values | None = None) -> None:
        self.world, self.fallen = world, set[str]()
        given = {n: v for n, v in world.values.items() if world.is_given(n)}
        still = world.lanes if steps else None
        super().__init__(world.network, world.lengths, given, steps, world.dtype, still=still)

    def moved(self, name: str, array: Array, here: Any = ...) -> Array:
        if self.world.is_given(name):
            return self.stepped(name, array, here)
        array = self._told(name, array, here)
        if self.world.nothing and name in self.world.log_sums:
            array = np.where(np.real(array) < LOWEST / 2, 0, array)  # e^(-inf - 0) is 0
        lowest = np.isneginf(np.real(array))
        if lowest.any() and name not in self.world.masked:
            self.fallen.add(name)  # the logarithm of what is rounded to 0
        array = np.where(lowest, LOWEST, array)
        return self.stepped(name, array, here)

    def stepped(self, name: str, array: Array, here: Any = ...) -> Array:
        """As they are, with their part of the step added."""
        return np.asarray(super().moved(name, array, here))

    def _told(self, name: str, array: Array, here: Any) -> Array:
        """With what the page tells in an equation's place: all of it, or that of one step."""
        for first in (False, True):
            if (name, first) in self.world.told:
                told = self.world.told[name, first](self.world, self.values)
                array = _respelled(array, told, self.network.tensors[name].carried, first, here)
        return array


def _respelled(array: Array, told: Array, carried: int | None, first: bool, here: Any) -> Array:
    """What is told, in its place: of a recurrence, the steps or what stands before the `first`."""
    if carried is None:
        return np.asarray(told[here])
    if here is ...:
        array = np.repeat(array, len(told) // len(array), 0).astype(np.result_type(array, told))
        array[(*[slice(None)] * (carried + 1), 0 if first else slice(1, None))] = told
        return array
    if (here[-1] == 0) != first:
        return array
    return told if first else np.asarray(told[(*here[:-1], here[-1] - 1)])

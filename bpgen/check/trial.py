"""A module and the meaning of its equations, side by side at one point."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from bpgen.check.chance import one_by_one
from bpgen.check.entrywise import shown, weighted
from bpgen.check.entrywise.adjoints import Adjoints
from bpgen.check.entrywise.evaluation import STEP, Evaluation
from bpgen.check.entrywise.scalars import ENDLESS
from bpgen.check.module import DOMAINS, SCALES, Array, Arrays, Point, Subject, of_finite_loss, quiet
from bpgen.ir import BATCH, Network, Size

# Of the batch, then of other axes known at run time: what no axis measures otherwise comes first.
LENGTHS = (3, 5, 2, 7, 4, 11)
FEWEST = (2, 3, 5, 7, 4, 11)  # the same for large networks
LOOPING = 2000  # what a step of a loop takes beside its entries, in entries
TRIES = 3  # draws within one domain
TOGETHER = "the loss of loss_and_grad"
SHAKES, ROUNDING = 3, 1e-15  # how often every number is moved, and by which part of itself


def lengths_of(network: Network, lengths: tuple[int, ...] = LENGTHS) -> tuple[int, ...]:
    """The length of the batch, and of other axes that have none before run time."""
    sizes = {i.size for t in network.tensors.values() for i in t.indices}
    return tuple(sorted(lengths, key=lambda n: n in sizes))


def cost(network: Network, looping: int = LOOPING) -> int:
    """How many entries all bodies have, and what their steps take beside."""
    total = 0

    def size(size: Size | None) -> int:
        return size if isinstance(size, int) else LENGTHS[0]

    for equation in network:
        for term in equation.terms:
            at = {i for e in term.at or () for i in e.free_symbols}
            over = {*term.over, *(at or equation.indices)}
            steps = 1 if equation.loop is None else size(equation.loop.index.size)
            total += prod(size(getattr(i, "size", 1)) for i in over) + looping * steps
    return total


class Raises(Exception):
    """What a module raises at arguments that fit."""


@contextmanager
def of_module() -> Iterator[None]:
    """Whatever the module raises, said in words."""
    try:
        yield
    except Exception as error:
        raise Raises(f"raises {type(error).__name__}: {error}") from error


@dataclass(frozen=True)
class Trial:
    """One point of a module, and what is drawn there by forward."""

    network: Network
    subject: Subject
    point: Point
    drawn: Arrays
    lengths: Mapping[str, int]

    @property
    def given(self) -> Arrays:
        return {**{n: a for g in self.point.groups() for n, a in g.items()}, **self.drawn}

    @property
    def weights(self) -> Mapping[str, Array]:
        """What is differentiated: the loss, or the outputs times what is given for them."""
        if self.network.loss is not None:
            return weighted(self.network, None)
        return dict(zip(self.network.outputs, self.point.rest.values(), strict=True))

    @cached_property
    def meant(self) -> Evaluation:
        """What the equations say."""
        return Evaluation(self.network, self.lengths, self.given)

    @property
    def settled(self) -> bool:
        """Whether all values are numbers, but for what a mask leaves out of an output beside the
        loss, and no branch is decided by a hair.
        """
        values, loss = self.values(self.meant), self.network.loss
        if loss is not None and self.subject.masks and np.isfinite(values[loss]):
            values = {n: np.where(np.isneginf(a), 0, a) for n, a in values.items()}
        return _finite(values) and not self.meant.near

    @property
    def finite(self) -> bool:
        """Whether all values that the module returns are numbers."""
        return _finite(self.computed[0])

    def values(self, of: Evaluation) -> Arrays:
        """What a caller sees of an evaluation: the outputs and the loss."""
        names = dict.fromkeys([*self.network.outputs, *filter(None, [self.network.loss])])
        found = {n: np.real(shown(self.network, n, of.values[n][0])) for n in names}
        if self.network.loss is not None:
            found[TOGETHER] = found[self.network.loss]
        return found

    def gradients(self, of: Evaluation) -> Arrays:
        """The gradients of the parameters and the inputs."""
        found = Adjoints(of, self.weights).found
        return {name: found[name] for name in self.subject.differentiable}

    @cached_property
    def slopes(self) -> Arrays:
        """What the equations say of the gradients."""
        return self.gradients(self.meant)

    @property
    def undefined(self) -> list[str]:
        """What is no number anywhere at this point."""
        meant = {**self.values(self.meant), **{f"dL/d{n}": g for n, g in self.slopes.items()}}
        return [n for n, a in meant.items() if np.size(a) and not np.any(np.isfinite(a))]

    def stepped(self, directions: Arrays) -> tuple[Arrays, float]:
        """The values, and the derivative along all directions together, by one complex step."""
        steps = {name: d[None] for name, d in directions.items()}
        found = Evaluation(self.network, self.lengths, self.given, steps)
        moves = {n: shown(self.network, n, np.imag(found.values[n][0])) for n in self.weights}
        along = sum(float(np.sum(w * moves[n])) for n, w in self.weights.items()) / STEP
        return self.values(found), along

    @cached_property
    def noise(self) -> tuple[dict[str, float], dict[str, float]]:
        """What happens to values and to gradients where every number on the way is off by some
        roundings; at least what a rounding of the largest on the way is.
        """
        of_values, of_gradients = self.values(self.meant), self.slopes
        ways = self.meant.values, Adjoints(self.meant, self.weights).found
        least = [ROUNDING * max(map(_largest, way.values()), default=0.0) for way in ways]
        found = dict.fromkeys(of_values, least[0]), dict.fromkeys(of_gradients, least[1])
        for seed in range(SHAKES):
            moved = _Shaken(self.network, self.lengths, self.given, seed)
            for name, array in self.values(moved).items():
                found[0][name] = max(found[0][name], _largest(array - of_values[name]))
            for name, array in self.gradients(moved).items():
                found[1][name] = max(found[1][name], _largest(array - of_gradients[name]))
        return found

    @cached_property
    def computed(self) -> tuple[Arrays, ...]:
        """What the module returns: its values, then its gradients in each way to ask for them."""
        subject, point, rest = self.subject, self.point, self.point.rest.values()
        before = {name: np.copy(array) for name, array in self.given.items()}
        with of_module(), quiet():
            output, cache = subject.called(subject.module.forward, point)
            outputs = output if isinstance(output, tuple) else (output,)
            values = dict(zip(self.network.outputs, outputs, strict=True))
            gradients = [subject.backward(point, cache)]
            if self.network.loss is None:
                gradients.append(subject.module.backward(point.params, cache, *rest))
            else:  # it asks for the gradients of the parameters alone
                values[self.network.loss] = subject.objective(point)
                loss, grads = subject.loss_and_grad(point)
                values[TOGETHER] = loss
                gradients.append(grads)
        for name, array in self.given.items():
            if not np.array_equal(before[name], array):
                raise Raises(f"changes its argument {name}")
        return (values, *gradients)


def _finite(arrays: Arrays) -> bool:
    return all(bool(np.all(np.isfinite(a))) for a in arrays.values())


def _largest(array: Array) -> float:
    """Of what is a number: the slope of a norm at 0 makes no rounding elsewhere."""
    sizes = np.abs(array)
    return float(np.max(sizes, initial=0, where=sizes < ENDLESS))


class _Shaken(Evaluation):
    """Values that are off by some units in the last place."""

    def __init__(
        self, network: Network, lengths: Mapping[str, int], point: Arrays, seed: int
    ) -> None:
        self.rng = np.random.default_rng(seed)
        super().__init__(network, lengths, point)

    def moved(self, name: str, array: Array, here: Any = ...) -> Array:
        value = super().moved(name, array, here)
        if self.network.tensors[name].bound is not None:
            return np.asarray(value)
        return np.asarray(value * (1 + ROUNDING * self.rng.standard_normal(np.shape(value))))


def trials(source: str, network: Network, points: int, small: bool) -> Iterator[Trial]:
    """Points: so many of a small network, each the first that is drawn where everything is settled;
    of a large one the first where its values are finite. The last drawn where there is none.
    """
    batch, *long = lengths_of(network, LENGTHS if small else FEWEST)
    subjects: list[Subject] = []
    domains = (*DOMAINS, *of_finite_loss(network))
    for number in range(points if small else 1):
        for k, attempt in itertools.product(range(len(domains)), range(TRIES)):
            with of_module():
                if k == len(subjects):
                    # Of a softmax of nothing the equations do not speak.
                    domain = replace(domains[k], rows=False)
                    subjects.append(Subject(source, network, domain, tuple(long)))
                found = _drawn(subjects[k], network, batch, number, attempt)
            if found.settled if small else found.finite:
                break
        yield found


def _drawn(subject: Subject, network: Network, batch: int, number: int, attempt: int) -> Trial:
    """A random point of a module whose noise is drawn here."""
    rng = np.random.default_rng([number, attempt])
    lengths = {**subject.lengths, BATCH: batch}
    noise = {}
    for t in network.role("noise"):
        shape = [i.size if isinstance(i.size, int) else lengths[str(i.size)] for i in t.indices]
        noise[t.name] = rng.choice([0.0, 1.25, 1.25], shape)
    drawn = itertools.cycle(one_by_one(network, noise))
    subject.module.__dict__["dropout"] = lambda *_: next(drawn).copy()
    point = subject.draw(rng, batch, SCALES[number % len(SCALES)])
    return Trial(network, subject, point, noise, lengths)

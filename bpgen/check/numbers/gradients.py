"""The gradients under check, and how large the terms are that they are sums of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bpgen.check.module import Arrays, Point, Subject, largest
from bpgen.check.numbers.ruler import Ruler

POWER = 1e-6  # a tensor whose gradients are all smaller proves nothing
SUSPECT = 1e-6  # of the largest: so small that it may be what rounding leaves of terms that cancel
SHAKEN, SHAKES = 1e-9, 3  # by how much of itself each value is moved to measure terms, how often
EPS = 2.0**-23  # of single precision
ROUNDINGS = 64  # of the terms that cancel: the error of as many operations on them


class Gradients:
    """The gradients under check at the ruler's points, each computed once."""

    def __init__(self, subject: Subject, ruler: Ruler) -> None:
        self.subject, self.ruler = subject, ruler
        self._found: dict[tuple[int, int], Arrays] = {}
        self._terms: dict[tuple[int, int], dict[str, float]] = {}
        self._largest: dict[tuple[int, int], float] = {}
        self._together: dict[tuple[int, int], dict[str, float]] = {}

    def at(self, batch: int, draw: int) -> Arrays:
        if (batch, draw) not in self._found:
            self._found[batch, draw] = self.subject.gradients(self.ruler.point(batch, draw))
        return self._found[batch, draw]

    def largest(self, batch: int, draw: int) -> float:
        """The largest entry of all."""
        if (batch, draw) not in self._largest:
            self._largest[batch, draw] = largest(self.at(batch, draw))
        return self._largest[batch, draw]

    def together(self, batch: int, draw: int) -> dict[str, float]:
        """The error of all gradients together, of those that have power: along one direction, in
        which each has its largest entry as its unit.
        """
        if (batch, draw) not in self._together:
            grads, least = self.at(batch, draw), max(POWER, SUSPECT * self.largest(batch, draw))
            sizes = {n: largest({n: grads[n]}) for n in self.ruler.names}
            powerful = {n: size for n, size in sizes.items() if size > least}
            probes = {n: self.ruler.direction(batch, draw, n, 0) for n in powerful}
            directions = {n: probe / powerful[n] for n, probe in probes.items()}
            ours = sum(float(np.sum(grads[n] * d)) for n, d in directions.items())
            error = abs(ours - self.ruler.along(batch, draw, directions))
            self._together[batch, draw] = dict.fromkeys(directions, error)
        return self._together[batch, draw]

    def rounded(self, batch: int, draw: int) -> dict[str, float]:
        """The same, of what backward makes itself, too: as 1 less the square of a tanh that it
        takes.
        """
        point = self.ruler.point(batch, draw)
        return rounded(self.subject, point, self.at(batch, draw), self.terms(batch, draw))

    def terms(self, batch: int, draw: int) -> dict[str, float]:
        """How large the terms are that each gradient is the sum of, cancelling or not."""
        where = (batch, draw)
        if where not in self._terms:
            point, seed = self.ruler.point(*where), (self.ruler.seed, *where)
            self._terms[where] = terms(self.subject, point, self.at(*where), seed)
        return self._terms[where]


def terms(
    subject: Subject, point: Point, grads: Arrays, seed: tuple[int, ...] = (0,)
) -> dict[str, float]:
    """How large the terms are that each gradient at a point is the sum of, cancelling or not.

    Every value that backward starts from, parameters and cache, is moved by its own random 1e-9 of
    itself: the gradients move by that part of their terms.
    """
    shaken = [_shaken(subject, point, np.random.default_rng([*seed, k])) for k in range(SHAKES)]
    return {
        n: max(float(np.max(np.abs(s[n] - g), initial=0)) for s in shaken) / SHAKEN
        for n, g in grads.items()
    }


def terms_of_loss(subject: Subject, point: Point) -> float:
    """How large the terms are that the loss is the sum of, in the same way: of all it is given."""
    right = subject.objective(point)
    rngs = (np.random.default_rng([0, k]) for k in range(SHAKES))
    shaken = [subject.objective(point.map(lambda _, a, r=r: _moved(a, r))) for r in rngs]  # type: ignore[misc]
    return max(abs(float(s - right)) for s in shaken) / SHAKEN


def rounded(
    subject: Subject, point: Point, grads: Arrays, of: Mapping[str, float]
) -> dict[str, float]:
    """How large the terms are, those of what backward makes itself among them: as large as single
    precision is off. `of` is how large those are that it starts from.
    """
    at = point.map(lambda _, a: cast(np.float32, a))
    return {**of, **_single(subject.gradients(at), grads, of)}


def rounded_together(
    subject: Subject, point: Point, grads: Arrays, of: Mapping[str, float]
) -> dict[str, float]:
    """The same, of what loss_and_grad makes."""
    at = point.map(lambda _, a: cast(np.float32, a))
    return {**of, **_single(subject.loss_and_grad(at)[1], grads, of)}


def rounded_loss(subject: Subject, point: Point) -> float:
    """How large the terms are that a loss is the sum of, or as large as single precision is off:
    where all of them cancel nothing moves it, and one spelling alone may be exact.
    """
    double, _ = subject.loss_and_grad(point)
    single, _ = subject.loss_and_grad(point.map(lambda _, a: cast(np.float32, a)))
    off = abs(float(single) - float(double))
    return max(terms_of_loss(subject, point), off / EPS)


def _single(single: Arrays, grads: Arrays, of: Mapping[str, float]) -> dict[str, float]:
    return {n: max(of[n], largest({n: s - grads[n]}) / EPS) for n, s in single.items()}


def cast(dtype: type, array: np.ndarray) -> np.ndarray:
    return array.astype(dtype) if array.dtype.kind == "f" else array.copy()


def _shaken(subject: Subject, point: Point, rng: np.random.Generator) -> Arrays:
    """The gradients after one such move."""
    cache = _moved(subject.forward(point), rng)
    return subject.backward(point.map(lambda _, a: _moved(a, rng)), cache)


def _moved(value: Any, rng: np.random.Generator) -> Any:
    """A value with every real number in it moved by a random part of itself."""
    if isinstance(value, dict):
        return {key: _moved(v, rng) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_moved(v, rng) for v in value)
    if getattr(value, "dtype", np.dtype(object)).kind != "f":
        return value
    return value * (1 + SHAKEN * rng.standard_normal(np.shape(value)))

"""Numeric derivatives of the right module's objective, at points that are the same whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from bpgen.check.module import SCALES, Array, Arrays, Point, Subject, largest
from bpgen.check.promises.finding import near

COMPLEX_STEP = 1e-20
# Lengths of differences; the shorter, the fewer kinks within, the less precise.
STEPS = (2e-3, 1e-4, 6e-6, 1e-6)
STENCIL = ((1, 45 / 60), (2, -9 / 60), (3, 1 / 60))  # sixth order: offset and weight
# Tensors of a module beyond which each is asked for along one direction only, and not confirmed by
# differences: what is asked takes as long as there are tensors.
MANY = 300
TOGETHER = 1e-9  # of the largest entry: the error of all gradients along one direction
# Every probe is taken at one batch size; two directions at the others, and again at a draw with
# the largest parameters and inputs, beyond the ends of a clip, and with the smallest, within a
# margin.
FULL_BATCH = 5
LIGHT_BATCHES = ((1, 3), (2, 3), (5, 3), (5, 2))


class Ruler:
    """Numeric derivatives of the right module's objective at reproducible points, each
    taken once.
    """

    def __init__(self, subject: Subject, seed: int) -> None:
        self.subject, self.seed = subject, seed
        self._points: dict[tuple[int, int], Point] = {}
        self._differences: dict[tuple[int, int, str, int, float], float] = {}
        self._complex: dict[tuple[int, int, str, int], float] = {}
        self._all: dict[tuple[int, int], float] = {}

    @property
    def names(self) -> list[str]:
        """The tensors that there are gradients of."""
        return list(self.subject.differentiable)

    @property
    def many(self) -> bool:
        """Whether the module is so large that few copies of it are made."""
        return len(self.names) > MANY

    @cached_property
    def together(self) -> bool:
        """Whether copies are asked for all gradients at once first: where the right module itself
        agrees. What is refused there would be refused at one of its tensors.
        """
        return together(self.subject, self)

    def point(self, batch: int, draw: int) -> Point:
        """The point of one draw: the same whoever asks. It is the caller's own, for a broken copy
        may write in it.
        """
        return self._drawn(batch, draw).map(lambda _, array: np.copy(array))

    def _drawn(self, batch: int, draw: int) -> Point:
        if (batch, draw) not in self._points:
            rng = np.random.default_rng([self.seed, batch, draw])
            self._points[batch, draw] = self.subject.draw(rng, batch, SCALES[draw % len(SCALES)])
        return self._points[batch, draw]

    def asked(self) -> Iterator[Point]:
        """The points at which every gradient is asked for."""
        for batch, draw in ((FULL_BATCH, 0), *LIGHT_BATCHES):
            yield self.point(max(batch, self.subject.fewest), draw)

    def direction(self, batch: int, draw: int, tensor: str, probe: int) -> Array:
        """Probes 0, 1, ... are random directions of length 1; -1, -2, ... are single entries. What
        a mask leaves out is not moved: it would be kept then.
        """
        point = self._drawn(batch, draw)
        like = point.params.get(tensor, point.inputs.get(tensor))
        assert like is not None
        moved = like != 0 if tensor in self.subject.masks else np.ones(like.shape)
        if probe < 0:
            unit = np.zeros(like.size)
            unit[-1 - probe] = 1
            return unit.reshape(like.shape) * moved
        drawn = np.random.default_rng([self.seed, probe, like.size]).standard_normal(like.shape)
        return np.asarray(drawn / np.sqrt(np.sum(drawn**2)) * moved)

    def complex_step(self, batch: int, draw: int, tensor: str, probe: int) -> float:
        """The derivative along a probe by the complex step; nan where the module refuses complex
        numbers.
        """
        key = (batch, draw, tensor, probe)
        if key not in self._complex:
            direction = self.direction(batch, draw, tensor, probe)
            self._complex[key] = self.along(batch, draw, {tensor: direction})
        return self._complex[key]

    def along_all(self, batch: int, draw: int) -> float:
        """The same along the first probes of all tensors together."""
        if (batch, draw) not in self._all:
            directions = {n: self.direction(batch, draw, n, 0) for n in self.names}
            self._all[batch, draw] = self.along(batch, draw, directions)
        return self._all[batch, draw]

    def along(self, batch: int, draw: int, directions: Arrays) -> float:
        """The derivative along all directions together, by the complex step; nan where the module
        refuses complex numbers.
        """
        steps = {name: COMPLEX_STEP * d for name, d in directions.items()}
        try:
            value = np.imag(self.subject.continuation(self._drawn(batch, draw), steps))
        except Exception:  # a cast, or a function numpy has for real numbers only
            value = np.nan
        return float(value / COMPLEX_STEP)

    def differences(self, batch: int, draw: int, tensor: str, probe: int, step: float) -> float:
        """The derivative along a probe by six-point differences."""
        key = (batch, draw, tensor, probe, step)
        if key not in self._differences:
            point, direction = self._drawn(batch, draw), self.direction(batch, draw, tensor, probe)

            def at(offset: float) -> float:
                return float(self.subject.objective(point.moved(tensor, offset * step * direction)))

            self._differences[key] = sum(w * (at(k) - at(-k)) for k, w in STENCIL) / step
        return self._differences[key]

    def settled(
        self,
        batch: int,
        draw: int,
        tensor: str,
        probe: int,
        tolerance: float,
        known: float = np.nan,
    ) -> float | None:
        """Differences that agree with what is known otherwise, or on which two step lengths agree;
        None where a kink or rounding keeps them apart.
        """
        for step in STEPS:
            one = self.differences(batch, draw, tensor, probe, step)
            if abs(one - known) <= tolerance:
                return one
            other = self.differences(batch, draw, tensor, probe, step / 2)
            if abs(one - other) <= tolerance:
                return other
        return None


def together(subject: Subject, ruler: Ruler) -> bool:
    """Whether all gradients agree with one complex step along all tensors."""
    where = FULL_BATCH, 0
    try:
        found = subject.gradients(ruler.point(*where))
        ours = sum(np.sum(found[n] * ruler.direction(*where, n, 0)) for n in ruler.names)
    except Exception:  # of a broken copy
        return False
    error = abs(float(ours) - ruler.along_all(*where))
    return bool(error <= TOGETHER * largest(found))  # not where it is nan


def valued(subject: Subject, ruler: Ruler) -> bool:
    """Whether the objective has the right module's value, wherever gradients are asked for."""
    for point in ruler.asked():
        right = float(ruler.subject.objective(point))
        if not near(np.asarray(subject.objective(point)), np.asarray(right), abs(right)):
            return False
    return True

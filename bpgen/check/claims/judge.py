"""Whether two sides are equal: in which reading, exactly or at how many points, and where not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from bpgen.check.claims.points import DIFFERENT, PROVED, Point, drawn
from bpgen.check.claims.view import BATCHES, PAPER, SAMPLE, Reading, Unfit, View
from bpgen.check.residues.values import NotProved, OnKink
from bpgen.ir import BATCH, Network

FEWEST, MOST = 3, 16  # points at which a claim is looked at exactly
NUMBERS = 8  # the same, by numbers
KINKS = 4  # points on a kink of the claim's own, after which it is said to lie on one everywhere
DRAWS = 32  # of which some lie on a kink
SAMPLES = (3, 2, 5, 4, *range(6, 200))  # of a batch, two of them: as no other axis has

Side = Callable[[View], Any]
Difference = tuple[tuple[int, ...], tuple[float, float]]  # an entry, and its two values
Classes = tuple[tuple[Reading, ...], ...]


@dataclass(frozen=True)
class Verdict:
    """What was found in one reading. `exact`: proved on both sides of every kink."""

    reading: Reading
    points: int = 0
    exact: bool = False
    unfit: str = ""  # why it cannot be computed
    at: tuple[int, ...] = ()  # the first entry that differs, and its two values
    values: tuple[float, float] | None = None
    said: str = ""  # the same, in words

    @property
    def right(self) -> bool:
        return not (self.unfit or self.said) and self.values is None


@dataclass
class Judge:
    """Judges pairs of sides at the same points."""

    network: Network
    seed: int
    numbers: bool = False  # whether points are numbers, and none is exact
    _points: dict[bool, list[Point]] = field(default_factory=dict)

    def points(self, batch: bool) -> Iterator[Point]:
        """Points of one sample, or of several, each drawn once."""
        before = self._points.setdefault(batch, [])
        for k in range(DRAWS):
            if k == len(before):
                before.append(self._drawn(self._samples[k % 3 == 2] if batch else 1, k))
            yield before[k]

    @cached_property
    def _samples(self) -> list[int]:
        """How many samples a batch may have."""
        sizes = {i.size for t in self.network.tensors.values() for i in t.indices}
        return [n for n in SAMPLES if n not in sizes]

    def _drawn(self, samples: int, k: int) -> Point:
        for again in range(DRAWS):
            try:
                return drawn(self.network, samples, self.seed + 1000 * again + k, self.numbers)
            except OnKink:
                continue
            except (NotProved, ArithmeticError) as error:
                raise Unfit(f"the network is not defined there: {error}") from None
        raise Unfit("every point tried lies on a kink")

    def best(self, found: Side, expected: Side, classes: Classes) -> Verdict:
        """The verdict in the first reading in which it is right; where none is, in the first that
        fits. In square matrices delta.T @ x + W of a batch fits one sample, too: a number and W.
        """
        wrong: list[Verdict] = []
        for reading in (reading for readings in classes for reading in readings):
            verdict = self.verdict(found, expected, reading)
            if verdict.right:
                return verdict
            wrong.append(verdict)
        return next((verdict for verdict in wrong if not verdict.unfit), wrong[0])

    def classes(self, of_batch: bool, of_paper: bool) -> Classes:
        """The readings of a claim, those of a class as likely. Where samples meet, one alone shows
        nothing.
        """
        if self.meet:
            return (BATCHES,)
        sample = (PAPER,) if of_paper else SAMPLE
        return (BATCHES, sample) if of_batch else (sample, BATCHES)

    @cached_property
    def meet(self) -> bool:
        return _meet(self.network)

    def verdict(self, found: Side, expected: Side, reading: Reading) -> Verdict:
        """The verdict in one reading."""
        every: list[list[int]] = []
        exact, kinks = True, 0
        try:
            for point in self.points(reading.batch):
                del point.decisions[point.own :]
                try:
                    wrong = _at_few(found, expected, View(point, reading, few=True))
                    proved = False
                    if wrong is None:
                        del point.decisions[point.own :]
                        wrong, proved = _compared(found, expected, View(point, reading))
                except OnKink:
                    kinks += 1
                    if kinks == KINKS:
                        break
                    continue
                every.append(point.decisions[:])
                if wrong is not None:
                    return Verdict(reading, len(every), False, "", *wrong)
                exact = exact and proved
                if len(every) >= _enough(every, exact):
                    break
        except (Unfit, NotProved) as error:
            return Verdict(reading, unfit=str(error))
        if kinks == KINKS or not every:
            return Verdict(reading, unfit="the claim is not defined at the points tried")
        return Verdict(reading, len(every), exact and _decided(every))


def _meet(network: Network) -> bool:
    """Whether anything but the mean of the losses is of several samples."""
    if network.loss is not None and network.sample_loss is None:
        return True
    over = (k for e in network if e.name != network.loss for t in e.terms for k in t.over)
    return any(k.size == BATCH for k in over)


def _enough(every: list[list[int]], exact: bool) -> int:
    """At how many points a claim is looked at: where it is proved, until all is decided."""
    if not exact:
        return NUMBERS
    return FEWEST if _decided(every) else MOST


def _decided(every: list[list[int]]) -> bool:
    """Whether each comparison went both ways at some points, of those with as many samples."""
    most = Counter(map(len, every)).most_common(1)[0][0]
    alike = [each for each in every if len(each) == most]
    return all(len(set(ways)) > 1 for ways in zip(*alike, strict=True))


def _at_few(found: Side, expected: Side, view: View) -> Difference | None:
    """The first entry that differs, of the first few."""
    try:
        return _compared(found, expected, view)[0]
    except Unfit:
        return None


def _compared(found: Side, expected: Side, view: View) -> tuple[Difference | None, bool]:
    """The first entry that differs, if any, and whether all others are proved."""
    with np.errstate(all="ignore"):
        right, left = (np.asarray(side(view), object) for side in (expected, found))
    column = {left.shape, right.shape} in ({s, (*s, 1)} for s in (left.shape, right.shape))
    if left.shape != right.shape and not column and not left.size == right.size == 1:
        raise Unfit(f"the right side has the shape {_shape(left)}, the left one {_shape(right)}")
    left = left.reshape(right.shape)
    proved, largest = True, max((abs(real(v)) for v in right.ravel()), default=0.0)
    for at in np.ndindex(right.shape):
        how = view.point.compare(left[at], right[at], largest)
        if how == DIFFERENT:
            return (at, (real(left[at]), real(right[at]))), False
        proved = proved and how == PROVED
    return None, proved


def real(value: Any) -> float:
    """A value as a float; the root of a negative number is none."""
    number = getattr(value, "value", value)
    return float("nan") if hasattr(number, "imag") and number.imag else float(number.real)


def _shape(array: Any) -> str:
    return "x".join(map(str, array.shape)) or "of a number"

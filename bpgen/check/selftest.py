"""The check checked: broken copies of the module must be refused, or be shown to be no change at
all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from bpgen.check.exact import exact
from bpgen.check.module import Arrays, Point, Subject
from bpgen.check.mutants import Mutant, is_planned, mutants, readings
from bpgen.check.mutants.unwritten import Unwritten
from bpgen.check.numbers import Ruler, failure, largest
from bpgen.check.numbers.gradients import (
    ROUNDINGS,
    cast,
    rounded,
    rounded_loss,
    rounded_together,
    terms,
    terms_of_loss,
)
from bpgen.check.numbers.measure import COMPLEX_TOLERANCE
from bpgen.check.promises import ZERO, leaves, same_bits, suited, within_workspace
from bpgen.check.sides import differs
from bpgen.progress import say

EACH, FEW = 4, 2  # mutants of one kind; of a module of many tensors
# Draws at which a survivor must do the same as the right module to be called no change.
SEEDS = range(4)
AGAIN = 3  # seeds of further points, for what makes a difference and was not refused
LOSS = "loss"  # what is seen of a planned module's loss_and_grad besides its gradients
Off = Mapping[np.dtype[Any], float]
# Of the largest entry: a reordered product is no change, float32 inside is one.
SAME: Off = {np.dtype(np.float64): 1e-13, np.dtype(np.float32): 1e-5}
# The same of what is proved: so near is asked of the right module, too.
ASKED: Off = {**SAME, np.dtype(np.float64): COMPLEX_TOLERANCE}
# Of the largest gradient: what is smaller is nothing but rounding.
NOTHING = {np.dtype(np.float64): ZERO, np.dtype(np.float32): 1e-5}


@dataclass(frozen=True)
class SelfTest:
    """How many mutants were refused, which were no change, and which got through."""

    caught: int
    kinds: int
    equivalent: int
    survivors: tuple[Mutant, ...]

    @property
    def tried(self) -> int:
        return self.caught + len(self.survivors)

    @property
    def ok(self) -> bool:
        return not self.survivors and self.caught > 0


def selftest(
    subject: Subject, ruler: Ruler, each: int = EACH, further: Sequence[Point] = ()
) -> SelfTest:
    """Break the module in many ways and count those the numbers check refuses, or the comparison
    with its equations at the `further` points that reach what no other does.
    """
    caught, equivalent, kinds = 0, 0, set()
    survivors = []
    again = _Again(subject, ruler)
    broken = mutants(subject.source, FEW if ruler.many else each, _read(subject, ruler))
    for number, mutant in enumerate(broken, 1):
        say(f"self-test, {number} of {len(broken)}: {mutant.kind}")
        if ruler.many and same(subject, mutant):  # to be sure takes long
            equivalent += 1
        elif _refused(mutant, subject, ruler) or differs(_broken(mutant, subject), further):
            caught += 1
            kinds.add(mutant.kind)
        elif same(subject, mutant):
            equivalent += 1
        elif again.refuses(mutant):
            caught += 1
            kinds.add(mutant.kind)
        else:
            survivors.append(mutant)
    return SelfTest(caught, len(kinds), equivalent, tuple(survivors))


class _Again:
    """The numbers check at further points, asked of what does make a difference and was not refused
    at the first: some differ at few points, as `maximum(1, n)` where a count n is 1. The right
    module is checked there first.
    """

    def __init__(self, subject: Subject, ruler: Ruler) -> None:
        self.subject, self.ruler = subject, ruler

    @cached_property
    def rulers(self) -> tuple[Ruler, ...]:
        """Those that find nothing wrong with the right module."""
        rulers = (Ruler(self.subject, self.ruler.seed + k) for k in range(1, AGAIN + 1))
        return tuple(r for r in rulers if not self.ruler.many and failure(self.subject, r) is None)

    def refuses(self, mutant: Mutant) -> bool:
        return any(_refused(mutant, self.subject, ruler) for ruler in self.rulers)


def _read(subject: Subject, ruler: Ruler) -> str | None:
    """A planned module as it is read before it is broken; only as what is right is right still."""
    if not is_planned(subject.source):
        return None
    read = (Mutant("", "", text) for text in readings(subject.source))
    return next((r.source for r in read if not _refused(r, subject, ruler)), subject.source)


def _refused(mutant: Mutant, subject: Subject, ruler: Ruler) -> bool:
    """The mutant's gradients against derivatives of the right module: its objective is the right
    one's.
    """
    return failure(_broken(mutant, subject), ruler) is not None


def _broken(mutant: Mutant, subject: Subject) -> Subject:
    """The mutant. What a planned one leaves unwritten is no number, whatever is there by chance."""
    broken = Subject(mutant.source, subject.network, subject.domain)
    broken.fewest = subject.fewest  # the network's, whatever the copy does of one sample
    if is_planned(mutant.source):
        vars(broken.module)["np"] = Unwritten()
    return broken


def same(subject: Subject, mutant: Mutant) -> bool:
    """Whether the mutant cannot be told from the right module by anything a caller can see; or is
    proved to be the same function, and is as near as is asked of the right one, or as its own
    rounding lets it.
    """
    other = _broken(mutant, subject)
    return _alike(subject, other, SAME, partial(_terms, subject)) or (
        _alike(subject, other, ASKED, partial(_rounded, other)) and _proved(mutant, subject)
    )


def _proved(mutant: Mutant, subject: Subject) -> bool:
    """Whether the mutant's gradients are the network's, exactly."""
    if subject.network is None:
        return False
    return all(row.ok for row in exact(mutant.source, subject.network))


def _terms(subject: Subject, point: Point) -> Mapping[str, float]:
    """How large the terms are that the gradients are sums of, and the loss."""
    loss = {LOSS: terms_of_loss(subject, point)} if subject.has_loss else {}
    return {**terms(subject, point, subject.gradients(point)), **loss}


def _rounded(subject: Subject, point: Point) -> Mapping[str, float]:
    """The same, of what backward makes itself, too, and a planned loss_and_grad."""
    double = subject.gradients(point)
    of = rounded(subject, point, double, terms(subject, point, double))
    if not is_planned(subject.source) or not subject.has_loss:
        return of
    together = rounded_together(subject, point, double, of)
    return {**together, LOSS: rounded_loss(subject, point)}


Measure = Callable[[Point], Mapping[str, float]]


def _alike(subject: Subject, other: Subject, off: Off, measure: Measure) -> bool:
    """Whether all that is seen of two modules is the same, but for so much of the largest entry, or
    the rounding of so large terms.
    """
    points = [
        subject.draw(np.random.default_rng([s, 5]), max(b, subject.fewest))
        for s in SEEDS
        for b in (1, 2, 3, 5)
    ]
    try:
        pairs = zip(_seen(subject, points), _seen(other, points), strict=True)
        return all(_near(one, two, off, measure) for one, two in pairs)
    except Exception:  # the right module raises nothing at these points
        return False


@dataclass(frozen=True)
class _Seen:
    """An array that a caller sees, what is rounding there in any case, and, of a gradient or a
    loss, the point that it is of.
    """

    name: str
    array: Any
    noise: float = 0.0
    at: Point | None = None


def _seen(subject: Subject, points: list[Point]) -> Iterator[_Seen]:
    """What a caller sees of calls in sequence: gradients; arguments and earlier results afterwards,
    whether the cache is as forward left it, and what is promised of a workspace. What forward
    returns is proved exactly.
    """
    earlier: list[Any] = []
    for dtype in (np.float64, np.float32):
        for point in points:
            typed = point.map(lambda _, a, dtype=dtype: cast(dtype, a))  # type: ignore[misc]
            cache = subject.forward(typed)
            left = deepcopy(cache)
            earlier += [subject.backward(typed, cache) for _ in range(2)]
            for grads, at in ((earlier[-1], point), (earlier[0], points[0])):
                yield from _gradients(grads, dtype, at)
            if is_planned(subject.source) and subject.has_loss:
                value, grads = subject.loss_and_grad(typed)
                yield from _gradients(grads, dtype, point)
                yield _Seen(LOSS, np.asarray(value, dtype), at=point)
            yield from (_Seen(n, a) for n, a in leaves(deepcopy([*typed.groups()])))
            yield _Seen("cache", np.asarray(float(_same_cache(left, cache))))
    if is_planned(subject.source):
        told = (*within_workspace(subject, points[-1]), *suited(subject, points[-1]))
        yield _Seen("workspace", np.asarray(float(len(told))))


def _gradients(grads: Arrays, dtype: type, at: Point) -> Iterator[_Seen]:
    """Gradients as they are now."""
    noise = NOTHING[np.dtype(dtype)] * largest(grads)
    yield from (_Seen(n, np.copy(a), noise, at) for n, a in leaves(grads))


def _same_cache(before: Any, after: Any) -> bool:
    """Whether nothing in a cache has changed."""
    pairs = zip(leaves(before), leaves(after), strict=True)
    return all(m == n and same_bits(a, b) for (m, a), (n, b) in pairs)


def _near(one: _Seen, other: _Seen, off: Off, measure: Measure) -> bool:
    """Equal, but for rounding; that of terms that cancel is measured where it matters."""
    a, b = one.array, other.array
    if one.name != other.name or a.dtype != b.dtype or a.shape != b.shape:
        return False
    tolerance = off.get(a.dtype, 0.0) * np.max(np.abs(a), initial=0)
    apart = np.max(np.abs(a - b), initial=0)
    if apart <= max(tolerance, one.noise):
        return True
    if one.at is None:
        return False
    return bool(apart <= ROUNDINGS * np.finfo(a.dtype).eps * measure(one.at)[one.name])

"""The check checked: broken copies of the module must be refused, or be shown to be no change at
all.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from bpgen.check.contract import leaves
from bpgen.check.module import Point, Subject
from bpgen.check.mutants import Mutant, mutants
from bpgen.check.numbers import Ruler, failure

EACH = 4  # mutants of one kind
# Draws at which a survivor must do the same as the right module to be called no change.
SEEDS = range(4)
SAME = 1e-13  # of the largest entry: a reordered product is no change, float32 inside is one


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


def selftest(subject: Subject, ruler: Ruler, each: int = EACH) -> SelfTest:
    """Break the module in many ways and count those the numbers check refuses."""
    caught, equivalent, kinds = 0, 0, set()
    survivors = []
    for mutant in mutants(subject.source, each):
        if _refused(mutant, subject, ruler):
            caught += 1
            kinds.add(mutant.kind)
        elif same(subject, mutant):
            equivalent += 1
        else:
            survivors.append(mutant)
    return SelfTest(caught, len(kinds), equivalent, tuple(survivors))


def _refused(mutant: Mutant, subject: Subject, ruler: Ruler) -> bool:
    """The mutant's gradients against derivatives of the right module: its objective is the right
    one's.
    """
    return failure(Subject(mutant.source, subject.network, subject.domain), ruler) is not None


def same(subject: Subject, mutant: Mutant) -> bool:
    """Whether the mutant cannot be told from the right module by anything a caller can see."""
    other = Subject(mutant.source, subject.network, subject.domain)
    points = [subject.draw(np.random.default_rng([s, 5]), b) for s in SEEDS for b in (1, 2, 3, 5)]
    try:
        return all(
            _alike(*pair) for pair in zip(_seen(subject, points), _seen(other, points), strict=True)
        )
    except Exception:  # the right module raises nothing at these points
        return False


def _seen(subject: Subject, points: list[Point]) -> Iterator[tuple[str, Any]]:
    """What a caller sees of calls in sequence: gradients; arguments and earlier results
    afterwards.
    """
    earlier: list[Any] = []
    for dtype in (np.float64, np.float32):
        for point in points:
            cast = point.map(partial(_cast, dtype))
            cache = subject.forward(cast)
            earlier += [subject.backward(cast, cache) for _ in range(2)]
            yield from leaves(deepcopy([earlier[-1], earlier[0], *cast.groups(), {"cache": cache}]))


def _cast(dtype: type, _name: str, array: np.ndarray) -> np.ndarray:
    return array.astype(dtype) if array.dtype.kind == "f" else array.copy()


def _alike(one: tuple[str, Any], other: tuple[str, Any]) -> bool:
    (name, a), (other_name, b) = one, other
    if name != other_name or a.dtype != b.dtype or a.shape != b.shape:
        return False
    tolerance = SAME if a.dtype == np.float64 else 1e-5
    return bool(np.all(np.abs(a - b) <= tolerance * np.max(np.abs(a), initial=0)))

"""Whether the sides of a line are equal: in numbers as long as need be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from bpgen.check.page.proof.comparison import differ, largest_of
from bpgen.check.page.proof.report import FalseLine
from bpgen.check.page.reading import Reading
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.world import LONGEST, Array

Sides = Callable[[Reading], list[Array]]
_NO_FORMULA = (ValueError, IndexError, KeyError, AttributeError, TypeError, AssertionError)
_SHAKES = 2  # how often roundings are tried
_ROUNDINGS = 100 * float(np.finfo(LONGEST).eps)  # what they may come to, of a number
NOWHERE = "no values were found at which every equation has one"


@dataclass
class Judge:
    """The verdicts so far, one for each equation."""

    tolerance: float
    verdicts: list[FalseLine | None] = field(default_factory=list)
    longer: dict[int, list[Reading]] = field(default_factory=dict)  # of each reading's world

    def judge(self, line: str, sides: Callable[[], list[Array]], count: int = 1) -> None:
        """A line of so many equations, of which there is one reading."""
        self.say(self.wrong(line, lambda _: sides(), count), count)

    def say(self, wrong: list[FalseLine], count: int) -> None:
        self.verdicts += [*wrong, *([None] * (count - len(wrong)))]

    def wrong(
        self, line: str, sides: Sides, count: int, reading: Reading | None = None
    ) -> list[FalseLine]:
        """What is false of a chain; nothing where it holds."""
        try:
            reasons = self._reasons(sides, reading)
        except Unreadable as error:
            return [FalseLine(line, str(error), True)] * count
        except _NO_FORMULA as error:
            return [FalseLine(line, f"{type(error).__name__}: {error}", True)] * count
        return [FalseLine(line, reason) for reason in reasons if reason]

    def _reasons(self, sides: Sides, reading: Reading | None) -> list[str]:
        """How neighbours differ. Where they do it is asked again in the longest numbers, and what
        their roundings come to is no difference.
        """
        found = sides(reading)  # type: ignore[arg-type]
        reasons = self._differences(found, [0.0] * len(found))
        if reading is None or not any(reasons):
            return reasons
        if not reading.world.defined:
            raise Unreadable(NOWHERE)
        exact, *shaken = map(sides, self._longer(reading))
        noise = [max(largest_of(s[k] - side) for s in shaken) for k, side in enumerate(exact)]
        return self._differences(exact, noise)

    def _differences(self, sides: list[Array], noise: list[float]) -> list[str]:
        pairs = zip(pairwise(sides), pairwise(noise), strict=True)
        return [differ(one, other, self.tolerance, sum(off)) for (one, other), off in pairs]

    def _longer(self, reading: Reading) -> list[Reading]:
        """The same in the longest numbers; and where each of them is off by some roundings."""
        world = reading.world
        if id(world) not in self.longer:
            offs = [None, *range(_SHAKES)]
            self.longer[id(world)] = [
                replace(reading, world=world.longer(_ROUNDINGS, seed), gradients={})
                for seed in offs
            ]
        known = self.longer[id(world)]
        return [replace(reading, world=r.world, gradients=r.gradients) for r in known]

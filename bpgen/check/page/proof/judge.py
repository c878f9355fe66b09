"""Whether the sides of a line are equal: in numbers as long as need be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from bpgen.check.page.proof.comparison import differ
from bpgen.check.page.proof.report import FalseLine
from bpgen.check.page.reading import Gradients, Reading
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.world import Array, World

Sides = Callable[[Reading], list[Array]]
_NO_FORMULA = (ValueError, IndexError, KeyError, AttributeError, TypeError, AssertionError)
NOWHERE = "no values were found at which every equation has one"


@dataclass
class Judge:
    """The verdicts so far, one for each equation."""

    tolerance: float
    verdicts: list[FalseLine | None] = field(default_factory=list)
    # Of each world the one in the longest numbers, and the gradients known there.
    longer: dict[int, tuple[World, Gradients]] = field(default_factory=dict)

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
        """How neighbours differ; where they do, in the longest numbers: what roundings made of it
        is no difference.
        """
        reasons = self._differences(sides(reading))  # type: ignore[arg-type]
        if reading is None or not any(reasons):
            return reasons
        if not reading.world.defined:
            raise Unreadable(NOWHERE)
        return self._differences(sides(self._longer(reading)))

    def _differences(self, sides: list[Array]) -> list[str]:
        return [differ(one, other, self.tolerance) for one, other in pairwise(sides)]

    def _longer(self, reading: Reading) -> Reading:
        world = reading.world
        if id(world) not in self.longer:
            self.longer[id(world)] = world.longer(), {}
        longer, gradients = self.longer[id(world)]
        return replace(reading, world=longer, gradients=gradients)

"""A row for each tensor: its gradient at several batches and draws."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bpgen.check.module import Subject
from bpgen.check.numbers.gradients import POWER, Gradients
from bpgen.check.numbers.measure import COMPLEX_TOLERANCE, Measured, measure
from bpgen.check.numbers.ruler import FULL_BATCH, LIGHT_BATCHES, Ruler
from bpgen.progress import say

NO_POWER = f"no power: every gradient is below {POWER:g}"
UNSETTLED = "the differences do not settle at any draw"
DRAWS = 8
SMALL = 64  # tensors up to this size are checked at every entry
ENTRIES, DIRECTIONS = 32, 8  # of larger tensors
LARGE = 50_000  # parameters of a module, of which fewer are asked for: each takes long
LARGE_BATCH = 2  # the full batch of a large module: what is asked takes as long as it has samples


@dataclass(frozen=True)
class NumberRow:
    """What was found of one tensor's gradient. `verdict` is "ok", "zero" or what is wrong."""

    name: str
    shape: tuple[int | str, ...]
    method: str
    error: float
    verdict: str
    redraws: int = 0
    # Of terms that cancel, as a multiple of the gradient, where the error was judged by them.
    cancelled: float = 0.0

    @property
    def ok(self) -> bool:
        return self.verdict in ("ok", "zero")

    @property
    def unsettled(self) -> bool:
        """Whether the numbers say neither yes nor no: too small, or nothing but rounding."""
        return self.verdict in (UNSETTLED, NO_POWER)


def derivatives(subject: Subject, ruler: Ruler) -> Iterator[NumberRow]:
    """A row for each tensor that has a gradient."""
    gradients = Gradients(subject, ruler)
    for number, tensor in enumerate(subject.differentiable, 1):
        say(f"by numbers, d{tensor} ({number} of {len(subject.differentiable)})")
        try:
            yield row(ruler, subject, gradients, tensor)
        except Exception as error:  # told once among the broken promises
            yield NumberRow(
                tensor,
                subject.shape_of(tensor),
                "-",
                np.nan,
                f"raises {type(error).__name__}",
            )


def row(ruler: Ruler, subject: Subject, gradients: Gradients, tensor: str) -> NumberRow:
    """One tensor, at batches of 5, 1 and 2. Draws at a kink, or without power, are replaced by
    others.
    """
    few = large(subject)
    full = LARGE_BATCH if few else FULL_BATCH
    like = gradients.at(full, 0)[tensor]
    shape = subject.shape_of(tensor)
    vector = tensor in subject.shapes and len(shape) < 2
    asked = probes(like.size, vector, few, np.random.default_rng(ruler.seed))
    asked, light = (asked[:1], LIGHT_BATCHES[:1]) if ruler.many else (asked, LIGHT_BATCHES)
    first, redraws = _at_batch(ruler, gradients, full, tensor, asked, confirm=not ruler.many)
    found = [first]
    for batch, draw in light if first.verdict in ("ok", "zero") else ():
        where = (max(batch, subject.fewest), draw)
        other = _together(gradients, where, tensor) if few else None
        if other is None:
            two = asked[: 1 if few else 2]
            other, more = _at_batch(ruler, gradients, where[0], tensor, two, draw)
            redraws += more
        # one sample may well leave a gradient without power, as batch normalisation does
        no_power = other.verdict in ("zero", "no power")
        found.append(Measured(first.method, 0.0, "ok") if no_power else other)
    worst = next((m for m in found if m.verdict not in ("ok", "zero")), first)
    error = max(m.error for m in found) if worst is first else worst.error
    cancelled = max(m.cancelled for m in found)
    said = _in_words(worst.verdict)
    return NumberRow(tensor, shape, worst.method, error, said, redraws, cancelled)


def _together(gradients: Gradients, where: tuple[int, int], tensor: str) -> Measured | None:
    """What is found of a tensor by asking of all at once, if they are right."""
    error = gradients.together(*where).get(tensor, np.nan)
    return Measured("complex step", error, "ok") if error <= COMPLEX_TOLERANCE else None


def _in_words(verdict: str) -> str:
    return {"no power": NO_POWER}.get(verdict, verdict)


def _at_batch(
    ruler: Ruler,
    gradients: Gradients,
    batch: int,
    tensor: str,
    asked: list[int],
    start: int = 0,
    confirm: bool = False,
) -> tuple[Measured, int]:
    """The first draw that decides, and how many did not settle before it."""
    unsettled = 0
    found = Measured("-", np.nan, UNSETTLED)
    for draw in range(start, start + DRAWS):
        measured = measure(ruler, gradients, (batch, draw), tensor, asked, confirm)
        if measured is None:
            unsettled += 1
        elif measured.verdict not in ("zero", "no power"):
            return measured, unsettled
        elif found.verdict != "no power":
            found = measured
    return found, unsettled


def probes(size: int, vector: bool, large: bool, rng: np.random.Generator) -> list[int]:
    """Random directions, then single entries: all of a small tensor or a bias, some of a larger
    one, of a large module two of each: a direction moves every entry, and entries tell which.
    """
    everything = not large and (size <= SMALL or vector)
    few = min(size, 2 if large else ENTRIES)
    entries = np.arange(size) if everything else rng.choice(size, few, replace=False)
    return [*range(2 if everything or large else DIRECTIONS), *(-1 - int(e) for e in entries)]


def large(subject: Subject) -> bool:
    """Whether a module has so many parameters that few numbers are asked of it."""
    return sum(math.prod(s) for s in subject.shapes.values()) > LARGE

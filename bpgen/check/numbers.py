"""By numbers: every gradient of an emitted module against the derivative of its own objective.

Cheap promises come first (`contract`), then derivatives (`derivatives`). The complex step is
believed at a tensor only where six-point differences, which know nothing of analyticity, agree with
it there; at further draws, where the gradient agrees with it already, they are not asked again.
Differences are believed only where two step lengths agree, so that no kink lies between the points
they look at.

No gradient can be nearer to the derivative than rounding lets it. Where the terms of a gradient
cancel, as they do in a normalisation over two values, they are measured, and what is asked is that
the error is a few roundings of these terms: see `Gradients.terms`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from bpgen.check.contract import ZERO, Finding, contract
from bpgen.check.module import SCALES, Array, Arrays, Point, Subject
from bpgen.progress import say

COMPLEX_STEP = 1e-20
COMPLEX_TOLERANCE = 1e-11  # of the tensor's largest entry
TOLERANCE = 1e-7  # the same, of six-point differences
BELIEF = 1e-6  # how nearly differences must confirm the complex step
# Lengths of differences; the shorter, the fewer kinks within, the less precise.
STEPS = (
    2e-3,
    1e-4,
    6e-6,
    1e-6,
)
STENCIL = ((1, 45 / 60), (2, -9 / 60), (3, 1 / 60))  # sixth order: offset and weight
POWER = 1e-6  # a tensor whose gradients are all smaller proves nothing
SUSPECT = 1e-6  # the same: so small that it may be what rounding leaves of terms that cancel
ROUNDINGS = 64 * 2.0**-52  # of the terms that cancel: the error of as many operations on them
SHAKEN, SHAKES = 1e-9, 3  # by how much of itself each value is moved to measure terms, how often
DRAWS = 8
SMALL = 64  # tensors up to this size are checked at every entry
ENTRIES, DIRECTIONS = 32, 8  # of larger tensors
LARGE = 50_000  # parameters of a module, of which fewer are asked for: each takes long
# Tensors of a module beyond which each is asked for along one direction only, and not confirmed by
# differences: what is asked takes as long as there are tensors.
MANY = 300
TOGETHER = 1e-9  # of the largest entry: the error of all gradients along one direction
# Every probe is taken at one batch size; two directions at the others, and again at a draw with
# the largest parameters and inputs, beyond the ends of a clip, and with the smallest, within a
# margin.
FULL_BATCH = 5
LARGE_BATCH = 2  # the same, of a large module: what is asked takes as long as there are samples
LIGHT_BATCHES = ((1, 3), (2, 3), (5, 3), (5, 2))


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
        """The point of one draw: the same whoever asks."""
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
        point = self.point(batch, draw)
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
            step = COMPLEX_STEP * self.direction(batch, draw, tensor, probe)
            try:
                value = (
                    np.imag(self.subject.continuation(self.point(batch, draw), {tensor: step}))
                    / COMPLEX_STEP
                )
            except Exception:  # a cast, or a function numpy has for real numbers only
                value = np.nan
            self._complex[key] = float(value)
        return self._complex[key]

    def along_all(self, batch: int, draw: int) -> float:
        """The derivative along the first probes of all tensors together, by the complex step; nan
        where the module refuses complex numbers.
        """
        if (batch, draw) in self._all:
            return self._all[batch, draw]
        steps = {n: COMPLEX_STEP * self.direction(batch, draw, n, 0) for n in self.names}
        try:
            value = np.imag(self.subject.continuation(self.point(batch, draw), steps))
        except Exception:  # as of one tensor alone
            value = np.nan
        self._all[batch, draw] = float(value / COMPLEX_STEP)
        return self._all[batch, draw]

    def differences(self, batch: int, draw: int, tensor: str, probe: int, step: float) -> float:
        """The derivative along a probe by six-point differences."""
        key = (batch, draw, tensor, probe, step)
        if key not in self._differences:
            point, direction = self.point(batch, draw), self.direction(batch, draw, tensor, probe)

            def at(offset: float) -> float:
                return float(self.subject.objective(point.moved(tensor, offset * step * direction)))

            self._differences[key] = sum(w * (at(k) - at(-k)) for k, w in STENCIL) / step
        return self._differences[key]

    def settled(
        self, batch: int, draw: int, tensor: str, probe: int, tolerance: float
    ) -> float | None:
        """Differences on which two step lengths agree; None where a kink or rounding keeps them
        apart.
        """
        for step in STEPS:
            one = self.differences(batch, draw, tensor, probe, step)
            other = self.differences(batch, draw, tensor, probe, step / 2)
            if abs(one - other) <= tolerance:
                return other
        return None


@dataclass(frozen=True)
class Measured:
    """One tensor at one point: the largest error relative to its largest entry, and how it was
    found.
    """

    method: str
    error: float
    verdict: str
    cancelled: float = 0.0


def probes(size: int, vector: bool, large: bool, rng: np.random.Generator) -> list[int]:
    """Random directions, then single entries: all of a small tensor or a bias, some of a larger
    one, of a large module two of each: a direction moves every entry, and entries tell which.
    """
    everything = not large and (size <= SMALL or vector)
    few = min(size, 2 if large else ENTRIES)
    entries = np.arange(size) if everything else rng.choice(size, few, replace=False)
    return [*range(2 if everything or large else DIRECTIONS), *(-1 - int(e) for e in entries)]


def largest(grads: Arrays) -> float:
    """The largest entry of all gradients."""
    return max((float(np.max(np.abs(g), initial=0)) for g in grads.values()), default=0.0)


def measure(
    ruler: Ruler,
    gradients: Gradients,
    where: tuple[int, int],
    tensor: str,
    asked: list[int],
    confirm: bool = True,
) -> Measured | None:
    """Compare one tensor's gradient at one point along the probes asked for; None asks for another
    draw. Unless it is to be confirmed, a complex step with which the gradient agrees is believed.
    """
    grads = gradients.at(*where)
    gradient = grads[tensor]
    if not np.all(np.isfinite(gradient)):
        return Measured("-", np.nan, "the gradient is not finite")
    whole, size = gradients.largest(*where), float(np.max(np.abs(gradient), initial=0))
    exact = ruler.complex_step(*where, tensor, asked[0])
    scale = max(size, abs(exact)) if np.isfinite(exact) else size
    if scale <= _nothing(gradients, where, tensor, scale, whole):
        return _zero(ruler, where, tensor, asked, whole)
    if not confirm and scale >= POWER:
        errors = _errors(ruler, gradient, where, tensor, asked, True, scale)
        if errors is not None and max(errors) <= TOLERANCE * scale:
            found = _complex_step(gradients, where, tensor, max(errors) / scale, scale)
            if found.verdict == "ok":
                return found
    return _confirmed(ruler, gradients, where, tensor, asked, scale)


def _confirmed(
    ruler: Ruler,
    gradients: Gradients,
    where: tuple[int, int],
    tensor: str,
    asked: list[int],
    scale: float,
) -> Measured | None:
    """The comparison by the complex step where differences confirm it, else by differences."""
    gradient = gradients.at(*where)[tensor]
    exact = ruler.complex_step(*where, tensor, asked[0])
    sure = ruler.settled(*where, tensor, asked[0], TOLERANCE * scale)
    if sure is None:
        return None
    if max(scale, abs(sure)) < POWER:
        return Measured("-", np.nan, "no power")
    believed = abs(exact - sure) <= BELIEF * scale
    errors = _errors(ruler, gradient, where, tensor, asked, believed, scale)
    if errors is None:
        return None
    error = max(errors) / scale
    if not believed:
        return _judged("differences", error, 2 * TOLERANCE)
    return _complex_step(gradients, where, tensor, error, scale)


def _complex_step(
    gradients: Gradients, where: tuple[int, int], tensor: str, error: float, scale: float
) -> Measured:
    """The verdict on an error found by the complex step, by the terms where these cancel."""
    if not COMPLEX_TOLERANCE < error <= TOLERANCE:  # no rounding excuses more
        return _judged("complex step", error, COMPLEX_TOLERANCE)
    cancelled = gradients.terms(*where)[tensor] / scale
    found = _judged("complex step", error, max(COMPLEX_TOLERANCE, ROUNDINGS * cancelled))
    return replace(found, cancelled=cancelled)


def _judged(method: str, error: float, tolerance: float) -> Measured:
    right = error <= tolerance
    return Measured(method, error, "ok" if right else f"wrong by {error:.1e} of its largest entry")


def _nothing(
    gradients: Gradients, where: tuple[int, int], tensor: str, scale: float, whole: float
) -> float:
    """The size of a gradient that may be nothing but rounding."""
    if ZERO * whole < scale <= SUSPECT * whole:
        return ROUNDINGS * gradients.terms(*where)[tensor]
    return ZERO * whole


def _errors(
    ruler: Ruler,
    gradient: Array,
    where: tuple[int, int],
    tensor: str,
    asked: list[int],
    believed: bool,
    scale: float,
) -> list[float] | None:
    """The errors along the probes, nan as infinity; None where differences do not settle."""
    errors = []
    for probe in asked:
        ours = float(np.sum(gradient * ruler.direction(*where, tensor, probe)))
        if believed:
            theirs: float | None = ruler.complex_step(*where, tensor, probe)
        else:
            theirs = ruler.settled(*where, tensor, probe, TOLERANCE * scale)
        if theirs is None:
            return None
        error = abs(ours - theirs)
        errors.append(error if np.isfinite(error) else np.inf)
    return errors


def _zero(
    ruler: Ruler, where: tuple[int, int], tensor: str, asked: list[int], whole: float
) -> Measured | None:
    """A gradient that is zero is believed where settled differences, along every probe, are zero
    too.
    """
    noise = 1e-9 * max(whole, abs(float(ruler.subject.objective(ruler.point(*where)))))
    settled = [ruler.settled(*where, tensor, probe, noise) for probe in asked]
    if any(s is None for s in settled):
        return None
    worst = max(abs(s) for s in settled if s is not None)
    return Measured(
        "differences", worst, "zero" if worst <= noise else "zero, where the derivative is not"
    )


def large(subject: Subject) -> bool:
    """Whether a module has so many parameters that few numbers are asked of it."""
    return sum(math.prod(s) for s in subject.shapes.values()) > LARGE


def row(ruler: Ruler, subject: Subject, gradients: Gradients, tensor: str) -> NumberRow:
    """One tensor, at batches of 5, 1 and 2. Draws at a kink, or without power, are replaced by
    others.
    """
    like = gradients.at(FULL_BATCH, 0)[tensor]
    shape = subject.shape_of(tensor)
    vector = tensor in subject.shapes and len(shape) < 2
    few = large(subject)
    many = len(subject.differentiable) > MANY
    asked = probes(like.size, vector, few, np.random.default_rng(ruler.seed))
    asked, light = (asked[:1], LIGHT_BATCHES[:1]) if many else (asked, LIGHT_BATCHES)
    full = LARGE_BATCH if few else FULL_BATCH
    first, redraws = _at_batch(ruler, gradients, full, tensor, asked, confirm=not many)
    found = [first]
    for batch, draw in ((max(batch, subject.fewest), draw) for batch, draw in light):
        if first.verdict in ("ok", "zero"):
            other, more = _at_batch(ruler, gradients, batch, tensor, asked[: 1 if few else 2], draw)
            redraws += more
            # one sample may well leave a gradient without power, as batch normalisation does
            found.append(
                Measured(first.method, 0.0, "ok")
                if other.verdict in ("zero", "no power")
                else other
            )
    worst = next((m for m in found if m.verdict not in ("ok", "zero")), first)
    error = max(m.error for m in found) if worst is first else worst.error
    cancelled = max(m.cancelled for m in found)
    return NumberRow(
        tensor, shape, worst.method, error, _in_words(worst.verdict), redraws, cancelled
    )


def _in_words(verdict: str) -> str:
    return {"no power": f"no power: every gradient is below {POWER:g}"}.get(verdict, verdict)


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
    found = Measured("-", np.nan, "the differences do not settle at any draw")
    for draw in range(start, start + DRAWS):
        measured = measure(ruler, gradients, (batch, draw), tensor, asked, confirm)
        if measured is None:
            unsettled += 1
        elif measured.verdict not in ("zero", "no power"):
            return measured, unsettled
        elif found.verdict != "no power":
            found = measured
    return found, unsettled


class Gradients:
    """The gradients under check at the ruler's points, each computed once."""

    def __init__(self, subject: Subject, ruler: Ruler) -> None:
        self.subject, self.ruler = subject, ruler
        self._found: dict[tuple[int, int], Arrays] = {}
        self._terms: dict[tuple[int, int], dict[str, float]] = {}
        self._largest: dict[tuple[int, int], float] = {}

    def at(self, batch: int, draw: int) -> Arrays:
        if (batch, draw) not in self._found:
            self._found[batch, draw] = self.subject.gradients(self.ruler.point(batch, draw))
        return self._found[batch, draw]

    def largest(self, batch: int, draw: int) -> float:
        """The largest entry of all."""
        if (batch, draw) not in self._largest:
            self._largest[batch, draw] = largest(self.at(batch, draw))
        return self._largest[batch, draw]

    def terms(self, batch: int, draw: int) -> dict[str, float]:
        """How large the terms are that each gradient is the sum of, cancelling or not.

        Every value that backward starts from, parameters and cache, is moved by its own random
        1e-9 of itself: the gradients move by that part of their terms.
        """
        if (batch, draw) not in self._terms:
            grads = self.at(batch, draw)
            shaken = [self._shaken(batch, draw, k) for k in range(SHAKES)]
            self._terms[batch, draw] = {
                n: max(float(np.max(np.abs(s[n] - g), initial=0)) for s in shaken) / SHAKEN
                for n, g in grads.items()
            }
        return self._terms[batch, draw]

    def _shaken(self, batch: int, draw: int, number: int) -> Arrays:
        """The gradients after one such move."""
        rng = np.random.default_rng([self.ruler.seed, batch, draw, number])
        point = self.ruler.point(batch, draw)
        cache = _moved(self.subject.forward(point), rng)
        return self.subject.backward(point.map(lambda _, a: _moved(a, rng)), cache)


def _moved(value: Any, rng: np.random.Generator) -> Any:
    """A value with every real number in it moved by a random part of itself."""
    if isinstance(value, dict):
        return {key: _moved(v, rng) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_moved(v, rng) for v in value)
    if getattr(value, "dtype", np.dtype(object)).kind != "f":
        return value
    return value * (1 + SHAKEN * rng.standard_normal(np.shape(value)))


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


@dataclass(frozen=True)
class Numbers:
    """Everything found by numbers: broken promises, and a row per tensor."""

    findings: tuple[Finding, ...]
    rows: tuple[NumberRow, ...]

    @property
    def ok(self) -> bool:
        return not self.findings and bool(self.rows) and all(r.ok for r in self.rows)


def numbers(subject: Subject, seed: int = 0, ruler: Ruler | None = None) -> Numbers:
    """Check a module by numbers alone."""
    findings = tuple(dict.fromkeys(contract(subject, seed)))  # once, whatever the batch
    return Numbers(findings, tuple(derivatives(subject, ruler or Ruler(subject, seed))))


def together(subject: Subject, ruler: Ruler) -> bool:
    """Whether all gradients agree with one complex step along all tensors."""
    gradients, where = Gradients(subject, ruler), (FULL_BATCH, 0)
    try:
        found = gradients.at(*where)
        ours = sum(np.sum(found[n] * ruler.direction(*where, n, 0)) for n in ruler.names)
    except Exception:  # of a broken copy
        return False
    error = abs(float(ours) - ruler.along_all(*where))
    return bool(error <= TOGETHER * gradients.largest(*where))  # not where it is nan


def failure(subject: Subject, ruler: Ruler) -> str | None:
    """The first thing wrong with a module, or None: the same checks, stopped early."""
    if ruler.together and not together(subject, ruler):
        return "all gradients along one direction are wrong"
    for finding in contract(subject, ruler.seed):
        return str(finding)
    for found in derivatives(subject, ruler):
        if not found.ok:
            return f"{found.name}: {found.verdict}"
    return None

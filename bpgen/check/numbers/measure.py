"""One gradient at one point against the derivative of the objective."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bpgen.check.module import Array, largest
from bpgen.check.numbers.gradients import POWER, ROUNDINGS, SUSPECT, Gradients
from bpgen.check.numbers.ruler import Ruler
from bpgen.check.promises import ZERO, leaves

COMPLEX_TOLERANCE = 1e-11  # of the tensor's largest entry
TOLERANCE = 1e-7  # the same, of six-point differences
BELIEF = 1e-6  # how nearly differences must confirm the complex step
ROUNDING = ROUNDINGS * 2.0**-52  # of the terms that cancel

Where = tuple[int, int]  # a batch and the number of a draw


@dataclass(frozen=True)
class Measured:
    """One tensor at one point: the largest error relative to its largest entry, and how it was
    found.
    """

    method: str
    error: float
    verdict: str
    cancelled: float = 0.0


def measure(
    ruler: Ruler,
    gradients: Gradients,
    where: Where,
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
        beside = whole if whole >= POWER else max(whole, _on_the_way(ruler, where))
        return _zero(ruler, where, tensor, asked, beside)
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
    where: Where,
    tensor: str,
    asked: list[int],
    scale: float,
) -> Measured | None:
    """The comparison by the complex step where differences confirm it, else by differences."""
    gradient = gradients.at(*where)[tensor]
    exact = ruler.complex_step(*where, tensor, asked[0])
    # of what seems to have no power it is asked whether it has any
    tolerance = TOLERANCE * scale if scale >= POWER else POWER / 100
    sure = ruler.settled(*where, tensor, asked[0], tolerance, exact)
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
    gradients: Gradients, where: Where, tensor: str, error: float, scale: float
) -> Measured:
    """The verdict on an error found by the complex step, by the terms where these cancel."""
    if not COMPLEX_TOLERANCE < error <= TOLERANCE:  # no rounding excuses more
        return _judged("complex step", error, COMPLEX_TOLERANCE)
    for measured in (gradients.terms, gradients.rounded):
        cancelled = measured(*where)[tensor] / scale
        found = _judged("complex step", error, max(COMPLEX_TOLERANCE, ROUNDING * cancelled))
        if found.verdict == "ok":
            break
    return replace(found, cancelled=cancelled)


def _judged(method: str, error: float, tolerance: float) -> Measured:
    right = error <= tolerance
    return Measured(method, error, "ok" if right else f"wrong by {error:.1e} of its largest entry")


def _nothing(gradients: Gradients, where: Where, tensor: str, scale: float, whole: float) -> float:
    """The size of a gradient that may be nothing but rounding."""
    if ZERO * whole < scale <= SUSPECT * whole:
        return ROUNDING * gradients.terms(*where)[tensor]
    return ZERO * whole


def _on_the_way(ruler: Ruler, where: Where) -> float:
    """The largest value that forward keeps: of such are the roundings of an objective that is 0, as
    that of a sample alone that is compared with its batch.
    """
    kept = leaves(ruler.subject.forward(ruler.point(*where)))
    return largest({str(k): a[np.isfinite(a)] for k, (_, a) in enumerate(kept)})


def _errors(
    ruler: Ruler,
    gradient: Array,
    where: Where,
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
    ruler: Ruler, where: Where, tensor: str, asked: list[int], whole: float
) -> Measured | None:
    """A gradient that is zero beside a whole is believed where settled differences, along every
    probe, are zero too.
    """
    noise = 1e-9 * max(whole, abs(float(ruler.subject.objective(ruler.point(*where)))))
    settled = [ruler.settled(*where, tensor, probe, noise) for probe in asked]
    if any(s is None for s in settled):
        return None
    worst = max(abs(s) for s in settled if s is not None)
    return Measured(
        "differences", worst, "zero" if worst <= noise else "zero, where the derivative is not"
    )

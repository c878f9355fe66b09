"""Mistakes that are made in any network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import sympy as sp

from bpgen.ir import BATCH
from bpgen.lesson.activations import calls
from bpgen.lesson.bias import biases
from bpgen.lesson.edges import gradients
from bpgen.lesson.lesson import Lesson
from bpgen.lesson.mistakes.paths import gradients_by, reading
from bpgen.record import Path, Step
from bpgen.worked.point import Arrays


def without_slopes(lesson: Lesson) -> Arrays | None:
    """1 for the derivative of each equation that is a function of one value, by that value."""
    of = {e.name: body.args[0].name for e, body in calls(lesson)}

    def change(_: Step, path: Path) -> Path:
        is_slope = of.get(path.upstream.name) == path.wrt.name
        return replace(path, value=sp.S.One) if is_slope else path

    return gradients_by(lesson, change)


def updated(lesson: Lesson) -> Arrays | None:
    """Every parameter as it is after its update, in what is computed after it."""
    assert lesson.worked is not None
    order = [s.of for s in lesson.derivation.steps]
    params = {t.name for t in lesson.params}

    def change(step: Step, path: Path) -> Path:
        return reading(path, params & {*order[: order.index(step.of)]})

    return gradients_by(lesson, change, others=lesson.worked.after)


def sign(lesson: Lesson) -> Arrays | None:
    """The error the other way round: all that a value tells the loss of a sample."""
    top = lesson.network.sample_loss or lesson.network.loss

    def change(step: Step, path: Path) -> Path:
        computed = lesson.network.tensors[step.of].role == "value"
        return replace(path, value=-path.value) if path.upstream.name == top and computed else path

    return gradients_by(lesson, change)


def uncached(lesson: Lesson) -> Arrays | None:
    """Forward values computed again when the parameters are updated already: all that backward
    reads is of another point.
    """
    assert lesson.worked is not None
    return _of_forward(lesson, lesson.worked.after)


def without_bias(lesson: Lesson) -> Arrays | None:
    """Forward without the biases."""
    assert lesson.worked is not None
    gone = {n: np.zeros_like(lesson.worked.values[n]) for n, _ in biases(lesson)}
    if not gone:
        return None
    return _of_forward(lesson, gone)


def _of_forward(lesson: Lesson, change: Arrays) -> Arrays:
    """The gradients of the parameters where some values are others, forward as well as back."""
    grads = gradients(lesson, change)[1]
    return {t.name: grads[t.name] for t in lesson.params if t.name in lesson.steps}


def summed(lesson: Lesson) -> Arrays | None:
    """The sum over the samples, where their mean is meant; one sample is taken twice."""
    assert lesson.worked is not None
    samples = max(lesson.worked.point.lengths.get(BATCH, 1), 2)
    slopes = lesson.worked.slopes
    return {t.name: samples * slopes[t.name] for t in lesson.params if t.name in lesson.steps}


def overwritten(lesson: Lesson) -> Arrays | None:
    """What hears of the loss in several ways keeps the last that is computed, as by = for +=."""

    def change(step: Step, path: Path) -> Path:
        same = [p.upstream.name for p in step.paths if p.wrt.indices == path.wrt.indices]
        return path if path.upstream.name == same[-1] else replace(path, value=sp.S.Zero)

    return gradients_by(lesson, change)

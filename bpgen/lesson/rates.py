"""The length of a step: what the loss is after steps of a tenth of it, of it, and of ten times."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from bpgen.lesson.lesson import Lesson
from bpgen.render.page import Block, Section, Table
from bpgen.worked import rounding
from bpgen.worked.point import Arrays

_FACTORS, _STEPS = (0.1, 1.0, 10.0), 10
_DIGITS = 12  # of the loss before any step; what is below them is next to nothing of it
_ROUNDING = 10.0**-_DIGITS
# Where parameters are off by a few roundings: how much the loss after all steps may be, to be told.
_BESIDE, _DECIDES = 1e-14, 1e-6


def section(lesson: Lesson) -> Section | None:
    """The loss after one step and after ten, computed by the module."""
    if lesson.worked is None or not lesson.params:
        return None
    rows, noise = [], rounding.of_loss(lesson.worked.values, lesson.worked.slopes)
    loss = lesson.name(lesson.network.loss or "")
    for factor in _FACTORS:
        rate = factor * lesson.worked.rate
        before, *after = losses(lesson, rate)
        last, verdict = _last(lesson, before, after[-1]), _verdict([before, *after])
        if abs(before - after[-1]) <= noise:
            verdict = "nothing is learned"
        elif _is_decided_by_rounding(lesson, rate, before, after[-1]):
            last, verdict = "rounding decides", "too long: the loss wanders"
        rows.append((lesson.number(rate), lesson.number(after[0]), last, verdict))
    eta = lesson.inline(lesson.eta)
    heads = (eta, f"{loss} after one step", f"after {_STEPS}", "and so")
    value = float(lesson.worked.values[lesson.network.loss or ""])
    said = f"Before any step {loss} is {lesson.number(value)}."
    return Section("The length of the step", (said,), (Block(table=Table(heads, tuple(rows))),))


def _last(lesson: Lesson, before: float, after: float) -> str:
    """The loss after all steps. Of one that is next to nothing of the first no digit is told: what
    is left of values that cancel is rounding.
    """
    if not 0 < abs(after) < _ROUNDING * abs(before):
        return lesson.number(after)
    part = lesson.inline(lesson.writer.dialect.power("10", str(-_DIGITS)))
    return f"below {part} of {lesson.name(lesson.network.loss or '')} before"


def _is_decided_by_rounding(lesson: Lesson, rate: float, before: float, after: float) -> bool:
    """Whether a few roundings of the parameters move the loss after all steps."""
    *_, beside = losses(lesson, rate, 1 + _BESIDE)
    return abs(beside - after) > max(_DECIDES * abs(after), _ROUNDING * abs(before))


def losses(lesson: Lesson, rate: float, times: float = 1.0) -> Iterator[float]:
    """The loss before any step and after each, from the parameters or a multiple of them."""
    assert lesson.worked is not None
    module, values = lesson.module, lesson.worked.point.values
    params: Arrays = {n: times * values[n] for n in module.SHAPES}
    names = [*module.INPUTS, *getattr(module, "STATES", ()), *module.TARGETS]
    given = [values[n] for n in names]
    with np.errstate(all="ignore"):
        for _ in range(_STEPS + 1):
            value, grads = module.loss_and_grad(params, *given)
            yield float(value)
            held = lesson.worked.held
            params = {n: p if n in held else p - rate * grads[n] for n, p in params.items()}


def _verdict(values: list[float]) -> str:
    """Whether the steps are too short or too long, by what the loss did; what is left of one that
    is nearly 0 moves by rounding.
    """
    before, after = values[0], values[-1]
    perhaps = _ROUNDING * abs(before)
    if not np.isfinite(after) or after > before + perhaps:
        return "too long: the loss grows"
    if after >= before - perhaps:
        return "nothing is learned"
    if any(b > a + perhaps for a, b in pairwise(values)):
        return "too long: the loss goes up and down"
    slowly = before - after < 0.05 * abs(before)  # from 0, it never is
    return "the loss falls slowly" if slowly else "the loss falls"

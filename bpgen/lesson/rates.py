"""The length of a step: what the loss is after steps of a tenth of it, of it, and of ten times."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from bpgen.lesson.lesson import Lesson
from bpgen.render.page import Block, Section, Table
from bpgen.worked.point import Arrays

_FACTORS, _STEPS = (0.1, 1.0, 10.0), 10
_ROUNDING = 1e-12  # of the loss before any step


def section(lesson: Lesson) -> Section | None:
    """The loss after one step and after ten, computed by the module."""
    if lesson.worked is None or not lesson.params:
        return None
    rows = []
    loss = lesson.name(lesson.network.loss or "")
    for factor in _FACTORS:
        rate = factor * lesson.worked.rate
        before, *after = losses(lesson, rate)
        rows.append(
            (
                lesson.number(rate),
                *map(lesson.number, (after[0], after[-1])),
                _verdict([before, *after]),
            )
        )
    eta = lesson.inline(lesson.eta)
    heads = (eta, f"{loss} after one step", f"after {_STEPS}", "and so")
    value = float(lesson.worked.values[lesson.network.loss or ""])
    said = f"Before any step {loss} is {lesson.number(value)}."
    return Section("The length of the step", (said,), (Block(table=Table(heads, tuple(rows))),))


def losses(lesson: Lesson, rate: float) -> Iterator[float]:
    """The loss before any step and after each."""
    assert lesson.worked is not None
    module, values = lesson.module, lesson.worked.point.values
    params: Arrays = {n: values[n] for n in module.SHAPES}
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
    rounding = _ROUNDING * abs(before)
    if not np.isfinite(after) or after > before + rounding:
        return "too long: the loss grows"
    if after >= before - rounding:
        return "nothing is learned"
    if any(b > a + rounding for a, b in pairwise(values)):
        return "too long: the loss goes up and down"
    part = (before - after) / abs(before) if before else 0.0
    return "the loss falls slowly" if part < 0.05 else "the loss falls"

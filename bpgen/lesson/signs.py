"""What signs say: which way each parameter goes, and why."""

from __future__ import annotations

import numpy as np

from bpgen.ir import TensorInfo
from bpgen.lesson.lesson import Lesson
from bpgen.render.page import Block, Section, Table
from bpgen.worked.point import Array

_FACTORS = 4  # entries of a gradient whose factors stand beside it


def section(lesson: Lesson) -> Section | None:
    """Of each parameter, the signs of its gradient and where it goes; of the error, what it asks
    for.
    """
    if lesson.worked is None or not lesson.params:
        return None
    rows = tuple(_row(lesson, t) for t in lesson.params)
    heads = ("parameter", "its gradient", "after a step against it")
    said = tuple(filter(None, (_error(lesson), *_deltas(lesson))))
    return Section("What the signs say", said, (Block(table=Table(heads, rows)),))


def _row(lesson: Lesson, info: TensorInfo) -> tuple[str, ...]:
    assert lesson.worked is not None
    slope = lesson.worked.slopes[info.name]
    held = info.name in lesson.worked.held
    goes = "it is held as it is" if held else _moves(slope)
    return lesson.name(info.name), _signs(lesson, info.name, slope), goes


def _signs(lesson: Lesson, name: str, slope: Array) -> str:
    """Its sign, and those of its two factors where they are two numbers."""
    said = _sign(slope)
    if slope.size > 1:
        return said
    assert lesson.worked is not None
    said = f"{lesson.number(float(slope.ravel()[0]))}, {said}"
    step, local = lesson.steps[name], lesson.worked.locals.get(name)
    if local is None or len(step.paths) != 1 or local.size != 1:
        return said
    upstream = step.paths[0].upstream.name
    above = lesson.worked.slopes[upstream]
    if (
        lesson.numerals is None
        or above.size != 1
        or upstream
        in (
            lesson.network.loss,
            lesson.network.sample_loss,
        )
    ):
        return said
    factors = lesson.numerals.product(name, above.reshape(slope.shape), local.reshape(slope.shape))
    return f"{lesson.slope(upstream)} times a factor: {lesson.inline(factors)}, {_sign(slope)}"


def _sign(array: Array) -> str:
    if not np.any(array):
        return "zero"
    if np.any(array < 0) and np.any(array > 0):
        return "of both signs"
    return ("negative" if np.any(array < 0) else "positive") + " or 0" * (not np.all(array))


def _moves(slope: Array) -> str:
    """Where the entries go against their gradient."""
    grow, fall = int(np.sum(slope < 0)), int(np.sum(slope > 0))
    stay = slope.size - grow - fall
    if slope.size == 1:
        return "it grows" if grow else "it falls" if fall else "it stays"
    counts = ((grow, "grow", "grows"), (fall, "fall", "falls"), (stay, "stay", "stays"))
    told = [f"{n} {one if n == 1 else many}" for n, many, one in counts if n]
    return "all " + told[0].split()[1] if len(told) == 1 else ", ".join(told)


def _error(lesson: Lesson) -> str:
    """Whether the output is too small or too large."""
    assert lesson.worked is not None
    outputs = [n for n in lesson.network.outputs if lesson.worked.slopes.get(n) is not None]
    if len(outputs) != 1 or not lesson.slope(outputs[0]):
        return ""
    (name,) = outputs
    slope = lesson.of_sample(name, lesson.worked.slopes[name])
    if slope.size != 1:
        return ""
    value = float(slope.ravel()[0])
    if value == 0:
        return f"{lesson.slope(name)} is 0: {lesson.name(name)} is right."
    which, asks = ("small", "larger") if value < 0 else ("large", "smaller")
    loss = lesson.name(lesson.network.loss or "")
    return (
        f"{lesson.slope(name)} is {lesson.number(value)}: {lesson.name(name)} is too {which},"
        f" and a {asks} one makes {loss} smaller."
    )


def _deltas(lesson: Lesson) -> list[str]:
    """What the size of a delta means, of those that are one number."""
    assert lesson.worked is not None
    found = []
    for step in lesson.derivation.steps:
        slope = lesson.worked.slopes.get(step.of)
        if step.equation.name not in lesson.writer.symbols or slope is None or slope.size != 1:
            continue
        value = float(slope.ravel()[0])
        loss, goes = lesson.name(lesson.network.loss or ""), "smaller" if value < 0 else "larger"
        found.append(
            f"{lesson.slope(step.of)} is {lesson.number(value)}: where {lesson.name(step.of)} is"
            f" {lesson.inline('0.001')} larger, {loss} is {goes} by about"
            f" {lesson.number(abs(value) / 1000)}."
        )
    return found[:3]

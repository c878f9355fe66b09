"""The classic mistakes, made here: what each would do to the gradients of this network, and to its
loss.
"""

from __future__ import annotations

import math

import numpy as np

from bpgen.lesson.edges import gradients
from bpgen.lesson.lesson import Lesson
from bpgen.lesson.mistakes.paths import forward, gradients_by
from bpgen.lesson.mistakes.table import TABLE, Mistake
from bpgen.render.page import Block, Section, Table
from bpgen.worked.point import Array, Arrays

_SAME, _ROUNDING = 1e-9, 1e-12  # of a gradient's length; and of that of the longest


def section(lesson: Lesson) -> Section | None:
    """Those that change anything here, each with the gradient that is most wrong."""
    worked = lesson.worked
    if worked is None or not lesson.params:
        return None
    right = gradients_by(lesson, values=forward(lesson))
    if right is None or not any(map(_length, right.values())) or not _agree(right, worked.slopes):
        return None
    rows = []
    silent = []
    for mistake in TABLE:
        made = mistake.made(lesson)
        if made is None:
            continue
        if _agree(made, right):
            silent.append(mistake.kind)
        else:
            rows.append(_row(lesson, mistake, made, right))
    if not rows:
        return None
    loss = lesson.name(lesson.network.loss or "")
    after = float(worked.values_after[lesson.network.loss or ""])
    intro = (
        f"Each made by itself, at the numbers above. After a right step {loss} is"
        f" {lesson.number(after)}; a line of your own is looked at by bpgen's check, as a claim.",
    )
    remarks = (
        (f"Without effect at these numbers: {'; '.join(dict.fromkeys(silent))}.",) if silent else ()
    )
    heads = ("mistake", "most wrong", "off by, of its length", f"{loss} after the step")
    table = Table(heads, tuple(rows))
    return Section("Classic mistakes", intro, (Block(table=table, remarks=remarks),))


def _agree(some: Arrays, others: Arrays) -> bool:
    rounding = _ROUNDING * max(_length(others[n]) for n in some)
    return all(_length(some[n] - others[n]) <= _SAME * _length(others[n]) + rounding for n in some)


def _length(array: Array) -> float:
    return math.hypot(*np.ravel(array))


def _most_wrong(made: Arrays, right: Arrays) -> tuple[str, float | None]:
    """The gradient that is off by most of its length, the first of several, and by how much; where
    all that have a length are right, the first that is 0 in truth.
    """
    rounding = _ROUNDING * max(map(_length, right.values()))
    off = {
        n: _length(made[n] - right[n]) / _length(right[n])
        for n in made
        if _length(right[n]) > rounding
    }
    worst = max(off, key=lambda n: (round(off[n], 9), -[*off].index(n)))
    if off[worst] > _SAME:
        return worst, off[worst]
    return next(n for n in made if n not in off and _length(made[n]) > rounding), None


def _row(lesson: Lesson, mistake: Mistake, made: Arrays, right: Arrays) -> tuple[str, ...]:
    worked = lesson.worked
    assert worked is not None
    worst, off = _most_wrong(made, right)
    params = {
        n: worked.point.values[n] - (0 if n in worked.held else worked.rate * made[n]) for n in made
    }
    after = gradients(lesson, params)[0]
    return (
        f"{mistake.kind}: {mistake.done}",
        lesson.slope(worst),
        "it is 0" if off is None else lesson.number(off),
        lesson.number(after),
    )

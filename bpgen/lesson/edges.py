"""Edge cases, evaluated: already right, saturated, at a kink."""

from __future__ import annotations

import numpy as np

from bpgen.functions import ROWS, row
from bpgen.lesson.activations import calls, has_kink
from bpgen.lesson.lesson import Lesson
from bpgen.render.calls import name_of
from bpgen.render.legend import convention
from bpgen.render.page import Block, Section, Table
from bpgen.worked.point import Array, Arrays

_FAR = 100.0  # times the parameters
_ROUNDING = 1e-12  # of the largest gradient
_LOST = 1e-10  # of the largest gradient: what is left of it beside a 1 has few digits, or none


def section(lesson: Lesson) -> Section | None:
    """What the module computes where something is special."""
    if lesson.worked is None:
        return None
    rows = [r for r in (_right(lesson), _far(lesson), *_kinks(lesson)) if r]
    if not rows:
        return None
    heads = ("where", "what is computed", "and so")
    return Section("Edge cases", (), (Block(table=Table(heads, tuple(rows))),))


def _forward(lesson: Lesson) -> Array:
    """What the module's forward returns, to the last bit, of a network with one output."""
    assert lesson.worked is not None
    module, values = lesson.module, lesson.worked.point.values
    given = (values[n] for n in (*module.INPUTS, *getattr(module, "STATES", ())))
    found: Array = module.forward({n: values[n] for n in module.SHAPES}, *given)[0]
    return found


def gradients(lesson: Lesson, change: Arrays) -> tuple[float, dict[str, np.ndarray]]:
    """The loss and its gradients where some values are others."""
    assert lesson.worked is not None
    module, values = lesson.module, {**lesson.worked.point.values, **change}
    names = [*module.INPUTS, *getattr(module, "STATES", ()), *module.TARGETS]
    with np.errstate(all="ignore"):
        loss, grads = module.loss_and_grad(
            {n: values[n] for n in module.SHAPES}, *(values[n] for n in names)
        )
    return float(loss), grads


def _largest(grads: Arrays) -> float:
    """The largest entry of all gradients; nan where any is."""
    return float(np.max([np.max(np.abs(g), initial=0.0) for g in grads.values()], initial=0.0))


def _right(lesson: Lesson) -> tuple[str, ...] | None:
    """The target is what the network says."""
    assert lesson.worked is not None
    targets, outputs = lesson.network.role("target"), lesson.network.outputs
    if len(targets) != 1 or len(outputs) != 1 or targets[0].bound is not None:
        return None
    (target,), (output,) = targets, outputs
    value = _forward(lesson)
    if value.shape != lesson.worked.values[target.name].shape:
        return None
    if target.sums_to_one and np.any(np.abs(value.sum(-1) - 1) > 1e-9):
        return None
    loss, grads = gradients(lesson, {target.name: value})
    largest, usual = _largest(grads), _largest(gradients(lesson, {})[1])
    if not np.isfinite([loss, largest]).all():
        return None  # the target may not be that, as a logarithm's may not be negative
    at = f"{lesson.name(target.name)} is {lesson.name(output)}: already right"
    total = lesson.name(lesson.network.loss or "")
    what = f"{total} is {lesson.number(loss)}, the largest gradient {lesson.number(largest)}"
    if largest == 0:
        return at, what, "every gradient is exactly 0: nothing is learned"
    if largest < _ROUNDING * usual:
        return at, what, "every gradient is 0 but for rounding: nothing is learned"
    return (
        at,
        what,
        "what is left is not of the error: a penalty, or a loss whose least is elsewhere",
    )


def _far(lesson: Lesson) -> tuple[str, ...] | None:
    """Parameters so large that what can saturate does."""
    assert lesson.worked is not None
    params = {t.name: _FAR * lesson.worked.point.values[t.name] for t in lesson.params}
    if not params:
        return None
    loss, grads = gradients(lesson, params)
    largest, before = _largest(grads), _largest(gradients(lesson, {})[1])
    at = f"every parameter {_FAR:.0f} times as large"
    lost = largest < _LOST * before
    found = "less than a ten-billionth of what it was" if lost else lesson.number(largest)
    what = f"the largest gradient is {found}, and was {lesson.number(before)}"
    if not np.isfinite([loss, largest]).all():
        return at, what, "too large for numbers"
    if largest < before / 100:
        return at, what, "saturated: next to nothing is learned, and nothing is nan"
    explodes = largest > 100 * before > 0  # of nothing, it is no multiple
    return at, what, "nothing is nan" + ("; it explodes" if explodes else "")


def _kinks(lesson: Lesson) -> list[tuple[str, ...]]:
    """What is taken for the derivative where there is none."""
    found: dict[str, tuple[str, ...]] = {}
    for _, body in calls(lesson):
        known = row(body)
        if known is None or known.name in found or not has_kink(body):
            continue
        said = (c for r in ROWS.values() for c in r.conventions if c.of == known.name)
        for kink in said:
            found[known.name] = (
                f"at the kink of {lesson.inline(name_of(known, lesson.writer))}",
                convention(kink, lesson.writer),
                "a convention: from the left and the right it differs",
            )
    return list(found.values())

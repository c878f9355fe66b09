"""Forward again: what every value is after the step."""

from __future__ import annotations

from bpgen.lesson.lesson import Lesson
from bpgen.render.page import Block, Section, Table

_MOST = 6  # entries of a value that has a row


def section(lesson: Lesson) -> Section | None:
    """Each small value before and after the step, the loss last."""
    if lesson.worked is None or not lesson.is_short:
        return None
    worked, hidden = lesson.worked, lesson.network.sample_loss
    names = [e.name for e in lesson.network if e.name != hidden]
    rows = []
    for name in names:
        one, other = (lesson.of_sample(name, v[name]) for v in (worked.values, worked.values_after))
        if one.ndim < 2 and one.size <= _MOST:
            rows.append((lesson.name(name), lesson.array(one), lesson.array(other)))
    if not rows:
        return None
    intro = "The forward pass with the parameters after the step."
    return Section(
        "Forward again", (intro,), (Block(table=Table(("", "before", "after"), tuple(rows))),)
    )

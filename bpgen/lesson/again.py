"""Forward again: what every value is after the step."""

from __future__ import annotations

from bpgen.check.entrywise import evaluate
from bpgen.lesson.bias import biases
from bpgen.lesson.lesson import Lesson
from bpgen.render.page import Block, Section, Table
from bpgen.worked import taken
from bpgen.worked.point import Arrays

_MOST = 6  # entries of a value that has a row


def section(lesson: Lesson) -> Section | None:
    """Each small value before and after the step, and after one that leaves biases as they are; the
    loss last.
    """
    if lesson.worked is None or not lesson.is_short:
        return None
    worked, hidden = lesson.worked, lesson.network.sample_loss
    names = [f.equation.name for f in lesson.derivation.printed if f.equation.name != hidden]
    columns: dict[str, Arrays] = {"before": worked.values, "after": worked.values_after}
    free = [n for n, _ in biases(lesson) if n not in worked.held]
    if free:
        held = {**worked.after, **{n: worked.point.values[n] for n in free}}
        point = {**worked.point.values, **held}
        found = evaluate(lesson.network, worked.point.lengths, point)
        columns["with biases held"] = taken(lesson.network, found)
    rows = []
    for name in names:
        first, *others = (lesson.of_sample(name, values[name]) for values in columns.values())
        if first.ndim < 2 and first.size <= _MOST:
            rows.append((lesson.name(name), *map(lesson.array, (first, *others))))
    if not rows:
        return None
    intro = "The forward pass with the parameters after the step."
    table = Table(("", *columns), tuple(rows))
    return Section("Forward again", (intro,), (Block(table=table),))

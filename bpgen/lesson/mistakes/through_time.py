"""Mistakes on the way back through time."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from bpgen.functions import at_most
from bpgen.ir import Element, Index, Loop, element, length
from bpgen.lesson.lesson import Lesson
from bpgen.lesson.mistakes.paths import gradients_by
from bpgen.record import Path, Step
from bpgen.worked.point import Arrays


def _loops(lesson: Lesson) -> dict[str, Loop]:
    """The recurrence that each tensor of one is computed in."""
    loops = {e.name: e.loop for e in lesson.network if e.loop is not None}
    return {name: loop for name, loop in loops.items() if not loop.block}


def _axis(lesson: Lesson, name: str, loop: Loop) -> int:
    """The axis of a recurrence's tensor that its steps are along."""
    return [str(i.name) for i in lesson.network.tensors[name].indices].index(str(loop.index.name))


def _timed(lesson: Lesson) -> dict[str, tuple[int, Loop]]:
    """Tensors with an axis of steps, and that: those of a recurrence, what its steps read step by
    step, and what reads it so.
    """
    loops = _loops(lesson)
    found = {name: (_axis(lesson, name, loop), loop) for name, loop in loops.items()}
    for equation in lesson.network:
        for e in equation.reads():
            if equation.loop is not None and not equation.loop.block:
                if equation.loop.index in e.indices:
                    place = e.indices.index(equation.loop.index), equation.loop
                    found.setdefault(e.name, place)
            elif e.name in loops and equation.loop is None:
                step = e.indices[_axis(lesson, e.name, loops[e.name])]
                if step in equation.indices:
                    place = equation.indices.index(step), loops[e.name]
                    found.setdefault(equation.name, place)
    return found


def _over_time(lesson: Lesson, step: Step, path: Path) -> tuple[Index, Loop] | None:
    """The index of the steps that a parameter's path is summed over, and their loop."""
    axis, loop = _timed(lesson).get(path.upstream.name, (0, None))
    if loop is None or lesson.network.tensors[step.of].role != "param":
        return None
    index = path.upstream.indices[axis]
    return (index, loop) if index in path.over else None


def last_step_alone(lesson: Lesson) -> Arrays | None:
    """Each step's share overwrites that of the one before: what is left is of the step that the
    backward pass comes to last.
    """

    def change(step: Step, path: Path) -> Path:
        time = _over_time(lesson, step, path)
        if time is None:
            return path
        index, loop = time
        last = length(index.size) - 1 if loop.reverse else sp.S.Zero
        return replace(
            path,
            upstream=path.upstream.xreplace({index: last}),
            value=path.value.xreplace({index: last}),
            over=tuple(k for k in path.over if k != index),
        )

    return gradients_by(lesson, change)


def a_step_short(lesson: Lesson) -> Arrays | None:
    """The step that the backward pass comes to last is left out."""

    def change(step: Step, path: Path) -> Path:
        time = _over_time(lesson, step, path)
        if time is None:
            return path
        index, loop = time
        last = length(index.size) - 1
        there = at_most(index, last - 1) if loop.reverse else at_most(1, index)
        return replace(path, value=path.value * there)

    return gradients_by(lesson, change)


def stopped(lesson: Lesson) -> Arrays | None:
    """Nothing goes from a step to the one before it: what it carried over is a number."""

    def change(step: Step, path: Path) -> Path:
        loop = _loops(lesson).get(step.of)
        if loop is None or _loops(lesson).get(path.upstream.name) != loop:
            return path
        axes = (_axis(lesson, n, loop) for n in (step.of, path.upstream.name))
        here, there = (e.indices[k] for e, k in zip((path.wrt, path.upstream), axes, strict=True))
        return path if here == there else replace(path, value=sp.S.Zero)

    return gradients_by(lesson, change)


def too_late(lesson: Lesson) -> Arrays | None:
    """The state of the step itself beside its error, where that of the step before is meant."""

    def change(step: Step, path: Path) -> Path:
        time = _over_time(lesson, step, path)
        if time is None:
            return path
        index, loop = time
        new = {}
        for e in path.value.atoms(Element):
            if _loops(lesson).get(e.name) == loop:
                k = _axis(lesson, e.name, loop)
                new[e] = element(e.name, (*e.indices[:k], index, *e.indices[k + 1 :]))
        return replace(path, value=path.value.xreplace(new))

    return gradients_by(lesson, change)

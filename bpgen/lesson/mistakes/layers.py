"""Mistakes with the weights of layers that are alike."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bpgen.lesson.lesson import Lesson
from bpgen.lesson.mistakes.paths import gradients_by, reading
from bpgen.record import Path, Step
from bpgen.worked.point import Array, Arrays


def _is_matrix(lesson: Lesson, name: str) -> bool:
    info = lesson.network.tensors[name]
    return info.role == "param" and len(info.indices) - info.block == 2


def _of_values(lesson: Lesson, others: dict[str, Array]) -> Arrays | None:
    """Others in the place of weights, where the error of what is computed goes through them."""

    def change(step: Step, path: Path) -> Path:
        return reading(path, others) if lesson.network.tensors[step.of].role == "value" else path

    return gradients_by(lesson, change, others=others)


def untransposed(lesson: Lesson) -> Arrays | None:
    """A square matrix as it is forward, where its transpose is meant."""
    assert lesson.worked is not None
    values = lesson.worked.point.values
    matrices = (t.name for t in lesson.params if _is_matrix(lesson, t.name))
    square = (n for n in matrices if values[n].shape[-1] == values[n].shape[-2] > 1)
    return _of_values(lesson, {n: np.swapaxes(values[n], -1, -2) for n in square})


def of_another_layer(lesson: Lesson) -> Arrays | None:
    """The weights of the layer before: of the block before, or the matrix before of that shape."""
    assert lesson.worked is not None
    values, tensors = lesson.worked.point.values, lesson.network.tensors
    names = [t.name for t in lesson.params if _is_matrix(lesson, t.name)]
    others: dict[str, Array] = {}
    for n in (n for n in names if tensors[n].block and len(values[n]) > 1):
        others[n] = np.concatenate([values[n][:1], values[n][:-1]])
    heard = _tensors_by_layer(lesson)
    for one, other in pairwise(n for n in names if n in heard):
        if values[one].shape == values[other].shape and one in heard[other]:
            others[other] = values[one]
    return _of_values(lesson, others)


def _tensors_by_layer(lesson: Lesson) -> dict[str, set[str]]:
    """The parameters of layers, each with those that what it multiplies is made of; of recurrences
    and blocks there are none.
    """
    found: dict[str, set[str]] = {}
    made: dict[str, set[str]] = {}
    params = {t.name for t in lesson.params}
    for equation in (f.source for f in lesson.derivation.forward):
        reads = {e.name for e in equation.reads()}
        before = set[str]().union(*(made.get(n, set()) for n in reads))
        if equation.loop is None:
            found.update((n, before) for n in sorted(reads & params) if n not in found)
        made[equation.name] = before | (reads & params)
    return found

"""Gradients with a mistake in them: the paths of the chain rule, some of them changed, evaluated
entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import sympy as sp

from bpgen.check.entrywise import evaluate
from bpgen.derive.chain import along
from bpgen.ir import Element, Equation, Term, element
from bpgen.lesson.lesson import Lesson
from bpgen.record import Path, Step
from bpgen.worked.point import Array, Arrays

Change = Callable[[Step, Path], Path]  # a path, in another's opinion


def gradients_by(
    lesson: Lesson,
    change: Change = lambda step, path: path,
    values: Arrays | None = None,
    others: Mapping[str, Array] | None = None,
) -> Arrays | None:
    """The gradients of the parameters by paths that are changed, from forward values that may be
    others; `others` are what changed paths read in the place of parameters. None where nothing
    would be changed.
    """
    worked = lesson.worked
    assert worked is not None
    steps = [s for s in lesson.derivation.steps if lesson.network.tensors[s.of].role != "input"]
    paths = {s.of: tuple(change(s, p) for p in s.paths) for s in steps}
    if values is None and all(paths[s.of] == s.paths for s in steps):
        return None
    tensors, others = lesson.network.tensors, others or {}
    beside = {instead(n): replace(tensors[n], name=instead(n)) for n in others}
    read = {instead(n): array for n, array in others.items()}
    adjoints = replace(
        lesson.network,
        tensors={**lesson.derivation.tensors, **beside},
        equations=tuple(_equation(lesson, s, paths[s.of]) for s in steps),
    )
    values = forward(lesson) if values is None else values
    found = evaluate(adjoints, worked.point.lengths, {**values, **read})
    return {
        t.name: found[lesson.derivation.adjoint[t.name]]
        for t in lesson.params
        if t.name in lesson.steps
    }


def forward(lesson: Lesson, params: Arrays | None = None) -> dict[str, Array]:
    """Every value, with what stands before a recurrence's first step; of other parameters, too."""
    assert lesson.worked is not None
    point = lesson.worked.point
    return evaluate(lesson.network, point.lengths, {**point.values, **(params or {})})


def _equation(lesson: Lesson, step: Step, paths: tuple[Path, ...]) -> Equation:
    """The chain rule of a step: its paths, before anything is simplified."""
    terms = []
    for path in paths:
        adjoint = lesson.derivation.adjoint.get(path.upstream.name)
        known = adjoint is not None and path.upstream.name in lesson.steps
        above = element(adjoint or "", path.upstream.indices) if known else sp.S.One
        terms.append(along(path, Term(above), step.equation.indices))
    return replace(step.equation, terms=tuple(terms))


# what a path reads in the place of a parameter


def instead(name: str) -> str:
    """The name of what is read in the place of a parameter."""
    return f"{name} instead"


def reading(path: Path, names: Mapping[str, Array] | set[str]) -> Path:
    """A path that reads something else in the place of some parameters."""
    new = {
        e: element(instead(e.name), e.indices) for e in path.value.atoms(Element) if e.name in names
    }
    return replace(path, value=path.value.xreplace(new))

"""The classic mistakes, made here: what each would do to this network's gradients and to its loss.

Each is a change of the chain rule's paths, or of the values that they read; the wrong gradients are
these equations evaluated entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp

from bpgen.check.entrywise import evaluate
from bpgen.derive import adjoint_tensors
from bpgen.ir import BATCH, Element, Equation, Term, element
from bpgen.lesson.bias import biases
from bpgen.lesson.edges import gradients
from bpgen.lesson.lesson import Lesson
from bpgen.record import Path, Step
from bpgen.render.page import Block, Section, Table
from bpgen.worked import Worked
from bpgen.worked.point import Array, Arrays

Change = Callable[[Step, Path], sp.Expr]  # the value of a path, in another's opinion
_SAME = 1e-9


@dataclass(frozen=True)
class Mistake:
    """What a claim that makes it is told, what is done, and the gradients that it gives."""

    kind: str
    done: str
    made: Callable[[Lesson], Arrays]


def section(lesson: Lesson) -> Section | None:
    """Those that change anything here, each with the gradient that is most wrong."""
    worked = lesson.worked
    if worked is None or not lesson.is_plain or not lesson.is_short or not lesson.params:
        return None
    right = wrong_gradients(lesson)
    if not _agree(right, worked.slopes):
        return None
    rows = []
    silent = []
    for mistake in TABLE:
        made = mistake.made(lesson)
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
        f" {lesson.said(after)}; a line of your own is looked at by bpgen's check, as a claim.",
    )
    remarks = (f"Without effect here: {'; '.join(silent)}.",) if silent else ()
    heads = ("mistake", "most wrong", "off by, of its length", f"{loss} after the step")
    table = Table(heads, tuple(rows))
    return Section("Classic mistakes", intro, (Block(table=table, remarks=remarks),))


def _agree(some: Arrays, others: Arrays) -> bool:
    return all(_off(some[n], others[n]) <= _SAME for n in some)


def _off(one: Array, other: Array) -> float:
    """By how much of its size it is off."""
    scale = float(np.linalg.norm(np.ravel(other))) or 1e-300
    return float(np.linalg.norm(np.ravel(one - other))) / scale


def _row(lesson: Lesson, mistake: Mistake, made: Arrays, right: Arrays) -> tuple[str, ...]:
    worked = lesson.worked
    assert worked is not None
    worst = max(made, key=lambda n: (round(_off(made[n], right[n]), 9), -list(made).index(n)))
    off = _off(made[worst], right[worst])
    params = {
        n: worked.point.values[n] - (0 if n in worked.held else worked.rate * made[n]) for n in made
    }
    after = gradients(lesson, params)[0]
    return (
        f"{mistake.kind}: {mistake.done}",
        lesson.slope(worst),
        lesson.said(off),
        lesson.said(after),
    )


# the gradients, by the chain rule's own paths


def wrong_gradients(
    lesson: Lesson, change: Change = lambda step, path: path.value, values: Arrays | None = None
) -> Arrays:
    """The gradients of the parameters by paths whose values are changed, from forward values that
    may be others.
    """
    worked, network = lesson.worked, lesson.network
    assert worked is not None
    equations = [_equation(lesson, s, change) for s in lesson.derivation.steps]
    tensors = adjoint_tensors(lesson.derivation)
    adjoints = replace(network, tensors=tensors, equations=tuple(equations))
    found = evaluate(adjoints, worked.point.lengths, values or worked.values)
    return {
        t.name: found[lesson.derivation.adjoint[t.name]]
        for t in lesson.params
        if t.name in lesson.steps
    }


def _equation(lesson: Lesson, step: Step, change: Change) -> Equation:
    """The chain rule of a step: its paths as they are recorded, before anything is simplified."""
    terms = []
    for path in step.paths:
        adjoint = lesson.derivation.adjoint.get(path.upstream.name)
        known = adjoint is not None and path.upstream.name in lesson.steps
        above = element(adjoint or "", path.upstream.indices) if known else sp.S.One
        at = None if path.wrt.indices == step.equation.indices else path.wrt.indices
        terms.append(Term(above * change(step, path), (*path.over, *path.inner), "sum", at))
    return replace(step.equation, terms=tuple(terms))


# the mistakes


def _is_slope(path: Path) -> bool:
    """Whether a path's value is the derivative of a function."""
    return any(r.prime for r in path.reasons) and path.value.has(Element)


def _without_slopes(lesson: Lesson) -> Arrays:
    return wrong_gradients(lesson, lambda _, path: sp.S.One if _is_slope(path) else path.value)


def _updated(lesson: Lesson) -> Arrays:
    """Every parameter as it is after its update, in what is computed after it."""
    worked = lesson.worked
    assert worked is not None
    done: set[str] = set()
    moved = {f"{n} after": a for n, a in worked.after.items()}
    network = lesson.network
    wider = replace(
        network,
        tensors={
            **network.tensors,
            **{f"{t.name} after": replace(t, name=f"{t.name} after") for t in lesson.params},
        },
    )
    order = [s.of for s in lesson.derivation.steps]

    def change(step: Step, path: Path) -> sp.Expr:
        before = {*order[: order.index(step.of)]} & {t.name for t in lesson.params}
        done.update(before)
        new = {
            e: element(f"{e.name} after", e.indices)
            for e in path.value.atoms(Element)
            if e.name in before
        }
        return path.value.xreplace(new)

    other = replace(lesson, derivation=replace(lesson.derivation, network=wider))
    names = [t.name for t in lesson.params]
    made = wrong_gradients(other, change, {**worked.values, **moved})
    return {n: made[n] for n in names if n in made}


def _sign(lesson: Lesson) -> Arrays:
    """The error the other way round: all that a value tells the loss of a sample."""
    top = lesson.network.sample_loss or lesson.network.loss

    def change(step: Step, path: Path) -> sp.Expr:
        computed = lesson.network.tensors[step.of].role == "value"
        return -path.value if path.upstream.name == top and computed else path.value

    return wrong_gradients(lesson, change)


def _uncached(lesson: Lesson) -> Arrays:
    """Forward values computed again with parameters that are updated already."""
    worked = lesson.worked
    assert worked is not None
    kept = {t.name: worked.values[t.name] for t in lesson.params}
    return wrong_gradients(lesson, values={**worked.values_after, **kept})


def _without_bias(lesson: Lesson) -> Arrays:
    """Forward without the biases."""
    worked: Worked | None = lesson.worked
    assert worked is not None
    gone = {n: np.zeros_like(worked.values[n]) for n, _ in biases(lesson)}
    grads = gradients(lesson, gone)[1]
    return {t.name: grads[t.name] for t in lesson.params if t.name in lesson.steps}


def _summed(lesson: Lesson) -> Arrays:
    """The sum over the samples, where their mean is meant; one sample is taken twice."""
    worked = lesson.worked
    assert worked is not None
    samples = max(worked.point.lengths.get(BATCH, 1), 2)
    right = wrong_gradients(lesson)
    return {n: samples * g for n, g in right.items()}


TABLE: tuple[Mistake, ...] = (
    Mistake("the derivative of the activation", "left out wherever there is one", _without_slopes),
    Mistake("weights after their update", "updated in the middle of the backward pass", _updated),
    Mistake("a sign", "the target less the output, where it is the other way round", _sign),
    Mistake(
        "another pass",
        "values not kept, but computed again after the update",
        _uncached,
    ),
    Mistake("the bias", "left out of the forward pass", _without_bias),
    Mistake("a mean or a sum", "the sum over samples for their mean, of two alike", _summed),
)


def kinds() -> Iterable[str]:
    """What the mistakes are called."""
    return (m.kind for m in TABLE)

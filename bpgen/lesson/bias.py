"""Why a bias is a weight whose input is 1."""

from __future__ import annotations

import sympy as sp

from bpgen.ir import Element, Equation
from bpgen.lesson.lesson import Lesson
from bpgen.render.page import Block, Section, Table


def section(lesson: Lesson) -> Section | None:
    """Biases beside the weights of their equations: the factor at each error is its input."""
    rows = []
    for name, upstream in biases(lesson):
        beside = _weights(lesson, upstream, name)
        if beside:
            rows.append(_row(lesson, upstream, beside, name))
    if not rows:
        return None
    heads = ("layer", "weight", "its input", "bias", "its input")
    said = (
        "A bias stands in its sum as a weight would whose input is 1 in every sample: the gradient"
        " of either is the error of its layer times its input."
    )
    table = Table(heads, tuple(rows[:6]))
    return Section("A bias is a weight whose input is 1", (said,), (Block(table=table),))


def biases(lesson: Lesson) -> list[tuple[str, str]]:
    """The parameters that are an addend of what reads them: their gradient is its error times 1."""
    found = []
    sums = {f.source.name for f in lesson.derivation.forward if len(_addends(f.source)) > 1}
    for info in lesson.params:
        step = lesson.steps.get(info.name)
        ways = [p for p in step.paths if p.upstream.name != lesson.network.loss] if step else []
        if (
            len(ways) == 1
            and ways[0].value == 1
            and ways[0].upstream.name in sums
            and ways[0].upstream.indices != ways[0].wrt.indices
        ):
            found.append((info.name, ways[0].upstream.name))
    return found


def _addends(equation: Equation) -> list[sp.Expr]:
    return [a for t in equation.terms for a in ([t.body] if t.over else sp.Add.make_args(t.body))]


def _weights(lesson: Lesson, upstream: str, bias: str) -> tuple[str, Element] | None:
    """A parameter that the same equation multiplies, and by what."""
    for info in lesson.params:
        step = lesson.steps.get(info.name)
        for path in step.paths if step and info.name != bias else ():
            if path.upstream.name == upstream and isinstance(path.value, Element):
                return info.name, path.value
    return None


def _row(lesson: Lesson, upstream: str, beside: tuple[str, Element], bias: str) -> tuple[str, ...]:
    weight, reads = beside
    return (
        lesson.name(upstream),
        lesson.name(weight),
        lesson.of_block(reads),
        lesson.name(bias),
        lesson.inline("1"),
    )

"""The network as a graph: what flows forward along its edges, and which errors flow back."""

from __future__ import annotations

from itertools import pairwise

from bpgen.ir import Equation
from bpgen.lesson.lesson import Lesson
from bpgen.render.page import Block, Section, Table

ARROW = {True: " → ", False: r" \to "}  # by whether a dialect is of the terminal


def section(lesson: Lesson) -> Section | None:
    """Each node with what it reads and through which weights, and from where its error comes."""
    if not lesson.is_short:
        return None
    rows = tuple(_row(lesson, e) for e in _nodes(lesson))
    heads = ("node", "reads", "weights on its edges", "its error", "comes back from")
    return Section("The network as a graph", _chains(lesson), (Block(table=Table(heads, rows)),))


def _nodes(lesson: Lesson) -> list[Equation]:
    """The equations of a sample; the mean over samples is no node of its own."""
    network = lesson.network
    hidden = network.loss if network.sample_loss else None
    return [f.source for f in lesson.derivation.printed if f.equation.name != hidden]


def _read(equation: Equation) -> list[str]:
    return list(dict.fromkeys(e.name for e in equation.reads()))


def _row(lesson: Lesson, equation: Equation) -> tuple[str, ...]:
    tensors = lesson.network.tensors
    weights = [n for n in _read(equation) if tensors[n].role == "param"]
    within = lesson.derivation.auxiliaries  # of what else is read, and no nodes
    nodes = [e for e in equation.reads() if e.name not in (*weights, *within)]
    step = lesson.steps.get(equation.name)
    back: list[str] = []
    if step is not None:
        back = list(dict.fromkeys(p.upstream.name for p in step.paths))
    nodes_back = [n for n in back if n != lesson.network.loss or not _is_top(lesson, equation)]
    return (
        lesson.name(equation.name),
        ", ".join(dict.fromkeys(map(lesson.of_block, nodes))),
        lesson.names(weights),
        lesson.slope(equation.name) if nodes_back else lesson.inline("1") if back else "",
        lesson.names(nodes_back) if nodes_back else "it begins here" if back else "",
    )


def _is_top(lesson: Lesson, equation: Equation) -> bool:
    """Whether an equation is the loss of a sample, which the loss is the mean of."""
    return equation.name == lesson.network.sample_loss


def _chains(lesson: Lesson) -> tuple[str, ...]:
    """Forward and back as a line each, where every node reads the one before it."""
    nodes = _nodes(lesson)
    if not lesson.is_plain or not all(one.name in _read(other) for one, other in pairwise(nodes)):
        return ()
    first = [n for n in _read(nodes[0]) if lesson.network.tensors[n].role == "input"][:1]
    arrow = ARROW[lesson.writer.dialect.flat]
    forward = [*first, *(e.name for e in nodes)]
    back = [n for n in forward[::-1] if n in lesson.steps and lesson.steps[n].paths]
    adjoints = [lesson.derivation.adjoint[n] for n in back if n != lesson.network.sample_loss]
    to = arrow.join(map(lesson.tensor, forward))
    fro = arrow.join(map(lesson.tensor, [forward[-1], *adjoints]))
    return (f"Forward: {lesson.inline(to)}.", f"Backward: {lesson.inline(fro)}.")

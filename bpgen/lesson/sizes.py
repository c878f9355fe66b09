"""The size of the error on its way back, and the factors that make it what it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from math import log10

import numpy as np

from bpgen.ir import elements
from bpgen.lesson.activations import calls, slopes
from bpgen.lesson.lesson import Lesson
from bpgen.record import Path
from bpgen.render.page import Block, Section, Table

_BAR, _RANGE = 20, 6.0  # marks of the longest bar, and powers of ten from it to none
_VANISHES, _EXPLODES = 0.02, 50.0  # of the error of the last layer: what is left at the first
_SATURATED = 0.01  # a derivative below which a unit learns next to nothing
_DEPTHS = (4, 10, 20)
_FACTORS = 12  # of a product that is written out


@dataclass(frozen=True)
class Size:
    """The norm of the gradient by a value; how many times that of the one it came from, and
    through what.
    """

    name: str
    norm: float
    of: str  # what it came from, where that is one
    factor: float | None
    through: str
    by_function: bool


def section(lesson: Lesson) -> Section | None:
    """A bar for each value on the way, what each factor is, and what follows for this network."""
    found = sizes(lesson)
    if len(found) < 2:
        return None
    largest = max(s.norm for s in found)
    rows = tuple(_row(lesson, s, largest) for s in found)
    heads = ("gradient by", "size", "", "times", "by")
    intro = (
        "The length of each gradient, from the loss backwards. Bars go by powers of ten:"
        f" {_RANGE:.0f} of them are a whole one.",
    )
    said = (_product(lesson, found), *_units(lesson), *_fate(lesson, found))
    block = Block(table=Table(heads, rows), remarks=tuple(filter(None, said)))
    return Section("The size of the error", intro, (block,))


def sizes(lesson: Lesson) -> list[Size]:
    """Of the values that the loss comes to by one way, last to first."""
    worked = lesson.worked
    if worked is None or not lesson.is_short:
        return []
    found: list[Size] = []
    norms: dict[str, float] = {}
    for step in lesson.derivation.printed_steps:
        info = lesson.network.tensors[step.of]
        if info.role not in ("value", "input") or step.of == lesson.network.sample_loss:
            continue
        norm = math.hypot(*np.ravel(worked.slopes[step.of]))
        norms[step.of] = norm
        path = step.paths[0] if len(step.paths) == 1 else None
        before = norms.get(path.upstream.name) if path is not None else None
        factor = norm / before if before else None
        through, function = _through(lesson, path) if path is not None and before else ("", False)
        of = path.upstream.name if path is not None and before else ""
        found.append(Size(step.of, norm, of, factor, through, function))
    return found


def _through(lesson: Lesson, path: Path) -> tuple[str, bool]:
    """What the chain rule multiplies by on the way: weights, or a derivative."""
    params = [e for e in lesson.params if e.name in {x.name for x in elements(path.value)}]
    if any(e.name == path.upstream.name for e, _ in calls(lesson)):
        return f"the derivative of {lesson.name(path.upstream.name)}", True
    return (lesson.names(p.name for p in params) if params else "", False)


def _row(lesson: Lesson, size: Size, largest: float) -> tuple[str, ...]:
    factor = lesson.number(size.factor) if size.factor is not None else ""
    return (
        lesson.name(size.name),
        lesson.number(size.norm),
        _bar(size.norm, largest, lesson),
        factor,
        size.through,
    )


def _bar(norm: float, largest: float, lesson: Lesson) -> str:
    """A bar whose length is the power of ten."""
    if not norm:
        return "0"
    marks = max(1, round(_BAR * (1 + log10(norm / largest) / _RANGE)))
    if lesson.writer.dialect.flat:
        return "█" * marks
    return lesson.inline(rf"\rule{{{marks * 0.35:.2f}em}}{{0.6em}}")


def _product(lesson: Lesson, found: list[Size]) -> str:
    """The factors one after another, and what they come to."""
    run = _run(found)
    factors = [s.factor for s in run[1:]]
    if not 1 < len(factors) <= _FACTORS:
        return ""
    assert lesson.numerals is not None
    texts = [lesson.numerals.number(f) for f in factors if f is not None]
    whole = float(np.prod([f for f in factors if f is not None]))
    times = lesson.writer.dialect.words["times"].join(texts)
    return (
        f"From {lesson.name(run[0].name)} to {lesson.name(run[-1].name)}:"
        f" {lesson.inline(times)} is {lesson.number(whole)}."
    )


def _units(lesson: Lesson) -> list[str]:
    """Units that pass nothing on, or next to nothing."""
    said = []
    for name, (_, local) in slopes(lesson).items():
        dead = np.all(local == 0, axis=0) if lesson.network.tensors[name].batched else local == 0
        weak = (np.abs(local) < _SATURATED) & (local != 0)
        if np.any(dead):
            said.append(
                f"{int(np.sum(dead))} of the {dead.size} units of {lesson.name(name)} pass nothing"
                " on from any sample here (dead). Against it: larger biases at first, a shorter"
                " step, or a leaky relu, whose derivative is never 0."
            )
        if np.any(weak):
            said.append(
                f"{int(np.sum(weak))} of the {weak.size} values of {lesson.name(name)} are"
                f" saturated (a derivative below {_SATURATED}). Against it: smaller weights before"
                " it, a normalisation, or relu."
            )
    return said


def _run(found: list[Size]) -> list[Size]:
    """From where on each comes from the one before it."""
    parted = (k for k, s in enumerate(found) if k and s.of != found[k - 1].name)
    return found[max(parted, default=0) :]


def _layers(found: list[Size]) -> list[float]:
    """What each layer makes of the error: of weights and a function together, from the argument of
    one function to that of the one before; of weights alone where there is nothing else.
    """
    sizes = _run(found)[1:]
    if not any(s.by_function for s in sizes):
        return [s.factor or 0.0 for s in sizes] if all(s.through for s in sizes) else []
    layers, product = [], 1.0
    for s in sizes:
        product *= s.factor or 0.0
        if s.by_function:
            layers.append(product)
            product = 1.0
    return layers[1:] if sizes[0].by_function else layers  # the first is of the output alone


def _fate(lesson: Lesson, found: list[Size]) -> list[str]:
    """Whether the error vanishes or explodes here, and what a deeper network would make of it."""
    layers = _layers(found)
    if not layers or min(layers) <= 0:
        return []
    left = float(np.prod(layers))
    each = left ** (1 / len(layers))
    deeper = ", ".join(f"{lesson.number(each**d)} after {d}" for d in _DEPTHS)
    said = [f"A layer multiplies it by {lesson.number(each)}; layers like it by {deeper}."]
    remedies = _against_vanishing(lesson, found) if each < 1 else _AGAINST_EXPLODING
    word = "vanish" if each < 1 else "explode"
    if left < _VANISHES:
        said.append(f"It vanishes: {lesson.number(left)} of it is left. {remedies}")
    elif left > _EXPLODES:
        said.append(f"It explodes: it is {lesson.number(left)} times as large. {remedies}")
    elif each ** _DEPTHS[1] < _VANISHES or each ** _DEPTHS[1] > _EXPLODES:
        said.append(
            f"Here it does not {word}; in a deep network of such layers it would. {remedies}"
        )
    else:
        said.append("It neither vanishes nor explodes.")
    return said


_AGAINST_EXPLODING = (
    "Against it: smaller weights at the beginning, a shorter step, the gradient clipped, or a"
    " normalisation between the layers."
)


def _against_vanishing(lesson: Lesson, found: list[Size]) -> str:
    """The remedy, by which of the factors are the small ones, and by what the network has."""
    run = _run(found)[1:]
    functions = [s.factor for s in run if s.by_function and s.factor]
    weights = [s.factor for s in run if not s.by_function and s.factor]
    skip = "a way past the layers (a skip connection, h + f(h))"
    used = {type(body).__name__ for _, body in calls(lesson)}
    if functions and np.prod(functions) < np.prod(weights):
        which = "The derivatives are the small factors"
        if used <= {"relu"}:
            return f"{which}, as of a relu half of the units are 0: {_weights(lesson)}, or {skip}."
        return f"{which}: relu, whose derivative is 1, or {skip}."
    return f"The weights are the small factors: {_weights(lesson)}, or {skip}."


def _weights(lesson: Lesson) -> str:
    """How the weights could begin instead."""
    if any(how == "he" for how in lesson.network.inits.values()):
        return "a normalisation between the layers"
    return "larger weights at first (of variance 2 over the number of inputs), a normalisation"

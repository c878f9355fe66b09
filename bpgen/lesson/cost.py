"""What a pass costs, by layer: operations, values that are kept, parameters, as functions of the
batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy as sp

from bpgen.ir import BATCH, TensorInfo, extent, length
from bpgen.lesson import counts
from bpgen.lesson.counts import Count, backward, forward
from bpgen.lesson.lesson import Lesson
from bpgen.render.page import Block, Section, Table

_LAYERS = 12  # that have a row of their own
_HEADS = ("layer", "parameters", "forward", "functions", "backward", "kept for it")


def section(lesson: Lesson) -> Section | None:
    """A row for each layer, and all of them together."""
    if not lesson.params:
        return None
    there, back = forward(lesson.derivation), backward(lesson.derivation)
    kept = counts.kept(lesson.derivation)
    layers = counts.layers(lesson.derivation)
    rows = [_row(lesson, layer, there, back, kept) for layer in layers]
    rows = rows if len(rows) <= _LAYERS else []
    every = [n for layer in layers for n in layer]
    total = _row(lesson, every, there, back, kept)
    remarks = (_sentence(lesson, there, back),) if lesson.network.loss is not None else ()
    table = Table(_HEADS, (*rows, ("all", *total[1:])))
    return Section("What a pass costs", _INTRO, (Block(table=table, remarks=remarks),))


_INTRO = (
    "Counted from the equations: a product, a sum or a quotient for each value of its indices;"
    " values of functions by themselves; kept are the numbers that backward reads.",
)


def _row(
    lesson: Lesson,
    layer: list[str],
    there: list[Count],
    back: list[Count],
    kept: Mapping[str, sp.Expr],
) -> tuple[str, ...]:
    tensors = lesson.network.tensors
    of = {*layer}
    within = lesson.derivation.auxiliaries
    values = [n for n in layer if tensors[n].role == "value" and n not in within]
    params = total(_size(tensors[n]) for n in layer if tensors[n].role == "param")
    numbers = (
        params,
        total(c.operations for c in there if c.name in of),
        total(c.functions for c in (*there, *back) if c.name in of),
        total(c.operations for c in back if c.name in of),
        total(kept[n] for n in layer if n in kept),
    )
    return (lesson.names(values[:4]), *(formula(n, lesson) for n in numbers))


def total(some: Iterable[sp.Expr]) -> sp.Expr:
    return sp.expand(sp.Add(*some))


def _size(info: TensorInfo) -> sp.Expr:
    return extent(i.size for i in info.indices)


def formula(expr: sp.Expr, lesson: Lesson) -> str:
    """A polynomial in lengths, the batch's power last: 12 N + 9."""
    return lesson.inline(_text(sp.expand(expr), lesson))


def _text(expr: sp.Expr, lesson: Lesson) -> str:
    dialect, made = lesson.writer.dialect, ""
    if not expr.free_symbols:
        return str(expr)
    for part in sorted(sp.Add.make_args(expr), key=_order):
        coefficient, rest = part.as_coeff_Mul()
        sign = f" {dialect.minus} " if coefficient < 0 else " + " if made else ""
        number = str(abs(coefficient)) if abs(coefficient) != 1 or rest == 1 else ""
        powers = (
            sorted(rest.as_powers_dict().items(), key=lambda p: (p[0].name == BATCH, p[0].name))
            if rest != 1
            else []
        )
        letters = [
            dialect.index(s.name) if e == 1 else dialect.power(dialect.index(s.name), str(e))
            for s, e in powers
        ]
        made += (
            sign.lstrip() * (not made)
            + sign * bool(made)
            + " ".join(filter(None, (number, *letters)))
        )
    return made


def _order(part: sp.Expr) -> tuple[int, str]:
    """Higher degrees first."""
    rest = part.as_coeff_Mul()[1]
    degree = sum(int(e) for e in rest.as_powers_dict().values()) if rest != 1 else 0
    return -degree, str(rest)


def _sentence(lesson: Lesson, there: list[Count], back: list[Count]) -> str:
    """How many times the forward pass the backward pass is, of a large batch."""
    batch = length(BATCH)
    counts = [sp.Poly(total(c.operations for c in way), batch) for way in (there, back)]
    ways = [n.coeff_monomial(batch) for n in counts]
    params = total(_size(t) for t in lesson.params)
    learned = "number is learned" if params == 1 else "numbers are learned"
    counted = f"{formula(params, lesson)} {learned}"
    penalised = "a penalty holds them" if _penalised(lesson) else "no penalty holds them"
    dropped = "dropout is drawn" if lesson.network.role("noise") else "there is no dropout"
    fits = (
        f"{counted}, {penalised}, {dropped}: they may fit fewer samples than that one by one"
        " (overfitting: the loss of other samples grows)."
    )
    each = all(n.degree() == 1 for n in counts)  # and not every pair of samples
    if not each or not all(w.is_number and w > 0 for w in ways):
        return fits
    ratio = float(ways[1] / ways[0])
    return f"Of many samples, backward is {ratio:.2g} times as many operations as forward. {fits}"


def _penalised(lesson: Lesson) -> bool:
    """Whether the loss itself reads parameters."""
    own = [e for e in lesson.network if e.name == lesson.network.loss]
    params = {t.name for t in lesson.params}
    return any(r.name in params for e in own for r in e.reads())

"""A batch, one sample, or some: three ways to take the gradient of a step."""

from __future__ import annotations

import sympy as sp

from bpgen.ir import BATCH
from bpgen.lesson.cost import formula
from bpgen.lesson.counts import backward, forward
from bpgen.lesson.lesson import Lesson
from bpgen.render.page import Block, Section, Table

_SAMPLES = sp.Symbol("M")  # that there are to learn from


def section(lesson: Lesson) -> Section | None:
    """Side by side: what is averaged, how many steps a pass over the samples has, what each
    costs.
    """
    batched = any(t.batched for t in lesson.network.tensors.values())
    if lesson.network.loss is None or not lesson.params or not batched:
        return None
    if not lesson.view.sample:
        return None  # what is of a batch cannot be taken sample by sample
    every = sum(
        (c.operations for c in (*forward(lesson.derivation), *backward(lesson.derivation))),
        sp.S.Zero,
    )
    dialect, w = lesson.writer.dialect, lesson.tensor(lesson.params[0].name)
    each = lesson.writer.partial(
        dialect.entry(lesson.tensor(lesson.network.sample_loss or lesson.writer.total), ("n",)), w
    ).text
    total = dialect.sum("n").strip()
    rows = []
    for word, size, noise in (
        ("batch", _SAMPLES, "exact, of all samples"),
        ("stochastic", sp.S.One, "of one sample drawn: right on average alone"),
        ("mini-batch", sp.Symbol("B"), "of some drawn: the more, the closer"),
    ):
        mean = each if size == 1 else f"{dialect.frac('1', str(size))}{dialect.times}{total} {each}"
        steps = {1: "M", _SAMPLES: "1"}.get(size, "M/B")
        cost = formula(every.subs(_length(every), size), lesson)
        rows.append((word, lesson.inline(mean), lesson.inline(steps), cost, noise))
    heads = ("descent", "gradient of a step", "steps a pass", "operations a step", "what it is")
    intro = (
        f"Of {lesson.inline('M')} samples to learn from, a step may take all, one, or"
        f" {lesson.inline('B')}: {lesson.inline(BATCH)} of the module is that number."
    )
    return Section(
        "Batch, stochastic, mini-batch", (intro,), (Block(table=Table(heads, tuple(rows))),)
    )


def _length(expr: sp.Expr) -> sp.Symbol:
    return next((s for s in expr.free_symbols if s.name == BATCH), sp.Symbol(BATCH))

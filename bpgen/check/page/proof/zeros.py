"""What the rows of a display do not speak of is 0, where they say so."""

from __future__ import annotations

from functools import partial

import numpy as np

from bpgen.check.page.evaluate import Scope
from bpgen.check.page.proof.judge import Judge
from bpgen.check.page.proof.left_sides import slots_told, whole_of, within_block
from bpgen.check.page.proof.numbered import tensor_told
from bpgen.check.page.proof.rows import Rows
from bpgen.check.page.reading import Reading
from bpgen.check.page.statement import Statement
from bpgen.check.page.statements import Group
from bpgen.check.page.world import Array


def zeros_elsewhere(group: Group, reading: Reading, rows: Rows, judge: Judge) -> None:
    every = {id(s): s for s in group.statements if s.kind == "main"}.values()
    for last in (s for s in every if s.elsewhere):
        told = tensor_told(last, reading)
        own = [s for s in every if tensor_told(s, reading) == told]
        judge.judge(last.line, partial(_sides, last, own, reading, rows))


def _sides(last: Statement, own: list[Statement], reading: Reading, rows: Rows) -> list[Array]:
    """What is stored where no row speaks, and zeros."""
    node = reading.parse(last.parts[0])
    whole = whole_of(node, Scope(reading))
    told = np.zeros(whole.shape, dtype=bool)
    for row in own:
        scope, (left, *_) = rows.scope(row, reading)
        told[tuple(np.broadcast_arrays(*slots_told(left, scope)))] = True
    spoken = told.any(within_block(node, reading), keepdims=True)
    rest = np.where(told | ~spoken, 0, whole)
    return [rest.reshape((-1, 1)), np.zeros((rest.size, 1))]

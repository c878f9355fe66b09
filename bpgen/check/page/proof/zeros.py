"""What the rows of a display do not speak of is 0, where they say so."""

from __future__ import annotations

from functools import partial

import numpy as np

from bpgen.check.page.evaluate import Scope
from bpgen.check.page.proof.judge import Judge
from bpgen.check.page.proof.left_sides import slots_told, told_of, whole_of, within_block
from bpgen.check.page.proof.numbered import main, tensor_told
from bpgen.check.page.proof.rows import Rows
from bpgen.check.page.reading import Reading
from bpgen.check.page.statement import Statement
from bpgen.check.page.statements import Group
from bpgen.check.page.world import Array


def zeros_elsewhere(group: Group, reading: Reading, rows: Rows, judge: Judge) -> None:
    every = [*main(group)]
    for last in (s for s in every if s.elsewhere):
        told = tensor_told(last, reading)
        own = [s for s in every if tensor_told(s, reading) == told]
        judge.judge(last.line, partial(_sides, last, own, reading, rows))


def _sides(last: Statement, own: list[Statement], reading: Reading, rows: Rows) -> list[Array]:
    """What is stored where no row speaks, and zeros."""
    whole = whole_of(reading.parse(last.parts[0]), Scope(reading))
    rest = np.where(untold(own, reading, rows), whole, 0)
    return [rest.reshape((-1, 1)), np.zeros((rest.size, 1))]


def untold(own: list[Statement], reading: Reading, rows: Rows) -> Array:
    """At which places of a tensor none of its rows speaks, of the blocks that any speaks of. What
    stands before the first step has a gradient of its own name.
    """
    node = reading.parse(own[-1].parts[0])
    told = np.zeros(whole_of(node, Scope(reading)).shape, dtype=bool)
    for row in own:
        scope, (left, *_) = rows.scope(row, reading)
        told[tuple(np.broadcast_arrays(*slots_told(left, scope)))] = True
    of = told_of(node, Scope(reading))
    carried = reading.world.network.tensors[of[1]].carried if of is not None else None
    if of is not None and of[0] and carried is not None:
        told[(slice(None),) * carried + (0,)] = True
    spoken = told.any(within_block(node, reading), keepdims=True)
    return np.asarray(~told & spoken)

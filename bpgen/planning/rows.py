"""What is computed of whole rows, as calls: the largest of a row, what is below it, the sum.

Of a row of minus infinities alone, the least number there is is taken out, which leaves it so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import sympy as sp

from bpgen.ir import Index, length
from bpgen.planning.nodes import Apply, Largest
from bpgen.planning.scratch import Scratch
from bpgen.program.grammar import Expr, Gather, InRows, Read, Reduce


class Values(Protocol):
    """What writes the calls."""

    scratch: Scratch

    def put(self, at: Expr, value: Expr) -> None: ...

    def summed(self, at: Expr, value: Reduce) -> None: ...


def softmax(write: Values, at: Expr, row: Expr) -> None:
    """exp(z) / sum(exp(z)) along the last axis; the largest is taken out, so nothing overflows. 0
    where all of z are minus infinity.
    """
    _below(write, at, row)
    write.put(at, Apply("exp", (at,), at.axes))
    total = write.scratch.take(at.axes[:-1])
    write.summed(total, Reduce("sum", at, at.axes[-1:], total.axes))
    write.put(total, Apply("maximum", (total, sp.S.One), total.axes))  # of no other it is below 1
    write.put(at, Apply("divide", (at, total), at.axes))


def log_softmax(write: Values, at: Expr, row: Expr) -> None:
    """z - log(sum(exp(z))) along the last axis; the largest is taken out, so no digit is lost."""
    _below(write, at, row)
    log = _log_of_sum(write, at)
    write.put(at, Apply("subtract", (at, log), at.axes))


def logs_picked(value: Gather) -> InRows | None:
    """The log_softmax of rows of which each gives one entry; None where it is not that."""
    array, (*others, picked) = value.array, value.slots
    if not isinstance(array, InRows) or array.call != "log_softmax" or len(array.axes) < 2:
        return None
    own = [s.at for s in others if isinstance(s.at, Index) and s.length == length(s.at.size)]
    whole = len(own) == len(others) and own == [*value.axes]
    return array if whole and isinstance(picked.at, Expr) else None


def log_softmax_at(write: Values, at: Expr, value: Gather, row: Expr) -> None:
    """One entry of each row of a log_softmax: the others are not computed."""
    below = write.scratch.take(value.array.axes)
    _below(write, below, row)
    log = _log_of_sum(write, below)
    write.put(at, replace(value, array=below))
    write.put(at, Apply("subtract", (at, Read(log.name, at.axes)), at.axes))


def _below(write: Values, at: Expr, row: Expr) -> Read:
    """Each entry less the largest of its row, which is returned."""
    largest = write.scratch.take(at.axes[:-1])
    write.put(largest, Largest(row, at.axes[-1:], write.scratch.least(), largest.axes))
    write.put(at, Apply("subtract", (row, largest), at.axes))
    return largest


def _log_of_sum(write: Values, below: Expr) -> Read:
    """log(sum(exp(z - m))), exact where that is small: it is log(1 + the sum of the others)."""
    axes, last = below.axes[:-1], below.axes[-1:]
    highest = write.scratch.take(below.axes)
    write.put(highest, Apply("equal", (below, sp.S.Zero), below.axes))
    others = write.scratch.take(below.axes)
    write.put(others, Apply("exp", (below,), below.axes))
    write.put(others, Apply("subtract", (others, highest), below.axes))
    total, count = write.scratch.take(axes), write.scratch.take(axes)
    write.summed(count, Reduce("sum", highest, last, axes))
    write.put(count, Apply("maximum", (count, sp.S.One), axes))
    write.put(count, Apply("subtract", (count, sp.S.One), axes))
    write.summed(total, Reduce("sum", others, last, axes))
    write.put(total, Apply("add", (total, count), axes))
    write.put(total, Apply("log1p", (total,), axes))
    return total


OPENED: dict[str, Callable[[Values, Expr, Expr], None]] = {
    "softmax": softmax,
    "log_softmax": log_softmax,
}

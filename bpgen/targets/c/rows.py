"""Sums that are added up row by row: those along whose last axis one of their operands stands.

`dW[i, j] = sum_n delta[n, i] x[n, j]` is rows of x, each so many times, added to rows of dW: what a
processor does several at a time, where a sum for each entry would go through memory in strides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bpgen.ir import Index
from bpgen.program import grammar as program
from bpgen.program.grammar import Axes, Expr

IsRow = Callable[[Expr, Index], bool]


@dataclass(frozen=True)
class Rows:
    """A product summed `over` indices: `row` has the last of its axes as its own last, the others
    have it not.
    """

    row: Expr
    others: tuple[Expr, ...]
    over: Axes


def by_rows(value: program.Contract, axes: Axes, is_row: IsRow) -> Rows | None:
    """A sum of products, added to rows of these axes. `is_row` says of an array whether it stands
    along an index in memory.
    """
    last = axes[-1] if axes else None
    if last is None or last.size == 1 or {*value.axes} != {*axes}:
        return None
    rows = [o for o in value.operands if last in o.axes]
    if len(rows) != 1 or not is_row(rows[0], last):
        return None
    others = tuple(o for o in value.operands if o is not rows[0])
    return Rows(rows[0], others, value.over)

"""What C adds to the program: a softmax whose sum is known, and the first of the largest whose
place is. Both are computed row by row before they are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bpgen.program.grammar import Axes, Expr, InRows, Reduce

PLACE: Any = "place"  # how an array is reduced to the number of the first of its largest


@dataclass(frozen=True)
class Row(Expr):
    """A softmax or log-softmax of an array; `whole` is the logarithm of its sum of exponentials."""

    call: str
    array: Expr
    whole: Expr
    axes: Axes


@dataclass(frozen=True)
class Summed(InRows):
    """A softmax that is made in the place of an array; it leaves the logarithm of its sum of
    exponentials in another.
    """

    log_sum: str


@dataclass(frozen=True)
class Mark(Expr):
    """1 where the number of an element along `over` is that which `place` holds, 0 elsewhere."""

    over: Axes
    place: Expr
    axes: Axes


def whole_of(array: Expr, last: Axes, outer: Axes) -> Reduce:
    """The logarithm of the sum of exponentials along the last axis."""
    return Reduce("logsumexp", array, last, outer)


def place_of(array: Expr, over: Axes, kept: Axes) -> Reduce:
    """The number of the first of the largest along these indices."""
    return Reduce(PLACE, array, over, kept)

"""Expressions of the array program: each is an array.

Every axis of an expression bears the index that it runs over, and arrays line up by these: to turn
one, or to give it an axis of length 1, is the business of a target alone. That an expression only
looks at memory which is there already is a matter of its type (`Look`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sympy as sp

from bpgen.ir import Element, Index, element
from bpgen.program.arrays import Axes, Expr, Precision, Shape, Slot

How = Literal["sum", "mean", "max", "logsumexp", "first"]  # first: 1 at the first of the largest


# Arrays that look at memory which is there already.


@dataclass(frozen=True)
class Read(Expr):
    """A whole array by its name; the axes are those that it is stored with."""

    name: str
    axes: Axes


class Look(Expr):
    """A way of looking at an array: no memory of its own. A pass or a target may add others."""

    array: Expr


@dataclass(frozen=True)
class View(Look):
    """The elements of an array at these places, one for each of its axes: `x[n, 2*p, 0]`.

    Its axes are the indices that the places run along; an index with a value, such as that of a
    loop around it, is none of them.
    """

    array: Expr
    slots: tuple[Slot, ...]
    axes: Axes


class Slice(View):
    """A view whose places run along one index at most; its axes are in the array's order."""


class Split(View):
    """A view that shares an axis out among indices which are the digits of the place: `W*p + q`
    runs through it once. The digits stand where the axis stood, the slowest first.
    """


class Windows(View):
    """A view along whose axes windows slide: of the two indices of `p + u`, p is where a window
    begins and u runs within it. The axes in the array's order, then those within the windows.
    """


@dataclass(frozen=True)
class Join(Look):
    """The same elements, in the same order, under axes whose digits the array's own are: as many
    elements, or the array would be another.
    """

    array: Expr
    axes: Axes


@dataclass(frozen=True)
class Broadcast(Look):
    """The same array along axes that it has not: its own among others. `shape` is that of all."""

    array: Expr
    shape: Shape
    axes: Axes


# Arrays that are made.


@dataclass(frozen=True)
class Gather(Expr):
    """The elements at places that are looked up: `E[tok[n, t], d]`.

    `by` are the axes along which places are looked up together; they stand where the first of
    those places stood, and where others stand between them, before all others.
    """

    array: Expr
    slots: tuple[Slot, ...]
    by: Axes
    axes: Axes


@dataclass(frozen=True)
class Count(Expr):
    """The values of an index, whole numbers: all of them along its axis, or in a loop the one that
    it has there, without axes.
    """

    place: Index
    axes: Axes


@dataclass(frozen=True)
class Map(Expr):
    """A scalar body, element by element.

    Each element of the body has its operand, whose axes are some of those of the whole: along the
    others it is the same.
    """

    body: sp.Expr
    operands: tuple[tuple[Element, Expr], ...]
    axes: Axes


@dataclass(frozen=True)
class Total(Expr):
    """Arrays added up, `last` after all others; the axes of each are some of those of the whole."""

    addends: tuple[Expr, ...]
    axes: Axes
    last: Expr | None = None


@dataclass(frozen=True)
class Contract(Expr):
    """The product of arrays, summed over the indices `over`; its axes are all others that an
    operand has.
    """

    operands: tuple[Expr, ...]
    over: Axes
    axes: Axes


@dataclass(frozen=True)
class Reduce(Expr):
    """One array summed, averaged or searched along the indices `over`; its axes are the others. The
    first of the largest is marked along them, and so keeps them.
    """

    how: How
    array: Expr
    over: Axes
    axes: Axes


@dataclass(frozen=True)
class InRows(Expr):
    """A softmax or log-softmax (`call` is its name) along the last of its axes, which are the
    array's.
    """

    call: str
    array: Expr
    axes: Axes


@dataclass(frozen=True)
class _Same(Expr):
    """An array that has the axes of another."""

    array: Expr

    @property
    def axes(self) -> Axes:  # type: ignore[override]
        return self.array.axes


@dataclass(frozen=True)
class Cast(_Same):
    """What is true or false, or made of numbers alone, as numbers of a precision."""

    precision: Precision


@dataclass(frozen=True)
class Copy(_Same):
    """The same elements in memory of their own."""


@dataclass(frozen=True)
class AsArray(_Same, Look):
    """A scalar, which has no axes, as an array without axes."""


@dataclass(frozen=True)
class Fill(Expr):
    """An array along these axes that holds one number, or whatever is there where there is none.
    Its shape has a length for each axis, and its precision, if none is told, is that of the array
    whose shape it has.
    """

    value: Expr | None
    axes: Axes
    shape: Shape
    precision: Precision | None = None


@dataclass(frozen=True)
class FromBlocks(Expr):
    """What every block left of a gradient in a store, added up; it has the axes of each."""

    name: str
    store: str
    axes: Axes


# Places in a body for what is no tensor's element.


def slot(number: int) -> Element:
    """An element of a body that stands for an array of any make."""
    return element(f"<{number}>", ())


SUMMED = element("<sum>", ())  # a sum, after other arrays of a product
LAST = element("<last>", ())  # one that stands behind all others
NOTHING = Map(sp.S.Zero, (), ())
FLOAT64 = Precision()

"""The array program: what a module computes, as frozen data between the equations and its text.

Every axis of an expression bears the index that it runs over, and arrays line up by these: to turn
one, or to give it an axis of length 1, is the business of a target alone. That an expression only
looks at memory which is there already is a matter of its type (`View`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Literal

import sympy as sp

from bpgen.ir import Element, Index, TensorInfo, element

Axes = tuple[Index, ...]
How = Literal["sum", "mean", "max", "logsumexp", "first"]  # first: 1 at the first of the largest
Sizes = tuple[sp.Expr, ...]
Held = Literal["", "params", "cache", "grads"]  # a dict of arrays


class Node:
    """Anything of a program; its parts are found by its fields."""

    def parts(self) -> Iterator[Node]:
        """The nodes that it is made of, in order."""
        for field in fields(self):  # type: ignore[arg-type]
            yield from _nodes(getattr(self, field.name))

    def walk(self) -> Iterator[Node]:
        """The node, and all that it is made of."""
        stack: list[Node] = [self]
        while stack:
            node = stack.pop()
            yield node
            stack += [*node.parts()][::-1]


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _nodes(one)


class Expr(Node):
    """An array; `axes` are the indices of its axes, in their order."""

    axes: Axes


# Where arrays are found, and of which shape and precision.


@dataclass(frozen=True)
class Ref(Node):
    """An array by its name: a variable, or what a dict of arrays holds under it, of all blocks or
    of one.
    """

    name: str
    held: Held = ""
    block: str = ""  # the variable that counts the blocks


@dataclass(frozen=True)
class Shape(Node):
    """Lengths, or the shape of an array at hand."""

    sizes: Sizes = ()
    of: Ref | None = None


@dataclass(frozen=True)
class Precision(Node):
    """That of what is computed from these arrays together, or what a variable holds of it; of none,
    float64.
    """

    of: tuple[Ref, ...] = ()
    variable: str = ""


@dataclass(frozen=True)
class Slot(Node):
    """A place along one axis, affine in indices or looked up in an array of whole numbers, and the
    length of the axis.
    """

    at: sp.Expr | Expr
    length: sp.Expr


# Expressions that look at arrays.


@dataclass(frozen=True)
class Read(Expr):
    """A whole array."""

    name: str
    axes: Axes


@dataclass(frozen=True)
class View(Expr):
    """The elements of an array at these places: no memory of its own."""

    array: Expr
    slots: tuple[Slot, ...]
    axes: Axes


class Slice(View):
    """Where each axis is read along one index at most."""


class Split(View):
    """Where the indices that share an axis are the digits of the place."""


class Windows(View):
    """Where of two indices that share an axis one slides and one runs within the window."""


@dataclass(frozen=True)
class Join(Expr):
    """The same elements under axes whose digits the array's own are."""

    array: Expr
    axes: Axes


@dataclass(frozen=True)
class Broadcast(Expr):
    """The same along the axes that it has not."""

    array: Expr
    shape: Shape
    axes: Axes


# Expressions that make arrays.


@dataclass(frozen=True)
class Gather(Expr):
    """The elements at places that are looked up, together along the axes `by`."""

    array: Expr
    slots: tuple[Slot, ...]
    by: Axes
    axes: Axes


@dataclass(frozen=True)
class Count(Expr):
    """Whole numbers, affine in the indices of the axes."""

    place: sp.Expr
    axes: Axes


@dataclass(frozen=True)
class Map(Expr):
    """A scalar body, element by element: the operand of each of its elements lines up with the
    axes.
    """

    body: sp.Expr
    operands: tuple[tuple[Element, Expr], ...]
    axes: Axes

    @property
    def is_zero(self) -> bool:
        return bool(self.body == 0)


@dataclass(frozen=True)
class Total(Expr):
    """Arrays added up; `last` after all others."""

    addends: tuple[Expr, ...]
    axes: Axes
    last: Expr | None = None


@dataclass(frozen=True)
class Contract(Expr):
    """The product of arrays, summed over indices."""

    operands: tuple[Expr, ...]
    over: Axes
    axes: Axes


@dataclass(frozen=True)
class Reduce(Expr):
    """One array summed, averaged or searched along indices."""

    how: How
    array: Expr
    over: Axes
    axes: Axes


@dataclass(frozen=True)
class InRows(Expr):
    """A softmax or log-softmax along the last axis."""

    call: str
    array: Expr
    axes: Axes


@dataclass(frozen=True)
class Cast(Expr):
    """What is true or false, or made of numbers alone, in a precision."""

    array: Expr
    precision: Precision

    @property
    def axes(self) -> Axes:  # type: ignore[override]
        return self.array.axes


@dataclass(frozen=True)
class Fill(Expr):
    """One number everywhere; none: whatever is there. `like` an array, or of a shape and
    precision.
    """

    value: Expr | None
    axes: Axes
    shape: Shape
    precision: Precision | None = None  # that of the array whose shape it has


@dataclass(frozen=True)
class Copy(Expr):
    """The same in memory of its own."""

    array: Expr

    @property
    def axes(self) -> Axes:  # type: ignore[override]
        return self.array.axes


@dataclass(frozen=True)
class AsArray(Expr):
    """A scalar as an array without axes."""

    array: Expr

    @property
    def axes(self) -> Axes:  # type: ignore[override]
        return self.array.axes


# Statements.


@dataclass(frozen=True)
class Assign(Node):
    """A name for an array, or for a length or precision."""

    name: str
    value: Node


@dataclass(frozen=True)
class Store(Node):
    """A value written at a part of an array, or added to what stands there."""

    at: Expr
    value: Expr
    adds: bool


@dataclass(frozen=True)
class ScatterAdd(Node):
    """Values added at places that may be met more than once."""

    at: Gather
    value: Expr


@dataclass(frozen=True)
class Loop(Node):
    """Statements for every value of indices, the last one first where it runs backwards."""

    indices: Axes
    body: tuple[Node, ...]
    reverse: bool = False


@dataclass(frozen=True)
class Step(Node):
    """The statements of an equation, under its number and what is said of it."""

    number: int
    said: tuple[str, ...]
    body: tuple[Node, ...]


@dataclass(frozen=True)
class Length(Node):
    """The length of an axis; `before`: of a recurrence, which stores what stands before its first
    step.
    """

    of: Ref
    axis: int
    before: bool = False


@dataclass(frozen=True)
class Admit(Node):
    """An argument let in, or refused: it has the shape of a tensor. `length`: that of the batch,
    where it is known; `known`: the lengths that have a value by now.
    """

    name: str
    tensor: TensorInfo
    length: tuple[sp.Symbol, ...]
    known: frozenset[str]


@dataclass(frozen=True)
class Guard(Node):
    """Parameters, or a cache in which this array lies, let in or refused."""

    held: Literal["params", "cache"]
    first: str = ""


@dataclass(frozen=True)
class Draw(Node):
    """Noise, drawn anew."""

    name: str
    sizes: Sizes
    keep: float
    like: Ref


@dataclass(frozen=True)
class Call(Node):
    """A function of the program called, and names for what it returns."""

    names: tuple[str, ...]
    function: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Begin(Node):
    """A store for what the blocks leave: under their names, or block by block."""

    store: str
    named: bool


@dataclass(frozen=True)
class Keep(Node):
    """What a block left, put in a store: under its names and number, or before what is there."""

    store: str
    array: str
    block: str = ""


@dataclass(frozen=True)
class Stack(Node):
    """What every block left under a name as one array, each under its name; `some`: of the
    parameters alone.
    """

    name: str
    store: str
    some: bool


@dataclass(frozen=True)
class FromBlocks(Expr):
    """What the blocks left of a gradient, added up."""

    name: str
    store: str
    axes: Axes


@dataclass(frozen=True)
class Pack(Node):
    """A dict of arrays by name, and all that these stores hold. `name`: what it is called; none: it
    is returned, after `beside`.
    """

    name: str
    entries: tuple[tuple[str, str], ...]
    stores: tuple[str, ...] = ()
    beside: str = ""


@dataclass(frozen=True)
class OnRequest(Node):
    """Statements for the gradients of inputs, where they are asked for."""

    body: tuple[Node, ...]


@dataclass(frozen=True)
class Entry(Node):
    """An array put into a dict under a name."""

    held: Ref
    array: str


@dataclass(frozen=True)
class Number(Node):
    """The one number that an array holds."""

    array: str


Value = Expr | Ref | Call | Number


@dataclass(frozen=True)
class Return(Node):
    """What a function returns; a tuple in it stands for itself."""

    values: tuple[Value | tuple[Value, ...], ...]


@dataclass(frozen=True)
class Argument(Node):
    """An argument of a function, by what it holds."""

    name: str
    kind: Literal["arrays", "array", "noise", "block", "flag"]


@dataclass(frozen=True)
class Function(Node):
    """A function: `returns` is what it returns, by kind: an array, arrays by name, a float."""

    name: str
    arguments: tuple[Argument, ...]
    returns: tuple[str | tuple[str, ...], ...]
    doc: str
    body: tuple[Node, ...]


# Places in a body for what is no tensor's element.


def slot(number: int) -> Element:
    """An element of a body that stands for an array of any make."""
    return element(f"<{number}>", ())


SUMMED = element("<sum>", ())  # a sum, after other arrays of a product
LAST = element("<last>", ())  # one that stands behind all others
NOTHING = Map(sp.S.Zero, (), ())
FLOAT64 = Precision()


def constant(value: sp.Expr | int) -> Map:
    return Map(sp.sympify(value), (), ())

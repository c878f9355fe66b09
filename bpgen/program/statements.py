"""Statements of the array program, and the functions that are made of them.

What a statement names, writes and gives away is checked (`check`): a name is there before it is
spoken of, and only memory of a function's own is written or handed out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import sympy as sp

from bpgen.ir import TensorInfo
from bpgen.program.arrays import Axes, Expr, Ref, Sizes
from bpgen.program.expressions import Gather
from bpgen.program.nodes import Node

# Arrays computed and written.


@dataclass(frozen=True)
class Assign(Node):
    """A name for an array, or for a length or precision."""

    name: str
    value: Node


@dataclass(frozen=True)
class Store(Node):
    """A value written at a part of an array, or added to what stands there. `at` is what is
    written, as it would be read; the value has its axes, or is the same along some of them.
    """

    at: Expr
    value: Expr
    adds: bool


@dataclass(frozen=True)
class ScatterAdd(Node):
    """Values added at places that may be met more than once; their axes are those of `at`, or
    fewer.
    """

    at: Gather
    value: Expr


# Statements around others.


@dataclass(frozen=True)
class Loop(Node):
    """Statements for every value of indices, the last one first where it runs backwards. Within it
    each index has a value, and is no axis.
    """

    indices: Axes
    body: tuple[Node, ...]
    reverse: bool = False


@dataclass(frozen=True)
class Step(Node):
    """The statements of an equation, under its number and its comments."""

    number: int
    comments: tuple[str, ...]
    body: tuple[Node, ...]


@dataclass(frozen=True)
class OnRequest(Node):
    """Statements that a caller may ask for, as for the gradients of inputs: what they name is known
    to them alone.
    """

    body: tuple[Node, ...]
    flag: str = "inputs"  # the argument that asks


# What comes in.


@dataclass(frozen=True)
class Length(Node):
    """The length of an axis of an array, by the axis' number; `before`: of a recurrence, which
    stores what stands before its first step.
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
    """Noise of these lengths, drawn anew, in the precision of an array."""

    name: str
    sizes: Sizes
    keep: float
    like: Ref


# Functions called, and what the blocks of a `repeat` leave.


@dataclass(frozen=True)
class Call(Node):
    """A function of the program called, and a name for each thing that it returns."""

    names: tuple[str, ...]
    function: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Begin(Node):
    """A store for what the blocks leave: `named`, under their names and numbers; else block by
    block.
    """

    store: str
    named: bool


@dataclass(frozen=True)
class Keep(Node):
    """The arrays that a block left, put in a store: under their names and its number, or before
    what is there.
    """

    store: str
    array: str
    block: str = ""


@dataclass(frozen=True)
class Stack(Node):
    """What every block left under a name as one array with an axis for the blocks, each under its
    name; `some`: of the parameters alone.
    """

    name: str
    store: str
    some: bool


# What goes out.


@dataclass(frozen=True)
class Pack(Node):
    """A dict of arrays by name, and all that these stores hold. `name`: what it is called; none: it
    is returned, after `beside`. An entry without a key is a dict whose entries are taken over.
    """

    name: str
    entries: tuple[tuple[str, str], ...]
    stores: tuple[str, ...] = ()
    beside: str = ""


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


# Functions.


@dataclass(frozen=True)
class Argument(Node):
    """An argument of a function, by what it holds."""

    name: str
    kind: Literal["arrays", "array", "noise", "block", "flag", "workspace", "memory", "checked"]


@dataclass(frozen=True)
class Function(Node):
    """A function: `returns` is what it returns, by kind: an array, arrays by name, a float."""

    name: str
    arguments: tuple[Argument, ...]
    returns: tuple[str | tuple[str, ...], ...]
    doc: str
    body: tuple[Node, ...]

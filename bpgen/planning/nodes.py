"""What a planned program says beyond the grammar of programs: calls that write where they are told,
and the memory that there is for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sympy as sp

from bpgen.ir import BATCH, length
from bpgen.program.grammar import Axes, Expr, Gather, InRows, Look, Node, Read

# What a buffer holds: numbers, yes or no, places; or ones, the numbers of the samples, where rows
# begin, one number, or the least that there is, which stay.
Kind = Literal["real", "mask", "places", "ones", "rows", "starts", "number", "least"]


@dataclass(frozen=True)
class Apply(Expr):
    """One elementary call of numpy on arrays and numbers, element by element."""

    call: str
    operands: tuple[Expr | sp.Expr, ...]
    axes: Axes


@dataclass(frozen=True)
class HelperCall(Expr):
    """A scalar function of the module on arrays and numbers, element by element; `scratch` is
    memory that it needs on the way. None: it is not planned, and makes its own.
    """

    function: str
    operands: tuple[Expr | sp.Expr, ...]
    axes: Axes
    scratch: tuple[Read, ...] | None


@dataclass(frozen=True)
class Where(Expr):
    """An array where a condition holds; what is written there stays elsewhere."""

    value: Expr | sp.Expr
    condition: Expr
    axes: Axes


@dataclass(frozen=True)
class Take(Expr):
    """The entries of an array at places along one axis, whole."""

    array: Expr
    places: Expr
    axis: int
    axes: Axes


@dataclass(frozen=True)
class ArgMax(Expr):
    """Where the first of the largest is along the last axis."""

    array: Expr
    axes: Axes


@dataclass(frozen=True)
class FlatIndex(Expr):
    """Where in memory the entries are that labels say, one of each row; `starts` is where rows
    begin.
    """

    starts: Read
    labels: Expr
    axes: Axes


@dataclass(frozen=True)
class FlatEntries(Expr):
    """The entries at places in memory, or these places, where something is written."""

    array: Read
    places: Read
    axes: Axes


@dataclass(frozen=True)
class SumOfOthers(Expr):
    """The sum of each row without its entry at these places."""

    array: Read
    places: Read
    axes: Axes


@dataclass(frozen=True)
class ExpOfOthers(Expr):
    """exp of all but the entries at these places, where anything is."""

    below: Read
    places: Read
    axes: Axes


@dataclass(frozen=True)
class MinusOthers(Expr):
    """Minus the sum of each row without its entry at these places, which is not kept."""

    array: Read
    places: Read
    axes: Axes


@dataclass(frozen=True)
class LessLabels(Expr):
    """A softmax of rows, less one at the label of each, times a number."""

    rows: InRows
    labels: Gather
    times: sp.Expr
    axes: Axes


@dataclass(frozen=True)
class Matrix(Look):
    """An array with neighbouring axes as one: those of the rows, and those of the columns.
    `transposed`: in memory the columns come first.
    """

    array: Expr
    rows: Axes
    columns: Axes
    transposed: bool = False

    @property
    def axes(self) -> Axes:  # type: ignore[override]
        return (*self.rows, *self.columns)

    @property
    def shape(self) -> tuple[sp.Expr, ...]:
        """The lengths that memory is reshaped to, where axes are put together; -1 for the one that
        numpy finds out.
        """
        if len(self.rows) < 2 and len(self.columns) < 2:
            return ()
        groups = (self.columns, self.rows) if self.transposed else (self.rows, self.columns)
        sizes = [sp.Mul(*(length(i.size) for i in g)) for g in groups if g]
        free = next((k for k, s in enumerate(sizes) if not s.is_Integer), 0)
        return (*sizes[:free], sp.S.NegativeOne, *sizes[free + 1 :])

    def scalars(self) -> Sequence[sp.Expr]:
        return self.shape


@dataclass(frozen=True)
class NamedView(Look):
    """A view that has a name of its own, along these axes."""

    array: Expr
    axes: Axes
    name: str


@dataclass(frozen=True)
class Dot(Expr):
    """The product of two matrices, or of a vector of ones and a matrix; `strided`: one of them is
    part of an array, with gaps in memory.
    """

    one: Expr
    two: Expr
    axes: Axes
    strided: bool = False


@dataclass(frozen=True)
class Ones(Expr):
    """A vector of ones, or of one other number, as long as these axes together."""

    name: str
    axes: Axes


@dataclass(frozen=True)
class Buffer(Node):
    """Memory for one array, or for several that are needed one after another; `kept`: what is in it
    is needed after the function. `order`: which of its axes come first in memory, where they do not
    stand as they are. `donated`: by which function, and the how-manieth of its arrays it is.
    `holds`: the one number in it, or how long the rows are that begin where it says.
    """

    names: tuple[str, ...]
    sizes: tuple[sp.Expr, ...]
    kind: Kind = "real"
    kept: bool = False
    order: tuple[int, ...] = ()
    donated: tuple[str, int] | None = None
    holds: sp.Expr | None = None


def form(buffer: Buffer) -> tuple[Any, ...]:
    """What arrays have in common where one can stand for the other."""
    return buffer.sizes, buffer.kind, buffer.order, buffer.holds


@dataclass(frozen=True)
class Buffers(Node):
    """The arrays of a function; of one of each block those that are kept, with `counter` for what
    counts the blocks, `times` of them, or those that all blocks write over. `gradients`: a
    parameter, and the array of its gradient. `views`: those that have names.
    """

    function: str
    buffers: tuple[Buffer, ...]
    gradients: tuple[tuple[str, str], ...] = ()
    counter: str = ""
    times: int = 0
    views: tuple[NamedView, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (*(n for b in self.buffers for n in b.names), *(v.name for v in self.views))


@dataclass(frozen=True)
class Unpack(Node):
    """Names for arrays of the workspace, whose lengths are spoken of where it is made."""

    of: Buffers

    def parts(self) -> list[Node]:
        return []


@dataclass(frozen=True)
class Memory(Node):
    """The arrays of a function and of those that it calls, out of the workspace or made anew in the
    precision of what comes in.
    """

    every: tuple[Buffers, ...]
    arrays: tuple[str, ...]  # with the parameters, they tell the precision

    @property
    def sizes(self) -> tuple[str, ...]:
        """The lengths known at run time that the arrays have, the batch first."""
        told = (e for of in self.every for b in of.buffers for e in b.scalars())
        found = dict.fromkeys(str(s) for e in told for s in e.free_symbols)
        return tuple(sorted(found, key=lambda n: n != BATCH))


@dataclass(frozen=True)
class Microbatches(Node):
    """A step that goes through the batch, so many samples at a time, in memory for a block: what
    the functions of the whole batch find of each, added up by how many samples it has. `real`:
    those of the arguments that tell the precision; `largest`: the array that fills the cache.
    """

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    real: tuple[str, ...]
    samples: int
    largest: str


@dataclass(frozen=True)
class Helper(Node):
    """A scalar function of the module, planned: `numbers` says which of its arguments are numbers,
    `scratch` what memory it needs beside that for its result, and `names` what these are called.
    """

    name: str
    arguments: tuple[str, ...]
    numbers: tuple[bool, ...]
    scratch: tuple[Kind, ...]
    names: tuple[str, ...]
    doc: str
    body: tuple[Node, ...]

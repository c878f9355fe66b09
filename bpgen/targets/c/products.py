"""Products as calls of one function of C, which takes an equation as it is written: for each index
how many values it has, and how far a step of it moves in the result and in either factor.

Of `z[n, i] = sum_j x[n, j] W[i, j]` the rows are n, the columns i, and the sum is over j. What is
no row, column or sum of such a function is a loop around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import permutations

import sympy as sp

from bpgen.ir import BATCH, Index, length
from bpgen.program.grammar import Axes, Contract, Expr
from bpgen.targets.c.stored import Stored
from bpgen.targets.c.strides import Address

LEAST = 8  # columns; and with as many sums as make this many products
WORTH = 192
_UNKNOWN = 64  # what a length known at run time is taken for


Find = Callable[[Expr], Address | None]


@dataclass(frozen=True)
class Axis:
    """Indices that move as one: how many values they take, and what a step moves in the result and
    in the two factors.
    """

    indices: Axes
    count: sp.Expr
    moves: tuple[sp.Expr, sp.Expr, sp.Expr]

    @property
    def size(self) -> int:
        """How long it may be."""
        return self._with(_UNKNOWN)

    @property
    def least(self) -> int:
        """How long it is, of a single sample."""
        return self._with(1)

    def _with(self, samples: int) -> int:
        unknown = dict.fromkeys(self.count.free_symbols, _UNKNOWN)
        return int(self.count.subs({**unknown, length(BATCH): samples}))

    def joined(self, inner: Axis) -> Axis | None:
        """The two as one, where the last step of the inner is followed by a step of this."""
        follows = zip(self.moves, inner.moves, strict=True)
        if all(sp.expand(s - inner.count * t) == 0 for s, t in follows):
            both = (*self.indices, *inner.indices)
            return Axis(both, self.count * inner.count, inner.moves)
        return None


NONE = Axis((), sp.S.One, (sp.S.Zero,) * 3)


@dataclass(frozen=True)
class Product:
    """A call: loops around it, where the three arrays begin, and its axes."""

    outer: Axes
    arrays: tuple[Address, Address, Address]
    rows: Axis
    columns: Axis
    sums: tuple[Axis, ...]


def product(c: Address, axes: Axes, value: Contract, find: Find) -> Product | None:
    """A contraction of two arrays in memory, added to what stands at a place along these axes; None
    where it is too small to be worth a call.
    """
    factors = [f for f in map(find, value.operands) if f is not None]
    if len(value.operands) != 2 or len(factors) != 2 or not value.over:
        return None
    if {*value.axes} != {*axes}:
        return None
    indices = (*axes, *value.over)
    every = [p for a, b in permutations(factors) for p in _with((c, a, b), indices, axes)]
    return max(every, key=_worth, default=None)


def made(axes: Axes) -> Address:
    """Where elements would stand in an array that is made of them."""
    place, stride = sp.S.Zero, sp.S.One
    for i in reversed(axes):
        place, stride = place + stride * i, stride * length(i.size)
    return Address(Stored("", ()), place)


def _with(arrays: tuple[Address, Address, Address], indices: Axes, kept: Axes) -> Iterator[Product]:
    """The ways to choose columns from the second factor."""
    axes = [_axis(i, arrays) for i in indices if i.size != 1]
    results = [x for x in axes if x.indices[0] in kept]
    sums = _joined(x for x in axes if x.indices[0] not in kept)
    every = _joined(x for x in results if x.moves[1] == 0)
    rows = _joined(x for x in results if x.moves[2] == 0)
    both = [x for x in results if 0 not in x.moves[1:]]
    taken = sorted(sums, key=lambda x: x.least)[-2:]
    inner = [x for x in sums if x in taken]
    row = max(rows, key=lambda x: x.size, default=NONE)
    for columns in every:
        if columns.least < LEAST or columns.least * sp.prod([x.size for x in inner]) < WORTH:
            continue
        others = [*both, *(x for x in every if x != columns), *(x for x in rows if x != row)]
        around = {i for x in (*others, *(x for x in sums if x not in inner)) for i in x.indices}
        loops = sorted(indices, key=lambda i: i.size != BATCH)  # a sample stays in cache
        outer = tuple(i for i in loops if i in around)
        begin = {*indices} - {*outer}
        start = tuple(array.at_0(begin) for array in arrays)
        yield Product(outer, start, row, columns, tuple(inner))  # type: ignore[arg-type]


def _axis(index: Index, arrays: Iterable[Address]) -> Axis:
    moves = tuple(array.stride(index) for array in arrays)
    return Axis((index,), length(index.size), moves)


def _joined(axes: Iterable[Axis]) -> list[Axis]:
    """Axes, those that follow one another as one."""
    found = list(axes)
    for one, other in permutations(found, 2):
        both = one.joined(other)
        if both is not None:
            return _joined([both, *(x for x in found if x not in (one, other))])
    return found


def _worth(product: Product) -> tuple[bool, bool, int]:
    """Columns that stand one after another in the result, and in the factor; then many rows."""
    moves = product.columns.moves
    return moves[0] == 1, moves[2] == 1, product.rows.size

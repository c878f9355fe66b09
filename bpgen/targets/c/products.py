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
MOST = 3  # axes of rows, of columns and of the sum
MUCH, PARTS = 100_000, 32  # products of a sample, and columns: as many pay for threads
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
        return int(self.count.xreplace({**unknown, length(BATCH): samples}))

    def joined(self, inner: Axis) -> Axis | None:
        """The two as one, where the last step of the inner is followed by a step of this."""
        follows = zip(self.moves, inner.moves, strict=True)
        if all(sp.expand(s - inner.count * t) == 0 for s, t in follows):
            both = (*self.indices, *inner.indices)
            return Axis(both, self.count * inner.count, inner.moves)
        return None


NONE = Axis((), sp.S.One, (sp.S.Zero,) * 3)
Some = tuple[Axis, ...]


@dataclass(frozen=True)
class Product:
    """A call: loops around it, where the three arrays begin, and its axes."""

    outer: Axes
    arrays: tuple[Address, Address, Address]
    rows: Some
    columns: Some
    sums: Some

    @property
    def is_of_matrices(self) -> bool:
        """Whether rows, columns and the sum are one axis each."""
        return all(len(axes) == 1 for axes in (self.rows, self.columns, self.sums))

    @property
    def is_shared(self) -> bool:
        """Whether threads may share its columns: there is enough to do for each, and no two
        elements of the result are at one place.
        """
        kept = tuple(x for x in (*self.rows, *self.columns) if x.count != 1)
        is_much = sp.prod([x.least for x in (*kept, *self.sums)]) >= MUCH
        return is_much and _count(self.columns) >= PARTS and _are_apart(kept)


def product(
    c: Address, axes: Axes, value: Contract, find: Find, around: Axes = ()
) -> Product | None:
    """A contraction of two arrays in memory, added to what stands at a place along these axes, in
    loops `around` it; None where it is too small to be worth a call.
    """
    factors = [f for f in map(find, value.operands) if f is not None]
    if len(value.operands) != 2 or len(factors) != 2 or not value.over:
        return None
    if {*value.axes} != {*axes}:
        return None
    kept = (*axes, *around)
    indices = (*kept, *value.over)
    every = [p for a, b in permutations(factors) for p in _with((c, a, b), indices, kept)]
    return max(every, key=_worth, default=None)


def made(axes: Axes) -> Address:
    """Where elements would stand in an array that is made of them."""
    place, stride = sp.S.Zero, sp.S.One
    for i in reversed(axes):
        place, stride = place + stride * i, stride * length(i.size)
    return Address(Stored("", ()), place)


def _with(arrays: tuple[Address, Address, Address], indices: Axes, kept: Axes) -> Iterator[Product]:
    """The product whose columns are those of the second factor, if it is worth a call."""
    axes = [_axis(i, arrays) for i in indices if i.size != 1]
    results = [x for x in axes if x.indices[0] in kept]
    sums = _longest_last(_of_sample(_joined(x for x in axes if x.indices[0] not in kept)))
    columns = _of_sample(_joined(x for x in results if x.moves[1] == 0))
    rows = _of_sample(_joined(x for x in results if x.moves[2] == 0))
    count = _count(columns)
    if count < LEAST or count * sp.prod([x.size for x in sums]) < WORTH:
        return
    within = {i for x in (*rows, *columns, *sums) for i in x.indices}
    loops = sorted(indices, key=lambda i: i.size != BATCH)  # a sample stays in cache
    outer = tuple(i for i in loops if i not in within and i.size != 1)
    start = tuple(array.at_0({*indices} - {*outer}) for array in arrays)
    yield Product(outer, start, rows or (NONE,), columns, sums)  # type: ignore[arg-type]


def _count(axes: Some) -> int:
    """How many values they have together, of a single sample."""
    return int(sp.prod([x.least for x in axes]))


def _of_sample(axes: Some) -> Some:
    """Without the axis of samples, where others are: what one sample needs stays in cache."""
    own = tuple(x for x in axes if all(i.size != BATCH for i in x.indices))
    return _largest(own or axes)


def _largest(axes: Some) -> Some:
    """As many as a call takes."""
    taken = sorted(axes, key=lambda x: x.size)[-MOST:]
    return tuple(x for x in axes if x in taken)


def _longest_last(axes: Some) -> Some:
    """The longest of a sample's is the fastest: so the fewest loops are begun."""
    longest = max(reversed(axes), key=lambda x: x.least, default=NONE)
    return (*(x for x in axes if x is not longest), longest)


def _are_apart(axes: Some) -> bool:
    """Whether a step of each leads beyond all that the shorter ones reach in the result."""
    reach = sp.S.Zero
    for x in sorted(axes, key=_step):
        if not _is_positive(x.moves[0] - reach):
            return False
        reach += (x.count - 1) * x.moves[0]
    return True


def _step(axis: Axis) -> int:
    """How far it moves in the result."""
    step = axis.moves[0]
    return int(step.xreplace(dict.fromkeys(step.free_symbols, sp.Integer(_UNKNOWN))))


def _is_positive(number: sp.Expr) -> bool:
    """Whether it is so for all lengths from 1."""
    beyond = sp.expand(number.xreplace({s: s + 1 for s in number.free_symbols}))
    terms = beyond.as_coefficients_dict()
    return bool(terms[sp.S.One] > 0) and all(t >= 0 for t in terms.values())


def _axis(index: Index, arrays: Iterable[Address]) -> Axis:
    moves = tuple(array.stride(index) for array in arrays)
    return Axis((index,), length(index.size), moves)


def _joined(axes: Iterable[Axis]) -> Some:
    """Axes, those that follow one another as one."""
    found = tuple(axes)
    for one, other in permutations(found, 2):
        both = one.joined(other)
        if both is not None:
            return _joined(both if x is one else x for x in found if x is not other)
    return found


def _worth(product: Product) -> tuple[int, int, int]:
    """How many columns stand one after another in the result, and in the factor; then, of rows."""
    last = product.columns[-1]
    runs = (last.size if last.moves[array] == 1 else 1 for array in (0, 2))
    return (*runs, sp.prod([x.size for x in product.rows]))

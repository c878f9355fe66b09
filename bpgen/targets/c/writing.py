"""An array, or a part of one, written: loops over its places, products added by calls.

A sum of products that is the whole value, an addend of it, or the first array of which it is
computed, is added up in the place itself, after what it is added to is written there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import sympy as sp

from bpgen.ir import BATCH, Index, extent, length
from bpgen.program import grammar as program
from bpgen.program.grammar import Axes, Contract, Expr
from bpgen.program.memory import is_zero
from bpgen.targets.c.entries import Entries
from bpgen.targets.c.loops import At
from bpgen.targets.c.places import affine, whole
from bpgen.targets.c.products import Axis, Product, made, product
from bpgen.targets.c.rows import Rows, by_rows
from bpgen.targets.c.scalar import PRODUCT, C
from bpgen.targets.c.softmaxes import softmax
from bpgen.targets.c.stored import Names
from bpgen.targets.c.strides import Address, address
from bpgen.targets.c.tiles import PRODUCTS
from bpgen.targets.c.wholes import Parts, instead, made_in_place
from bpgen.targets.c.windows import WINDOWS

MATRICES = {*PRODUCTS} - {"PARALLEL", "add"}
MANY = 4096  # numbers of a sample: as many pay for threads


class Writing:
    """Writes values at places, which `entries` reads."""

    def __init__(self, names: Names, entries: Entries) -> None:
        self.names, self.entries = names, entries
        self.around: Axes = ()

    def write(self, at: Expr, value: Expr, adds: bool = False, around: Axes = ()) -> list[str]:
        """Lines that write a value at a place, or add it to what stands there. Loops `around` it
        stand within that over samples: what one of these needs stays in cache.
        """
        self.around = around
        parts = self._parts(at, value, adds)
        sample = None if adds else self._sample(at, parts)
        if sample is not None:
            return self._of_each(sample, at, parts)
        lines = [] if adds and parts.first is program.NOTHING else self._each(at, parts.first, adds)
        for contract in parts.added:
            lines += self._add(at, contract)
        return lines if parts.last is None else lines + self._each(at, parts.last, False)

    def _parts(self, at: Expr, value: Expr, adds: bool) -> Parts:
        wholes = made_in_place(value, self.is_free(at, adds))
        rows = [r for r in wholes if isinstance(r, program.InRows)]
        if rows:
            return Parts(rows[0], last=instead(value, rows[0], at))
        sums = (c for c in wholes if isinstance(c, Contract))
        added = tuple(c for c in sums if self._is_called(at, c))
        if not added or (adds and isinstance(value, program.Map)):
            return Parts(value)
        if isinstance(value, program.Map):
            return Parts(program.NOTHING, added, instead(value, added[0], at))
        if isinstance(value, program.Total):
            every = [*value.addends, *([value.last] if value.last is not None else [])]
            rest = [a for a in every if a not in added]
            if rest:
                whole = program.Total(tuple(rest), value.axes) if len(rest) > 1 else rest[0]
                return Parts(whole, added)
        return Parts(program.NOTHING, added)

    def _sample(self, at: Expr, parts: Parts) -> Index | None:
        """The samples, where products go through them one by one and all else is written place by
        place: then what one of them needs stays in cache.
        """
        called = [self._product(at, c) for c in parts.added]
        if not called or not isinstance(at, program.Read) or not self._is_whole(at):
            return None
        sample, place = at.axes[0], self.find(at)
        alone = all(c is not None and c.outer == (sample,) for c in called)
        by_rows = any(isinstance(v, program.InRows) or self._is_along_rows(v) for v in parts.others)
        stride = place.stride(sample) if place is not None else 0
        is_row = sample.size == BATCH and stride == extent(i.size for i in at.axes[1:])
        return sample if alone and is_row and not by_rows else None

    def _of_each(self, sample: Index, at: Expr, parts: Parts) -> list[str]:
        """All that is written of one sample after another."""

        def part(value: Expr, here: At) -> None:
            lines = self.entries.lines
            if is_zero(value):
                lines += self._zeros(at, at.axes[1:])
            else:
                self.entries.looped(
                    at.axes[1:], lambda inner: [self._line(at, value, False, {**here, **inner})]
                )

        def body(here: At) -> list[str]:
            part(parts.first, here)
            for contract in parts.added:
                called = self._product(at, contract)
                assert called is not None
                self.entries.lines.append(self._call(called, is_shared=True))
            if parts.last is not None:
                part(parts.last, here)
            return []

        return self.loops((sample,), body, shared=True)

    def is_free(self, at: Expr, adds: bool) -> bool:
        """Whether a place is in memory, and what stands there is no longer of use."""
        return not adds and self.find(at) is not None

    def _is_called(self, at: Expr, contract: Contract) -> bool:
        return self._product(at, contract) is not None or self._rows(at, contract) is not None

    # Products

    def is_worth(self, contract: Contract) -> bool:
        """Whether its product is worth a call, if what is not in memory is put there."""

        def find(e: Expr) -> Address:
            return self.find(e) or made(e.axes)

        return product(made(contract.axes), contract.axes, contract, find) is not None

    def find(self, e: Expr) -> Address | None:
        """Where an array is in memory."""
        return address(e, self.names)

    def _product(self, at: Expr, contract: Contract) -> Product | None:
        c = self.find(at)
        return None if c is None else product(c, at.axes, contract, self.find, self.around)

    def _rows(self, at: Expr, contract: Contract) -> Rows | None:
        c = self.find(at)
        is_row = c is not None and bool(at.axes) and c.stride(at.axes[-1]) == 1
        return by_rows(contract, at.axes, self.entries.is_row) if is_row else None

    def _add(self, at: Expr, contract: Contract) -> list[str]:
        called = self._product(at, contract)
        if called is not None:
            self.around = ()  # they are the call's
            shared = self._are_apart(called.arrays[0], called.outer, 1)
            return self.loops(called.outer, lambda _: [self._call(called, shared)], shared)
        rows = self._rows(at, contract)
        assert rows is not None
        return self._by_rows(at, rows)

    def _call(self, called: Product, is_shared: bool) -> str:
        """A call of what multiplies; its loops may be `is_shared` among threads already."""
        arrays = [self._pointer(a) for a in called.arrays]
        groups = (called.rows, called.columns, called.sums)
        if called.is_of_matrices:
            self.entries.helpers |= MATRICES
            axes = [f"(axis){self._axis(a)}" for (a,) in groups]
            return f"product({', '.join([*arrays, *axes])});"
        self.entries.helpers |= {"PARALLEL", "axis", "least", *WINDOWS}
        sets = [f"(axes){{{len(g)}, {{{', '.join(map(self._axis, g))}}}}}" for g in groups]
        threads = "SHARED" if called.is_shared and not is_shared else "ALONE"
        return f"windows({', '.join([*arrays, *sets, threads])});"

    def _axis(self, axis: Axis) -> str:
        numbers = (axis.count, *axis.moves)
        return f"{{{', '.join(whole(sp.factor_terms(n)).text for n in numbers)}}}"

    def _pointer(self, place: Address) -> str:
        at = affine(place.place, self._index).text
        return place.array.text if at == "0" else f"{place.array.text} + {at}"

    def _index(self, index: Index) -> C:
        return C("0") if index.size == 1 else C(self.names.index(index))

    def _by_rows(self, at: Expr, rows: Rows) -> list[str]:
        """Rows added to those of an array."""
        *outer, last = at.axes
        e, c = self.entries, self.find(at)
        assert c is not None
        e.helpers.add("add")

        def body(here: At) -> list[str]:
            times = " * ".join(e.value(o, here).within(PRODUCT) for o in rows.others)
            count = whole(length(last.size)).text
            row = self._pointer(c.at_0({last}))
            return [f"add({row}, {times}, {e.row_along(rows.row, last, here)}, {count});"]

        return self.loops((*outer, *rows.over), body)

    # Loops

    def _each(self, at: Expr, value: Expr, adds: bool) -> list[str]:
        """Every place for itself; of sums along columns, row after row."""
        if is_zero(value) and not adds and isinstance(at, program.Read) and self._is_whole(at):
            return self._zeros(at, at.axes)
        if isinstance(value, program.InRows):
            row = partial(softmax, self.entries, at, value)
            return self.loops(value.axes[:-1], row)
        if self._is_along_rows(value):
            assert isinstance(value, program.Reduce)
            begun = [] if adds else self._each(at, program.NOTHING, False)
            return begun + self._stored(at, value.array, True, (*value.over, *at.axes))
        return self._stored(at, value, adds, at.axes)

    def _is_whole(self, at: program.Read) -> bool:
        """Whether it is all of an array of several numbers in memory."""
        if not self.names.is_stored(at) or all(i.size == 1 for i in at.axes):
            return False
        sizes = self.names.arrays[at.name].sizes
        return sizes is None or sp.Mul(*sizes) == extent(i.size for i in at.axes)

    def _is_along_rows(self, value: Expr) -> bool:
        """Whether it is a sum of rows: what is added up stands along an axis that is kept."""
        if not isinstance(value, program.Reduce) or value.how != "sum" or not value.axes:
            return False
        last = next((i for i in reversed(value.array.axes) if i.size != 1), None)
        return last is not None and last in value.axes

    def _zeros(self, at: Expr, axes: Axes) -> list[str]:
        """Zeros everywhere along axes that stand one after another in memory."""
        self.entries.helpers.add("fill")
        place, count = self.find(at), whole(extent(i.size for i in axes)).text
        assert place is not None
        return [f"fill({self._pointer(place.at_0({*axes}))}, {count}, 0);"]

    def _line(self, at: Expr, value: Expr, adds: bool, here: At) -> str:
        place, text = self.entries.value(at, here).text, self.entries.value(value, here).text
        return f"{place} {'+=' if adds else '='} {text};"

    def _stored(self, at: Expr, value: Expr, adds: bool, axes: Axes) -> list[str]:
        place = self.find(at)
        shared = axes == at.axes and place is not None and self._are_apart(place, axes, MANY)
        return self.loops(axes, lambda here: [self._line(at, value, adds, here)], shared)

    def _are_apart(self, place: Address, axes: Axes, least: int) -> bool:
        """Whether an outermost loop over samples writes each at a place of its own, and so many
        numbers of each that threads may share it.
        """
        if not axes or axes[0].size != BATCH or not place.place.has(axes[0]):
            return False
        count = extent(i.size for i in axes[1:])
        return bool(count.xreplace(dict.fromkeys(count.free_symbols, 1)) >= least)

    def loops(self, axes: Axes, body: Callable[[At], list[str]], shared: bool = False) -> list[str]:
        """Loops over indices, whose names are theirs alone."""
        names, first = self.names, sum(i.size == BATCH for i in axes[:1])
        axes = (*axes[:first], *self.around, *axes[first:])
        taken, indices = {*names.taken}, dict(names.indices)
        self.entries.lines = []
        self.entries.looped(axes, body, shared)
        if all(i.size == 1 for i in axes):  # without a loop, what is declared is the function's
            names.declared |= names.taken - taken - {*names.indices.values()}
        names.taken, names.indices = taken | names.declared, indices
        return self.entries.lines

"""Values lowered: what each is computed of, call by call, and where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sympy as sp

from bpgen.ir import element, length
from bpgen.planning.layout.masks import is_few
from bpgen.planning.lowering import labels, rows
from bpgen.planning.lowering.matrices import as_dot, as_inner, as_sum
from bpgen.planning.lowering.maxima import first, largest
from bpgen.planning.lowering.products import arranged
from bpgen.planning.lowering.trees import Trees
from bpgen.planning.nodes import (
    Apply,
    ArgMax,
    FlatEntries,
    FlatIndex,
    LessLabels,
    MinusOthers,
    SumOfOthers,
)
from bpgen.planning.views import as_take, is_constant, is_view, labels_of, unflattened, varying_axes
from bpgen.program import grammar as program
from bpgen.program.contractions import is_matrix_product
from bpgen.program.grammar import Expr, Map, Read, Reduce, View
from bpgen.program.memory import is_identity, looks_at
from bpgen.program.spans import is_whole


class Values(Trees):
    """Lowers values, and knows the memory that they need."""

    def into(self, at: Expr, value: Expr) -> None:
        """Statements that leave a value at a place."""
        if isinstance(value, SumOfOthers):
            rows.sum_of_others(self, at, value)
        elif isinstance(value, MinusOthers):
            rows.minus_others(self, at, value)
        elif isinstance(value, (Apply, FlatEntries, FlatIndex, ArgMax)):
            self.put(at, value)
        elif not at.axes:
            number = self.scalar(value)
            whole = isinstance(at, Read)  # one entry of an array is a number, and none to write in
            self.put(at, (as_inner(number, self.scratch.buffers) if whole else None) or number)
        elif looks_at(value) is not None:
            self._copied(at, value)
        elif isinstance(value, View):
            self._viewed(at, value)
        elif {*varying_axes(value)} != {*at.axes} and not isinstance(value, (Map, program.Total)):
            self.put(at, self.operand(value))
        else:
            _VALUES.get(type(value), Values.put)(self, at, value)

    def _copied(self, at: Expr, value: Expr) -> None:
        """A copy; of what is told under other axes, under its own."""
        if not isinstance(value, program.Join) or self.is_view(value):
            return self.put(at, self.operand(value))
        array, digits = self.operand(value.array, whole=True), unflattened(at, value)
        if digits is not None:
            return self.put(digits, array)
        self.put(at, replace(value, array=array))

    def _viewed(self, at: Expr, value: View) -> None:
        """A part of what is computed; of all of it, computed where it belongs."""
        if is_whole(value) and isinstance(at, Read) and at.axes == value.axes:
            return self.into(Read(at.name, value.array.axes), value.array)
        self.put(at, self.operand(value))

    def operand(self, value: Expr, whole: bool = False) -> Expr:
        """The value as an array that is there; `whole`: also along axes where it stays the same."""
        if isinstance(value, Read) or is_constant(value):
            return value
        if is_whole(value) and isinstance(value.array, Read):
            return Read(value.array.name, value.axes)  # the same under other letters
        if is_identity(value):
            ((place, array),) = value.operands
            own = {*(value.axes if whole else varying_axes(value))}
            axes = tuple(i for i in value.axes if i in own)
            return replace(value, operands=((place, self.operand(array)),), axes=axes)
        if isinstance(value, (View, program.Broadcast)):
            return replace(value, array=self.operand(value.array))
        if isinstance(value, program.Join) and self.is_view(value):
            return replace(value, array=self.operand(value.array))
        own = {*(value.axes if whole else varying_axes(value))}
        axes = tuple(i for i in value.axes if i in own)
        if not axes:
            return self.scalar(value)
        made = self.scratch.near(value, axes)
        self.into(made, value)
        return made

    # Sums and products

    def _reduce(self, at: Expr, value: Reduce) -> None:
        array = self._searched(value)
        if value.how == "mean":
            count = sp.Mul(*(length(i.size) for i in value.over))
            self.summed(at, replace(value, how="sum", array=array))
            self.put(at, Apply("divide", (at, count), at.axes))
        elif value.how == "sum":
            self.summed(at, replace(value, array=array))
        elif value.how == "first" and is_few(value):
            first(self, at, array, value)
        elif value.how == "max" and is_few(value):
            largest(self, at, array, value.over)
            if isinstance(at, Read):
                self.largest[value.array] = array, at
        else:
            self.put(at, replace(value, array=array))

    def _searched(self, value: Reduce) -> Expr:
        """The array of a reduction, which may be there since its largest was found."""
        known = self.largest.get(value.array)
        return self.operand(value.array, whole=True) if known is None else known[0]

    def summed(self, at: Expr, value: Reduce) -> None:
        found: tuple[Expr, Expr] | None
        found = as_sum(at, value.array, value.over, self.scratch.ones, self.layouts)
        if found is None and len(at.axes) > 1:
            found = self._summed_apart(at, value)
        self.put(*((at, value) if found is None else found))

    def _summed_apart(self, at: Expr, value: Reduce) -> tuple[Expr, Expr] | None:
        """A sum where its axes stand as in what is summed, and then where it belongs."""
        kept = tuple(i for i in self.layouts.of(value.array) if i in at.axes)
        found = as_sum(Read("", kept), value.array, value.over, self.scratch.ones, self.layouts)
        if found is None:
            return None
        made = self.scratch.take(kept)
        self.summed(made, value)
        return at, made

    def _contract(self, at: Expr, value: program.Contract) -> None:
        operands = tuple(self.operand(o, whole=True) for o in value.operands)
        value = replace(value, operands=operands)
        if not is_matrix_product(value):
            return self.put(at, value)
        dot = as_dot(at, value, self.layouts)
        if dot is None:
            dot = as_dot(*arranged(self, at, value), self.layouts)
            assert dot is not None
        self.put(*dot)
        if looks_at(dot[0]) != looks_at(at):
            self.put(at, dot[0].array)

    def is_view(self, value: Expr) -> bool:
        """Whether it needs no memory of its own, if what it looks at is there."""
        return is_view(value, self.layouts.is_declared)

    def _join(self, at: Expr, value: program.Join) -> None:
        """What is computed under other axes, under its own."""
        digits = unflattened(at, value)
        if digits is None:
            return self.put(at, value)
        self.into(digits, value.array)

    def _cast(self, at: Expr, value: program.Cast) -> None:
        self.into(at, value.array)

    def _copy(self, at: Expr, value: program.Copy) -> None:
        self.into(at, value.array)

    def _in_rows(self, at: Expr, value: program.InRows) -> None:
        rows.LOWERED[value.call](self, at, self._rows(value))

    def _rows(self, value: program.InRows) -> Read:
        """What a softmax is of, row by row; it may be told in another order of axes."""
        return rows.in_memory(self, self.operand(value.array, whole=True), value.axes)

    def _less_labels(self, at: Expr, value: LessLabels) -> None:
        assert isinstance(at, Read)
        labels.less_labels(self, Read(at.name, value.axes), value, self._rows(value.rows))

    def _map(self, at: Expr, value: Map) -> None:
        scaled = rows.times_softmax(value)
        if scaled is None or not isinstance(at, Read):
            return super()._map(at, value)
        number, array = scaled
        rows.softmax(self, Read(at.name, array.axes), self._rows(array), number)

    def _gather(self, at: Expr, value: program.Gather) -> None:
        logs = rows.logs_picked(value)
        if logs is not None:
            return labels.log_softmax_at(self, at, value, self._rows(logs))
        value = replace(value, array=self.operand(value.array))
        self.put(at, as_take(value) or self.flat_entries(value) or value)

    def flat_entries(self, value: program.Gather) -> FlatEntries | None:
        """One entry of each row, by its place in memory; None where it is more than that."""
        array, labels = value.array, labels_of(value)
        if labels is None or not isinstance(array, Read) or not self.layouts.is_declared(array):
            return None
        starts = Read(self.scratch.starts(array.axes).name, value.axes)
        return FlatEntries(array, self.once(FlatIndex(starts, labels, value.axes)), value.axes)

    def scalar(self, value: Expr) -> Expr:
        """A value without axes, of arrays that are there."""
        if isinstance(value, Reduce):
            return self._added_up(replace(value, array=self.operand(value.array, whole=True)))
        if isinstance(value, program.AsArray):
            return replace(value, array=self.scalar(value.array))
        if isinstance(value, Map):
            operands = ((e, self._scalar_operand(x)) for e, x in value.operands)
            return replace(value, operands=tuple(operands), axes=())
        if isinstance(value, program.Total):
            addends = tuple(map(self.scalar, value.addends))
            last = value.last and self.scalar(value.last)
            return replace(value, addends=addends, last=last, axes=())
        if isinstance(value, program.Contract):
            arrays = (self.operand(o, whole=True) for o in value.operands)
            return replace(value, operands=tuple(arrays))
        return value

    def _added_up(self, value: Reduce) -> Expr:
        """The sum of a vector, or its mean, as a product with ones, or with shares."""
        memory = self.layouts.memory(value.array) or ()
        if value.how not in ("sum", "mean") or len(memory) != 1:
            return value
        count = length(memory[0].size)
        shares = self.scratch.shares(memory, 1 / count) if value.how == "mean" else None
        times = self.scratch.ones(memory) if shares is None else shares
        total = program.Contract((value.array, times), memory, ())
        if value.how == "sum" or shares is not None:
            return total
        place = element("<sum>", ())
        return Map(place / count, ((place, total),), ())

    def _scalar_operand(self, value: Expr) -> Expr:
        return self.operand(value) if value.axes else self.scalar(value)


_VALUES: dict[type[Expr], Callable[[Values, Any, Any], None]] = {
    Map: Values._map,
    program.Total: Values._total,
    program.Reduce: Values._reduce,
    program.Contract: Values._contract,
    program.Join: Values._join,
    program.Cast: Values._cast,
    program.Copy: Values._copy,
    program.AsArray: Values._copy,
    program.InRows: Values._in_rows,
    LessLabels: Values._less_labels,
    program.Gather: Values._gather,
}

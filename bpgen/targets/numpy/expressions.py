"""Expressions of the program as numpy: a table with a row for each kind of node.

Another target has rows of its own where it differs, and words of its own where it does the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, ClassVar

import sympy as sp

from bpgen.program import grammar as program
from bpgen.program.contractions import is_product
from bpgen.program.grammar import Axes, Expr, Precision, Ref, Shape, Slot
from bpgen.program.memory import is_zero
from bpgen.program.spans import counted_in
from bpgen.targets.numpy.alignment import Array, atom
from bpgen.targets.numpy.products import Products
from bpgen.targets.numpy.subscripts import (
    base_of,
    counted,
    cut,
    multiples,
    split,
    subscripted,
    windowed,
)
from bpgen.text.document import ATOM, SUM, Code, CodeLike, called, code, keyword, tuple_of
from bpgen.text.scalar import Printer, Text, bracketed

_CALLS = {"logsumexp": "logsumexp", "first": "first_largest"}  # functions of the module


class Expressions(Products):
    """Prints expressions; `order` is where a name stands in a product."""

    def __init__(self, order: Mapping[str, int]) -> None:
        self.order = {**order, program.LAST.name: len(order)}
        self.used: set[str] = set()  # functions of the module that it used

    def array(self, node: Expr) -> Array:
        """The text of an expression, with its axes as they come out."""
        return self.rows[type(node)](self, node)

    def lined(self, node: Expr, axes: Axes) -> Text:
        """Its text so that it broadcasts against an array of these axes."""
        if isinstance(node, program.Reduce):
            return self._kept_in_place(node, axes) or self.aligned(self.array(node), axes)
        return self.aligned(self.array(node), axes)

    def text(self, node: Expr) -> Code:
        return self.array(node).text

    # Looking at arrays

    def read(self, node: program.Read) -> Array:
        return atom(node.name, node.axes)

    def cut(self, node: program.View) -> Array:
        return atom(base_of(node, self._base(node)), node.axes)

    def split(self, node: program.Split) -> Array:
        return atom(split(base_of(node, self._base(node)), node, self.reshaped), node.axes)

    def windows(self, node: program.Windows) -> Array:
        self.used.add("windows")
        return atom(windowed(base_of(node, self._base(node)), node), node.axes)

    def _base(self, node: program.View | program.Gather) -> Code:
        """The array that is looked at, as deep as all its axes."""
        return self.array(node.array).bracketed()

    def join(self, node: program.Join) -> Array:
        sizes = [str(i.size) for i in node.axes]
        return atom(self.reshaped(self.array(node.array), sizes), node.axes)

    def broadcast(self, node: program.Broadcast) -> Array:
        value = self.lined(node.array, node.axes).text
        return atom(called(self.of("broadcast_to"), [value, self.shape(node.shape)]), node.axes)

    # Making arrays

    def gather(self, node: program.Gather) -> Array:
        return atom(subscripted(self._base(node), self.subscript(node)), node.axes)

    def subscript(self, node: program.Gather) -> list[CodeLike]:
        """The subscript of a gather, axis by axis."""
        return [self._place(node, s) for s in node.slots]

    def _place(self, node: program.Gather, slot: Slot) -> CodeLike:
        if isinstance(slot.at, Expr):
            return self.lined(slot.at, node.by).text
        free = counted_in(node, slot)
        if not free:
            return cut(slot, node.axes)
        if len(free) == 1:
            return self.aligned(atom(counted(slot.at, free[0], self.arange), free), node.by).text
        steps = ((i, multiples(slot.at, i, self.arange)) for i in free)
        every = [self.aligned(atom(text, (i,)), node.by).text for i, text in steps]
        start = sp.expand(slot.at - sum(slot.at.coeff(i, 1) * i for i in free))
        return reduce(_plus, [*every, *([code(str(start))] if start != 0 else [])])

    def count(self, node: program.Count) -> Array:
        if not node.axes:
            return atom(str(node.place), ())
        return atom(self.arange(str(node.axes[0].size)), node.axes)

    def map(self, node: program.Map) -> Array:
        operands = dict(node.operands)
        printer = Printer(
            lambda e: self.lined(operands[e], node.axes),
            self.order,
            used=self.used,
            named=self.named,
            helpers=self.helpers,
            untyped=self.untyped,
        )
        text = printer.text(node.body)
        return Array(text.text, text.binding, node.axes, text.minus)

    def total(self, node: program.Total) -> Array:
        texts = sorted((self.lined(a, node.axes) for a in node.addends), key=lambda t: t.minus)
        texts += [self.lined(node.last, node.axes)] if node.last is not None else []
        first, *others = texts
        text = first.text
        for other in others:
            if other.minus:
                text = text.by("-", other.text.unsigned)
            else:
                text = text.by("+", bracketed(other, SUM))
        return Array(text, SUM, node.axes, first.minus)

    def contract(self, node: program.Contract) -> Array:
        arrays = [self.array(o) for o in node.operands]
        if is_product(node.operands, node.over, node.axes):
            one, two = arrays
            return self.product(one, two, node.over, node.axes)
        return self.einsum(arrays, node.axes)

    def reduce(self, node: program.Reduce) -> Array:
        array = self.array(node.array)
        if node.how in _CALLS:
            name, last = _CALLS[node.how], len(node.over)
            self.used.add(name)
            kept = tuple(i for i in node.axes if i not in node.over)
            ordered = self.transposed(array, (*kept, *node.over)).text
            return atom(called(name, [ordered, *([str(last)] if last > 1 else [])]), node.axes)
        left = tuple(a for a in array.axes if a not in node.over)
        axis: list[CodeLike] = [along(node.over, array)] if left else []
        return self.transposed(atom(self.reduced(array, node.how, axis), left), node.axes)

    def _kept_in_place(self, node: program.Reduce, axes: Axes) -> Text | None:
        """A reduction whose axes stay, with length 1, where these axes have others in their
        place.
        """
        if node.how in _CALLS:
            return None
        array = self.array(node.array)
        left = tuple(a for a in array.axes if a not in node.over)
        around = axes[-len(array.axes) :]
        stays = (a if a in node.over else f for a, f in zip(array.axes, around, strict=False))
        if array.axes != (*stays,) or not left or axes[-len(left) :] == left:
            return None
        given: list[CodeLike] = [along(node.over, array), keyword("keepdims", "True")]
        return Text(self.reduced(array, node.how, given), ATOM)

    def in_rows(self, node: program.InRows) -> Array:
        self.used.add(node.call)
        rows = self.transposed(self.array(node.array), node.axes).text
        return atom(called(node.call, [rows]), node.axes)

    def cast(self, node: program.Cast) -> Array:
        value, precision = self.array(node.array), self.precision(node.precision)
        if value.binding == ATOM:
            return atom(value.text.method("astype", [precision]), node.axes)
        return atom(called("np.asarray", [value.text, precision]), node.axes)

    def fill(self, node: program.Fill) -> Array:
        zero = is_zero(node.value)
        how = "empty" if node.value is None else "zeros" if zero else "full"
        value = [self.text(node.value)] if node.value is not None and not zero else []
        if node.precision is None and node.shape.of is not None and node.value is not None:
            given: list[CodeLike] = [self.ref(node.shape.of), *value]
            return atom(called(self.of(f"{how}_like"), given), node.axes)
        shape, precision = self.shape(node.shape), self.precision(node.precision)
        return atom(self.made(how, [shape, *value], precision), node.axes)

    def copy(self, node: program.Copy) -> Array:
        return atom(self.array(node.array).bracketed().method("copy", []), node.axes)

    def as_array(self, node: program.AsArray) -> Array:
        return atom(called("np.asarray", [self.text(node.array)]), node.axes)

    def from_blocks(self, node: program.FromBlocks) -> Array:
        every = f'[of["{node.name}"] for of in {node.store}]'
        return atom(called("np.sum", [every, keyword("axis", "0")]), node.axes)

    # Where arrays are found, and of which shape and precision

    def ref(self, ref: Ref) -> str:
        if not ref.held:
            return ref.name
        if ref.held == "cache" and ref.block:
            return f'cache[f"{ref.name}[{{{ref.block}}}]"]'
        return f'{ref.held}["{ref.name}"]' + (f"[{ref.block}]" if ref.block else "")

    def shape(self, shape: Shape) -> Code:
        if shape.of is not None:
            return code(f"{self.ref(shape.of)}.shape")
        return tuple_of(map(str, shape.sizes))

    def precision(self, precision: Precision | None) -> Code:
        if precision is None or not precision.of:
            return code(self.of("float64"))
        if precision.variable:
            return code(precision.variable)
        every = [*map(self.ref, precision.of)]
        if len(every) > 1:
            return called(self.of("result_type"), every)
        return code(f"{every[0]}.dtype")

    rows: ClassVar[dict[type[Expr], Callable[[Any, Any], Array]]] = {
        program.Read: read,
        program.Slice: cut,
        program.Split: split,
        program.Windows: windows,
        program.Join: join,
        program.Broadcast: broadcast,
        program.Gather: gather,
        program.Count: count,
        program.Map: map,
        program.Total: total,
        program.Contract: contract,
        program.Reduce: reduce,
        program.InRows: in_rows,
        program.Cast: cast,
        program.Fill: fill,
        program.Copy: copy,
        program.AsArray: as_array,
        program.FromBlocks: from_blocks,
    }


def _plus(one: Code, other: Code) -> Code:
    return one.by("+", other)


def along(over: Axes, array: Array) -> Code:
    """`axis=...`: which of its axes an array is summed along."""
    places = [str(k) for k, axis in enumerate(array.axes) if axis in over]
    return keyword("axis", places[0] if len(places) == 1 else tuple_of(places))

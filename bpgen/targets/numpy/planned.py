"""Planned programs as numpy: calls that write into memory that is there."""

from __future__ import annotations

from typing import Any, ClassVar

from bpgen.names import into
from bpgen.planning.nodes import (
    Apply,
    ArgMax,
    Dot,
    FlatEntries,
    FlatIndex,
    HelperCall,
    Memory,
    Microbatches,
    Take,
    Unpack,
    Where,
)
from bpgen.planning.views import number_of
from bpgen.program import grammar as program
from bpgen.program.contractions import batch_of, is_product
from bpgen.program.grammar import Expr
from bpgen.targets.numpy.expressions import along
from bpgen.targets.numpy.layout import assignment, call
from bpgen.targets.numpy.microbatches import step
from bpgen.targets.numpy.planned_expressions import PlannedExpressions
from bpgen.targets.numpy.planned_names import (
    key_of,
    memory_of,
    unpacked,
    with_gradients,
)
from bpgen.targets.numpy.products import summed_over
from bpgen.targets.numpy.statements import Statements
from bpgen.text.document import called, keyword

_TAKES_MORE = {"maximum", "minimum"}  # numpy wants to be told which argument is the last
_EITHER_WAY = {"add", "multiply"}
IN_PLACE = {"add": "+=", "subtract": "-=", "multiply": "*=", "divide": "/="}


class PlannedStatements(Statements):
    """Prints the statements of a planned program."""

    expressions: PlannedExpressions
    rows: ClassVar = {**Statements.rows}

    def store(self, node: program.Store, indent: int) -> list[str]:
        number = number_of(node.value)
        part = isinstance(node.at, program.Slice) and bool(node.at.axes)
        if (part or isinstance(node.at, program.Read)) and number is not None and not node.adds:
            place = self.expressions.text(node.at)
            return [f"{place}.fill({self.expressions.number(number)})"]
        if isinstance(node.at, FlatEntries):
            value = self.expressions.argument(number_of(node.value) or node.value, node.at.axes)
            return call(f"{node.at.array.name}.put", [node.at.places.name, value], "", indent)
        made = _STORES.get(type(node.value))
        spread = {*node.value.axes} != {*node.at.axes} or not node.at.axes
        summed = isinstance(node.value, (program.Contract, program.Reduce))
        if made is None or node.adds or (summed and spread) or isinstance(node.at, program.Gather):
            return super().store(node, indent)
        lines: list[str] = made(self, node.at, node.value, indent)
        return lines

    def assign(self, node: program.Assign, indent: int) -> list[str]:
        if isinstance(node.value, program.Number):
            return [f"{node.name}: float = {node.value.array}.item()"]
        return super().assign(node, indent)

    def on_request(self, node: program.OnRequest, indent: int) -> list[str]:
        """What is asked for now and then makes its own arrays, as it does where nothing is
        planned.
        """
        if node.flag != "inputs":
            return super().on_request(node, indent)
        return Statements(self.expressions).on_request(node, indent)

    def apply(self, at: Expr, value: Apply, indent: int) -> list[str]:
        arguments = [self.expressions.argument(o, at.axes) for o in value.operands]
        place = self.expressions.text(at)
        if value.call == "clip":
            array = self.expressions.transposed(self.expressions.array(value.operands[0]), at.axes)
            return call(f"{array.bracketed()}.clip", [*arguments[1:], place], "", indent)
        is_call = place.last in ("call", "move")
        beside = _beside(at, value)
        if beside is not None and not is_call:
            return assignment(place, arguments[beside], indent, IN_PLACE[value.call])
        out = keyword("out", place) if value.call in _TAKES_MORE else place
        return call(f"np.{value.call}", [*arguments, out], "", indent)

    def helper_call(self, at: Expr, value: HelperCall, indent: int) -> list[str]:
        arguments = [self.expressions.argument(o, at.axes) for o in value.operands]
        place = self.expressions.text(at)
        if value.scratch is None:
            self.expressions.used.add(value.function)
            return assignment(f"{place}[...]", called(value.function, arguments), indent)
        self.expressions.used.add(into(value.function))
        scratch = [s.name for s in value.scratch]
        return call(into(value.function), [*arguments, place, *scratch], "", indent)

    def where(self, at: Expr, value: Where, indent: int) -> list[str]:
        there = self.expressions.argument(value.value, at.axes)
        holds = self.expressions.argument(value.condition, at.axes)
        return call(
            "np.copyto", [self.expressions.text(at), there, keyword("where", holds)], "", indent
        )

    def dot(self, at: Expr, value: Dot, indent: int) -> list[str]:
        """numpy's dot as a method: the function of that name looks at its arguments first."""
        texts = [self.expressions.text(m) for m in (value.one, value.two, at)]
        if value.strided:
            return call("np.matmul", texts, "", indent)
        one = self.expressions.array(value.one).bracketed()
        return call(f"{one}.dot", texts[1:], "", indent)

    def take(self, at: Expr, value: Take, indent: int) -> list[str]:
        array = self.expressions.array(value.array).bracketed()
        place = self.expressions.transposed(self.expressions.array(at), value.axes).text
        places = self.expressions.text(value.places)
        return call(f"{array}.take", [places, str(value.axis), place, '"clip"'], "", indent)

    def flat_entries(self, at: Expr, value: FlatEntries, indent: int) -> list[str]:
        place = self.expressions.text(at)
        of = value.array.name
        return call(f"{of}.take", [value.places.name, "None", place, '"clip"'], "", indent)

    def argmax(self, at: Expr, value: ArgMax, indent: int) -> list[str]:
        array, place = self.expressions.array(value.array), self.expressions.text(at)
        return call(f"{array.text}.argmax", [str(len(array.axes) - 1), place], "", indent)

    def flat_index(self, at: Expr, value: FlatIndex, indent: int) -> list[str]:
        labels, place = self.expressions.argument(value.labels, at.axes), self.expressions.text(at)
        starts = value.starts.name
        return call("np.add", [starts, labels, place, 'casting="unsafe"'], "", indent)

    def contract(self, at: Expr, value: program.Contract, indent: int) -> list[str]:
        arrays = [self.expressions.array(o) for o in value.operands]
        place = self.expressions.array(at)
        if not is_product(value.operands, value.over, value.axes):
            texts = [*(x.text for x in arrays), keyword("out", place.text)]
            return call("np.einsum", [summed_over(arrays, at.axes), *texts], "", indent)
        one, two = arrays
        batch = batch_of(one.axes, two.axes, at.axes)
        if not batch:
            text = self.expressions.product(one, two, value.over, at.axes).text
            return assignment(place.text + "[...]" * place.text.is_word, text, indent)
        left, right, axes = self.expressions.matrices(one, two, batch, value.over, at.axes)
        to = self.expressions.transposed(place, axes)
        return call("np.matmul", [left.text, right.text, to.text], "", indent)

    def reduce(self, at: Expr, value: program.Reduce, indent: int) -> list[str]:
        if value.how not in ("sum", "max"):
            return super().store(program.Store(at, value, adds=False), indent)
        function = {"sum": "add", "max": "maximum"}[value.how]
        array = self.expressions.array(value.array)
        left = tuple(a for a in array.axes if a not in value.over)
        to = self.expressions.transposed(self.expressions.array(at), left).text
        given = [array.text, along(value.over, array), keyword("out", to)]
        return call(f"np.{function}.reduce", given, "", indent)

    def memory(self, node: Memory, indent: int) -> list[str]:
        """The workspace, or one that is made for this call."""
        precision = called("_precision", ["params", *node.arrays])
        given = [*node.sizes, "dtype", *["np.empty(SIZE, dtype)"] * with_gradients(node)]
        made = call(f"workspace = {memory_of(node.every[0])}", given, "", indent + 4)
        sizes = [f"{s}={s}" for s in node.sizes]
        asked = call("_suits", ["workspace", precision, *sizes], "", indent + 4)
        return [
            "if workspace is None:",
            f"    dtype = {precision}",
            *(f"    {line}" for line in made),
            "elif checked:",
            *(f"    {line}" for line in asked),
        ]

    def unpack(self, node: Unpack, indent: int) -> list[str]:
        return unpacked([*node.of.names], f"workspace[{key_of(node.of)}]", indent)


def _beside(at: Expr, value: Apply) -> int | None:
    """Which operand an assignment in place speaks of: one of two of which the other is there."""
    if value.call not in IN_PLACE or at not in value.operands:
        return None
    first = value.operands[0] == at
    return 1 if first else 0 if value.call in _EITHER_WAY else None


_STORES: dict[type[Expr], Any] = {
    Apply: PlannedStatements.apply,
    HelperCall: PlannedStatements.helper_call,
    Where: PlannedStatements.where,
    Dot: PlannedStatements.dot,
    Take: PlannedStatements.take,
    FlatEntries: PlannedStatements.flat_entries,
    ArgMax: PlannedStatements.argmax,
    FlatIndex: PlannedStatements.flat_index,
    program.Contract: PlannedStatements.contract,
    program.Reduce: PlannedStatements.reduce,
}
PlannedStatements.rows |= {
    program.Assign: PlannedStatements.assign,
    program.Store: PlannedStatements.store,
    program.OnRequest: PlannedStatements.on_request,
    Memory: PlannedStatements.memory,
    Microbatches: lambda _, node, indent: step(node, indent),
    Unpack: PlannedStatements.unpack,
}

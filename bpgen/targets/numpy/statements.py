"""Statements of the program as lines of numpy: a table with a row for each kind of node."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from bpgen.program import grammar as program
from bpgen.program.grammar import Expr, Node
from bpgen.program.spans import is_whole
from bpgen.targets.numpy.expressions import Expressions
from bpgen.targets.numpy.layout import assignment, call, collection, comment, indented
from bpgen.targets.numpy.subscripts import ALL, short
from bpgen.targets.numpy.text import shape_text
from bpgen.text.document import SUM, Code, CodeLike, called, code, tuple_of
from bpgen.text.scalar import bracketed


class Statements:
    """Prints statements, each with as many blanks before it as `indent` beyond its block; `types`
    are what a function is annotated with.
    """

    types: ClassVar[dict[str, str]] = {
        "arrays": "Arrays",
        "array": "np.ndarray",
        "block": "int",
        "flag": "bool = False",
        "noise": "np.random.Generator | None",
        "float": "float",
        "workspace": "Workspace | None = None",
        "memory": "Workspace",
        "checked": "bool = True",
    }

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions

    def body(self, of: program.Function) -> list[str]:
        """The lines of a function."""
        return self.lines(of.body)

    def lines(self, body: Iterable[Node], indent: int = 4) -> list[str]:
        return [line for node in body for line in self.rows[type(node)](self, node, indent)]

    def step(self, node: program.Step, indent: int) -> list[str]:
        number = f"({node.number}) "
        above = [line for text in node.comments for line in comment(text, number, indent)]
        return above + self.lines(node.body, indent)

    def assign(self, node: program.Assign, indent: int) -> list[str]:
        read = (n.name for n in node.value.walk() if isinstance(n, program.Read))
        value = self._value(node.value)
        return assignment(node.name, value, indent, in_two=node.name not in read)

    def _value(self, value: Node) -> Code:
        if isinstance(value, program.Ref):
            return code(self.expressions.ref(value))
        if isinstance(value, program.Precision):
            return self.expressions.precision(value)
        if isinstance(value, program.Length):
            of = self.expressions.ref(value.of)
            measure = code(f"{of}.shape[{value.axis}]" if value.axis else f"len({of})")
            return measure.by("-", "1") if value.before else measure
        assert isinstance(value, Expr)
        return self.expressions.text(value)

    def store(self, node: program.Store, indent: int) -> list[str]:
        part = isinstance(node.at, (program.Slice, program.Gather)) and not is_whole(node.at)
        place = self.expressions.text(node.at) + "[...]" * (not part and not node.adds)
        value = self.expressions.lined(node.value, node.at.axes)
        text, sign = value.text, "+=" if node.adds else "="
        if node.adds and value.minus and value.binding > SUM:
            sign, text = "-=", text.unsigned  # of all that is added
        return assignment(place, text, indent, sign)

    def scatter_add(self, node: program.ScatterAdd, indent: int) -> list[str]:
        places = short(self.expressions.subscript(node.at))
        every = ["slice(None)" if p == ALL else p for p in places]
        at = every[0] if len(every) == 1 else tuple_of(every)
        array = self.expressions.array(node.at.array).text
        value = bracketed(self.expressions.lined(node.value, node.at.axes), SUM)
        return call("np.add.at", [array, at, value], "", indent)

    def loop(self, node: program.Loop, indent: int) -> list[str]:
        names = ", ".join(str(i.name) for i in node.indices)
        return [f"for {names} in {_range(node)}:", *indented(self.lines(node.body, indent + 4))]

    # The door, the cache and the blocks

    def admit(self, node: program.Admit, indent: int) -> list[str]:
        tensor, name = node.tensor, node.name
        shape = shape_text(tensor, node.known)
        if not tensor.batched:  # what all samples share
            return self._door(name, "_state", [shape, "params"], indent)
        kind = (
            "_labels"
            if tensor.bound is not None
            else "_one_hot"
            if tensor.sums_to_one and name == tensor.name
            else "_array"
        )
        length = str(*node.length) or "None"
        last = str(tensor.bound) if tensor.bound is not None else "params"
        return self._door(name, kind, [shape, length, last], indent)

    def _door(self, name: str, kind: str, rest: list[str], indent: int) -> list[str]:
        self.expressions.used.add(kind)
        return call(f"{name} = {kind}", [f'"{name}"', name, *rest], "", indent)

    def guard(self, node: program.Guard, indent: int) -> list[str]:
        name = "_check" if node.held == "params" else "_left_by_forward"
        self.expressions.used.add(name)
        given = [node.held, *([f'"{node.first}"'] if node.first else [])]
        return call(name, given, "", indent)

    def draw(self, node: program.Draw, indent: int) -> list[str]:
        self.expressions.used.add("dropout")
        shape = tuple_of(map(str, node.sizes))
        given: list[CodeLike] = ["rng", shape, repr(node.keep), self.like(node.like)]
        return call(f"{node.name} = dropout", given, "", indent)

    def like(self, array: program.Ref) -> str:
        """In which precision noise is drawn."""
        return f"{self.expressions.ref(array)}.dtype"

    def call(self, node: program.Call, indent: int) -> list[str]:
        return [f"{', '.join(node.names)} = {_called(node)}"]

    def begin(self, node: program.Begin, indent: int) -> list[str]:
        return [f"{node.store}: {'Arrays = {}' if node.named else 'list[Arrays] = []'}"]

    def keep(self, node: program.Keep, indent: int) -> list[str]:
        if not node.block:
            return [f"{node.store}.insert(0, {node.array})"]
        named = f'f"{{name}}[{{{node.block}}}]": array'
        return [f"{node.store} |= {{{named} for name, array in {node.array}.items()}}"]

    def stack(self, node: program.Stack, indent: int) -> list[str]:
        parts = [
            f"name: {self.expressions.of('stack')}([of[name] for of in {node.store}])",
            f"for name in {node.store}[0]",
            *["if name in SHAPES"] * node.some,
        ]
        return collection(f"{node.name} = ", parts, "{}", indent, " ")

    def pack(self, node: program.Pack, indent: int) -> list[str]:
        entries = [f'"{key}": {name}' if key else f"**{name}" for key, name in node.entries]
        entries += [f"**{store}" for store in node.stores]
        before = f"{node.name} = " if node.name else f"return {node.beside}, "
        return collection(before, entries, indent=indent)

    def entry(self, node: program.Entry, indent: int) -> list[str]:
        return [f"{self.expressions.ref(node.held)} = {node.array}"]

    def on_request(self, node: program.OnRequest, indent: int) -> list[str]:
        return [f"if {node.flag}:", *indented(self.lines(node.body, indent + 4))]

    def give(self, node: program.Return, indent: int) -> list[str]:
        first = node.values[0]
        if isinstance(first, program.Number):
            return self.number(first.array)
        return [f"return {', '.join(map(str, map(self._given, node.values)))}"]

    def number(self, array: str) -> list[str]:
        """The one number of an array, given back."""
        return [f"value: float = {array}.item()", "return value"]

    def _given(self, value: Any) -> Code:
        if isinstance(value, tuple):
            return tuple_of(map(self._given, value))
        return _called(value) if isinstance(value, program.Call) else self._value(value)

    rows: ClassVar[dict[type[Node], Callable[[Any, Any, int], list[str]]]] = {
        program.Step: step,
        program.Assign: assign,
        program.Store: store,
        program.ScatterAdd: scatter_add,
        program.Loop: loop,
        program.Admit: admit,
        program.Guard: guard,
        program.Draw: draw,
        program.Call: call,
        program.Begin: begin,
        program.Keep: keep,
        program.Stack: stack,
        program.Pack: pack,
        program.Entry: entry,
        program.OnRequest: on_request,
        program.Return: give,
    }


def _called(node: program.Call) -> Code:
    return called(node.function, node.arguments)


def _range(node: program.Loop) -> str:
    sizes = ", ".join(str(i.size) for i in node.indices)
    if len(node.indices) > 1:
        return f"np.ndindex({sizes})"
    return f"reversed(range({sizes}))" if node.reverse else f"range({sizes})"

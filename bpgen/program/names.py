"""Which names a node speaks of and which it gives, and of what kind each is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bpgen.program import grammar as program
from bpgen.program.grammar import Argument, Function, Node
from bpgen.program.spans import ROWS, counts_samples

Kind = str  # of an argument, what a function returns, or one of these:
LENGTH, PRECISION, NAMED, LISTED = "length", "precision", "named store", "listed store"
ARGUMENT = "argument not let in"
ANY = ""  # whatever it is
Named = Iterable[tuple[str, Kind]]
Functions = Mapping[str, Function]


def kinds_of(function: Function) -> dict[str, Kind]:
    """What is known at its start. An array must be let in first; what a block is given, is."""
    shut = not is_block(function)
    kinds: dict[str, Kind] = {a.name: a.kind for a in function.arguments}
    return {n: ARGUMENT if shut and kind == "array" else kind for n, kind in kinds.items()}


def is_block(function: Function) -> bool:
    return any(a.kind == "block" for a in function.arguments)


def gives_gradients(function: Function) -> bool:
    """What is given the cache does; else it makes the cache."""
    return any(a.name == "cache" for a in function.arguments)


def used_by(node: Node) -> Named:
    """What a node itself speaks of, each with the kind that it needs."""
    used = _USED.get(type(node))
    return used(node) if used is not None else ()


def defined_by(node: Node, functions: Functions) -> Named:
    """What a statement gives a name to."""
    if isinstance(node, program.Assign):
        return [(node.name, _VALUES.get(type(node.value), "array"))]
    if isinstance(node, program.Call):
        returned = functions[node.function].returns
        return [(n, k) for n, k in zip(node.names, returned, strict=True) if isinstance(k, str)]
    made = _DEFINED.get(type(node))
    return [made(node)] if made is not None else ()


def returned_by(node: Node, kinds: Mapping[str, Kind], functions: Functions) -> Any:
    """What a last statement returns, by kind."""
    if isinstance(node, program.Return):
        return _kind(node.values, kinds, functions)
    return "array", "arrays"


def _kind(value: Any, kinds: Mapping[str, Kind], functions: Functions) -> Any:
    """What kind of thing a value is; of several together, of each."""
    if isinstance(value, tuple):
        return tuple(_kind(v, kinds, functions) for v in value)
    if isinstance(value, program.Call):
        returned = functions[value.function].returns
        return returned[0] if len(returned) == 1 else returned
    if isinstance(value, program.Ref):
        return "array" if value.held else kinds.get(value.name)
    return "float" if isinstance(value, program.Number) else "array"


def is_asked(argument: Argument) -> bool:
    """Whether every call must give it."""
    return argument.kind not in ("noise", "flag")


def _ref(node: program.Ref) -> Named:
    of = [(node.held, "arrays")] if node.held else [(node.name, ANY)]
    return [*of, *([(node.block, "block")] if node.block else [])]


def _arrays(*refs: program.Ref) -> Named:
    """What stands for an array, and is a name."""
    return [(ref.name, "array") for ref in refs if not ref.held]


def _pack(node: program.Pack) -> Named:
    entries = [(name, "array" if key else "arrays") for key, name in node.entries]
    beside = [(node.beside, "array")] if node.beside else []
    return [*entries, *((store, NAMED) for store in node.stores), *beside]


def _keep(node: program.Keep) -> Named:
    store = [(node.store, NAMED), (node.block, "block")] if node.block else [(node.store, LISTED)]
    return [*store, (node.array, "arrays")]


_USED: dict[type[Node], Callable[[Any], Named]] = {
    program.Read: lambda n: [(n.name, "array")],
    program.Ref: _ref,
    program.Precision: lambda n: [*_arrays(*n.of), *([(n.variable, PRECISION)] * bool(n.variable))],
    program.Shape: lambda n: _arrays(n.of) if n.of is not None else [],
    program.Length: lambda n: _arrays(n.of),
    program.FromBlocks: lambda n: [(n.store, LISTED)],
    program.Stack: lambda n: [(n.store, LISTED)],
    program.Pack: _pack,
    program.Keep: _keep,
    program.Entry: lambda n: [(n.array, "array")],
    program.Number: lambda n: [(n.array, "array")],
    program.Guard: lambda n: [(n.held, "arrays")],
    program.Admit: lambda n: [(n.name, ARGUMENT)],
    program.Gather: lambda n: [(ROWS, "array")] if counts_samples(n) else [],
    program.Draw: lambda n: [("rng", "noise"), *_arrays(n.like)],
    program.OnRequest: lambda _: [("inputs", "flag")],
}
_VALUES: dict[type[Node], Kind] = {program.Length: LENGTH, program.Precision: PRECISION}
_DEFINED: dict[type[Node], Callable[[Any], tuple[str, Kind]]] = {
    program.Draw: lambda n: (n.name, "array"),
    program.Begin: lambda n: (n.store, NAMED if n.named else LISTED),
    program.Stack: lambda n: (n.name, "arrays"),
    program.Pack: lambda n: (n.name, "arrays"),
}

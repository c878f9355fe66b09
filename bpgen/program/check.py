"""The grammar of programs, checked: what is read is there, axes agree, and only memory of a
function's own is written or given away. What breaks it is a defect of bpgen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bpgen.ir import Malformed
from bpgen.program import grammar as program
from bpgen.program.elements import outermost
from bpgen.program.grammar import Expr, Function, Node
from bpgen.program.lengths import lengths_of
from bpgen.program.memory import looks_at
from bpgen.program.spans import along


def check(functions: Iterable[Function]) -> None:
    """Malformed where a function is none."""
    for function in functions:
        _Body(function).statements(function.body)


class _Body:
    """A function, and what is known while its statements are gone through, in order: names, and of
    each array that looks at another, at which.
    """

    def __init__(self, function: Function) -> None:
        self.function = function
        self.known = {a.name for a in function.arguments}
        self.seen = {a.name: a.name for a in function.arguments}

    def statements(self, body: Iterable[Node]) -> None:
        for node in body:
            if isinstance(node, program.Loop):
                self.known |= {str(i.name) for i in node.indices}
            if isinstance(node, (program.Loop, program.Step, program.OnRequest)):
                self.statements(node.body)
            else:
                self._statement(node)

    def _statement(self, node: Node) -> None:
        missing = {n for part in node.walk() for n in _speaks_of(part)} | lengths_of(node)
        missing -= self.known
        self._require(not missing, f"{sorted(missing)} is spoken of before it is there", node)
        for part in node.walk():
            agree = _AGREE.get(type(part))
            self._require(agree is None or agree(part), "axes do not agree", part)
        for name in _written(node):
            self._require(name in self.known, f"{name} is written before it is there", node)
            self._require(name not in self.seen, f"{name} is written, and not its own", node)
        for name in _given_away(node):
            self._require(name not in self.seen, f"{name} is given away, and not its own", node)
        self._name(node)

    def _name(self, node: Node) -> None:
        """What a statement gives a name to."""
        if isinstance(node, program.Assign):
            value = node.value
            at = looks_at(value) if isinstance(value, (Expr, program.Ref)) else None
            self.seen.pop(node.name, None)
            if at is not None:
                self.seen[node.name] = self.seen.get(at, at)
        if isinstance(node, program.Admit):
            self.seen[node.name] = node.name
        self.known |= {*_names(node)}

    def _require(self, holds: bool, fault: str, node: Node) -> None:
        if not holds:
            raise Malformed(f"{self.function.name}: {fault}: {node}")


def _speaks_of(node: Node) -> Iterable[str]:
    """The names that a node itself reads."""
    if isinstance(node, program.Read):
        return (node.name,)
    if isinstance(node, program.Ref):
        return (node.held or node.name, *([node.block] if node.block else []))
    if isinstance(node, program.Call):
        return node.arguments
    if isinstance(node, program.Pack):
        return (*(name for _, name in node.entries), *node.stores)
    if isinstance(node, (program.Keep, program.Entry, program.Number)):
        return (node.array,)
    return ()


def _names(node: Node) -> Iterable[str]:
    """The names that a statement makes known."""
    if isinstance(node, program.Call):
        return node.names
    if isinstance(node, program.Begin):
        return (node.store,)
    if isinstance(node, (program.Assign, program.Draw, program.Pack, program.Stack)):
        return (node.name,)
    return ()


def _written(node: Node) -> Iterable[str]:
    """The arrays in which a statement writes."""
    if isinstance(node, program.ScatterAdd):
        return (str(looks_at(node.at.array)),)
    if isinstance(node, program.Store):
        at = node.at.array if isinstance(node.at, program.Gather) else node.at
        return (str(looks_at(at)),)
    return ()


def _given_away(node: Node) -> Iterable[str]:
    """Gradients that a caller gets, and may write in."""
    if isinstance(node, program.Pack) and node.name == "grads":
        return [name for _, name in node.entries]
    return [node.array] if isinstance(node, program.Entry) else []


def _view(node: program.View | program.Gather) -> bool:
    """As many places as axes; what runs along them comes out."""
    found = {i for s in node.slots if not isinstance(s.at, Expr) for i in along(s, node.axes)}
    looked_up = {i for s in node.slots if isinstance(s.at, Expr) for i in s.at.axes}
    return len(node.slots) == len(node.array.axes) and found | looked_up == {*node.axes}


def _map(node: program.Map) -> bool:
    """An operand for each element of the body, along axes of the whole."""
    within = all({*array.axes} <= {*node.axes} for _, array in node.operands)
    return within and {*outermost(node.body)} == {e for e, _ in node.operands}


def _reduced(node: program.Reduce) -> bool:
    left = {*node.array.axes} - ({*node.over} if node.how != "first" else set())
    return {*node.over} <= {*node.array.axes} and {*node.axes} == left


def _contracted(node: program.Contract) -> bool:
    every = {i for array in node.operands for i in array.axes}
    return every == {*node.over, *node.axes} and not {*node.over} & {*node.axes}


_AGREE: dict[type[Node], Callable[[Any], bool]] = {
    program.Slice: _view,
    program.Split: _view,
    program.Windows: _view,
    program.Gather: _view,
    program.Map: _map,
    program.Total: lambda n: all({*a.axes} <= {*n.axes} for a in n.addends),
    program.Contract: _contracted,
    program.Reduce: _reduced,
    program.InRows: lambda n: {*n.axes} == {*n.array.axes},
    program.Broadcast: lambda n: {*n.array.axes} < {*n.axes},
    program.Store: lambda n: {*n.value.axes} <= {*n.at.axes},
    program.ScatterAdd: lambda n: {*n.value.axes} <= {*n.at.axes},
}

"""The statements of a planned program as a step runs them: for which equation, and how often."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import sympy as sp

from bpgen.ir import extent
from bpgen.planning.nodes import Dot, Memory, Ones, Unpack
from bpgen.program.grammar import Call, Contract, Function, Loop, Node, OnRequest, Read, Step


@dataclass(frozen=True)
class Run:
    """One statement: the function that it is in, the number of its equation, and how often a step
    comes to it.
    """

    function: str
    number: int
    statement: Node
    times: sp.Expr

    @property
    def arrays(self) -> set[str]:
        """The arrays that it speaks of."""
        return {n.name for n in self.statement.walk() if isinstance(n, (Read, Ones))}

    @property
    def products(self) -> sp.Expr:
        """The multiply-adds of the products of arrays in it, each time."""
        return self.times * sp.Add(*map(_product, self.statement.walk()))


def _product(node: Node) -> sp.Expr:
    """Of one product; one with a vector of ones is a sum, and none."""
    if not isinstance(node, (Dot, Contract)):
        return sp.S.Zero
    operands = node.operands if isinstance(node, Contract) else (node.one, node.two)
    if any(isinstance(o, Ones) for o in operands):
        return sp.S.Zero
    return extent(i.size for i in {i for o in operands for i in o.axes})


def runs(functions: Iterable[Function]) -> Iterator[Run]:
    """All that a step runs, function by function; not what only inputs' gradients need. What stands
    before an equation's statements, as the room for what a recurrence begins with, is for it.
    """
    functions = list(functions)
    often = {call: times for f in functions for call, times in _called(f.body, sp.S.One)}
    for function in functions:
        found = [*_within(function.body, function.name, 0, often.get(function.name, sp.S.One))]
        number = next((r.number for r in reversed(found) if r.number), 0)
        for k in reversed(range(len(found))):
            number = found[k].number or number
            found[k] = replace(found[k], number=number)
        yield from found


def _within(body: Iterable[Node], function: str, number: int, times: sp.Expr) -> Iterator[Run]:
    for node in body:
        if isinstance(node, Loop):
            again = times * extent(i.size for i in node.indices)
            yield from _within(node.body, function, number, again)
        elif isinstance(node, Step):
            yield from _within(node.body, function, node.number, times)
        elif not isinstance(node, (OnRequest, Memory, Unpack)):
            yield Run(function, number, node, times)


def _called(body: Iterable[Node], times: sp.Expr) -> Iterator[tuple[str, sp.Expr]]:
    """The functions that loops call, and how often."""
    for node in body:
        if isinstance(node, Loop):
            yield from _called(node.body, times * extent(i.size for i in node.indices))
        elif isinstance(node, Call):
            yield node.function, times

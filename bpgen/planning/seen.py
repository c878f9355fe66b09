"""Arrays that a function looks at in another way at every call: turned, or as columns. Where they
are its own, that look is made once, with the memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sympy as sp

from bpgen.names import free
from bpgen.planning.nodes import Apply, Dot, Matrix, Memory, Opened, Seen
from bpgen.program.grammar import Argument, Assign, Expr, Function, Loop, Node, Read, Step, Store


def seen_once(function: Function) -> Function:
    """The function with names for such looks."""
    memory = next((n for n in function.body if isinstance(n, Memory)), None)
    if memory is None:
        return function
    (of,) = memory.every
    looks = _Looks({*of.names}, _names(function))
    body = looks.within(function.body)
    own = replace(of, looks=tuple(looks.made.values()))
    new = {Memory: replace(memory, every=(own,)), Opened: Opened(own)}
    return replace(function, body=tuple(new.get(type(n), n) for n in body))


def _names(function: Function) -> set[str]:
    named = (n for n in function.walk() if isinstance(n, (Assign, Read, Argument)))
    memory = (n for n in function.walk() if isinstance(n, Opened))
    return {n.name for n in named} | {name for n in memory for name in n.of.names}


class _Looks:
    """Those that statements ask for, by what they look at."""

    def __init__(self, own: set[str], taken: set[str]) -> None:
        self.own, self.taken = own, taken
        self.made: dict[tuple[str, str], Seen] = {}

    def within(self, body: Iterable[Node]) -> tuple[Node, ...]:
        return tuple(map(self._statement, body))

    def _statement(self, node: Node) -> Node:
        if isinstance(node, (Step, Loop)):
            return replace(node, body=self.within(node.body))
        if not isinstance(node, Store):
            return node
        value = node.value
        if isinstance(value, Apply):
            operands = (
                self._column(o, node.at) if isinstance(o, Read) else o for o in value.operands
            )
            return replace(node, value=replace(value, operands=tuple(operands)))
        if isinstance(value, Dot):
            one, two = (self._turned(m) for m in (value.one, value.two))
            return replace(node, value=replace(value, one=one, two=two))
        return node

    def _column(self, operand: Expr | sp.Expr, at: Expr) -> Expr | sp.Expr:
        """What is the same along the last axis of a place."""
        if not isinstance(operand, Read) or not operand.axes or operand.axes != at.axes[:-1]:
            return operand
        return self._seen("column", operand, operand, at)

    def _turned(self, matrix: Expr) -> Expr:
        if not isinstance(matrix, Matrix) or not isinstance(matrix.array, Read):
            return matrix
        axes = (*matrix.columns, *matrix.rows)
        if len(axes) != 2 or not matrix.rows or matrix.array.axes != axes:
            return matrix
        return self._seen("T", matrix.array, matrix, matrix)

    def _seen(self, how: str, array: Read, look: Expr, along: Expr) -> Expr:
        if array.name not in self.own:
            return look
        if (array.name, how) not in self.made:
            name = free(f"{array.name}_{how}", self.taken)
            self.taken.add(name)
            self.made[array.name, how] = Seen(look, along.axes, name)
        return replace(self.made[array.name, how], array=look, axes=along.axes)

"""Arrays of which a function takes a view at every call: transposed, or as columns. Where they are
its own, that view is made once, with the memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sympy as sp

from bpgen.names import free
from bpgen.planning.nodes import Apply, Dot, Matrix, Memory, NamedView, Unpack
from bpgen.program.grammar import Argument, Assign, Expr, Function, Loop, Node, Read, Step, Store


def with_named_views(function: Function) -> Function:
    """The function with names for such views."""
    memory = next((n for n in function.body if isinstance(n, Memory)), None)
    if memory is None:
        return function
    (of,) = memory.every
    views = _NamedViews({*of.names}, _names(function))
    body = views.within(function.body)
    own = replace(of, views=tuple(views.made.values()))
    new = {Memory: replace(memory, every=(own,)), Unpack: Unpack(own)}
    return replace(function, body=tuple(new.get(type(n), n) for n in body))


def _names(function: Function) -> set[str]:
    named = (n for n in function.walk() if isinstance(n, (Assign, Read, Argument)))
    memory = (n for n in function.walk() if isinstance(n, Unpack))
    return {n.name for n in named} | {name for n in memory for name in n.of.names}


class _NamedViews:
    """Those that statements ask for, by what they are views of."""

    def __init__(self, own: set[str], taken: set[str]) -> None:
        self.own, self.taken = own, taken
        self.made: dict[tuple[str, str], NamedView] = {}

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
        if isinstance(value, Read):
            return replace(node, value=self._column(value, node.at))
        if isinstance(value, Dot):
            one, two = (self._transposed(m) for m in (value.one, value.two))
            return replace(node, value=replace(value, one=one, two=two))
        return node

    def _column(self, operand: Expr | sp.Expr, at: Expr) -> Expr | sp.Expr:
        """What is the same along the last axis of a place."""
        if not isinstance(operand, Read) or not operand.axes or operand.axes != at.axes[:-1]:
            return operand
        return self._named("column", operand, operand, at)

    def _transposed(self, matrix: Expr) -> Expr:
        if not isinstance(matrix, Matrix) or not isinstance(matrix.array, Read):
            return matrix
        axes = (*matrix.columns, *matrix.rows)
        if len(axes) != 2 or not matrix.rows or matrix.array.axes != axes:
            return matrix
        return self._named("T", matrix.array, matrix, matrix)

    def _named(self, how: str, array: Read, view: Expr, along: Expr) -> Expr:
        if array.name not in self.own:
            return view
        if (array.name, how) not in self.made:
            name = free(f"{array.name}_{how}", self.taken)
            self.taken.add(name)
            self.made[array.name, how] = NamedView(view, along.axes, name)
        return replace(self.made[array.name, how], array=view, axes=along.axes)

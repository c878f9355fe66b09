"""Matrices that a loop multiplies by in every step, and that stand the other way about in memory:
transposed once before it. Of a few rows, a product reads such a matrix half as fast, or worse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from bpgen.planning.layout.layouts import name_of
from bpgen.planning.lowering.scratch import Scratch
from bpgen.planning.nodes import Dot, Matrix
from bpgen.program.grammar import Expr, Node, OnRequest, Step, Store
from bpgen.program.memory import written


class Values(Protocol):
    """What writes the copies."""

    scratch: Scratch

    def put(self, at: Expr, value: Expr) -> None: ...


Copies = Mapping[Matrix, Matrix]


def hoist_transposes(write: Values, body: tuple[Node, ...]) -> tuple[Node, ...]:
    """The statements of a loop, before which copies are made."""
    own = {name for statement in body for n in statement.walk() for name in written(n)}
    copies: dict[Matrix, Matrix] = {}
    for matrix in dict.fromkeys(_transposed(body)):
        if name_of(matrix.array) not in {None, *own}:
            copy = write.scratch.take(matrix.axes)
            write.put(copy, matrix.array)
            copies[matrix] = Matrix(copy, matrix.rows, matrix.columns)
    return _with(copies, body) if copies else body


def _transposed(body: Iterable[Node]) -> Iterator[Matrix]:
    """What products multiply by that is read against its memory."""
    for node in (n for statement in body for n in statement.walk()):
        if isinstance(node, Dot) and isinstance(node.two, Matrix) and node.two.transposed:
            yield node.two


def _with(copies: Copies, body: Iterable[Node]) -> tuple[Node, ...]:
    return tuple(_instead(copies, node) for node in body)


def _instead(copies: Copies, node: Node) -> Node:
    """A statement whose products multiply by the copies."""
    if isinstance(node, (Step, OnRequest)):
        return replace(node, body=_with(copies, node.body))
    if isinstance(node, Store) and isinstance(node.value, Dot):
        two = node.value.two
        if isinstance(two, Matrix) and two in copies:
            return replace(node, value=replace(node.value, two=copies[two]))
    return node

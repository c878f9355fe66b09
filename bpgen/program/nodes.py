"""What every node of the grammar is: frozen data, whose parts are found by its fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

import sympy as sp


class Node:
    """Anything of a program."""

    def parts(self) -> Iterator[Node]:
        """The nodes that it is made of, in order."""
        for field in fields(self):  # type: ignore[arg-type]
            yield from _nodes(getattr(self, field.name))

    def lengths(self) -> Iterable[sp.Expr]:
        """Expressions in lengths that it tells itself, beside those that are read off its slots."""
        return ()

    def walk(self) -> Iterator[Node]:
        """The node, and all that it is made of."""
        stack: list[Node] = [self]
        while stack:
            node = stack.pop()
            yield node
            stack += [*node.parts()][::-1]


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _nodes(one)

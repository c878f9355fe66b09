"""What every node of the grammar is: frozen data, whose parts are found by its fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from functools import cache
from typing import Any, TypeVar

import sympy as sp

from bpgen.once import once

_T = TypeVar("_T")


class Node:
    """Anything of a program."""

    @once
    def parts(self) -> list[Node]:
        """The nodes that it is made of, in order."""
        return [*_among(self, Node)]

    @once
    def scalars(self) -> Sequence[sp.Expr]:
        """The scalar expressions that it is made of, beside those of its parts."""
        return [*_among(self, sp.Expr)]

    @once
    def walk(self) -> Sequence[Node]:
        """The node, and all that it is made of."""
        found: list[Node] = []
        stack: list[Node] = [self]
        while stack:
            node = stack.pop()
            found.append(node)
            stack += node.parts()[::-1]
        return found


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _among(node: Any, kind: type[_T]) -> Iterator[_T]:
    """What is of a kind in the fields of a node, or in tuples there."""
    of: Any = type(node)
    stack = [getattr(node, name) for name in reversed(_names(of))]
    while stack:
        value = stack.pop()
        if isinstance(value, kind):
            yield value
        elif isinstance(value, tuple):
            stack += value[::-1]


def rewritten(node: Any, change: Callable[[Any], Any]) -> Any:
    """A node with all that it is made of changed, from within."""
    if isinstance(node, tuple):
        new = tuple(rewritten(n, change) for n in node)
        return new if any(a is not b for a, b in zip(new, node, strict=True)) else node
    if not isinstance(node, Node):
        return node
    kind: Any = type(node)
    other = {}
    for name in _names(kind):
        part = getattr(node, name)
        if isinstance(part, (Node, tuple)):
            made = rewritten(part, change)
            if made is not part:
                other[name] = made
    return change(replace(node, **other) if other else node)  # type: ignore[type-var]

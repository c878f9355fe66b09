"""Whose memory an expression looks at."""

from __future__ import annotations

from enum import IntEnum
from typing import TypeGuard

from bpgen.program.grammar import (
    AsArray,
    Broadcast,
    Expr,
    Gather,
    Join,
    Map,
    Read,
    Ref,
    Split,
    View,
    Windows,
)


class Memory(IntEnum):
    """Whose the memory of an array is; the larger of two where it may be either's."""

    OWN = 0  # of the function itself, under this name
    PART = 1  # a look at what is the function's own under another name
    FOLDED = 2  # what is given, under other axes: a copy may be many times larger
    GIVEN = 3  # what is given, or any other look at it


def bare(value: Expr) -> Expr:
    """What is computed of one array alone, unchanged: that array."""
    while isinstance(value, Map) and [value.body] == [e for e, _ in value.operands]:
        value = value.operands[0][1]
    return value


def looks_at(value: Expr | Ref) -> str | None:
    """The array whose memory an expression may share: a part of it, turned or under other axes."""
    node = bare(value) if isinstance(value, Expr) else value
    while _is_look(node):
        node = bare(node.array)
    return node.name if isinstance(node, (Read, Ref)) else None


def is_folded(value: Expr) -> bool:
    """Whether an array is looked at under other axes: some joined, split or slid along."""
    return isinstance(bare(value), (Join, Split, Windows))


def _is_look(node: Expr | Ref) -> TypeGuard[View | Join | Broadcast | AsArray | Gather]:
    """Whether memory is looked at; a gather by single numbers takes one part out, as a slice."""
    look = isinstance(node, (View, Join, Broadcast, AsArray))
    return look or (isinstance(node, Gather) and not node.by)

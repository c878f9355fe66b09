"""Whose memory an expression looks at, a statement writes in, and a caller is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Any, TypeGuard

from bpgen.program import grammar as program
from bpgen.program.grammar import Expr, Function, Gather, Map, Node, Pack, Read, Ref
from bpgen.program.names import gives_gradients


class Memory(IntEnum):
    """Whose the memory of an array is; the larger of two where it may be either's."""

    OWN = 0  # of the function itself, under this name
    PART = 1  # a look at what is the function's own under another name
    FOLDED = 2  # what is given, under other axes: a copy may be many times larger
    GIVEN = 3  # what is given, or any other look at it


def is_identity(value: Expr) -> TypeGuard[Map]:
    """What is computed of one array alone, unchanged: only its axes may be in another order."""
    return isinstance(value, Map) and [value.body] == [e for e, _ in value.operands]


def is_zero(value: Expr | None) -> bool:
    """Whether it is the number 0."""
    return isinstance(value, Map) and bool(value.body == 0)


def bare(value: Expr) -> Expr:
    """The array that a value is, unchanged."""
    while is_identity(value):
        value = value.operands[0][1]
    return value


def looks_at(value: Expr | Ref) -> str | None:
    """The array whose memory an expression may share: a part of it, turned or under other axes. A
    gather by single numbers takes one part out, as a slice does.
    """
    node = bare(value) if isinstance(value, Expr) else value
    while isinstance(node, program.Look) or (isinstance(node, Gather) and not node.by):
        node = bare(node.array)
    return node.name if isinstance(node, (Read, Ref)) else None


def is_folded(value: Expr) -> bool:
    """Whether an array is looked at under other axes: some joined, split or slid along."""
    return isinstance(bare(value), (program.Join, program.Split, program.Windows))


def written(node: Node) -> Iterable[str]:
    """The arrays in which a statement writes."""
    if isinstance(node, (program.Store, program.ScatterAdd)):
        at = node.at.array if isinstance(node.at, Gather) else node.at
        return (str(looks_at(at)),)
    return ()


def given_away(node: Node, of: Function) -> Iterator[tuple[str, Memory]]:
    """What a caller gets, and whose memory it may be at most.

    A gradient, and what a block hands on, is the caller's to write in. An output may be a part of
    what the cache holds. An output or an entry of the cache that is an argument is given back as it
    came.
    """
    arguments = {a.name for a in of.arguments}
    if isinstance(node, program.Entry):
        yield node.array, Memory.OWN
    elif isinstance(node, Pack):
        gradients = gives_gradients(of)
        most = Memory.OWN if gradients else Memory.FOLDED
        yield from ((n, most) for _, n in node.entries if gradients or n not in arguments)
        if node.beside:
            yield node.beside, Memory.OWN
    elif isinstance(node, program.Return):
        for value in _flat(node.values):
            name = looks_at(value) if isinstance(value, Expr) else None
            as_it_came = isinstance(value, Read) and name in arguments
            if name is not None and not as_it_came:
                yield name, Memory.PART


def _flat(values: tuple[Any, ...]) -> Iterator[Any]:
    for value in values:
        yield from _flat(value) if isinstance(value, tuple) else (value,)

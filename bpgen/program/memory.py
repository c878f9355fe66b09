"""Whose memory an expression looks at."""

from __future__ import annotations

from bpgen.program.grammar import Broadcast, Expr, Join, Map, Read, Ref, View


def bare(value: Expr) -> Expr:
    """What is computed of one array alone, unchanged: that array."""
    while isinstance(value, Map) and [value.body] == [e for e, _ in value.operands]:
        value = value.operands[0][1]
    return value


def looks_at(value: Expr | Ref) -> str | None:
    """The array whose memory an expression may share: a part of it, turned or under other axes."""
    node = bare(value) if isinstance(value, Expr) else value
    while isinstance(node, (View, Join, Broadcast)):
        node = bare(node.array)
    return node.name if isinstance(node, (Read, Ref)) else None

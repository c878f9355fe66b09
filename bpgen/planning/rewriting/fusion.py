"""The loss and all gradients as one function: what both need is computed once, and what nobody
reads is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from bpgen.program.grammar import (
    Admit,
    Assign,
    Call,
    Draw,
    Function,
    Guard,
    Length,
    Loop,
    Node,
    Number,
    OnRequest,
    Pack,
    Precision,
    Read,
    Ref,
    Return,
    Step,
)
from bpgen.program.memory import written
from bpgen.program.nodes import rewritten

WHOLE = "loss_and_grad"
PARTS = ("forward", "_loss", "backward")


def fused(functions: Mapping[str, Function]) -> Function | None:
    """The function that does what the three do, one after another; None where there is none, or
    where they call others, as for each of several blocks.
    """
    if WHOLE not in functions:
        return None
    parts = [functions[name] for name in PARTS]
    if any(isinstance(n, Call) for f in parts for n in f.walk()):
        return None
    body: list[Node] = []
    for part in parts:
        names, numbers = {*_named(body)}, {n.number for n in body if isinstance(n, Step)}
        new = [n for n in map(_within, part.body) if not _is_there(n, names, numbers)]
        if names & {*_named(new)}:
            return None  # one name for two things
        body += new
    body.append(Return((Ref("value"), Ref("grads"))))
    return replace(functions[WHOLE], body=_needed(body))


def _within(node: Node) -> Node:
    """What a part gives away, as a name that goes on; what it finds in the cache, by its name."""
    if isinstance(node, Return) and isinstance(node.values[0], Number):
        return Assign("value", node.values[0])
    return node if isinstance(node, Assign) else rewritten(node, _by_name)


def _by_name(node: Any) -> Any:
    return replace(node, held="") if isinstance(node, Ref) and node.held == "cache" else node


def _is_there(node: Node, names: set[str], numbers: set[int]) -> bool:
    """Whether a statement only hands on what is known, or computes it again."""
    if isinstance(node, Step):
        return node.number in numbers
    if isinstance(node, Assign) and isinstance(node.value, Length):
        return True  # it is measured again, of what comes in
    if isinstance(node, (Assign, Admit)):
        return node.name in names
    if isinstance(node, Pack):
        return node.name == "cache"
    return isinstance(node, (Return, OnRequest)) or (isinstance(node, Guard) and bool(node.first))


def _named(body: Iterable[Node]) -> Iterator[str]:
    """The names that statements give; a precision is none, for memory is made in it before."""
    inner = (n for node in body for n in node.walk() if not _is_precision(n))
    return (n.name for n in inner if isinstance(n, (Assign, Admit, Draw)))


def _is_precision(node: Node) -> bool:
    return isinstance(node, Assign) and isinstance(node.value, Precision)


def _needed(body: list[Node]) -> tuple[Node, ...]:
    """The statements without equations whose arrays nothing reads after them; a heading, which
    makes none, stays.
    """
    read: set[str] = set()
    kept: list[Node] = []
    for node in reversed(body):
        made = {*_named([node]), *(n for s in node.walk() for n in written(s))}
        if not isinstance(node, Step) or not made or made & read:
            kept.append(node)
            read |= {*_read(node)}
    return tuple(reversed(kept))


def _read(node: Node) -> Iterator[str]:
    """The arrays that a statement speaks of."""
    for part in node.walk():
        if isinstance(part, (Read, Ref)):
            yield part.name
        elif isinstance(part, Number):
            yield part.array
        elif isinstance(part, Pack):
            yield from (array for _, array in part.entries)
        elif isinstance(part, Loop):
            yield from (str(i.size) for i in part.indices)

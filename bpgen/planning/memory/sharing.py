"""Which arrays share memory: those that are needed one after another."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bpgen.ir import BATCH, length
from bpgen.planning.lowering.scratch import Scratch
from bpgen.planning.memory.liveness import Liveness
from bpgen.planning.nodes import Apply, Buffer, form
from bpgen.program.grammar import Node, Read, Store
from bpgen.program.nodes import rewritten

ALWAYS = 10**9


@dataclass
class _Allocation:
    """One stretch of memory, and until when it is in use."""

    buffer: Buffer
    until: int


def shared(body: tuple[Node, ...], scratch: Scratch, kept: Collection[str]) -> tuple[Buffer, ...]:
    """The memory of all arrays, those without a name among them. `kept` are those that are needed
    after the last statement.
    """
    lives = Liveness(scratch.buffers)
    lives.scan(body)
    kept = {lives.root(name) for name in kept}
    allocations: list[_Allocation] = []
    for name in sorted(scratch.buffers, key=lambda n: lives.first.get(n, -1)):
        _place(name, allocations, lives, scratch, kept)
    stays = (b.until == ALWAYS and b.buffer.kind in STEMS for b in allocations)
    return tuple(replace(b.buffer, kept=k) for b, k in zip(allocations, stays, strict=True))


def named(
    body: tuple[Node, ...], every: Iterable[Buffer], scratch: Scratch
) -> tuple[tuple[Node, ...], tuple[Buffer, ...]]:
    """The statements and their memory, with one name for all in a stretch of it that had none."""
    every = tuple(every)
    names = _names(every, scratch)
    own = (tuple(dict.fromkeys(names.get(n, n) for n in b.names)) for b in every)
    buffers = tuple(replace(b, names=n) for b, n in zip(every, own, strict=True))
    renamed: tuple[Node, ...] = rewritten(tuple(body), partial(_renamed, names))
    return renamed, buffers


def _place(
    name: str,
    allocations: list[_Allocation],
    lives: Liveness,
    scratch: Scratch,
    kept: Collection[str],
) -> None:
    """Memory for one array: some that is not in use, or new."""
    buffer, first = scratch.buffers[name], lives.first.get(name, 0)
    stays = name in kept or buffer.kind not in STEMS
    last = ALWAYS if stays else lives.last.get(name, 0)
    same = [b for b in allocations if form(b.buffer) == form(buffer) and b.until <= first]
    here = [b for b in same if b.until == first and _in_place(name, b, lives)]
    if buffer.sizes == (length(BATCH),):  # numpy is slow to read and write one number in one place
        here = []
    free = sorted((b for b in same if b.until < first), key=lambda b: -b.until)
    allocation = next(iter([*here, *free]), None)
    if allocation is None:
        allocations.append(_Allocation(buffer, last))
    else:
        allocation.buffer = replace(allocation.buffer, names=(*allocation.buffer.names, name))
        allocation.until = last


def _in_place(name: str, allocation: _Allocation, lives: Liveness) -> bool:
    """Whether the statement that first writes an array reads what is there now place by place."""
    statement, other = lives.statements[lives.first[name]], allocation.buffer.names[-1]
    if not isinstance(statement, Store) or not isinstance(statement.value, Apply):
        return False
    whole = Read(other, statement.at.axes)
    parts = [o for o in statement.value.operands if isinstance(o, Node)]
    meant = (o for o in parts if other in lives.mentioned_in(o))
    return statement.at == Read(name, statement.at.axes) and all(o == whole for o in meant)


# What arrays on the way are called; those of any other kind hold what they hold.
STEMS = {"real": "t", "mask": "mask", "places": "places"}


def _names(every: Iterable[Buffer], scratch: Scratch) -> dict[str, str]:
    """A name for what is computed on the way in each stretch of memory."""
    names: dict[str, str] = {}
    for buffer in every:
        own = [n for n in buffer.names if n in scratch.nameless]
        if own:
            names |= dict.fromkeys(own, scratch.free(STEMS[buffer.kind]))
    return names


def _renamed(names: Mapping[str, str], node: Any) -> Any:
    """An array that is read, by its other name."""
    is_other = isinstance(node, Read) and node.name in names
    return Read(names[node.name], node.axes) if is_other else node

"""Whether a call reads memory that it writes, otherwise than place by place."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bpgen.planning.nodes import Apply, Dot, Help, Labelled, Picked, Searched, Take, Where
from bpgen.program.grammar import Contract, Expr, Node, Read, Reduce, ScatterAdd, Store, View
from bpgen.program.memory import looks_at

PLACE_BY_PLACE = (Apply, Help, Labelled, Where)
AT_ONCE = (Contract, Dot, Picked, Reduce, Searched, Take)


def overlaps(node: Store | ScatterAdd, shared: Collection[str]) -> bool:
    """`shared` are the names that go by the memory that is written."""
    value = node.value
    if isinstance(node, ScatterAdd):
        return any(looks_at(read) in shared for read in _reading(value))
    if not isinstance(value, (*PLACE_BY_PLACE, *AT_ONCE)) or node.adds:
        return False  # what is no call is made before it is written
    each = isinstance(value, PLACE_BY_PLACE)
    found = (read for read in _reading(value) if looks_at(read) in shared)
    return not all(_is_apart(node.at, read) or (each and _is_same(node.at, read)) for read in found)


def scratch_of(node: Node) -> set[str]:
    """The arrays that a function of the module writes on the way."""
    value = node.value if isinstance(node, Store) else None
    return {s.name for s in value.scratch or ()} if isinstance(value, Help) else set()


def _reading(value: Node) -> Iterator[Expr]:
    """What looks at arrays in it."""
    for part in value.parts():
        if isinstance(part, Expr) and looks_at(part) is not None:
            yield part
        else:
            yield from _reading(part)


def _is_same(at: Expr, read: Expr) -> bool:
    """Whether each place is read for itself."""
    return read == at or (isinstance(at, Read) and isinstance(read, Read) and at.axes == read.axes)


def _is_apart(at: Expr, read: Expr) -> bool:
    """Whether they are two parts of arrays, as of one step and of another."""
    return isinstance(at, View) and isinstance(read, View) and read != at

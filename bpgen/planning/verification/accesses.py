"""What a statement reads and writes, and whether a call reads memory that it writes, otherwise than
place by place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bpgen.planning.nodes import (
    Apply,
    ArgMax,
    Dot,
    FlatEntries,
    FlatIndex,
    HelperCall,
    Ones,
    Take,
    Where,
)
from bpgen.program.grammar import (
    Contract,
    Entry,
    Expr,
    Node,
    Number,
    Pack,
    Read,
    Reduce,
    ScatterAdd,
    Store,
    View,
)
from bpgen.program.memory import looks_at, written

PLACE_BY_PLACE = (Apply, FlatIndex, Where)
AT_ONCE = (Contract, Dot, HelperCall, FlatEntries, Reduce, ArgMax, Take)


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
    return {s.name for s in value.scratch or ()} if isinstance(value, HelperCall) else set()


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


def read_by(node: Node) -> Iterator[str]:
    """The arrays that a statement reads: not what it writes, nor what is written on the way."""
    if isinstance(node, Pack):
        yield from packed(node)
    at = node.at if isinstance(node, (Store, ScatterAdd)) else None
    for part in () if at is None else at.walk():
        if isinstance(part, (Read, Ones)) and part.name != target_of(node):
            yield part.name
    for part in (n for whole in _values(node) for n in whole.walk()):
        if isinstance(part, (Read, Ones)):
            yield part.name
        elif isinstance(part, (Entry, Number)):
            yield part.array


def target_of(node: Node) -> str:
    """The array in which a statement writes."""
    if isinstance(node, Store) and isinstance(node.at, FlatEntries):
        return node.at.array.name
    return next(iter(written(node)), "")


def _values(node: Node) -> Iterator[Node]:
    """What of a statement is read, beside where it writes."""
    value = node.value if isinstance(node, (Store, ScatterAdd)) else node
    if isinstance(value, HelperCall):
        yield from (o for o in value.operands if isinstance(o, Expr))
    else:
        yield value


def packed(node: Pack) -> Iterator[str]:
    """The arrays that are given away."""
    yield from (array for key, array in node.entries if key)
    yield from [node.beside] if node.beside else []

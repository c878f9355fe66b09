"""Which arrays say of each place whether it is the first of the largest, and only multiply numbers:
they hold yes or no, in a quarter of the memory or less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sympy as sp

from bpgen.ir import Element, length
from bpgen.program.grammar import Assign, Function, Map, Node, Read, Reduce
from bpgen.program.memory import looks_at

FEW = 16  # places in a row; where there are more, one search of the row is faster


def is_few(value: Reduce) -> bool:
    """Whether rows are so short that they are gone through place by place; one row alone is not."""
    places = sp.Mul(*(length(i.size) for i in value.over))
    rows = {*value.axes} - {*value.over}
    return bool(rows) and bool(places.is_Integer) and places <= FEW


def masks(functions: Iterable[Function]) -> frozenset[str]:
    """The names of such arrays."""
    nodes = [n for f in functions for s in f.body for n in s.walk()]
    found = {n.name for n in nodes if isinstance(n, Assign) and _is_mask(n.value)}
    return frozenset(found - {*_otherwise(nodes, found)})


def _is_mask(value: Node) -> bool:
    return isinstance(value, Reduce) and value.how == "first" and is_few(value)


def _otherwise(nodes: Iterable[Node], names: set[str]) -> Iterator[str]:
    """Those that are read as more than what a number is multiplied by."""
    reads = [n.name for n in nodes if isinstance(n, Read) and n.name in names]
    multiplied = [n for m in nodes if isinstance(m, Map) for n in _multiplied(m, names)]
    yield from (name for name in names if reads.count(name) != multiplied.count(name))


def _multiplied(value: Map, names: set[str]) -> Iterator[str]:
    """The arrays of these by which real numbers are multiplied."""
    factors = sp.Mul.make_args(value.body)
    own = {e: looks_at(x) for e, x in value.operands}
    if any(isinstance(f, Element) and own[f] not in names for f in factors):
        for factor in factors:
            name = own.get(factor)
            inside = sum(factor in f.atoms(Element) for f in factors)
            if name in names and inside == 1:
                yield str(name)

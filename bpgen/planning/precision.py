"""What numpy reads alone and writes where it is told: its dot and its take write into no wider
numbers than those they read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from bpgen.planning.nodes import Dot, Take
from bpgen.program.grammar import Assign, Expr, Function, Ref
from bpgen.program.memory import looks_at

Given = frozenset[str]


def read_alone(functions: Iterable[Function], given: Set[str]) -> frozenset[Given]:
    """The arrays `given` by a caller of which a product is taken, or entries are, with nothing
    else: one of each of these sets must have the precision of all.
    """
    return frozenset(names for f in functions for names in _read_alone(f, given))


def _read_alone(function: Function, given: Set[str]) -> Iterator[Given]:
    roots = {name: name for name in given}  # of each name the given array that it is a view of
    for node in function.walk():
        if isinstance(node, Assign) and isinstance(node.value, Ref) and node.value.held:
            roots |= {node.name: node.value.name} if node.value.name in given else {}
        elif isinstance(node, Assign) and isinstance(node.value, Expr):
            seen = looks_at(node.value)
            roots |= {node.name: roots[seen]} if seen in roots else {}
        read = {roots.get(looks_at(o) or "") for o in _operands(node)}
        if read and None not in read:
            yield frozenset(name for name in read if name)


def _operands(node: object) -> tuple[Expr, ...]:
    if isinstance(node, Take):
        return (node.array,)
    return (node.one, node.two) if isinstance(node, Dot) else ()

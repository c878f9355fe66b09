"""What is computed or read step by step: the axes along which a loop goes, which stand first in
memory, so that each step reads and writes one stretch of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sympy as sp

from bpgen.program.grammar import Axes, Expr, Function, Loop, Node, Read, Store, View

Along = dict[str, set[int]]  # of each array, the axes that loops go along


def written_along(functions: Iterable[Function]) -> Along:
    """Of each array that loops write step by step, which of its axes these go along."""
    stores = ((n.at, along) for n, along in _in_loops(functions) if isinstance(n, Store))
    return _told(stores)


def read_along(functions: Iterable[Function]) -> Along:
    """The same of each array that loops read step by step."""
    views = ((n, along) for n, along in _in_loops(functions) if isinstance(n, View))
    return _told(views)


def _told(places: Iterable[tuple[Expr, Axes]]) -> Along:
    found: Along = {}
    for at, along in places:
        if isinstance(at, View) and isinstance(at.array, Read):
            axes = _of_one_entry(at, along)
            if axes:
                found.setdefault(at.array.name, set()).update(axes)
    return found


def _of_one_entry(at: View, along: Axes) -> set[int]:
    """The axes of an array of which a loop tells the one entry."""
    told = [s.at.free_symbols if isinstance(s.at, sp.Expr) else set() for s in at.slots]
    return {k for k, t in enumerate(told) if t & {*along} and not t & {*at.axes}}


def _in_loops(functions: Iterable[Function]) -> Iterator[tuple[Node, Axes]]:
    """Every node, and the indices of the loops around it."""
    for function in functions:
        yield from _within(function.body, ())


def _within(body: Iterable[Node], along: Axes) -> Iterator[tuple[Node, Axes]]:
    for node in body:
        if hasattr(node, "body"):
            inner = (*along, *node.indices) if isinstance(node, Loop) else along
            yield from _within(node.body, inner)
        else:
            yield from ((n, along) for n in node.walk())

"""The lengths known at run time that a program speaks of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import sympy as sp

from bpgen.ir import Element, Index, Malformed, length
from bpgen.once import once
from bpgen.program import grammar as program
from bpgen.program.grammar import Assign, Function, Gather, Node, View, Windows
from bpgen.program.spans import bounds, counted_in, from_the_end, span, windows_of


def require_lengths(function: Function) -> None:
    """Malformed where a statement speaks of a length that was not read off an array by then."""
    known: set[str] = set()
    for node in function.body:
        missing = sorted(lengths_of(node) - known)
        if missing:
            raise Malformed(f"{function.name}: {missing} is spoken of before it is there: {node}")
        known -= {n.name for n in node.walk() if isinstance(n, Assign | program.Draw)}
        if isinstance(node, Assign) and isinstance(node.value, program.Length):
            known.add(node.name)


@once
def lengths_of(node: Node) -> frozenset[str]:
    """The lengths known at run time that a statement speaks of."""
    told = (e for part in node.walk() for e in _told(part))
    return frozenset(str(s) for e in told for s in _symbols(e))


def _symbols(expr: Any) -> Iterator[sp.Symbol]:
    """The symbols of an expression that are no index and stand in no element."""
    stack = [] if isinstance(expr, int) else [sp.sympify(expr)]
    while stack:
        node = stack.pop()
        if isinstance(node, sp.Symbol) and not isinstance(node, Index):
            yield node
        elif not isinstance(node, Element):
            stack += node.args


def _told(node: Node) -> Iterable[Any]:
    """The lengths, and expressions in lengths, that a node itself tells."""
    told = _TOLD.get(type(node))
    return told(node) if told is not None else node.scalars()


def _of_axes(axes: Iterable[Index]) -> list[sp.Expr]:
    return [length(i.size) for i in axes]


def _of_slots(node: View | Gather) -> Iterator[sp.Expr]:
    """The bounds of what is cut out, and the lengths of what is counted."""
    for s in node.slots:
        if isinstance(s.at, sp.Expr):
            open_ = [i for i in node.axes if s.at.has(i)]
            counted = counted_in(node, s) if isinstance(node, Gather) else ()
            if counted:
                yield from (*_of_axes(counted), s.at)
            elif len(open_) == 1:
                yield from bounds(span(s.at, s.length, open_[0]))
            elif not open_:
                yield from_the_end(s.at, s.length)


def _of_windows(node: Windows) -> Iterator[sp.Expr]:
    yield from _of_slots(node)
    for window in windows_of(node):
        yield from bounds(window.begins)


# Of what tells others than the scalar expressions that it is made of.
_TOLD: dict[type[Node], Callable[[Any], Iterable[Any]]] = {
    program.Slot: lambda _: (),  # but as what it is a part of reads it
    program.Count: lambda n: [n.place, *_of_axes(n.axes)],
    program.Join: lambda n: _of_axes(n.axes),
    program.Split: lambda n: [*_of_slots(n), *_of_axes(n.axes)],
    program.Slice: _of_slots,
    program.Windows: _of_windows,
    program.Gather: _of_slots,
    program.Loop: lambda n: _of_axes(n.indices),
    program.Admit: lambda n: [*map(sp.Symbol, n.known & {*n.tensor.sample_shape}), *n.length],
}

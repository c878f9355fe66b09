"""What is computed step by step: the axes along which a loop goes, which stand first in memory, so
that each step reads and writes one stretch of it.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from bpgen.program.grammar import Axes, Expr, Function, Loop, Node, Read, Store, View


def loop_axes(functions: Iterable[Function]) -> dict[str, set[int]]:
    """Of each array that loops write step by step, which of its axes these go along."""
    found: dict[str, set[int]] = {}
    for function in functions:
        _go_through(function.body, (), found)
    return found


def _go_through(body: Iterable[Node], along: Axes, found: dict[str, set[int]]) -> None:
    for node in body:
        if isinstance(node, Store):
            name, axes = _written(node.at, along)
            if axes:
                found.setdefault(name, set()).update(axes)
        inner = (*along, *node.indices) if isinstance(node, Loop) else along
        _go_through(getattr(node, "body", ()), inner, found)


def _written(at: Expr, along: Axes) -> tuple[str, set[int]]:
    """The array that is written at a place, and its axes of which a loop tells the one entry."""
    if not isinstance(at, View) or not isinstance(at.array, Read):
        return "", set()
    told = [s.at.free_symbols if isinstance(s.at, sp.Expr) else set() for s in at.slots]
    axes = {k for k, t in enumerate(told) if t & {*along} and not t & {*at.axes}}
    return at.array.name, axes

"""Which axes the nodes of a planned program may have, beside those of every program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bpgen.planning.nodes import (
    Apply,
    ArgMax,
    Dot,
    FlatEntries,
    FlatIndex,
    HelperCall,
    Matrix,
    NamedView,
    Ones,
    Take,
    Where,
)
from bpgen.planning.views import varying_axes
from bpgen.program.axes import Fixed, agree
from bpgen.program.grammar import Axes, Expr, Node, Store


def axes_agree(node: Node, fixed: Fixed) -> bool:
    """Whether the axes of a node are those that its parts give it; `fixed` are the indices of the
    loops around it.
    """
    rule = _RULES.get(type(node))
    return agree(node, fixed) if rule is None else rule(node)


def _along(axes: Axes, *operands: object) -> bool:
    """Whether arrays broadcast against these axes; numbers do."""
    return all({*o.axes} <= {*axes} for o in operands if isinstance(o, Expr))


def _dot(node: Dot) -> bool:
    """What is summed is the same axes in the same order, of columns and of rows."""
    one, two = node.one, node.two
    rows, over = ((), one.axes) if isinstance(one, Ones) else _sides(one)
    same, columns = (two.axes, ()) if isinstance(two, Ones) else _sides(two)
    return bool(over) and over == same and {*node.axes} == {*rows, *columns}


def _sides(node: Expr) -> tuple[Axes, Axes]:
    node = node.array if isinstance(node, NamedView) else node
    return (node.rows, node.columns) if isinstance(node, Matrix) else ((), ())


def _taken(node: Take) -> bool:
    """Whole entries, under whatever letters, each where it is looked up."""
    end = node.axis + len(node.places.axes)
    own, left = list(node.array.axes), (*node.axes[: node.axis], *node.axes[end:])
    own.pop(node.axis)
    there = node.axes[node.axis : end] == node.places.axes
    return there and [i.size for i in own] == [i.size for i in left]


_RULES: dict[type[Node], Callable[[Any], bool]] = {
    Apply: lambda n: _along(n.axes, *n.operands),
    HelperCall: lambda n: _along(n.axes, *n.operands, *(n.scratch or ())),
    Where: lambda n: _along(n.axes, n.value, n.condition),
    Take: _taken,
    ArgMax: lambda n: n.axes == n.array.axes[:-1],
    FlatIndex: lambda n: _along(n.axes, n.starts, n.labels),
    NamedView: lambda n: _along(n.axes, n.array),
    FlatEntries: lambda n: len(n.axes) == len(n.array.axes) - 1 and n.places.axes == n.axes,
    Matrix: lambda n: len({*n.axes}) == len(n.axes) and {*n.axes} == {*n.array.axes},
    Dot: _dot,
    Store: lambda n: {*varying_axes(n.value)} <= {*n.at.axes},
}

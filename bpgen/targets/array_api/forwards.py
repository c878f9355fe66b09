"""The program as the standard can say it: no part of an array is read or written backwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from bpgen.ir import length
from bpgen.program import grammar as program
from bpgen.program.grammar import Axes, Expr, Function, Gather, Map, View, Windows, slot
from bpgen.program.nodes import rewritten
from bpgen.program.spans import along, cut_along, cut_beside, windows_of, yielded

Access = View | Gather
PLACED = slot(0)


@dataclass(frozen=True)
class Flip(program.Look):
    """An array turned round along some of its axes; what is stored there is turned round first."""

    array: Access
    over: Axes
    axes: Axes


def forwards(function: Function) -> Function:
    """The same function, in which nothing runs backwards along an axis."""
    return rewritten(function, _ahead)  # type: ignore[no-any-return]


def _ahead(node: Any) -> Any:
    """What is read forwards alone; windows that are read backwards, or slide so, are looked up."""
    if isinstance(node, Windows) and _runs_back(node):
        return Map(PLACED, ((PLACED, _flipped(_looked_up(node))),), node.axes)
    return _flipped(node) if isinstance(node, Access) else node


def _flipped(node: Access) -> Expr:
    """What is read backwards along an axis, as what is read forwards, turned round."""
    cut = ((s.at, cut_along(node, s)) for s in node.slots if not isinstance(s.at, Expr))
    back = tuple(i[0] for at, i in cut if len(i) == 1 and at.coeff(i[0], 1) < 0)
    if not back:
        return node
    turned = {i: length(i.size) - 1 - i for i in back}
    slots = (
        s if isinstance(s.at, Expr) else replace(s, at=s.at.xreplace(turned)) for s in node.slots
    )
    return Flip(replace(node, slots=tuple(slots)), back, node.axes)


def _runs_back(node: Windows) -> bool:
    return any(step < 0 for w in windows_of(node) for step in (w.begins.step, w.dilation))


def _looked_up(node: Windows) -> Gather:
    """Each of the places of windows; its axes stand as a gather leaves them."""
    open_ = [along(s, node.axes) for s in node.slots]
    shared = {i for free in open_ if len(free) > 1 for i in free}
    by = tuple(i for i in node.axes if i in shared)
    return Gather(node.array, node.slots, by, yielded(cut_beside(open_, by), by))

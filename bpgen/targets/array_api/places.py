"""Parts of arrays as the standard has them: no slice or window runs backwards."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import sympy as sp

from bpgen.ir import length
from bpgen.program.grammar import Axes, Expr, Gather, Slot, View, Windows
from bpgen.program.spans import along, counted_in, windows_of, yielded

Access = View | Gather
P = TypeVar("P", bound=Access)


def ahead(node: P) -> tuple[P, Axes]:
    """A part read forwards along every axis, and the indices along which it was read backwards."""
    cut = ((s.at, _cut(node, s)) for s in node.slots if not isinstance(s.at, Expr))
    back = tuple(i[0] for at, i in cut if len(i) == 1 and at.coeff(i[0], 1) < 0)
    turned = {i: length(i.size) - 1 - i for i in back}
    slots = (
        s if isinstance(s.at, Expr) else replace(s, at=s.at.xreplace(turned)) for s in node.slots
    )
    return replace(node, slots=tuple(slots)), back


def runs_back(node: Windows) -> bool:
    """Whether windows are read backwards, or slide so."""
    return any(step < 0 for w in windows_of(node) for step in (w.begins.step, w.dilation))


def place_by_place(node: Windows) -> Gather:
    """Windows that are looked up, each of their places."""
    open_ = [along(s, node.axes) for s in node.slots]
    shared = {i for free in open_ if len(free) > 1 for i in free}
    by = tuple(i for i in node.axes if i in shared)
    kept = [free[0] if len(free) == 1 and free[0] not in shared else None for free in open_]
    return Gather(node.array, node.slots, by, yielded(kept, by))


def numbers_apart(node: Gather) -> list[bool]:
    """Of each place whether it is one number, where places are looked up along axes with another
    between them.
    """
    looked_up = [k for k, s in enumerate(node.slots) if not _cut(node, s)]
    apart = looked_up[-1] - looked_up[0] + 1 > len(looked_up)
    return [apart and isinstance(s.at, sp.Expr) and not along(s, node.axes) for s in node.slots]


def _cut(node: Access, slot: Slot) -> Axes:
    """The indices along which an axis is cut out: none where its places are looked up."""
    if isinstance(node, Gather) and counted_in(node, slot):
        return ()
    return along(slot, node.axes) if isinstance(slot.at, sp.Expr) else ()

"""A scalar body as what is computed element by element of arrays."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from bpgen.equations.contraction import uses
from bpgen.functions import at_most, masked, unless
from bpgen.ir import Element, Index, indices_of, length
from bpgen.program.elements import outermost
from bpgen.program.grammar import Axes, Cast, Count, Expr, InRows, Map, Slot, slot
from bpgen.raising.access import part_of, read
from bpgen.raising.scope import Scope
from bpgen.rows import InRow


def mapped(
    body: sp.Expr, axes: Axes, scope: Scope, given: Mapping[Element, Expr] | None = None
) -> Map:
    """A body element by element, of what is given for some of its elements."""
    return _Elementwise(axes, scope, dict(given or {})).mapped(body)


class _Elementwise:
    """What is computed along axes, and the arrays for elements that are no tensor's."""

    def __init__(self, axes: Axes, scope: Scope, operands: dict[Element, Expr]) -> None:
        self.axes, self.scope, self.operands = axes, scope, operands

    def mapped(self, body: sp.Expr) -> Map:
        for rewritten in (self._in_rows, self._counted, self._typed):
            body = rewritten(body)
        return self._of_elements(body)

    def _of_elements(self, body: sp.Expr) -> Map:
        """A body with an operand for each of its elements."""
        found = sorted(dict.fromkeys(outermost(body)), key=str)
        own = ((e, self.operands[e] if e in self.operands else read(e, self.scope)) for e in found)
        return Map(body, tuple(own), self.axes)

    def _in_rows(self, body: sp.Expr) -> sp.Expr:
        """A body in which what a call computes of whole rows is the entry of an array."""
        rows = sorted(body.atoms(InRow), key=str)
        new = {row: slot(len(self.operands) + k) for k, row in enumerate(rows)}
        self.operands.update(
            (place, _entry(row, self.axes, self.scope))
            for row, place in new.items()
            if body.xreplace({row: place}) != body  # it is not within another
        )
        return body.xreplace(new)

    def _counted(self, body: sp.Expr) -> sp.Expr:
        """A body in which every index that is compared is an array of its values, and a comparison
        that no mask asks for an array of numbers, 1 or 0.
        """
        asked = {c for m in body.atoms(masked) for c in m.args[1].atoms(at_most)}
        new: dict[sp.Expr, sp.Expr] = {}
        for call in sorted(body.atoms(at_most), key=str):
            read = {e: sp.Dummy() for e in outermost(call)}  # whole numbers, which indices pick
            alone = call.xreplace(read)
            counted = alone.xreplace({i: self._values(i) for i in indices_of(alone)})
            compared = counted.xreplace({d: e for e, d in read.items()})
            new[call] = compared if call in asked else self._numbers(compared)
        return body.xreplace(new)

    def _typed(self, body: sp.Expr) -> sp.Expr:
        """A body in which the calls that a mask or a label makes of numbers alone are arrays."""
        alone = sorted((m for m in body.atoms(masked, unless) if m.args[0].is_number), key=str)
        return body.xreplace({call: self._numbers(call) for call in alone})

    def _values(self, index: Index) -> Element:
        return self._operand(Count(index, () if index in self.scope.fixed else (index,)))

    def _numbers(self, body: sp.Expr) -> Element:
        """What it comes to, in the precision around it."""
        return self._operand(Cast(self._of_elements(body), self.scope.precision))

    def _operand(self, array: Expr) -> Element:
        """The element that stands for an array: one for the same."""
        known = next((e for e, other in self.operands.items() if other == array), None)
        place = known if known is not None else slot(len(self.operands))
        self.operands[place] = array
        return place


def _entry(row: InRow, axes: Axes, scope: Scope) -> Expr:
    """One place of a softmax or log-softmax along the last axis of an array."""
    along = (*uses(row.row, axes), row.axis)
    whole = InRows(row.call, operand(row.row, along, scope), along)
    places = (*along[:-1], row.place)
    slots = (
        Slot(read(at, scope) if isinstance(at, Element) else at, length(axis.size))
        for at, axis in zip(places, along, strict=True)
    )
    return part_of(whole, tuple(slots), scope)


def operand(factor: sp.Expr, axes: Axes, scope: Scope) -> Expr:
    """A factor as an array: the access itself in its own order, anything else in that of its first
    full access.
    """
    if isinstance(factor, Element):
        return read(factor, scope)
    used = uses(factor, axes)
    arrays = (read(e, scope).axes for e in outermost(factor))
    return mapped(factor, next((a for a in arrays if {*a} == {*used}), used), scope)

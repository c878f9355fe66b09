"""A scalar body as what is computed element by element of arrays."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from bpgen.equations.contraction import uses
from bpgen.functions import at_most, masked, unless
from bpgen.ir import Element, Index, length
from bpgen.program.elements import outermost
from bpgen.program.grammar import Axes, Cast, Count, Expr, InRows, Map, Slot, slot
from bpgen.raising.access import part_of, read
from bpgen.raising.scope import Scope
from bpgen.rows import InRow

Operands = dict[Element, Expr]


def mapped(
    body: sp.Expr, axes: Axes, scope: Scope, given: Mapping[Element, Expr] | None = None
) -> Map:
    """A body element by element, of what is given for some of its elements."""
    operands = dict(given or {})
    for rewritten in (_in_rows, _counted, _typed):
        body = rewritten(body, axes, scope, operands)
    return _of_elements(body, axes, scope, operands)


def _of_elements(body: sp.Expr, axes: Axes, scope: Scope, operands: Operands) -> Map:
    """A body with an operand for each of its elements."""
    found = sorted(dict.fromkeys(outermost(body)), key=str)
    own = ((e, operands[e] if e in operands else read(e, scope)) for e in found)
    return Map(body, tuple(own), axes)


def _in_rows(body: sp.Expr, axes: Axes, scope: Scope, operands: Operands) -> sp.Expr:
    """A body in which what a call computes of whole rows is the entry of an array."""
    rows = sorted(body.atoms(InRow), key=str)
    new = {row: slot(len(operands) + k) for k, row in enumerate(rows)}
    operands.update(
        (place, _entry(row, axes, scope))
        for row, place in new.items()
        if body.xreplace({row: place}) != body  # it is not within another
    )
    return body.xreplace(new)


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


def _counted(body: sp.Expr, axes: Axes, scope: Scope, operands: Operands) -> sp.Expr:
    """A body in which every index that is compared is an array of its values, and a comparison that
    no mask asks for an array of numbers, 1 or 0, in the precision around it.
    """
    asked = {c for m in body.atoms(masked) for c in m.args[1].atoms(at_most)}
    new: dict[sp.Expr, sp.Expr] = {}
    for call in sorted(body.atoms(at_most), key=str):
        compared = call
        for index in sorted((i for i in call.free_symbols if isinstance(i, Index)), key=str):
            count = Count(index, () if index in scope.fixed else (index,))
            compared = compared.xreplace({index: _operand(count, operands)})
        new[call] = compared
        if call not in asked:
            numbers = Cast(_of_elements(compared, axes, scope, operands), scope.precision)
            new[call] = _operand(numbers, operands)
    return body.xreplace(new)


def _operand(array: Expr, operands: Operands) -> Element:
    """The element that stands for an array: one for the same."""
    known = next((e for e, other in operands.items() if other == array), None)
    place = known if known is not None else slot(len(operands))
    operands[place] = array
    return place


def _typed(body: sp.Expr, axes: Axes, scope: Scope, operands: Operands) -> sp.Expr:
    """A body with the calls that a mask or a label makes of numbers alone in the precision around
    them.
    """
    alone = sorted((m for m in body.atoms(masked, unless) if m.args[0].is_number), key=str)
    made = ((call, _of_elements(call, axes, scope, operands)) for call in alone)
    return body.xreplace({call: _operand(Cast(m, scope.precision), operands) for call, m in made})


def operand(factor: sp.Expr, axes: Axes, scope: Scope) -> Expr:
    """A factor as an array: the access itself in its own order, anything else in that of its first
    full access.
    """
    if isinstance(factor, Element):
        return read(factor, scope)
    used = uses(factor, axes)
    arrays = (read(e, scope).axes for e in outermost(factor))
    return mapped(factor, next((a for a in arrays if {*a} == {*used}), used), scope)

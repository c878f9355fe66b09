"""Outputs that masks make minus infinity."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from bpgen.declare.axes import serial_of
from bpgen.declare.declaration import Declaration
from bpgen.errors import NetError
from bpgen.functions import masked
from bpgen.ir import Element, Term
from bpgen.network.inline import Definition


def refuse_lowest(
    declared: Declaration, kept: Mapping[int, Definition], given: Mapping[int, str]
) -> None:
    """NetError for an output that is minus infinity where its mask is 0: there it does not vary
    with what is masked, whose derivative is told as 1. What a softmax makes of it, or a maximum, or
    whatever else does not hear of such a place, passes 0 on.
    """
    lowest: set[int] = set()
    for serial, (_, terms) in kept.items():
        if any(_is_as_low(t, lowest) for t in terms):
            lowest.add(serial)
    for output in declared.outputs if declared.loss is None else ():
        if output.serial in lowest:
            raise NetError(
                f"output: {given.get(output.serial, 'it')} is minus infinity where its mask is 0,"
                " and has no gradient there",
                "give what is computed of it, such as softmax(z), or z as it is before the mask",
                declared.place(output.line),
            )


def _is_as_low(term: Term, lowest: set[int]) -> bool:
    """Whether a term grows with what is masked without a bound."""
    found = {*term.body.atoms(masked)}
    found |= {e for e in term.body.atoms(Element) if serial_of(e) in lowest}
    if not found or term.reduce != "sum":
        return False
    low = sp.Dummy()
    body = term.body.xreplace(dict.fromkeys(found, low))
    return bool(body.has(low) and body.is_polynomial(low))

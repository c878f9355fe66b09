"""A penalty that is subtracted from the loss rewards large weights: it is refused."""

from __future__ import annotations

import sympy as sp

from bpgen.declare.axes import serial_of
from bpgen.declare.declaration import Declaration
from bpgen.errors import NetError
from bpgen.ir import Element
from bpgen.network.reached import reachable


def refuse_subtracted(declared: Declaration) -> None:
    """NetError where the loss holds a negative multiple of what l1() or l2() returned."""
    if declared.loss is None or not declared.penalties:
        return
    times: dict[int, sp.Expr] = {declared.loss.serial: sp.S.One}  # each scalar in the loss
    for serial in reversed(reachable(declared, [declared.loss.serial])):
        if times.get(serial, sp.S.Zero).is_negative and serial in declared.penalties:
            word = declared.penalties[serial]
            raise NetError(
                f"{word}() is subtracted: the loss falls without end as the weights grow",
                f"add it: loss(... + 0.01 * {word}())",
                declared.place(declared.loss_line),
            )
        for term in declared.tensors[serial].terms if serial in times else ():
            for part in sp.Add.make_args(term.body) if not term.over else ():
                factor, rest = part.as_coeff_Mul()
                if isinstance(rest, Element):
                    read = serial_of(rest)
                    times[read] = times.get(read, sp.S.Zero) + factor * times[serial]

"""Outputs and losses that masks make infinite, and the largest of nothing."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from bpgen.declare.declaration import Declaration, Quantity
from bpgen.errors import NetError
from bpgen.functions import masked
from bpgen.ir import spoken
from bpgen.network.inline import Definition
from bpgen.network.masks import Infinite, nothing_kept

_SOME = sp.Rational(37, 100)


def refuse_lowest(
    declared: Declaration, kept: Mapping[int, Definition], given: Mapping[int, str]
) -> None:
    """NetError for an output or a loss that is infinite where its mask is 0: there it does not vary
    with what is masked, whose derivative is told as 1. What a softmax makes of it, or a maximum, or
    whatever else does not hear of such a place, passes 0 on. A loss counts as finite where its
    other factors may be 0, as targets are. And NetError for the largest of nothing.
    """
    if not any(t.body.has(masked) for _, terms in kept.values() for t in terms):
        return
    infinite = Infinite(_SOME)
    for serial, definition in kept.items():
        _refuse_nothing(declared, serial, definition, infinite, given)
        infinite.define(serial, definition)
    if declared.loss is None:
        for output in declared.outputs:
            _refuse_infinite(declared, output, infinite, "output", given.get(output.serial, "it"))
        return
    infinite = Infinite(sp.S.Zero)
    for serial, definition in kept.items():
        infinite.define(serial, definition)
    loss = declared.loss
    _refuse_infinite(declared, loss, infinite, "loss", given.get(loss.serial, "it"))


def _refuse_infinite(
    declared: Declaration, root: Quantity, infinite: Infinite, word: str, name: str
) -> None:
    if root.serial in infinite.found:
        raise NetError(
            f"{word}: {name} is infinite where its mask is 0, and has no gradient there",
            "give what is computed of it, such as softmax(z), or z as it is before the mask",
            declared.place(root.line),
        )


def _refuse_nothing(
    declared: Declaration,
    serial: int,
    definition: Definition,
    infinite: Infinite,
    given: Mapping[int, str],
) -> None:
    for term in definition[1]:
        if term.reduce != "max":
            continue
        where = nothing_kept(infinite.masks(term.body), term.over)
        if where is not None:
            at = " and ".join(f"{spoken(i)} is {n}" for i, n in where.items())
            raise NetError(
                f"max: {given.get(serial, 'it')} is the largest of nothing"
                + f" where {at}: all is masked" * bool(at),
                "let the mask keep something everywhere, or give the index a smaller range",
                declared.place(declared.tensors[serial].line),
            )

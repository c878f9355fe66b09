"""Outputs and losses that masks leave without a finite value, and the largest of nothing."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from bpgen.declare.declaration import Declaration, Quantity
from bpgen.errors import NetError
from bpgen.functions import masked
from bpgen.ir import spoken
from bpgen.network.inline import Definition
from bpgen.network.kept import nothing_kept
from bpgen.network.masks import Masked

_SOME = sp.Rational(37, 100)


def refuse_lowest(
    declared: Declaration, kept: Mapping[int, Definition], given: Mapping[int, str]
) -> None:
    """NetError for an output or a loss that has no finite value where its mask is 0: there it does
    not vary with what is masked, whose derivative is told as 1. What a softmax makes of it, or a
    maximum, or whatever else does not hear of such a place, passes 0 on. A loss counts as finite
    where its other factors may be 0, as targets are. And NetError for the largest of nothing.
    """
    if not any(t.body.has(masked) for _, terms in kept.values() for t in terms):
        return
    masks = Masked(_SOME)
    for serial, definition in kept.items():
        _refuse_nothing(declared, serial, definition, masks, given)
        masks.define(serial, definition)
    if declared.loss is None:
        for output in declared.outputs:
            _refuse_unbounded(declared, output, masks, "output", given.get(output.serial, "it"))
        return
    masks = Masked(sp.S.Zero)
    for serial, definition in kept.items():
        masks.define(serial, definition)
    loss = declared.loss
    _refuse_unbounded(declared, loss, masks, "loss", given.get(loss.serial, "it"))


def _refuse_unbounded(
    declared: Declaration, root: Quantity, masks: Masked, word: str, name: str
) -> None:
    if masks.unbounded(root.serial):
        raise NetError(
            f"{word}: {name} has no finite value where its mask is 0, and no gradient",
            "give what is computed of it, such as softmax(z), or z as it is before the mask",
            declared.place(root.line),
        )


def _refuse_nothing(
    declared: Declaration,
    serial: int,
    definition: Definition,
    masks: Masked,
    given: Mapping[int, str],
) -> None:
    for term in definition[1]:
        if term.reduce != "max":
            continue
        where = nothing_kept(masks.masks(term.body), term.over)
        if where is not None:
            at = " and ".join(f"{spoken(i)} is {n}" for i, n in where.items())
            raise NetError(
                f"max: {given.get(serial, 'it')} is the largest of nothing"
                + f" where {at}: all is masked" * bool(at),
                "let the mask keep something everywhere, or give the index a smaller range",
                declared.place(declared.tensors[serial].line),
            )

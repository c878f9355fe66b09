"""Is what net.py declared a network? What is unused, unreachable or not forward's to compute is
refused.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from bpgen.declare.declaration import Declaration, Quantity
from bpgen.errors import NetError
from bpgen.ir import BATCH
from bpgen.network.reached import reachable


def refuse_incomplete(declared: Declaration, used: Iterable[int], named: Mapping[int, str]) -> None:
    """NetError where a tensor is declared for nothing, or a loss or output does not follow from the
    inputs.
    """
    reached = set(used)
    for t in declared.tensors:
        if t.role != "value" and t.serial not in reached:
            raise NetError(
                f"{t.role} {said(t, named)} is never used",
                "use it in the network, or leave it out",
                declared.place(t.line),
            )
    if not any(t.role == "input" for t in declared.tensors):
        raise NetError(
            "no input is declared", "declare what forward is given: x = input(3)", declared.path
        )
    if not any(t.role in ("input", "param") and t.bound is None for t in declared.tensors):
        raise NetError(
            "no parameter and no real input is declared: there is no gradient",
            "declare what is learnt, W = param(4, 3), or a real input(3)",
            declared.path,
        )
    _refuse_unwritten(declared, reached, named)
    _refuse_untold(declared, reached, named)
    _refuse_two_meanings(declared, reached, named)
    for t in declared.outputs:
        _refuse_output(declared, t, named)
    loss = declared.loss
    if loss is not None and "input" not in _origins(declared, loss):
        raise NetError(
            f"the loss {said(loss, named)} depends on no input",
            "add what compares the output with the target",
            declared.place(declared.loss_line),
        )


def _refuse_unwritten(
    declared: Declaration, used: Container[int], named: Mapping[int, str]
) -> None:
    """What is read of a recurrence that has a start and no steps is 0."""
    for t in declared.tensors:
        stepwise = t.serial in used and t.carried is not None and t.block is None
        if stepwise and all(term.at is not None and term.at[0] == -1 for term in t.terms):
            raise NetError(
                f"no step of the recurrence {said(t, named)} is written",
                "write it after the line that declares it: h[t, i] = ... h[t - 1, i] ...",
                declared.place(t.line),
            )


def _refuse_untold(declared: Declaration, used: Container[int], named: Mapping[int, str]) -> None:
    """A length known at run time is that of an array which the caller gives."""
    reached = [t for t in declared.tensors if t.serial in used]
    told = {size for t in reached if t.role not in ("value", "noise") for size in t.shape}
    for t in reached:
        for size in t.shape:
            if isinstance(size, str) and size not in {*told, BATCH}:
                raise NetError(
                    f"nothing tells how long {size} is, an axis of {said(t, named)}",
                    f'let an input have it: x = input("{size}")',
                    declared.place(t.line),
                )


def _refuse_two_meanings(
    declared: Declaration, used: Container[int], named: Mapping[int, str]
) -> None:
    """A letter for a width of parameters, or for a count of blocks, is the name of no tensor."""
    reached = [t for t in declared.tensors if t.serial in used]
    called = {named[t.serial] for t in reached if t.serial in named}
    for t in reached:
        counts = [t.block.index.size] if t.block is not None else []
        for size in (*counts, *(t.shape if t.role == "param" else ())):
            if size in called:
                what = "a count of blocks" if size in counts else f"a width of {said(t, named)}"
                raise NetError(
                    f"{size} is a tensor, and {what}",
                    "call one of them by another letter",
                    declared.place(t.line),
                )


def _refuse_output(declared: Declaration, t: Quantity, named: Mapping[int, str]) -> None:
    origins = _origins(declared, t)
    place = declared.place(t.line)
    if t is declared.loss:
        raise NetError(
            f"the loss {said(t, named)} is also an output", "leave it out of output(...)", place
        )
    if "input" not in origins:
        raise NetError(
            f"output {said(t, named)} depends on no input", "compute it from an input", place
        )
    if "target" in origins:
        raise NetError(
            f"output {said(t, named)} depends on target {said(origins['target'], named)}",
            "forward is given the inputs alone: leave it out of output(...)",
            place,
        )


def _origins(declared: Declaration, tensor: Quantity) -> dict[str, Quantity]:
    """What a tensor is computed from: the first of each role."""
    found: dict[str, Quantity] = {}
    for serial in reachable(declared, [tensor.serial]):
        found.setdefault(declared.tensors[serial].role, declared.tensors[serial])
    return found


def said(tensor: Quantity, named: Mapping[int, str]) -> str:
    """A tensor by its name and shape."""
    shape = f"({', '.join(map(str, tensor.shape))}{',' * (tensor.rank == 1)})"
    return f"{named.get(tensor.serial, f'{tensor.hint}{tensor.layer or str()}')} {shape}"

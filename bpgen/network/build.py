"""declaration -> Network, step by step: what is used, what is inlined, what is named, the batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from bpgen.declare.declaration import Declaration, Quantity
from bpgen.equations.admissible import finite
from bpgen.errors import NetError
from bpgen.ir import CANCELS, Network, is_number
from bpgen.network.batch import batched_network
from bpgen.network.complete import refuse_incomplete, said
from bpgen.network.inline import Definition, inlined, is_log
from bpgen.network.lowest import refuse_lowest
from bpgen.network.nameless import called
from bpgen.network.naming import names, refuse, refuse_lengths, refuse_own_lengths
from bpgen.network.penalties import refuse_subtracted
from bpgen.network.prediction import compared, exponentials, predictions, told_apart
from bpgen.network.reached import reachable, reads

_END = "end with loss(...) or output(...)"
_HIDDEN = "the variable loss hides bpgen's word: end with L = loss(...)"
_MAIN = f"net.py is run by bpgen: leave `if __name__ == ...` out, and {_END}"
_OWN = "your function loss hides bpgen's word: call it distance, end with L = loss(distance(a, y))"


def build(
    declared: Declaration,
    variables: Mapping[str, Any],
    source: str,
    name: str,
    title: str = "",
    predicts: bool = True,
) -> Network:
    """The network that net.py declared. `predicts`: what is compared with a target within the loss
    is a tensor of its own, which forward returns.
    """
    if declared.loss is None and not declared.outputs:
        raise NetError(
            "neither a loss nor an output is declared",
            _MAIN if "__name__" in source else _end(variables.get("loss")),
            declared.path,
        )
    roots = [
        t.serial
        for t in (*declared.outputs, *((declared.loss,) if declared.loss is not None else ()))
    ]
    used = reachable(declared, [*roots, *declared.arguments])
    if predicts and not predictions(declared, used) and told_apart(declared, used):
        used = reachable(declared, [*roots, *declared.arguments])
    named = names(declared, variables, source)
    refuse_own_lengths(declared, variables)
    refuse_incomplete(declared, used, named)
    refuse_subtracted(declared)
    given = {serial: name for serial, name in named.items() if serial in set(used)}
    refuse(declared, given)
    kept = inlined(declared, used, {*given}, {*roots})
    within = exponentials(declared, used)
    told = _told(declared, used, kept, within) if predicts and not declared.outputs else None
    if told is not None:
        roots.append(told)
        used = reachable(declared, [*roots, *declared.arguments])
        kept = inlined(declared, used, {*given}, {*roots})
    _refuse_infinite(declared, kept)
    _refuse_numbers(declared, roots, kept, given)
    _refuse_cancelled(declared, kept, used, named)
    refuse_lowest(declared, kept, given)
    every_name = called(declared, kept, given)
    refuse_lengths(declared, every_name)
    apart = {every_name[s] for s in within if s in kept}
    return batched_network(declared, kept, every_name, set(given), apart, name, title)


def _end(loss: object) -> str:
    """How net.py ends, where a variable of it may be called loss."""
    if isinstance(loss, Quantity):
        return _HIDDEN
    return _OWN if getattr(loss, "__module__", "") == "__net__" else _END


def _told(
    declared: Declaration,
    used: Iterable[int],
    kept: Mapping[int, Definition],
    within: Collection[int],
) -> int | None:
    """What is compared with a target where it was written inside the loss; where that is not found
    and nothing that is predicted has a name, the last of it, but for a logarithm, which is the
    loss's own there, and what is `within` one.
    """
    told = compared(declared, used, kept)
    predicted = predictions(declared, used)
    if told is not None or {*predicted} & {*kept}:
        return told
    nameless = [
        s for s in predicted if not is_log(declared.tensors[s].terms[0].body) and s not in within
    ]
    return nameless[-1] if nameless else None


def _refuse_infinite(declared: Declaration, kept: Mapping[int, Definition]) -> None:
    """A division by zero may only show when one formula is written inside another."""
    for serial, (_, terms) in kept.items():
        try:
            for term in terms:
                finite(term.body)
        except NetError as error:
            raise NetError(
                error.fact, error.remedy, declared.place(declared.tensors[serial].line)
            ) from None


def _refuse_numbers(
    declared: Declaration,
    roots: Iterable[int],
    kept: Mapping[int, Definition],
    given: Mapping[int, str],
) -> None:
    """A loss or an output may come to a number when what it reads cancels."""
    for serial in roots:
        if is_number(terms := kept[serial][1]):
            raise NetError(
                f"{given.get(serial, 'the loss')} is {terms[0].body}, whatever the inputs are",
                CANCELS,
                declared.place(declared.tensors[serial].line),
            )


def _refuse_cancelled(
    declared: Declaration,
    kept: Mapping[int, Definition],
    used: Iterable[int],
    named: Mapping[int, str],
) -> None:
    """What is given may cancel while formulas are written inside one another: from the loss all
    inputs, and from all that is computed a parameter.
    """
    if declared.loss is not None and not _reaches_an_input(declared, kept, declared.loss.serial):
        raise NetError("no input is left in the loss", CANCELS, declared.place(declared.loss_line))
    left = {read for _, terms in kept.values() for read in reads(terms)}
    for t in (declared.tensors[serial] for serial in used):
        if t.role in ("param", "input") and t.serial not in left:
            raise NetError(
                f"{t.role} {said(t, named)} cancels: nothing that is computed reads it",
                "leave it out",
                declared.place(t.line),
            )


def _reaches_an_input(declared: Declaration, kept: Mapping[int, Definition], root: int) -> bool:
    waiting, seen = [root], set[int]()
    while waiting:
        serial = waiting.pop()
        if declared.tensors[serial].role == "input":
            return True
        if serial not in seen:
            seen.add(serial)
            waiting += reads(kept[serial][1]) if serial in kept else ()
    return False

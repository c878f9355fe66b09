"""The loss beside its gradients: backward gives both, and what both compute is computed once.

A loss of logits is the logarithm of a sum of exponentials, and its gradients are these very
exponentials over their sum: one loop makes both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bpgen.ir import length
from bpgen.names import free
from bpgen.program.grammar import (
    Assign,
    Expr,
    Fill,
    Function,
    InRows,
    Node,
    Pack,
    Read,
    Reduce,
    Ref,
    Return,
    Shape,
    Slice,
    Step,
)
from bpgen.program.nodes import rewritten
from bpgen.targets.c.nodes import Row, Summed
from bpgen.targets.c.wholes import whole_sums


def beside(every: Mapping[str, Function], names: Iterable[str]) -> dict[str, Function]:
    """The functions of a program, of which backward gives the loss, too."""
    forward, loss, backward = (every[name] for name in ("forward", "_loss", "backward"))
    taken = {*names}
    forward, loss = _after_forward(forward, loss, taken)
    backward = _with_loss(backward, loss, taken)
    return {**every, "forward": forward, "_loss": loss, "backward": backward}


def _after_forward(forward: Function, loss: Function, taken: set[str]) -> tuple[Function, Function]:
    """Where forward makes a softmax, the loss finds the logarithm of its sum in the cache."""
    packed = {key for n in forward.body if isinstance(n, Pack) for key, name in n.entries}
    once = _once(forward.body, loss.body, packed, taken)
    names = [n.name for n in once.room]
    more = tuple((name, name) for name in names)
    body = (
        replace(n, entries=(*n.entries, *more)) if isinstance(n, Pack) else n for n in once.makes
    )
    looks = (Assign(name, Ref(name, "cache")) for name in names)
    return replace(forward, body=(*once.room, *body)), replace(loss, body=(*looks, *once.asks))


def _with_loss(backward: Function, loss: Function, taken: set[str]) -> Function:
    """The loss, as soon as what both compute is there, and the gradients."""
    *makes, grads = backward.body
    *asks, value = loss.body
    assert isinstance(grads, Return) and isinstance(value, Return)
    refs = [n for n in makes if isinstance(n, Assign) and isinstance(n.value, Ref)]
    cached = {n.name for n in refs if n.value.held == "cache"}  # type: ignore[attr-defined]
    once = _once(makes, asks, cached, taken)
    first = next((k for k, n in enumerate(makes) if isinstance(n, Step)), 0)
    place = max(once.place, first)
    before, after = once.makes[:place], once.makes[place:]
    new = [n for n in once.asks if n not in before]
    looks = [n for n in new if isinstance(n, Assign) and isinstance(n.value, Ref)]
    body = [*once.room, *looks, *before, *(n for n in new if n not in looks)]
    body += [n for n in after if n not in new]  # what is there by then is not made again
    return replace(backward, body=(*body, Return((*value.values, *grads.values))))


@dataclass(frozen=True)
class _Once:
    """Statements that make softmaxes, and others that ask for the logarithms of their sums: these
    have names, and `room`, after so many of the first.
    """

    makes: tuple[Node, ...]
    asks: tuple[Node, ...]
    room: tuple[Assign, ...] = ()
    place: int = 0


def _once(makes: Iterable[Node], asks: Iterable[Node], of: Set[str], taken: set[str]) -> _Once:
    """The same where the softmax is of these arrays alone, which both know by one name."""
    found = _Once(tuple(makes), tuple(asks))
    for k, row in [(k, row) for k, node in enumerate(found.makes) for row in _softmaxes(node)]:
        array, log_sum = _as_it_stands(row.array), free("log_sum", taken)
        known = partial(_known, array, log_sum)
        told = rewritten(found.asks, known)
        if _read(array) <= of and told is not found.asks:
            taken.add(log_sum)
            room = Assign(log_sum, Fill(None, row.axes[:-1], Shape()))
            summed = Summed(row.call, row.array, row.axes, log_sum)
            made = rewritten(found.makes, partial(_instead, row, summed))
            after = k if _begins(made[k], summed) else k + 1
            made = (*made[:after], *rewritten(made[after:], known))
            found = _Once(made, told, (*found.room, room), k + 1)
    return found


def _softmaxes(node: Node) -> Iterator[InRows]:
    """Those that a statement makes in the place of an array that it fills."""
    made = node.body if isinstance(node, Step) else (node,)
    values = (n.value for n in made if isinstance(n, Assign))
    every = (part for value in values if isinstance(value, Expr) for part in whole_sums(value))
    return (part for part in every if isinstance(part, InRows))


def _begins(node: Node, row: InRows) -> bool:
    """Whether a softmax is the first that a statement makes: the rest of it finds that there."""
    first = node.body[0] if isinstance(node, Step) else node
    return any(n is row for n in first.walk())


def _instead(old: Node, new: Node, node: Any) -> Any:
    return new if node is old else node


def _known(of: Expr, log_sum: str, node: Any) -> Any:
    """What asks for the sum of an array's exponentials, where the logarithm of it has a name."""
    if isinstance(node, InRows) and node.call == "log_softmax" and _as_it_stands(node.array) == of:
        return Row(node.call, node.array, Read(log_sum, node.axes[:-1]), node.axes)
    if isinstance(node, Reduce) and node.how == "logsumexp" and _as_it_stands(node.array) == of:
        return Read(log_sum, node.axes) if node.over == node.array.axes[-1:] else node
    return node


def _as_it_stands(array: Expr) -> Expr:
    """An array without views of all of it; one that is read in the order of its memory, whatever
    its axes are called.
    """
    while isinstance(array, Slice) and _is_whole(array):
        array = array.array
    return replace(array, axes=()) if isinstance(array, Read) else array


def _read(array: Expr) -> Set[str]:
    return {n.name for n in array.walk() if isinstance(n, Read)}


def _is_whole(view: Slice) -> bool:
    return [(s.at, s.length) for s in view.slots] == [(i, length(i.size)) for i in view.axes]

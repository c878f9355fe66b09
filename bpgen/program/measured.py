"""N and the other lengths known at run time, read off arrays at hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeGuard

from bpgen.ir import BATCH, TensorInfo
from bpgen.program import grammar as program
from bpgen.program.grammar import Assign, Count, Function, Node, Ref
from bpgen.program.lengths import lengths_of
from bpgen.program.names import gives_gradients, is_block
from bpgen.program.spans import ROWS, counts_samples


def measured(
    function: Function, cached: Iterable[str], tensors: Mapping[str, TensorInfo]
) -> Function:
    """The function with the lengths that it speaks of, each read off the first of the arrays at
    hand that has it, as soon as that is there; `cached` are the arrays that the cache holds.
    """
    body = function.body
    at_hand = {n: found for n, found in _at_hand(function, cached).items() if n in tensors}
    wanted = set().union(*map(lengths_of, body)) - {n.name for n in body if isinstance(n, Assign)}
    found: list[tuple[int, Assign]] = []
    for name, (array, place) in at_hand.items():
        for axis, index in enumerate(tensors[name].indices):
            size = index.size
            if isinstance(size, str) and size in wanted:
                wanted.remove(size)
                before = tensors[name].carried == axis  # the first step's is stored, too
                found.append((place, Assign(size, program.Length(array, axis, before))))
    rows = _rows(body)
    if rows is not None:
        batched = next(n for n in at_hand if BATCH in {i.size for i in tensors[n].indices})
        found.append((at_hand[batched][1], Assign(ROWS, rows)))
    made = list(body)
    found.sort(key=lambda of: of[0])
    for place, measure in reversed(found):
        made.insert(place, measure)
    return replace(function, body=tuple(made))


def _at_hand(function: Function, cached: Iterable[str]) -> dict[str, tuple[Ref, int]]:
    """What a block is given, what it opens of the cache, what else that holds, what is let in: each
    with the place in the body from which on it is there; before the doors, which ask for lengths.
    """
    body = [*enumerate(function.body)]
    start = next(k for k, n in body if not (isinstance(n, program.Guard) or _is_in(n, "params")))
    given = (a.name for a in function.arguments if a.kind == "array" and is_block(function))
    found = {name: (Ref(name), start) for name in given}
    found |= {n.name: (Ref(n.name), k + 1) for k, n in body if _is_in(n, "cache")}
    if gives_gradients(function):
        found |= {n: (Ref(n, "cache"), start) for n in cached if n not in found}
    let_in = ((k, n) for k, n in body if isinstance(n, program.Admit))
    return found | {n.name: (Ref(n.name), k + 1) for k, n in let_in}


def _is_in(node: Node, held: program.Held) -> TypeGuard[Assign]:
    """Whether a statement takes an array out of a dict."""
    return isinstance(node, Assign) and isinstance(node.value, Ref) and node.value.held == held


def _rows(body: tuple[Node, ...]) -> Count | None:
    """The numbers of the samples, where places are looked up by them."""
    gathers = (n for statement in body for n in statement.walk() if isinstance(n, program.Gather))
    index = next(filter(None, map(counts_samples, gathers)), None)
    return None if index is None else Count(index, (index,))

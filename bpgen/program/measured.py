"""N and the other lengths known at run time, read off arrays at hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bpgen.ir import BATCH, TensorInfo
from bpgen.program import grammar as program
from bpgen.program.grammar import Assign, Count, Function, Node, Ref
from bpgen.program.lengths import lengths_of
from bpgen.program.names import gives_gradients, is_block
from bpgen.program.spans import ROWS, counts_samples

_NAMING = (Assign, program.Admit, program.Draw)  # what gives an array a name


def measured(
    function: Function, cached: Iterable[str], tensors: Mapping[str, TensorInfo]
) -> Function:
    """The function with the lengths that it speaks of, each read off the first of the arrays at
    hand that has it, as soon as that is there; `cached` are the arrays that the cache holds.
    """
    body = function.body
    arrays = {name: array for name, array in _at_hand(function, cached).items() if name in tensors}
    wanted = set().union(*map(lengths_of, body))
    known = {n.name for n in body if isinstance(n, _NAMING)}
    found: list[tuple[str, Assign]] = []
    for name, array in arrays.items():
        for axis, index in enumerate(tensors[name].indices):
            size = index.size
            if isinstance(size, str) and size in wanted and size not in known:
                known.add(size)
                before = tensors[name].carried == axis  # the first step's is stored, too
                found.append((name, Assign(size, program.Length(array, axis, before))))
    rows = _rows(body)
    if rows is not None:
        batched = next(a for a in arrays if BATCH in {i.size for i in tensors[a].indices})
        found.append((batched, Assign(ROWS, rows)))
    made = list(body)
    for name, measure in reversed(found):
        made.insert(_after(made, name), measure)
    return replace(function, body=tuple(made))


def _at_hand(function: Function, cached: Iterable[str]) -> dict[str, Ref]:
    """What a block is given, what it opens of the cache, what else that holds, what is let in."""
    given = (a.name for a in function.arguments if a.kind == "array" and is_block(function))
    opened = (n.name for n in function.body if isinstance(n, Assign) and _is_cached(n.value))
    found = {name: Ref(name) for name in (*given, *opened)}
    if gives_gradients(function):
        found |= {n: Ref(n, "cache") for n in cached if n not in found}
    return found | {n.name: Ref(n.name) for n in function.body if isinstance(n, program.Admit)}


def _is_cached(value: Node) -> bool:
    return isinstance(value, Ref) and value.held == "cache"


def _rows(body: tuple[Node, ...]) -> Count | None:
    """The numbers of the samples, where places are looked up by them."""
    gathers = (n for statement in body for n in statement.walk() if isinstance(n, program.Gather))
    index = next(filter(None, map(counts_samples, gathers)), None)
    return None if index is None else Count(index, (index,))


def _after(body: list[Node], array: str) -> int:
    """The place in a body after the statement that makes an array known; of the cache, once that is
    let in: before the doors, which ask for the lengths.
    """
    makers = (k for k, n in enumerate(body) if isinstance(n, _NAMING) and n.name == array)
    made = next(makers, None)
    if made is not None:
        return made + 1
    unpacked = (
        isinstance(n, program.Guard)
        or (isinstance(n, Assign) and isinstance(n.value, Ref) and n.value.held == "params")
        for n in body
    )
    return next((k for k, one in enumerate(unpacked) if not one), 0)

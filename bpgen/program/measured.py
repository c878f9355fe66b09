"""N and the other lengths known at run time, read off arrays at hand."""

from __future__ import annotations

from collections.abc import Mapping

from bpgen.ir import BATCH, Index, TensorInfo
from bpgen.program.grammar import Admit, Assign, Count, Draw, Gather, Guard, Length, Node, Ref
from bpgen.program.lengths import lengths_of
from bpgen.program.spans import counted_in


def measured(
    body: tuple[Node, ...], arrays: Mapping[str, Ref], tensors: Mapping[str, TensorInfo]
) -> tuple[Node, ...]:
    """The body with the lengths that it speaks of, each read off the first of the arrays that has
    it, as soon as that is there.
    """
    wanted = set().union(*map(lengths_of, body))
    known = {n.name for n in body if isinstance(n, (Assign, Admit, Draw))}
    found: list[tuple[str, Assign]] = []
    for name, array in arrays.items():
        for axis, index in enumerate(tensors[name].indices):
            size = index.size
            if isinstance(size, str) and size in wanted and size not in known:
                known.add(size)
                before = tensors[name].carried == axis  # the first step's is stored, too
                found.append((name, Assign(size, Length(array, axis, before))))
    rows = _rows(body)
    if rows is not None:
        batched = next(a for a in arrays if BATCH in {i.size for i in tensors[a].indices})
        found.append((batched, Assign(ROWS, rows)))
    made = list(body)
    for name, measure in reversed(found):
        made.insert(_after(made, name), measure)
    return tuple(made)


ROWS = "rows"  # what the numbers of the samples are called


def counts_samples(gather: Gather) -> Index | None:
    """The index of the samples, where places are looked up by their numbers."""
    counted = (i for s in gather.slots for i in counted_in(gather, s))
    return next((i for i in counted if i.size == BATCH), None)


def _rows(body: tuple[Node, ...]) -> Count | None:
    """The numbers of the samples, where places are looked up by them."""
    gathers = (n for statement in body for n in statement.walk() if isinstance(n, Gather))
    index = next(filter(None, map(counts_samples, gathers)), None)
    return None if index is None else Count(index, (index,))


def _after(body: list[Node], array: str) -> int:
    """The place in a body after the statement that makes an array known; of the cache, once that is
    let in: before the doors, which ask for the lengths.
    """
    makers = (
        k for k, n in enumerate(body) if isinstance(n, (Assign, Admit, Draw)) and n.name == array
    )
    made = next(makers, None)
    if made is not None:
        return made + 1
    unpacked = (
        isinstance(n, Guard)
        or (isinstance(n, Assign) and isinstance(n.value, Ref) and n.value.held == "params")
        for n in body
    )
    return next((k for k, one in enumerate(unpacked) if not one), 0)

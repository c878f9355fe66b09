"""How many entries of a tensor an entry of another goes into, as far as it is plain to see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod

import sympy as sp

from bpgen.equations.affine import affine
from bpgen.ir import BATCH, Element, Index, Size
from bpgen.render.contributions import Contribution, Indices
from bpgen.render.places import At, Axes, along, open_indices

EVERY, SEVERAL = "feeds every", "may feed several"
Way = tuple[At, At]  # an entry, and one that it goes into
_SOME = 5  # for a length known at run time
_MANY = {BATCH: 2}  # no index of samples is shifted
_POINTS = 2_000  # values of all indices of a term that are looked at


def always_read(one: Contribution, left: Indices) -> At:
    """The entry that is read: at a place of its own where it is always that, as the last step, and
    not where another tensor chooses it.
    """
    reads = zip(*(read for read, _ in _ways(one, len(left))), left, strict=True)
    return tuple(
        own[0] if len({*own}) == 1 and not open_indices(own[:1]) else i for *own, i in reads
    )


def fed(one: Contribution, entry: At, axes: Axes) -> str:
    """What is said of an entry and those that are summed over; nothing of what is fed once, as
    where a part is cut out, nor of a step after the only one.
    """
    if not all(_is_there(i, size) for i, size in along(one.upstream, axes)):
        return ""
    sizes = {i: size for i, size in along(one.upstream, axes) if i in one.over}
    if not one.over or len(sizes) < len(one.over):
        return ""
    rank = len(entry)
    ways, every = _ways(one, rank), (entry, one.value.indices[rank:])
    whole_axes = all(i.size in (size, BATCH) for i, size in sizes.items())
    if whole_axes and every in ways:
        return EVERY
    sure = {pair for way in ways if not _is_chosen(way, entry) for pair in _reached(*way)}
    if whole_axes and prod(_sizes(every)) <= _POINTS and sure >= {*_reached(*every)}:
        return EVERY
    reached = sure.union(*(_reached(*way) for way in ways))
    return SEVERAL if len(reached) > len({read for read, _ in reached}) else ""


def _is_there(index: sp.Expr, size: Size) -> bool:
    """Whether an index has a value on an axis, of those known before run time."""
    form = affine(index)
    if form is None or not isinstance(size, int) or not form.start.is_Integer:
        return True
    lengths = [(step, i.size) for i, step in form.steps]
    ends = [step * (length - 1) for step, length in lengths if isinstance(length, int)]
    low, high = (int(form.start) + sum(f(0, e) for e in ends) for f in (min, max))
    return len(ends) < len(lengths) or (low < size and high >= 0)


def _ways(one: Contribution, rank: int) -> list[Way]:
    """Term by term, which entry goes into which."""
    left, over = one.value.indices[:rank], one.value.indices[rank:]
    own = one.wrt.indices if one.wrt.indices != left else None
    at = [t.at or (*left, *over) for t in one.value.terms]
    return [(own or place[:rank], place[rank:]) for place in at]


def _is_chosen(way: Way, entry: At) -> bool:
    """Whether a label says which entry it is, which it does not do for every one: but for the entry
    that is spoken of.
    """
    return any(e.has(Element) and e not in entry for e in (*way[0], *way[1]))


def _sizes(way: Way) -> list[int]:
    """How many values each index has."""
    free = open_indices((*way[0], *way[1]))
    return [i.size if isinstance(i.size, int) else _MANY.get(i.size or "", _SOME) for i in free]


def _reached(read: At, into: At) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """An entry and one that it goes into, as numbers: at all values of the indices, or the first of
    many.
    """
    free, sizes = open_indices((*read, *into)), _sizes((read, into))
    few = max(2, int(_POINTS ** (1 / max(1, len(free)))))
    most = few if prod(sizes) > _POINTS else max(sizes, default=0)
    for values in product(*(range(min(most, size)) for size in sizes)):
        at = dict(zip(free, values, strict=True))
        yield tuple(_number(e, at) for e in read), tuple(_number(e, at) for e in into)


def _number(expr: sp.Expr, at: Mapping[Index, int]) -> int:
    """An index as a number; the whole numbers of a tensor may all be equal."""
    form = affine(expr)
    if form is None:
        return 0
    start = form.start.xreplace(dict.fromkeys(form.start.free_symbols, sp.Integer(_SOME)))
    return int(start) + sum(step * at[index] for index, step in form.steps)

"""Parts of arrays as numpy reads them: subscripts, reshapes, windows, arrays of places."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

import sympy as sp

from bpgen.ir import BATCH, Index, length
from bpgen.program.grammar import Axes, Slot, Split, View, Windows
from bpgen.program.spans import Span, along, digits_of, from_the_end, span, windows_of
from bpgen.targets.numpy.alignment import Array, atom
from bpgen.text.document import Code, CodeLike, called, code, tuple_of

ALL = ":"  # of an axis


def subscripted(base: CodeLike, parts: Iterable[CodeLike]) -> Code:
    """`base[:, 1:]`, or all of it where every axis is whole."""
    shortened = short(parts)
    return code(base).at(shortened) if shortened else code(base)


def short(parts: Iterable[CodeLike]) -> list[CodeLike]:
    """The parts of a subscript but for whole axes at its end."""
    shortened = list(parts)
    while shortened and shortened[-1] == ALL:
        shortened.pop()
    return shortened


@lru_cache(4096)
def cut(slot: Slot, axes: Axes) -> str:
    """One axis of a subscript: a place, the slice that one index runs through, or all of it."""
    free = along(slot, axes)
    if not free:
        return written(from_the_end(slot.at, slot.length))
    return ALL if len(free) > 1 else sliced(span(slot.at, slot.length, free[0]))


def sliced(of: Span) -> str:
    """A slice, with spaces around its colons where a bound is no plain number or name."""
    if of.is_whole:
        return ALL
    begin, end = ("" if e is None else written(e) for e in (of.start, of.stop))
    parts = [begin, end, *([str(of.step)] if of.step != 1 else [])]
    plain = all(e is None or e.is_Integer or e.is_Symbol for e in (of.start, of.stop))
    return (":" if plain else " : ").join(parts).strip()


def written(place: sp.Expr) -> str:
    """A place as formatters leave it."""
    return str(place).replace("**", "^").replace("*", " * ").replace("^", "**")


def split(base: Code, view: Split, reshaped: Callable[[Array, list[str]], Code]) -> Code:
    """The array with each axis that several indices share as one for each digit; those of loops
    have a value there.
    """
    sizes: list[str] = []
    parts: list[str] = []
    for slot in view.slots:
        free = along(slot, view.axes)
        if free:
            for index in (digits_of(slot) if len(free) > 1 else None) or free:
                sizes.append(str(index.size))
                parts.append(ALL if index in free else str(index.name))
    return subscripted(reshaped(atom(base, view.array.axes), sizes), parts)


def windowed(base: Code, view: Windows) -> Code:
    """The windows of an array: an axis where each begins, and their own axes last."""
    found = {w.axis: w for w in windows_of(view)}
    kept = sum(bool(along(s, view.axes)) for s in view.slots)
    begins = [sliced(found[k].begins) if k in found else ALL for k in range(kept)]
    within = [ALL if w.dilation == 1 else f"::{w.dilation}" for w in found.values()]
    sizes, places = [str(w.width) for w in found.values()], [str(k) for k in found]
    of = [x[0] if len(x) == 1 else tuple_of(x) for x in (sizes, places)]
    return subscripted(called("windows", [base, *of]), [*begins, *within])


def counted(place: sp.Expr, index: Index, arange: Callable[..., Code]) -> Code:
    """Every value of a place as an index runs."""
    step = int(place.coeff(index, 1))
    start = sp.expand(place - step * index)
    if place == index:
        return code("rows") if index.size == BATCH else arange(str(index.size))
    ends = [start, sp.expand(start + step * length(index.size)), *([step] * (step != 1))]
    return arange(*map(str, ends))


def multiples(place: sp.Expr, index: Index, arange: Callable[..., Code]) -> Code:
    """What one index of several adds to a place."""
    step, every = int(place.coeff(index, 1)), counted(index, index, arange)
    return every if step == 1 else code(str(step)).by("*", every).bracketed()


def base_of(view: View, base: CodeLike) -> Code:
    """The array as it is before its axes are shared out."""
    return subscripted(base, (cut(s, view.axes) for s in view.slots))

"""An access as the numpy that reads it: which axes come out, in which order, and how to line them
up.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import sympy as sp

from bpgen.affine import affine
from bpgen.errors import NetError
from bpgen.ir import BATCH, Element, Index, length
from bpgen.lower.scope import Scope
from bpgen.lower.views import digits_of, reshaped, subscripted, windowed


@dataclass(frozen=True)
class Operand:
    """numpy text and the index that each of its axes stands for. `tight`: an atom, needing no
    bracket.
    """

    text: str
    axes: tuple[Index, ...]
    tight: bool = True

    def bracketed(self) -> str:
        return self.text if self.tight else f"({self.text})"


def read(access: Element, scope: Scope) -> Operand:
    """The array that an access means, with its axes in the array's own order."""
    slots = scope.slots(access)
    if any(isinstance(e, Element) for e, _ in slots):
        text, yielded = gathered(access, scope)
        return Operand(f"{scope.array(access)}[{text}]", yielded)
    open_ = [_free(e, scope) for e, _ in slots]
    every = [i for axis in open_ for i in axis]
    crowded = (len(f) > 2 and not digits_of(*s) for s, f in zip(slots, open_, strict=True))
    if len(set(every)) < len(every) or any(crowded):  # such as a diagonal: read place by place
        text, yielded = gathered(access, scope)
        return Operand(f"{scope.array(access)}[{text}]", yielded)
    parts = [
        ":" if len(free) > 1 else sliced(e, size, free)
        for (e, size), free in zip(slots, open_, strict=True)
    ]
    base = f"{access.name}{subscripted(parts)}"
    shared = [free for free in open_ if free]
    if all(len(free) == 1 for free in shared):
        return Operand(base, tuple(every))
    kept = [slot for slot, free in zip(slots, open_, strict=True) if free]
    if all(len(f) == 1 or digits_of(e, size) for (e, size), f in zip(kept, shared, strict=True)):
        return Operand(*reshaped(base, kept, shared))
    return Operand(*windowed(base, kept, shared))


def _free(expr: sp.Expr, scope: Scope) -> tuple[Index, ...]:
    """The indices of an access that have no value here, the slowest first."""
    form = affine(expr)
    if form is None:
        raise NetError(f"{expr} is no access", "shift or stride an index by whole numbers")
    return tuple(i for i, _ in form.steps if i not in scope.fixed)


def sliced(expr: sp.Expr, size: sp.Expr, free: tuple[Index, ...]) -> str:
    """One axis of a subscript: a place, or the slice that one index runs through."""
    if not free:
        return _from_the_end(expr, size)
    step = int(expr.coeff(free[0], 1))
    start = sp.expand(expr - step * free[0])
    last = start + step * (length(free[0].size) - 1)
    if step < 0 and last.free_symbols:  # an end that may come to -1: all is counted from the end
        start, end = (sp.expand(e - size) for e in (start, last - 1))
        return _slice(_written(start), _written(end), str(step))
    if step < 0:
        begin = "" if start == size - 1 else _written(start)
        return f"{begin}:{'' if last == 0 else _written(last - 1)}:{step}"
    over = sp.expand(last + step - size)
    to_the_end = over.is_nonnegative
    end = "" if to_the_end else _from_the_end(sp.expand(last + 1), size)
    begin = "" if start == 0 else _written(start)
    tail = "" if step == 1 else str(step)
    return _slice(begin, end, tail)


def _slice(begin: str, end: str, step: str) -> str:
    """A slice, with spaces around its colons where a bound is no plain number or name."""
    wide = any(" " in part for part in (begin, end))
    text = f"{begin} : {end}" if wide else f"{begin}:{end}"
    if not step:
        return text.strip()
    return f"{text} : {step}".strip() if wide else f"{text}:{step}"


def _written(place: sp.Expr) -> str:
    """A place as formatters leave it."""
    return str(place).replace("*", " * ")


def _from_the_end(place: sp.Expr, size: sp.Expr) -> str:
    """A place; counted from the end where the length is known at run time only."""
    back = sp.expand(place - size)
    if size.is_Integer or not back.is_Integer or not place.free_symbols:
        return _written(place)
    return _written(back)


def gathered(access: Element, scope: Scope) -> tuple[str, tuple[Index, ...]]:
    """The subscript of a gather and the axes it yields: `rows, y` for [n, y[n]], `tok` for
    [tok[n, t], d].
    """
    written, axes = gathered_at(access, scope)
    return ", ".join(written), axes


def gathered_at(
    access: Element, scope: Scope, slices: bool = True
) -> tuple[list[str], tuple[Index, ...]]:
    """The same, axis by axis. Without `slices` an axis is taken whole, or place by place."""
    slots = scope.slots(access)
    inner = [read(e, scope) for e, _ in slots if isinstance(e, Element)]
    along = [() if isinstance(e, Element) else _free(e, scope) for e, _ in slots]
    written = [
        sliced(e, size, free) if len(free) < 2 and not isinstance(e, Element) else ""
        for (e, size), free in zip(slots, along, strict=True)
    ]
    often = Counter(i for free in along for i in free)
    twice = {i for i, times in often.items() if times > 1}  # along two axes at once: a diagonal
    counted = (
        free
        for text, free in zip(written, along, strict=True)
        if free and not (set(free).isdisjoint(twice) and (text == ":" or (text and slices)))
    )
    by = tuple(dict.fromkeys(a for axes in (*(x.axes for x in inner), *counted) for a in axes))
    for k, ((e, _), free) in enumerate(zip(slots, along, strict=True)):
        if isinstance(e, Element):
            written[k] = aligned(read(e, scope), by)
        elif set(free) & set(by):
            written[k] = _places(e, free, by)
    kept = [free[0] if len(free) == 1 and free[0] not in by else None for free in along]
    while written[-1] == ":":
        written.pop()
    return written, _yielded(kept, by)


def _places(expr: sp.Expr, free: tuple[Index, ...], by: tuple[Index, ...]) -> str:
    """Every place that an access along one axis means, lined up with the axes of a gather."""
    text = ""
    for index in free:
        step = int(expr.coeff(index, 1))
        every = "rows" if index.size == BATCH else f"np.arange({index.size})"
        if len(free) == 1 and expr != index:
            start = sp.expand(expr - step * index)
            ends = [start, sp.expand(start + step * length(index.size)), *([step] * (step != 1))]
            every = f"np.arange({', '.join(map(str, ends))})"
        elif step != 1:
            every = f"({step} * {every})"
        text = (
            f"{text} + {aligned(Operand(every, (index,)), by)}"
            if text
            else aligned(Operand(every, (index,)), by)
        )
    start = sp.expand(expr - sum(expr.coeff(i, 1) * i for i in free))
    return f"{text} + {start}" if len(free) > 1 and start != 0 else text


def _yielded(kept: list[Index | None], by: tuple[Index, ...]) -> tuple[Index, ...]:
    """The axes in numpy's order: gathered ones stay in place where they stand together, else they
    come first. `kept` are the indices of slices.
    """
    places = [k for k, index in enumerate(kept) if index is None]
    first = places[0] if places[-1] - places[0] + 1 == len(places) else 0
    before = (i for i in kept[:first] if i is not None)
    return (*before, *by, *(i for i in kept[first:] if i is not None))


def transposed(operand: Operand, axes: tuple[Index, ...]) -> Operand:
    """The operand with its axes in the order given."""
    if operand.axes == axes:
        return operand
    if operand.axes == axes[::-1]:
        return Operand(f"{operand.bracketed()}.T", axes)
    order = tuple(operand.axes.index(a) for a in axes)
    swapped = [k for k, place in enumerate(order) if k != place]
    if len(swapped) == 2 and swapped[1] == len(order) - 1:
        last = ", ".join(str(k - len(order)) for k in swapped)
        return Operand(f"{operand.bracketed()}.swapaxes({last})", axes)
    return Operand(f"{operand.bracketed()}.transpose{order}", axes)


def aligned(operand: Operand, axes: tuple[Index, ...]) -> str:
    """The operand's text so that it broadcasts against an array of these axes."""
    ordered = transposed(operand, tuple(a for a in axes if a in operand.axes))
    first = axes.index(ordered.axes[0]) if ordered.axes else len(axes)
    slots = [":" if a in ordered.axes else "None" for a in axes[first:]]
    return ordered.text if "None" not in slots else f"{ordered.bracketed()}[{', '.join(slots)}]"

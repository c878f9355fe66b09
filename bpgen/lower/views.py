"""Axes that several indices share: as a reshape where each index is a digit of the place, else as
windows that slide along the axis.
"""

from __future__ import annotations

import sympy as sp

from bpgen.affine import digits
from bpgen.ir import Index, Size, length

Slots = list[tuple[sp.Expr, sp.Expr]]
View = tuple[str, tuple[Index, ...]]


def digits_of(expr: sp.Expr, size: sp.Expr) -> tuple[Index, ...] | None:
    """The indices whose values are the digits of the place, slowest first."""
    return digits(expr, int(size)) if size.is_Integer else None


def subscripted(parts: list[str]) -> str:
    """`[:, 1:]`, or nothing where every axis is whole."""
    parts = list(parts)
    while parts and parts[-1] == ":":
        parts.pop()
    return f"[{', '.join(parts)}]" if parts else ""


def reshaped(base: str, slots: Slots, open_: list[tuple[Index, ...]]) -> View:
    """The array with each axis that several open indices share as one for each digit; those of
    loops have a value there.
    """
    axes: list[Index] = []
    parts: list[str] = []
    for (expr, size), free in zip(slots, open_, strict=True):
        along = free if len(free) == 1 else digits_of(expr, size) or ()
        axes += along
        parts += [":" if i in free else i.name for i in along]
    kept = tuple(i for i, part in zip(axes, parts, strict=True) if part == ":")
    return f"{base}.reshape{shape_of(axes)}{subscripted(parts)}", kept


def shape_of(axes: list[Index]) -> str:
    """The shape of an array with these axes, as the arguments of a reshape."""
    return f"({', '.join(str(a.size) for a in axes)})"


def windowed(base: str, slots: Slots, open_: list[tuple[Index, ...]]) -> View:
    """The windows of an array: an axis where each begins, and their own axes last."""
    sizes, places, strides, outer, inner, last = [], [], [], [], [], []
    for k, ((expr, size), free) in enumerate(zip(slots, open_, strict=True)):
        if len(free) == 1:
            strides.append(":")
            outer.append(free[0])
            continue
        place, within = sorted(free, key=lambda i: _rank(i.size), reverse=True)
        step, dilation = (int(expr.coeff(i, 1)) for i in (place, within))
        reach = dilation * (_whole(within) - 1)
        start = sp.expand(expr - step * place - dilation * within + min(reach, 0))
        width = abs(reach) + 1
        sizes.append(str(width))
        places.append(str(k))
        strides.append(_strided(start, step, place, size - width + 1))
        last.append(":" if dilation == 1 else f"::{dilation}")
        outer.append(place)
        inner.append(within)
    one = len(sizes) == 1
    size_text, place_text = (x[0] if one else f"({', '.join(x)})" for x in (sizes, places))
    text = f"windows({base}, {size_text}, {place_text})"
    return text + subscripted([*strides, *last]), (*outer, *inner)


def _rank(size: Size | None) -> tuple[bool, int]:
    """The longer index is where a window begins, the shorter runs within it."""
    return isinstance(size, str), size if isinstance(size, int) else 0


def _whole(index: Index) -> int:
    assert isinstance(index.size, int)
    return index.size


def _strided(start: sp.Expr, step: int, place: Index, count: sp.Expr) -> str:
    """Which of the windows are meant: every one, or every `step`-th from `start`, perhaps from the
    end on.
    """
    if step < 0:
        end = sp.expand(start + step * (length(place.size) - 1) - 1)
        if end.free_symbols:  # it may come to -1: all is counted from the end
            start, end = sp.expand(start - count), sp.expand(end - count)
        return f"{start}:{'' if end == -1 else end}:{step}"
    end = sp.expand(start + step * (length(place.size) - 1) + 1)
    begin = "" if start == 0 else str(start)
    to_the_end = sp.expand(end + step - 1 - count).is_nonnegative
    text = f"{begin}:{'' if to_the_end else end}"
    return text if step == 1 else f"{text}:{step}"

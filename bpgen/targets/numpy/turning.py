"""Arrays turned and given axes of length 1, so that they line up."""

from __future__ import annotations

from dataclasses import dataclass

from bpgen.program.grammar import Axes
from bpgen.text.scalar import ATOM, Text


@dataclass(frozen=True)
class Array:
    """numpy text, how tightly it binds, and the index that each of its axes stands for."""

    text: str
    binding: int
    axes: Axes
    minus: bool = False

    def bracketed(self) -> str:
        return self.text if self.binding == ATOM else f"({self.text})"


def atom(text: str, axes: Axes) -> Array:
    """What needs no bracket."""
    return Array(text, ATOM, axes)


def transposed(array: Array, axes: Axes) -> Array:
    """The array with its axes in the order given."""
    if array.axes == axes:
        return array
    if array.axes == axes[::-1]:
        return atom(f"{array.bracketed()}.T", axes)
    order = tuple(array.axes.index(a) for a in axes)
    swapped = [k for k, place in enumerate(order) if k != place]
    if len(swapped) == 2 and swapped[1] == len(order) - 1:
        last = ", ".join(str(k - len(order)) for k in swapped)
        return atom(f"{array.bracketed()}.swapaxes({last})", axes)
    return atom(f"{array.bracketed()}.transpose{order}", axes)


def aligned(array: Array, axes: Axes) -> Text:
    """The array's text so that it broadcasts against an array of these axes."""
    ordered = transposed(array, tuple(a for a in axes if a in array.axes))
    first = axes.index(ordered.axes[0]) if ordered.axes else len(axes)
    slots = [":" if a in ordered.axes else "None" for a in axes[first:]]
    if "None" not in slots:
        return Text(ordered.text, ordered.binding, ordered.minus)
    return Text(f"{ordered.bracketed()}[{', '.join(slots)}]", ATOM)

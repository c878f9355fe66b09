"""Arrays turned and given axes of length 1, so that they line up, in the words of a library."""

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


class Words:
    """What every library can be told, as numpy is."""

    np = "np"

    def spelled(self, call: str, _numbers: bool) -> str:
        """A call that numpy has; `numbers`: of numbers alone."""
        return call

    def turned(self, array: Array, order: tuple[int, ...]) -> str:
        """The axes that are at these places, in their order."""
        if order == tuple(range(len(order)))[::-1]:
            return f"{array.bracketed()}.T"
        swapped = [k for k, place in enumerate(order) if k != place]
        if len(swapped) == 2 and swapped[1] == len(order) - 1:
            last = ", ".join(str(k - len(order)) for k in swapped)
            return f"{array.bracketed()}.swapaxes({last})"
        return f"{array.bracketed()}.transpose{order}"

    def reshaped(self, array: Array, sizes: list[str]) -> str:
        return f"{array.bracketed()}.reshape({', '.join(sizes)})"

    def reduced(self, array: Array, how: str, given: list[str]) -> str:
        """Summed, averaged or searched."""
        return f"{array.bracketed()}.{how}({', '.join(given)})"

    def made(self, how: str, given: list[str], precision: str) -> str:
        """A new array: empty, of zeros, full of a number."""
        return f"np.{how}({', '.join([*given, precision])})"

    def arange(self, *ends: str) -> str:
        return f"np.arange({', '.join(ends)})"


class Turning(Words):
    """How arrays are lined up: turned, and with `None` in a subscript."""

    def transposed(self, array: Array, axes: Axes) -> Array:
        """The array with its axes in the order given."""
        if array.axes == axes:
            return array
        return atom(self.turned(array, tuple(array.axes.index(a) for a in axes)), axes)

    def aligned(self, array: Array, axes: Axes) -> Text:
        """The array's text so that it broadcasts against an array of these axes."""
        ordered = self.transposed(array, tuple(a for a in axes if a in array.axes))
        first = axes.index(ordered.axes[0]) if ordered.axes else len(axes)
        slots = [":" if a in ordered.axes else "None" for a in axes[first:]]
        if "None" not in slots:
            return Text(ordered.text, ordered.binding, ordered.minus)
        return Text(f"{ordered.bracketed()}[{', '.join(slots)}]", ATOM)

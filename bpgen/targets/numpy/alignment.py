"""Arrays turned and given axes of length 1, so that they line up, in the words of a library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bpgen.program.grammar import Axes
from bpgen.text.document import ATOM, Code, CodeLike, called, code
from bpgen.text.scalar import Text


@dataclass(frozen=True)
class Array:
    """numpy text, how tightly it binds, and the index that each of its axes stands for."""

    text: Code
    binding: int
    axes: Axes
    minus: bool = False

    def bracketed(self) -> Code:
        return self.text if self.binding == ATOM else self.text.bracketed()


def atom(text: CodeLike, axes: Axes) -> Array:
    """What needs no bracket."""
    return Array(code(text), ATOM, axes)


class Library:
    """What every library can be told, as numpy is; `helpers` are the functions of the table that
    are the module's own, as the library has none for them.
    """

    helpers: ClassVar[frozenset[str]] = frozenset()

    def of(self, name: str) -> str:
        """What the library calls so."""
        return f"np.{name}"

    def named(self, function: str, _numbers: bool) -> str:
        """What it calls a function of numpy's; `numbers`: one of numbers alone."""
        return self.of(function)

    def untyped(self, call: Code) -> Code:
        """Its call of numbers alone, as a number of no type."""
        return call.method("item", ())

    def permuted(self, array: Array, order: tuple[int, ...]) -> Code:
        """The axes that are at these places, in their order."""
        if order == tuple(range(len(order)))[::-1]:
            return array.bracketed() + ".T"
        swapped = [k for k, place in enumerate(order) if k != place]
        if len(swapped) == 2 and swapped[1] == len(order) - 1:
            last = [str(k - len(order)) for k in swapped]
            return array.bracketed().method("swapaxes", last, "move")
        return array.bracketed().method("transpose", map(str, order), "move")

    def reshaped(self, array: Array, sizes: list[str]) -> Code:
        return array.bracketed().method("reshape", sizes, "move")

    def reduced(self, array: Array, how: str, given: list[CodeLike]) -> Code:
        """Summed, averaged or searched."""
        return array.bracketed().method(how, given)

    def made(self, how: str, given: list[CodeLike], precision: CodeLike) -> Code:
        """A new array: empty, of zeros, full of a number."""
        return called(self.of(how), [*given, precision])

    def arange(self, *ends: str) -> Code:
        return called(self.of("arange"), ends)


class Alignment(Library):
    """How arrays are lined up: turned, and with `None` in a subscript."""

    def transposed(self, array: Array, axes: Axes) -> Array:
        """The array with its axes in the order given."""
        if array.axes == axes:
            return array
        return atom(self.permuted(array, tuple(array.axes.index(a) for a in axes)), axes)

    def aligned(self, array: Array, axes: Axes) -> Text:
        """The array's text so that it broadcasts against an array of these axes."""
        ordered = self.transposed(array, tuple(a for a in axes if a in array.axes))
        first = axes.index(ordered.axes[0]) if ordered.axes else len(axes)
        if ordered.axes == axes[first:]:
            return Text(ordered.text, ordered.binding, ordered.minus)
        slots = [":" if a in ordered.axes else "None" for a in axes[first:]]
        return Text(ordered.bracketed().at(slots), ATOM)

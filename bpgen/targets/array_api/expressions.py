"""Expressions of the program by the array API standard: the rows and words that are not numpy's.

Functions stand for methods, and what is made is told where it lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bpgen.program import grammar as program
from bpgen.program.spans import numbers_apart
from bpgen.targets.array_api.forwards import Flip
from bpgen.targets.numpy.alignment import Array, atom
from bpgen.targets.numpy.expressions import Expressions as Numpy
from bpgen.targets.numpy.expressions import along
from bpgen.text.document import SUM, Code, CodeLike, called, keyword, tuple_of

_NAMES = {"arctan": "atan", "arcsinh": "asinh"}


class Expressions(Numpy):
    """Prints expressions in the functions of `xp`; `on` is the device."""

    helpers = frozenset({"masked"})  # as numpy alone takes numbers for yes and no

    def __init__(self, order: Mapping[str, int]) -> None:
        super().__init__(order)
        self.names_used: set[str] = set()  # which of "xp" and "on" it used

    def of(self, name: str) -> str:
        self.names_used.add("xp")
        return f"xp.{name}"

    @property
    def on(self) -> Code:
        self.names_used.add("on")
        return keyword("device", "on")

    def named(self, function: str, numbers: bool) -> str:
        """By the standard; of numbers alone by Python, as functions of arrays take no others."""
        name = _NAMES.get(function, function)
        return f"math.{name}" if numbers else self.of(name)

    def untyped(self, call: Code) -> Code:
        """Python's own has none."""
        return call

    def permuted(self, array: Array, order: tuple[int, ...]) -> Code:
        *before, one, other = order
        if [*before, other, one] == [*range(len(order))]:
            return array.bracketed() + (".mT" if before else ".T")
        return called(self.of("permute_dims"), [array.text, tuple_of(map(str, order))])

    def reshaped(self, array: Array, sizes: list[str]) -> Code:
        return called(self.of("reshape"), [array.text, tuple_of(sizes)], "move")

    def reduced(self, array: Array, how: str, given: list[CodeLike]) -> Code:
        return called(self.of(how), [array.text, *given])

    def made(self, how: str, given: list[CodeLike], precision: CodeLike) -> Code:
        return called(self.of(how), [*given, keyword("dtype", precision), self.on])

    def arange(self, *ends: str) -> Code:
        return called(self.of("arange"), [*ends, self.on])

    def flip(self, node: Flip) -> Array:
        return atom(self.flipped(self.text(node.array), node), node.axes)

    def flipped(self, text: Code, by: Flip) -> Code:
        """An array turned round along the axes that another is."""
        return called(self.of("flip"), [text, along(by.over, atom(text, by.axes))])

    def subscript(self, node: program.Gather) -> list[CodeLike]:
        """Of places that stand apart each is an array: a number torch would take first."""
        texts = zip(super().subscript(node), numbers_apart(node), strict=True)
        return [
            called(self.of("asarray"), [f"[{text}]", self.on]) if alone else text
            for text, alone in texts
        ]

    # Making arrays

    def cast(self, node: program.Cast) -> Array:
        value, precision = self.array(node.array), self.precision(node.precision)
        if node.axes:
            return atom(called(self.of("astype"), [value.text, precision]), node.axes)
        given = [value.text, keyword("dtype", precision), self.on]
        return atom(called(self.of("asarray"), given), node.axes)

    def fill(self, node: program.Fill) -> Array:
        """A value of arrays is added to zeros: libraries fill with numbers."""
        if node.value is None or not any(isinstance(n, program.Read) for n in node.value.walk()):
            return super().fill(node)
        zeros = super().fill(replace(node, value=program.NOTHING))
        value = self.lined(node.value, node.axes).text
        return Array(zeros.text.by("+", value), SUM, node.axes)

    def copy(self, node: program.Copy) -> Array:
        self.used.add("_copy")
        return atom(called("_copy", [self.text(node.array)]), node.axes)

    def as_array(self, node: program.AsArray) -> Array:
        return atom(called(self.of("reshape"), [self.text(node.array), tuple_of(())]), node.axes)

    def from_blocks(self, node: program.FromBlocks) -> Array:
        return atom(called("sum", [f'of["{node.name}"] for of in {node.store}']), node.axes)

    rows = {  # noqa: RUF012
        **Numpy.rows,
        Flip: flip,
        program.Cast: cast,
        program.Fill: fill,
        program.Copy: copy,
        program.AsArray: as_array,
        program.FromBlocks: from_blocks,
    }

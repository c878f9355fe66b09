"""The arrays of one function: those that have a name, and those for what is on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count

import sympy as sp

from bpgen.ir import BATCH, Index, length
from bpgen.names import NO_LOCAL
from bpgen.planning.layout.layouts import Layouts
from bpgen.planning.nodes import Buffer, Kind, Ones, form
from bpgen.program.grammar import Axes, Expr, Read

Sizes = tuple[sp.Expr, ...]
# What numbers are called that are kept as arrays: of any other, numpy makes one at each call.
NAMES = {
    sp.S.Zero: "zero",
    sp.S.One: "one",
    sp.Integer(2): "two",
    sp.S.Half: "half",
    sp.S.NegativeOne: "minus_one",
    sp.oo: "infinity",
    length(BATCH): "samples",
}


def sizes_of(axes: Axes) -> Sizes:
    return tuple(length(i.size) for i in axes)


class Scratch:
    """Every array that a function writes."""

    def __init__(self, taken: Iterable[str], layouts: Layouts) -> None:
        self.taken = {*NO_LOCAL, *taken}
        self.layouts = layouts
        self.buffers: dict[str, Buffer] = {}
        self.keeps_numbers = True
        self.nameless: set[str] = set()  # they get a name when it is known which share memory

    def named(self, name: str, axes: Axes, sizes: Sizes | None = None) -> Read:
        """The array of a tensor."""
        if name not in self.buffers:
            sizes = sizes_of(axes) if sizes is None else sizes
            kind: Kind = "mask" if name in self.layouts.masks else "real"
            order = self.layouts.places.get(name, ())
            self.buffers[name] = Buffer((name,), sizes, kind, order=order)
        return Read(name, axes)

    def take(self, axes: Axes, kind: Kind = "real", memory: Axes | None = None) -> Read:
        """An array for one value on the way; `memory`: its axes as they stand there."""
        name = f"<{kind} {len(self.nameless)}>"
        self.nameless.add(name)
        self.layouts.set(name, axes, memory or axes)
        order = self.layouts.places.get(name, ())
        self.buffers[name] = Buffer((name,), sizes_of(axes), kind, order=order)
        return Read(name, axes)

    def near(self, at: Expr, axes: Axes, kind: Kind = "real") -> Read:
        """An array in whose memory these axes stand as in that of another."""
        memory = tuple(i for i in self.layouts.of(at) if i in axes)
        return self.take(axes, kind, memory if len(memory) == len(axes) else axes)

    def ones(self, axes: Axes) -> Ones:
        """A vector of ones, as long as these axes together."""
        sizes = (sp.Mul(*sizes_of(axes)),)
        return Ones(self._constant("ones", Buffer((), sizes, "ones")), axes)

    def minus_ones(self, axes: Axes) -> Ones:
        """A vector of minus ones, as long as these axes together."""
        sizes = (sp.Mul(*sizes_of(axes)),)
        made = Buffer((), sizes, "ones", holds=sp.S.NegativeOne)
        return Ones(self._constant("minus_ones", made), axes)

    def shares(self, axes: Axes, share: sp.Expr) -> Ones | None:
        """A vector of the share of each sample, where a number is that."""
        if share.free_symbols != {length(BATCH)} or not self.keeps_numbers:
            return None
        return Ones(self._constant("shares", Buffer((), sizes_of(axes), "ones", holds=share)), axes)

    def starts(self, axes: Axes) -> Read:
        """Where in memory each row of an array begins."""
        sizes, long = sizes_of(axes[:-1]), length(axes[-1].size)
        return Read(self._constant("starts", Buffer((), sizes, "starts", holds=long)), axes[:-1])

    def number(self, value: sp.Expr) -> Read | None:
        """A number that has a name, as an array; None of any other."""
        name = NAMES.get(value, "one_share" if value.free_symbols == {length(BATCH)} else None)
        if name is None or not self.keeps_numbers:
            return None
        return Read(self._constant(name, Buffer((), (), "number", holds=value)), ())

    def numbers(self, value: sp.Expr, axes: Axes) -> Read:
        """A number as an array with these axes."""
        stem = {sp.S.Zero: "zeros", sp.S.One: "ones"}.get(value, "numbers")
        return Read(self._constant(stem, Buffer((), sizes_of(axes), "number", holds=value)), axes)

    def _constant(self, stem: str, buffer: Buffer) -> str:
        """The name of an array in which nothing is written."""
        for name, other in self.buffers.items():
            if form(other) == form(buffer):
                return name
        name = self.free(stem)
        self.buffers[name] = replace(buffer, names=(name,))
        return name

    def least(self) -> Read:
        """The least number that there is, in the precision of all."""
        return Read(self._constant("least", Buffer((), (), "least")), ())

    def free(self, stem: str) -> str:
        """A name that nothing has yet."""
        name = self._unused(stem)
        self.taken.add(name)
        return name

    def variable(self, index: Index) -> Index:
        """An index as the variable of a loop, which hides no array; several loops may have it."""
        return Index(self._unused(str(index.name)), index.size)

    def _unused(self, stem: str) -> str:
        numbered = (f"{stem}{k or ''}" for k in count())
        return next(n for n in numbered if n not in self.taken)

"""What the sections of a lesson are made from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

import numpy as np

from bpgen.check.module import load
from bpgen.emit import emitted
from bpgen.ir import BATCH, Element, Network, TensorInfo
from bpgen.record import Derivation, Step
from bpgen.render.names import Symbol
from bpgen.render.numerals import Numerals
from bpgen.render.sample import View
from bpgen.render.writer import Writer
from bpgen.worked import Worked
from bpgen.worked.example import DEFAULT_RATE
from bpgen.worked.point import Array

LARGEST = 24  # equations of a network of which every one has a line


@dataclass(frozen=True)
class Lesson:
    """A derivation, how it is written, and the numbers of an example where there are any."""

    derivation: Derivation
    writer: Writer
    view: View
    numerals: Numerals | None
    rate: float = DEFAULT_RATE  # of several samples, too, whose numbers stand beside no equation

    @property
    def network(self) -> Network:
        return self.derivation.network

    @property
    def worked(self) -> Worked | None:
        return self.numerals.worked if self.numerals is not None else None

    @cached_property
    def module(self) -> ModuleType:
        """The emitted module; only of networks that have numbers."""
        return load(emitted(self.derivation))

    @cached_property
    def steps(self) -> dict[str, Step]:
        """The step of each tensor."""
        return {s.of: s for s in self.derivation.steps}

    @property
    def params(self) -> list[TensorInfo]:
        return self.network.role("param")

    @property
    def is_short(self) -> bool:
        return len(self.network.equations) <= LARGEST

    @property
    def is_plain(self) -> bool:
        """Without recurrences and repeated blocks."""
        return all(e.loop is None for e in self.network)

    # how things are written

    def inline(self, math: str) -> str:
        return self.writer.dialect.inline(math)

    def name(self, tensor: str) -> str:
        """A tensor, or the gradient by one, in a sentence."""
        return self.inline(self.writer.tensor(tensor).text)

    def of_block(self, access: Element) -> str:
        """The tensor that an element is of, as that of its block."""
        above = self.writer.above(access)
        return self.inline(self.writer.tensor(access.name, above=above or None).text)

    def names(self, tensors: Iterable[str]) -> str:
        return ", ".join(map(self.name, tensors))

    def slope(self, tensor: str) -> str:
        """The gradient of the loss by a tensor, by the name that it has on the page."""
        adjoint = self.derivation.adjoint.get(tensor, "")
        return self.name(adjoint) if adjoint else ""

    def tensor(self, name: str) -> str:
        return self.writer.tensor(name).text

    @property
    def eta(self) -> str:
        """The letter of the learning rate; where net.py has an eta of its own, a word."""
        return self.writer.dialect.symbol(
            Symbol("eta" if "eta" not in self.writer.letters else "lr"), (), False
        )

    def number(self, value: float) -> str:
        """A number, in a sentence."""
        assert self.numerals is not None
        if not np.isfinite(value):
            return "no number"
        return self.inline(self.numerals.number(float(value)))

    def array(self, array: Array) -> str:
        """All of a small array, in a cell."""
        assert self.numerals is not None
        if not np.all(np.isfinite(array)):
            return "no number"
        return self.inline(self.numerals.array(np.asarray(array)))

    def of_sample(self, name: str, array: Array) -> Array:
        """What the sample has of it; of samples that meet, all."""
        info = self.network.tensors[name]
        if self.worked is not None and self.worked.point.lengths.get(BATCH, 1) > 1:
            return array
        return array[0] if info.batched and not info.block else array

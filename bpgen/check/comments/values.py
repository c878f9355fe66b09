"""What a name in a comment stands for: a tensor, the gradient by one, a length."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bpgen.check.claims.names import Meaning, Names
from bpgen.check.entrywise.order import starts
from bpgen.check.page.drawing import drawn
from bpgen.check.page.proof import definitions, spellings
from bpgen.check.page.proof.judge import Judge
from bpgen.check.page.proof.page import Page
from bpgen.check.page.reading import Reading
from bpgen.ir import Network
from bpgen.names import adjoint_name

SAMPLES = 3  # of the batch
GIVEN = "what a caller gives"  # of which an output's upstream gradient is


class Unread(Exception):
    """There is no saying what a comment means."""


@dataclass(frozen=True)
class Values:
    """A network at random values, and the names of its adjoints."""

    names: Names
    reading: Reading

    @staticmethod
    def drawn(network: Network, page: str, seed: int) -> Values:
        """By which spellings the chain rule goes, its page alone says."""
        read = Page.of(page, network, seed, SAMPLES)
        read.whole.world = drawn(network, SAMPLES, seed)
        definitions.read(read, Judge(read.tolerance))
        spellings.read(read)
        names = Names(network, {adjoint_name(t): t for t in network.tensors})
        return Values(names, replace(read.whole, top=network.loss or ""))

    @property
    def network(self) -> Network:
        return self.reading.world.network

    def meaning(self, name: str) -> Meaning:
        found = self.names.find(name)
        if found is None and name.removeprefix("d_") in self.reading.world.given:
            return Meaning(name.removeprefix("d_"), GIVEN)
        if found is None:
            raise Unread(f"what {name} is")
        return found

    def is_number(self, name: str) -> bool:
        """Whether a name without places is a number, and no letter: a letter may be called as a
        tensor that has entries.
        """
        try:
            return not self.first(self.meaning(name))
        except Unread:
            return name in self._known

    @property
    def _known(self) -> dict[str, float]:
        return {"pi": np.pi, **self.reading.world.lengths}

    def number(self, name: str) -> Any:
        """What a name without places is."""
        if name in self._known and self.names.find(name) is None:
            return self._known[name]
        return self.array(self.meaning(name))

    def array(self, meaning: Meaning) -> np.ndarray:
        world = self.reading.world
        if meaning.of == GIVEN:
            return world.given[meaning.tensor]
        if meaning.of is None:
            return np.real(world.values[meaning.tensor])
        return self.reading.gradient(meaning.of, meaning.tensor)

    def size(self, name: str, axis: int) -> int:
        """How long an axis of a tensor is, or of what a caller gives: that is of no block."""
        world, meaning = self.reading.world, self.meaning(name)
        if meaning.of == GIVEN:
            return int(self.array(meaning).shape[axis])
        return world.shape(world.network.tensors[meaning.tensor])[axis]

    def first(self, meaning: Meaning) -> tuple[int, ...]:
        """Where the entry at 0 stands in its array: a recurrence begins one step earlier."""
        if meaning.of == GIVEN:
            return (0,) * self.array(meaning).ndim
        return starts(self.network, meaning.tensor)

    def ends(self, meaning: Meaning) -> int | None:
        """The axis of the steps, beyond whose last a gradient hears of nothing."""
        info = self.network.tensors[meaning.tensor]
        return info.carried if meaning.of not in (None, GIVEN) else None

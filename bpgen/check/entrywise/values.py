"""The values of a network's tensors at one point, as far as they are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bpgen.check.entrywise.order import starts
from bpgen.check.entrywise.places import Array
from bpgen.check.entrywise.tape import Decision, Steep
from bpgen.ir import Network, Size, Term

Sides = dict[tuple[Term, Decision], set[int]]  # the signs seen, of what a term decides by


class Values:
    """Arrays by name, each with an axis of lanes first, and what they are computed in."""

    def __init__(
        self,
        network: Network,
        lengths: Mapping[str, int],
        dtype: Any = np.float64,
        sides: Sides | None = None,
    ) -> None:
        self.network, self.lengths = network, dict(lengths)
        self.known = tuple(self.lengths.items())
        self.dtype = np.dtype(dtype)
        self.real = self.dtype.type
        self.near = False  # whether a branch was decided by a hair
        self.steep: list[Steep] = []  # where gradients may be no numbers by the equations
        self.sides = sides  # on which side of each condition its values were, for who asks
        self.values: dict[str, Array] = {}

    def size(self, size: Size | None) -> int:
        return size if isinstance(size, int) else self.lengths[str(size)]

    def stored(self, name: str) -> tuple[int, ...]:
        """The shape in which a tensor is stored."""
        info = self.network.tensors[name]
        axes = zip(info.indices, starts(self.network, name), strict=True)
        return tuple(self.size(i.size) + s for i, s in axes)

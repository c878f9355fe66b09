"""What is the same for all formulas of a section of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bpgen.check.page import formula as f
from bpgen.check.page.choices import Choices
from bpgen.check.page.names import Names
from bpgen.check.page.scalars import STEP, Array
from bpgen.check.page.world import World


@dataclass(frozen=True)
class Definition:
    """A function as the page defines it."""

    names: tuple[str, ...]
    body: f.Node


@dataclass
class Reading:
    """What is the same for all formulas of a section."""

    world: World
    names: Names
    top: str  # the scalar whose gradient a delta is
    sample: bool  # one sample is told: the batch has no index
    base: int  # what indices count from
    functions: dict[str, Definition] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()  # functions that the page only names
    entries: bool = False  # x_1 is an entry of x, if there is one, and not a tensor x1
    choices: Choices = field(default_factory=Choices)
    gradients: dict[tuple[str, str], Array] = field(default_factory=dict)

    def gradient(self, top: str, name: str) -> Array:
        """The derivative of a scalar by every element of a tensor."""
        key = top, name
        if key not in self.gradients:
            moved = self.world.moved(name)
            if top:
                count = self.world.values[name].size
                found = self._stepped(moved, top, count).reshape((count, -1)).sum(-1)
            else:
                found = sum(self._upstream(moved, n) for n in self.world.given)
            slopes = np.imag(found) / STEP
            self.gradients[key] = slopes.reshape(self.world.values[name].shape)
        return self.gradients[key]

    def _rank(self, name: str) -> int:
        return len(self.world.network.tensors[name].indices)

    def _stepped(self, moved: Mapping[str, Array], name: str, count: int) -> Array:
        """The values of a tensor at each step taken, of one that does not move as well."""
        found = moved[name]
        if found.ndim > self._rank(name):
            return found
        return np.broadcast_to(found, (count, *found.shape))

    def _upstream(self, moved: Mapping[str, Array], name: str) -> Array:
        """What the upstream gradient of an output makes of it; of blocks, of the last."""
        count = max(len(v) for n, v in moved.items() if v.ndim > self._rank(n))
        values: Any = self._stepped(moved, name, count)
        given = self.world.given[name]
        info = self.world.network.tensors[name]
        if info.block:
            values = values[:, self.world.size(info.indices[0].size) - 1]
        own: Any = tuple(slice(s) for s in given.shape)
        return np.asarray((values[(..., *own)] * given).reshape((len(values), -1)).sum(-1))

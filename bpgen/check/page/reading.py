"""What is the same for all formulas of a section of the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bpgen.check.entrywise import shown
from bpgen.check.entrywise.evaluation import STEP
from bpgen.check.page import formula as f
from bpgen.check.page.choices import Choices
from bpgen.check.page.grammar import Parser
from bpgen.check.page.names import Names
from bpgen.check.page.world import Array, Values, World

Gradients = dict[tuple[str, str], Array]  # by a scalar and a tensor


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
    gradients: Gradients = field(default_factory=dict)
    units: set[str] = field(default_factory=set)  # the integers whose unit vectors were read
    beyond: set[int] = field(default_factory=set)  # lengths of steps: what comes after was read

    def parser(self, found: Sequence[str]) -> Parser:
        return Parser(found, self.names.is_tensor, lambda s: self.names.length(s) is not None)

    def parse(self, found: Sequence[str]) -> f.Node:
        """The one formula that these tokens are, read once while names mean the same."""
        key, read = tuple(found), self.names.read
        if key not in read:
            read[key] = self.parser(found).whole()
        return read[key]

    def gradient(self, top: str, name: str) -> Array:
        """The derivative of a scalar by every element of a tensor."""
        key = top, name
        if key not in self.gradients:
            shape = self.world.values[name].shape
            slopes = self._slopes(top, self.world.moved(name))
            self.gradients[key] = np.broadcast_to(slopes, (math.prod(shape),)).reshape(shape)
        return self.gradients[key]

    def along(self, steps: Values) -> Array:
        """How what is differentiated moves where all these elements take their steps at once."""
        return self._slopes(self.top, self.world.along(steps))

    def _slopes(self, top: str, moved: Values) -> Array:
        return np.imag(self._summed(moved[top]) if top else self._upstream(moved)) / STEP

    def _summed(self, lanes: Array) -> Array:
        return np.asarray(lanes.reshape((len(lanes), -1)).sum(-1))

    def _upstream(self, moved: Values) -> Array:
        """What the upstream gradients of the outputs make of what a caller sees of them."""
        total = np.zeros(1)
        for name, given in self.world.given.items():
            seen = [shown(self.world.network, name, lane) for lane in moved[name]]
            total = total + self._summed(np.stack(seen) * given)
        return total

"""The values of the letters of a formula, and of what they stand below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bpgen.check.page import formula as f
from bpgen.check.page.names import Found
from bpgen.check.page.reading import Reading
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.world import Array, Values, World

RULES: dict[type, Callable[[Scope, Any], Any]] = {}  # of each kind of formula


def _none() -> Array:
    return np.asarray(0)


@dataclass(frozen=True)
class Scope:
    """Index letters by name, each an array along an axis of its own, and a step that is taken."""

    reading: Reading
    letters: Mapping[str, Array] = field(default_factory=dict)
    values: Values | None = None  # other than the world's, with a first axis
    which: Array = field(default_factory=_none)  # along that axis
    constants: Mapping[str, Array] = field(default_factory=dict)  # arguments of a function
    which_sample: Array = field(default_factory=_none)

    @property
    def world(self) -> World:
        return self.reading.world

    def stored(self, name: str) -> Array:
        """The values of a tensor, along a first axis of which `which` chooses."""
        return self.world.values[name][None] if self.values is None else self.values[name]

    def find(self, symbol: f.Node) -> Found | None:
        """What a symbol names. Where an entry and a whole tensor read alike, the reading says which
        comes first.
        """
        if not isinstance(symbol, f.Symbol):
            return None
        found = self.reading.names.all(symbol)
        if self.reading.entries and len(found) > 1:
            whole = [x for x in found if len(x[2]) == self._told_of(x)]
            found = whole or found
        return found[0] if found else None

    def _told_of(self, found: Found) -> int:
        return self.rank(found[1]) if found[1] in self.world.network.tensors else 0

    def rank(self, name: str) -> int:
        """How many indices a tensor has below it, at most."""
        info = self.world.network.tensors[name]
        return len(info.indices) - info.block - (info.batched and self.reading.sample)

    def over(self, letters: Mapping[str, Array]) -> Scope:
        """With further letters, each along a new axis left of the others."""
        found = dict(self.letters)
        depth = self.depth
        for name, values in letters.items():
            found[name] = values.reshape((-1, *([1] * depth)))
            depth += 1
        return replace(self, letters=found)

    def counted(self, sizes: Mapping[str, int]) -> Scope:
        """With further letters that count so far, each along a new axis left of the others."""
        base = self.reading.base
        return self.over({name: np.arange(base, base + size) for name, size in sizes.items()})

    @property
    def depth(self) -> int:
        return max((a.ndim for a in self.letters.values()), default=0)

    def value(self, node: f.Node) -> Array:
        """An array over the letters' axes, whose last two axes are a matrix."""
        rule = RULES.get(type(node))
        if rule is None:
            raise Unreadable(f"a {type(node).__name__.lower()} has no value")
        with np.errstate(all="ignore"):
            return np.asarray(rule(self, node))

    def index(self, node: f.Node) -> Array:
        """An index, as a whole number at each value of the letters."""
        found = np.real(self.value(node))
        if found.shape[-2:] != (1, 1):
            raise Unreadable("an index that is no number")
        return np.asarray(np.rint(found[..., 0, 0]).astype(int))

    def place(self, node: f.Node) -> Array:
        """An index, counted from 0."""
        return self.index(node) - self.reading.base

    def bound(self, sign: str, end: f.Node) -> int:
        """How many values a letter has that stays below an end, or at it."""
        return int(np.real(self.value(end)).ravel()[0]) - self.reading.base + (sign == "<=")

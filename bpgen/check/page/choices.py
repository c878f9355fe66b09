"""Which of several gives the largest value: the first of the largest that the page's maximum runs
through.

Where several are as large, which formula elsewhere is that first one cannot be told from its value.
So all are read once more at other values, at which no two are equal but of the same formula.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bpgen.check.page.world import Array, World

_SAME = 1e-9  # of a formula in another order


@dataclass(frozen=True)
class Choice:
    """What was chosen for each entry of a tensor: its `values` at each of the others, and the
    values of the maximum's own indices, from 0, along the last axis of `places`.
    """

    values: tuple[Array, ...]
    places: Array


@dataclass
class Choices:
    """By tensor, what was chosen to be the largest: nothing yet."""

    world: World | None = None  # none has no other values
    seed: int = 0
    told: dict[str, Choice] = field(default_factory=dict)

    @cached_property
    def others(self) -> tuple[dict[str, Array], ...]:
        """The other values, drawn where they are asked for. Where the first are beyond a formula's
        domain, the second are near those of the world.
        """
        if self.world is None:
            return ()
        rng = np.random.default_rng(self.seed)
        labels = {n for n, t in self.world.network.tensors.items() if t.bound is not None}

        def drawn(value: Array, near: bool) -> Array:
            noise = rng.uniform(0.15, 0.85, size=value.shape)
            return value + 0.01 * (1 + np.abs(value)) * noise if near else noise

        values = self.world.values.items()
        return tuple(
            {n: v if n in labels else drawn(v, near) for n, v in values} for near in (False, True)
        )

    def tell(self, name: str, at: list[Array], chosen: Choice) -> None:
        """What the largest at some places of a tensor is: matrices of what is left of it there."""
        where = tuple(np.broadcast_arrays(*at))
        lead = where[0].shape if where else ()
        shape = next(iter(self.others))[name].shape
        count = chosen.places.shape[-1]
        nothing = tuple(np.full(shape, np.nan) for _ in self.others)
        known = self.told.setdefault(name, Choice(nothing, np.full((*shape, count), np.nan)))
        for array, values in zip(known.values, chosen.values, strict=True):
            whole = np.broadcast_to(values, (*lead, *values.shape[-2:]))
            array[where] = whole.reshape(array[where].shape)
        whole = np.broadcast_to(chosen.places, (*lead, *chosen.places.shape[-3:]))
        known.places[where] = whole.reshape(known.places[where].shape)


def first_of(here: Array, elsewhere: list[Array], sizes: tuple[int, ...]) -> Choice:
    """Of formulas along the last axis, the first that is the largest; or the first of those that
    are this formula, whose factors stand in another order. Its indices have these sizes.
    """
    largest = here.argmax(-1)[..., None]
    again = same(elsewhere, [np.take_along_axis(e, largest, -1) for e in elsewhere])
    first = (again | (np.arange(here.shape[-1]) == largest)).argmax(-1)[..., None]
    values = tuple(np.take_along_axis(e, first, -1)[..., 0] for e in elsewhere)
    return Choice(values, np.stack(np.unravel_index(first[..., 0], sizes), -1).astype(float))


def same(one: list[Array], other: list[Array]) -> Array:
    """Whether two formulas are one, by their values at the others: at the first that both have."""
    found = np.asarray(False)
    for a, b in reversed([*zip(one, other, strict=True)]):
        there = np.isfinite(a) & np.isfinite(b)
        equal = np.abs(a - b) <= _SAME * np.maximum(np.abs(a), np.abs(b))
        found = np.where(there, equal, found)
    return found

"""Which of several gives the largest value: the first of the largest that the page's maximum runs
through.

Where several are as large, which formula elsewhere is that first one cannot be told from its value.
So all are read once more at other values, at which no two are equal but of the same formula.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bpgen.check.page.world import Array, World

_SAME = 1e-9  # of a formula in another order


@dataclass
class Choices:
    """By tensor, the chosen formula's value at each of the `others`."""

    others: tuple[dict[str, Array], ...] = ()
    chosen: dict[str, tuple[Array, ...]] = field(default_factory=dict)

    @staticmethod
    def of(world: World, seed: int) -> Choices:
        """Nothing is chosen yet. Where the first of the other values are beyond a formula's domain,
        the second are near those of the world.
        """
        rng = np.random.default_rng(seed)
        labels = {n for n, t in world.network.tensors.items() if t.bound is not None}

        def drawn(name: str, value: Array, near: bool) -> Array:
            noise = rng.uniform(0.15, 0.85, size=value.shape)
            return value + 0.01 * (1 + np.abs(value)) * noise if near else noise

        return Choices(
            tuple(
                {n: v if n in labels else drawn(n, v, near) for n, v in world.values.items()}
                for near in (False, True)
            )
        )

    def tell(self, name: str, places: list[Array], values: list[Array]) -> None:
        """What the largest at some places of a tensor is, at each of the others: matrices of what
        is left there of the tensor.
        """
        at = tuple(np.broadcast_arrays(*places))
        lead = at[0].shape if at else ()
        if name not in self.chosen:
            shape = next(iter(self.others))[name].shape
            self.chosen[name] = tuple(np.full(shape, np.nan) for _ in self.others)
        for array, value in zip(self.chosen[name], values, strict=True):
            whole = np.broadcast_to(value, (*lead, *value.shape[-2:]))
            array[at] = whole.reshape(array[at].shape)


def same(one: list[Array], other: list[Array]) -> Array:
    """Whether two formulas are one, by their values at the others: at the first that both have."""
    found = np.asarray(False)
    for a, b in reversed([*zip(one, other, strict=True)]):
        there = np.isfinite(a) & np.isfinite(b)
        equal = np.abs(a - b) <= _SAME * np.maximum(np.abs(a), np.abs(b))
        found = np.where(there, equal, found)
    return found

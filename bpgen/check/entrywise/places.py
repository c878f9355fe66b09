"""Where the entries of an access lie in its tensor, and what is read and written there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Array = Any
View = tuple[Any, tuple[int, ...], Any]
Run = tuple[int | None, int | slice]  # the axis of the grid that moves a place, from where to where


@dataclass(frozen=True, eq=False)
class Places:
    """Whole numbers along each axis of a tensor, as arrays of a grid's rank that have one entry
    along the axes of the grid that move nothing.
    """

    along: tuple[Array, ...]
    rank: int

    def __iter__(self) -> Iterator[Array]:
        return iter(self.along)

    @cached_property
    def moving(self) -> frozenset[int]:
        """The axes of the grid that move them."""
        return frozenset(k for p in self.along for k, n in enumerate(p.shape) if n > 1)

    def read(self, array: Array) -> Array:
        """The entries here along the last axes of an array: a part of it where they lie evenly."""
        part = self._part(array)
        return array[self._every] if part is None else part

    def add(self, array: Array, values: Array) -> None:
        """Add to the entries here along the last axes of an array, some of which may be the
        same.
        """
        part = self._part(array)
        if part is None:
            np.add.at(array, self._every, values)
        else:
            part[...] += values

    @property
    def _every(self) -> Any:
        """The index of an array that says each place."""
        return (..., *np.broadcast_arrays(*self.along))

    def _part(self, array: Array) -> Array | None:
        """The entries themselves, none of them twice, along the axes of the grid; None where they
        lie unevenly.
        """
        if self._runs is None:
            return None
        ahead = array.ndim - len(self.along)
        if ahead not in self._views:
            self._views[ahead] = self._view(self._runs, ahead)
        run, order, beside = self._views[ahead]
        return array[run].transpose(order)[beside]

    @cached_property
    def _views(self) -> dict[int, View]:
        """By the number of axes ahead: what an array is taken at, the order that its axes are
        brought into, and what sets them along those of the grid.
        """
        return {}

    def _view(self, runs: list[Run], ahead: int) -> View:
        axes = [axis for axis, _ in runs if axis is not None]
        order = sorted(range(len(axes)), key=axes.__getitem__)
        return (
            (..., *(run for _, run in runs)),
            (*range(ahead), *(ahead + k for k in order)),
            (..., *(slice(None) if k in axes else None for k in range(self.rank))),
        )

    @cached_property
    def _runs(self) -> list[Run] | None:
        """How each place moves, where each moves evenly and along an axis of its own."""
        runs = [run for run in map(_run, self.along) if run is not None]
        axes = [axis for axis, _ in runs if axis is not None]
        return runs if len(runs) == len(self.along) and len({*axes}) == len(axes) else None


def _run(place: Array) -> Run | None:
    if place.size == 1:
        return None, int(place.flat[0])
    axes = [k for k, n in enumerate(place.shape) if n > 1]
    numbers = place.ravel().tolist()
    if len(axes) != 1 or numbers[0] == numbers[1]:
        return None
    first, step = numbers[0], numbers[1] - numbers[0]
    if numbers != [*range(first, numbers[-1] + step, step)]:
        return None
    end = numbers[-1] + step
    return axes[0], slice(first, end if end >= 0 else None, step)

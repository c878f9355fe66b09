"""The arguments of one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Arrays = dict[str, Array]


@dataclass(frozen=True)
class Point:
    """Arguments of one call. `rest` holds the targets of a loss, or cotangents of a function's
    outputs.
    """

    params: Arrays
    inputs: Arrays
    rest: Arrays

    def groups(self) -> tuple[Arrays, Arrays, Arrays]:
        return self.params, self.inputs, self.rest

    def map(self, change: Callable[[str, Array], Array]) -> Point:
        """The point with every array changed."""
        return Point(
            *({name: change(name, a) for name, a in group.items()} for group in self.groups())
        )

    def moved(self, tensor: str, step: Array) -> Point:
        """The point with `step` added to one parameter or input."""
        return Point(
            *({n: a + step if n == tensor else a for n, a in g.items()} for g in self.groups())
        )


def with_rest(point: Point, change: Callable[[Array], Array]) -> Point:
    """The point with every cotangent changed."""
    return replace(point, rest={name: change(a) for name, a in point.rest.items()})


def largest(grads: Arrays) -> float:
    """The largest entry of all gradients."""
    return max((float(np.max(np.abs(g), initial=0)) for g in grads.values()), default=0.0)

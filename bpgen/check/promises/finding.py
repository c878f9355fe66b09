"""What is found of a promise, and when two results are the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpgen.check.module import Array, Arrays

ZERO = 1e-12  # of the largest gradient at the point: zero up to rounding
ROUNDING = 1e-12  # of the largest entry: what a different order of summation may change


@dataclass(frozen=True)
class Finding:
    """A broken promise, and the tensor that shows it where there is one."""

    tensor: str
    fact: str

    def __str__(self) -> str:
        return f"{self.tensor}: {self.fact}" if self.tensor else self.fact


def leaves(tree: Any, name: str = "") -> Iterator[tuple[str, Array]]:
    """Every array in nested dicts, tuples and lists (a cache may hold any), with the name it goes
    by.
    """
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, str(key))
    elif isinstance(tree, (tuple, list)):
        for value in tree:
            yield from leaves(value, name)
    elif isinstance(tree, np.ndarray):
        yield name, tree


def same_bits(one: Any, other: Any) -> bool:
    """Equal in type and in every bit: nan equals nan, 0.0 does not equal -0.0."""
    one, other = np.asarray(one), np.asarray(other)
    return bool(
        one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    )


def near(one: Array, other: Array, scale: float) -> bool:
    """Equal up to rounding at the given scale, or one infinity; never where there is nan."""
    with np.errstate(invalid="ignore"):
        return bool(np.all((one == other) | (np.abs(one - other) <= ROUNDING * scale)))


def scales(grads: Arrays) -> dict[str, float]:
    """The largest entry of each tensor, or a thousandth of the largest of all where that is more;
    of what is nothing but rounding, the largest of all.
    """
    sizes = {n: float(np.max(np.abs(g), initial=0)) for n, g in grads.items()}
    whole = max(sizes.values(), default=0.0)
    return {n: whole if s <= ZERO * whole else max(s, 1e-3 * whole) for n, s in sizes.items()}

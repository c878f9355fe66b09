"""The entries of an equation: all values of its indices at once, each index along an axis of its
own, and where in its tensor each entry lies.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from bpgen.check.entrywise.places import Array, Places
from bpgen.check.entrywise.tape import tape
from bpgen.ir import Element, Index, Size, TensorInfo

_LARGE = 1 << 16  # entries of one array times those of another
Known = tuple[tuple[str, int], ...]  # the lengths known at run time


class Outside(AssertionError):
    """An access leaves its tensor: a defect of bpgen, never of a net.py."""


class Grid:
    """Values of some indices, those that are `fixed` at one value only."""

    def __init__(
        self,
        indices: Iterable[Index],
        lengths: Mapping[str, int],
        fixed: Mapping[Index, int] | None = None,
    ) -> None:
        self.indices, self.lengths = tuple(dict.fromkeys(indices)), lengths
        self.values: dict[Index, Array] = {}
        for k, index in enumerate(self.indices):
            only = (fixed or {}).get(index)
            span = np.arange(self.size(index.size)) if only is None else np.array([only])
            self.values[index] = span.reshape([-1 if i == k else 1 for i in range(self.rank)])
        self.shape = tuple(self.values[i].size for i in self.indices)
        self._places: dict[Any, Places] = {}  # of accesses that read no whole numbers

    @property
    def rank(self) -> int:
        return len(self.indices)

    @property
    def flat(self) -> tuple[int, ...]:
        """One along every axis."""
        return (1,) * self.rank

    def size(self, size: Size | None) -> int:
        return size if isinstance(size, int) else self.lengths[str(size)]

    def places(
        self,
        access: Sequence[sp.Expr],
        info: TensorInfo,
        whole: Callable[[Element], Array],
    ) -> Places:
        """Where the entries lie that an access means: in slot 1 of a recurrence's axis what is its
        element 0. `whole` reads a whole number of a tensor.
        """
        key = (*access, info.name, info.indices, info.carried)
        if key in self._places:
            return self._places[key]
        along = (self._along(expr, info, k, whole) for k, expr in enumerate(access))
        found = Places(tuple(along), self.rank)
        if not any(expr.has(Element) for expr in access):
            self._places[key] = found
        return found

    def _along(
        self, expr: sp.Expr, info: TensorInfo, k: int, whole: Callable[[Element], Array]
    ) -> Array:
        """Where they lie along one axis of the tensor."""
        before = info.carried == k
        at = self._number(expr, whole)
        at = at + 1 if before else at
        size = self.size(info.indices[k].size) + before
        # an index that is not fixed runs from 0, and tells by its length where it ends
        plain = expr in self.values and 1 < at.size <= size - before
        if not plain and np.any((at < 0) | (at >= size)):
            raise Outside(f"{info.name}: {expr} leaves an axis of {size}")
        return at

    def _number(self, expr: sp.Expr, whole: Callable[[Element], Array]) -> Array:
        if expr in self.values:
            return self.values[expr]

        def leaf(part: sp.Expr) -> Array:
            return whole(part) if isinstance(part, Element) else self.leaf(part, int)

        return tape(expr).run(leaf)[0] + np.zeros(self.flat, int)

    def leaf(self, expr: sp.Expr, kind: Any) -> Any:
        """An index, a length or a number, as numbers of a kind."""
        if expr in self.values:
            return self.values[expr].astype(kind)
        if expr.is_Symbol:
            return kind(self.lengths[expr.name])
        if expr.is_Rational:
            return kind(int(expr.p)) / kind(int(expr.q)) if expr.q != 1 else kind(int(expr.p))
        if expr in (sp.true, sp.false):
            return bool(expr)
        if expr.is_infinite:
            return kind(float(expr))
        return kind(str(sp.N(expr, 25)))


@lru_cache(4096)  # the points of a network, and the steps back through it, have the same grids
def grid(indices: tuple[Index, ...], lengths: Known, fixed: tuple[Index, int] | None) -> Grid:
    """Values of some indices, of which one may be fixed."""
    return Grid(indices, dict(lengths), dict([fixed] if fixed else []))


def contracted(arrays: Sequence[Array], kept: Container[int]) -> Array:
    """The product of arrays that have one entry along an axis where they stay the same, summed over
    all axes but those that are kept; of the others one entry is left.
    """
    moving = [[k for k, n in enumerate(a.shape) if n > 1] for a in arrays]
    pairs: list[Any] = []
    for array, axes in zip(arrays, moving, strict=True):
        pairs += [array.reshape([array.shape[k] for k in axes]), axes]
    left = sorted({k for axes in moving for k in axes if k in kept})
    # of two an order need not be looked for; BLAS is worth its way where they are large
    small = len(arrays) == 2 and arrays[0].size * arrays[1].size < _LARGE
    value = np.asarray(np.einsum(*pairs, left, optimize=False if small else "greedy"))
    return np.expand_dims(value, tuple(k for k in range(arrays[0].ndim) if k not in left))

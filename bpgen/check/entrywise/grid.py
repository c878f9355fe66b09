"""The entries of an equation: all values of its indices at once, each index along an axis of its
own, and where in its tensor each entry lies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import sympy as sp

from bpgen.check.entrywise.tape import tape
from bpgen.ir import Element, Index, Size, TensorInfo

Array = Any
Places = tuple[Array, ...]


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
        access: Iterable[sp.Expr],
        info: TensorInfo,
        whole: Callable[[Element], Array],
    ) -> Places:
        """Where the entries lie that an access means: whole numbers along each axis, in slot 1 of a
        recurrence's axis what is its element 0. `whole` reads a whole number of a tensor.
        """
        found = []
        for k, expr in enumerate(access):
            at = self._number(expr, whole) + (info.carried == k)
            size = self.size(info.indices[k].size) + (info.carried == k)
            if np.any((at < 0) | (at >= size)):
                raise Outside(f"{info.name}: {expr} leaves an axis of {size}")
            found.append(at)
        return tuple(found)

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

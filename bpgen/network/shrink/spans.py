"""What one access says of the widths of its network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import sympy as sp

from bpgen.ir import Element, Index

Width = tuple[str, object]  # an axis (tensor, k), a bound (tensor, "bound"), an index (equation, i)
Sizes = Mapping[Width, int]
Place = tuple[str, Element, int]  # an equation, an access of it, and an axis


@dataclass(frozen=True)
class Span:
    """One axis as an access runs over it: `before` places, what the indices cover, `after` places.

    The indices are digits of a place, or slide along each other.
    """

    axis: Width
    indices: tuple[Width, ...]
    steps: tuple[int, ...]  # of each index, by size
    digits: bool
    before: int
    after: int
    unit: int  # what these two count in: blocks as wide as all the indices, or places
    # Where the accesses of an axis tile it, the indices that run over what is before and after.
    beside: tuple[tuple[Width, ...], tuple[Width, ...]] | None = None

    def covered(self, sizes: Sizes) -> int:
        own = [sizes[i] for i in self.indices]
        if self.digits:
            return math.prod(own)
        return 1 + sum(abs(s) * (size - 1) for s, size in zip(self.steps, own, strict=True))

    def ends(self, sizes: Sizes) -> tuple[int, int]:
        """As many places before and after as the small access leaves."""
        if self.beside is not None:
            before, after = (sum(sizes[w] for w in widths) for widths in self.beside)
            return before, after
        blocks = self.covered(sizes) if self.unit > 1 else 1
        return self.before // self.unit * blocks, self.after // self.unit * blocks

    def size(self, sizes: Sizes) -> int:
        """The size that the axis must have."""
        return sum(self.ends(sizes)) + self.covered(sizes)

    @property
    def widths(self) -> tuple[Width, ...]:
        """The axis and every index that its size follows from."""
        return (self.axis, *self.indices, *(w for side in self.beside or () for w in side))

    def form(self, sizes: Sizes) -> tuple[object, ...]:
        """What code it asks for: a reshape; or windows, apart or not, of the shorter index."""
        own = [sizes[i] for i in self.indices]
        if self.digits:
            return ("digits",)
        tiled = all(abs(s) == math.prod(own[k + 1 :]) for k, s in enumerate(self.steps))
        longer = [one > other for k, one in enumerate(own) for other in own[k + 1 :]]
        apart = [s >= size for s, size in zip(self.steps, own[1:], strict=False)]
        return tiled and len(own) > 1, tuple(longer), tuple(apart)

    def access(self, sizes: Sizes, indices: tuple[Index, ...]) -> sp.Expr:
        """The access in the small network, in its indices."""
        own, start = [sizes[i] for i in self.indices], self.ends(sizes)[0]
        total = sp.Integer(start)
        for k, (step, index) in enumerate(zip(self.steps, indices, strict=True)):
            size = math.prod(own[k + 1 :]) if self.digits else step
            total += size * index - min(size, 0) * (own[k] - 1)
        return total


def tiled(spans: Mapping[Place, Span], sizes: Sizes) -> dict[Place, Span]:
    """The spans, each with the others beside it where those of an axis, one after another, cover it
    all.
    """
    of_axis: dict[Width, dict[int, Span]] = {}
    for span in spans.values():
        of_axis.setdefault(span.axis, {})[span.before] = span
    found = dict(spans)
    for place, span in spans.items():
        row = [s for _, s in sorted(of_axis[span.axis].items())]
        alone = all(s.steps == (1,) for s in row) and span in row and len(row) > 1
        whole = row[0].before == 0 == row[-1].after and all(
            s.before + s.covered(sizes) == later.before for s, later in pairwise(row)
        )
        if alone and whole:
            k = row.index(span)
            sides = tuple(tuple(s.indices[0] for s in part) for part in (row[:k], row[k + 1 :]))
            found[place] = replace(span, unit=1, beside=(sides[0], sides[1]))
    return found

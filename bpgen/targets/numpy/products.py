"""Products of arrays: `@`, tensordot, einsum last."""

from __future__ import annotations

from bpgen.ir import BATCH, Index
from bpgen.program.contractions import batch_of
from bpgen.program.grammar import Axes
from bpgen.targets.numpy.alignment import Alignment, Array, atom
from bpgen.text.document import PRODUCT, CodeLike, called, keyword, tuple_of

_Plan = tuple[Array, Array, list[Axes]]  # two arrays, and the axes each keeps


class Products(Alignment):
    """How two arrays are multiplied, and more than two."""

    def product(self, one: Array, two: Array, shared: Axes, kept: Axes) -> Array:
        """Two arrays as a matrix product."""
        batch = batch_of(one.axes, two.axes, kept)
        if batch:
            return self._batched(one, two, batch, shared, kept)
        free = [tuple(a for a in kept if a in x.axes) for x in (one, two)]
        both: tuple[_Plan, _Plan] = ((one, two, free), (two, one, free[::-1]))
        plain = [p for p in both if p[2][0] + p[2][1] == kept and _is_plain(p, shared)]
        if plain and not (len(shared) > 1 and len(free[0]) != len(free[1])):
            return self._matmul(min(plain, key=lambda p: _transposes(p, shared)), shared)
        return self._rearranged(
            *min(both, key=lambda plan: _far_apart(plan, kept))[:2], shared, kept
        )

    def _rearranged(self, one: Array, two: Array, shared: Axes, kept: Axes) -> Array:
        """A product over the shared axes whose own come out in another order than is wanted."""
        free = [tuple(a for a in x.axes if a not in shared) for x in (one, two)]
        return self.transposed(self._tensordot(one, two, shared, free), kept)

    def _matmul(self, plan: _Plan, shared: Axes) -> Array:
        one, two, free = plan
        if len(shared) > 1 or len(free[1]) > 1:
            return self._tensordot(one, two, shared, free)
        left, right = (self.transposed(x, axes) for x, axes in _wanted(plan, shared))
        text = left.bracketed().by("@", right.bracketed())
        return Array(text, PRODUCT, free[0] + free[1])

    def _tensordot(self, one: Array, two: Array, shared: Axes, free: list[Axes]) -> Array:
        axes = (tuple_of(str(x.axes.index(k)) for k in shared) for x in (one, two))
        given = [one.text, two.text, keyword("axes", tuple_of(axes))]
        return atom(called(self.of("tensordot"), given), free[0] + free[1])

    def _batched(self, one: Array, two: Array, batch: Axes, shared: Axes, kept: Axes) -> Array:
        """A matrix product for each value of the axes that both arrays keep."""
        left, right, axes = self.matrices(one, two, batch, shared, kept)
        text = left.bracketed().by("@", right.bracketed())
        return self.transposed(Array(text, PRODUCT, axes), kept)

    def matrices(
        self, one: Array, two: Array, batch: Axes, shared: Axes, kept: Axes
    ) -> tuple[Array, Array, Axes]:
        """Two arrays as matrices for each value of the batch, the left one first, and the axes of
        their product.
        """
        rest = tuple(a for a in kept if a not in batch)
        left, right = (one, two) if rest[0] in one.axes else (two, one)
        left = self.transposed(left, (*batch, rest[0], *shared))
        return left, self.transposed(right, (*batch, *shared, rest[1])), (*batch, *rest)

    def einsum(self, arrays: list[Array], kept: Axes) -> Array:
        given: list[CodeLike] = [summed_over(arrays, kept), *(x.text for x in arrays)]
        return atom(called(self.of("einsum"), given), kept)


def summed_over(arrays: list[Array], kept: Axes) -> str:
    """The axes of arrays and of their product in letters, for einsum."""
    letters: dict[Index, str] = {}
    for array in arrays:
        for axis in array.axes:
            letters.setdefault(axis, _letter(axis, set(letters.values())))
    sides = [*(x.axes for x in arrays), kept]
    *of, to = ("".join(letters[a] for a in axes) for axes in sides)
    return f'"{",".join(of)}->{to}"'


def _wanted(plan: _Plan, shared: Axes) -> list[tuple[Array, Axes]]:
    """Two arrays, and in which order a matrix product has their axes."""
    one, two, free = plan
    return [(one, (*free[0], *shared)), (two, (*shared, *free[1]))]


def _is_plain(plan: _Plan, shared: Axes) -> bool:
    """Whether a product in this order has its axes in theirs."""
    one, two, free = plan
    own = [tuple(a for a in x.axes if a not in shared) for x in (one, two)]
    return (len(shared) < 2 and len(free[1]) < 2) or own == free


def _transposes(plan: _Plan, shared: Axes) -> int:
    """How many arrays must be turned round for a matrix product."""
    if len(shared) > 1 or len(plan[2][1]) > 1:
        return 0
    wanted = _wanted(plan, shared)
    return sum(x.axes != axes and x.axes == axes[::-1] for x, axes in wanted)


def _far_apart(plan: _Plan, kept: Axes) -> bool:
    """How far apart in memory a product in this order leaves what belongs together. The array of
    the weights comes before that of the samples, the windows before what they are summed with: the
    places of an image then stand side by side, both in what is multiplied and in the product.
    """
    first, second = plan[2]
    samples = [i for i in kept if i.size == BATCH]
    return samples[0] in first if samples else len(first) < len(second)


def _letter(axis: Index, taken: set[str]) -> str:
    """The index's own letter where it is one that is free, as in the comment above the line."""
    own = axis.name if len(axis.name) == 1 and axis.name.isalpha() else ""
    return next(c for c in own + "abcdefghijklmnopqrstuvwxyz" if c not in taken)

"""The entries of one term: its body over all of its indices, what is made of it, and where that is
written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from bpgen.check.entrywise.grid import contracted, grid
from bpgen.check.entrywise.order import axis
from bpgen.check.entrywise.places import Array, Places
from bpgen.check.entrywise.tape import NEAR, tape
from bpgen.check.entrywise.values import Values
from bpgen.ir import Element, Equation, Index, Malformed, Term

_SQUARED = 1e-200  # a complex step at 0 makes of its square a real part that is less, and not 0


class Entries:
    """A term of an equation; of a loop's, at one step of it. Arrays have an axis of lanes first."""

    def __init__(self, at: Values, equation: Equation, term: Term, step: int | None) -> None:
        self.at, self.term, self.tape = at, term, tape(term.body)
        self.info = at.network.tensors[equation.name]
        plain = term.at is None
        fixed = None
        if plain and step is not None and equation.loop is not None:
            fixed = (equation.loop.index, step)
        own = equation.indices if plain else _of_place(term)
        if plain and term.reduce != "first" and {*own} & {*term.over}:
            raise Malformed(f"{equation.name}: an index of the left side is summed over")
        self.grid = grid((*own, *term.over), at.known, fixed)
        self.shape = self.grid.shape[: len(own)]
        self.kept: Array | None = None  # of what is written at places, which are of this step
        # Before the first step stands only what is written there.
        self.any = not (plain and step is not None and step < 0)
        if self.any:
            self._place(equation, equation.indices if term.at is None else term.at, step)

    def _place(self, equation: Equation, place: tuple[Any, ...], step: int | None) -> None:
        """Where the entries are written; of those that say it, only what belongs to the step."""
        self.left = self.grid.places(place, self.info, self._whole)
        if self.term.at is None:
            return
        every = [np.broadcast_to(p, self.shape) for p in self.left]
        if step is not None:
            k = axis(equation)
            self.kept = every[k] == step + (self.info.carried == k)
            every = [p[self.kept] for p in every]
            self.any = bool(np.any(self.kept))
        self.left = Places(tuple(every), every[0].ndim if every else 0)

    def _whole(self, access: Element) -> Array:
        """Whole numbers that are an index of another tensor."""
        return np.rint(np.real(self.read(access)[0])).astype(int)

    def places(self, access: Element) -> Places:
        """Where what an access reads is stored."""
        info = self.at.network.tensors[access.name]
        return self.grid.places(access.indices, info, self._whole)

    def read(self, access: Element) -> Array:
        """What an access reads."""
        return self.places(access).read(self.at.values[access.name])

    def body(self) -> Array:
        """The body at all entries."""
        dtype = self.at.dtype

        def leaf(expr: sp.Expr) -> Any:
            if isinstance(expr, Element):
                return self.read(expr).astype(dtype, copy=False)
            return self.grid.leaf(expr, self.at.real)

        value, every = self.tape.run(leaf)
        value = np.asarray(value)
        lanes = value.shape[0] if value.ndim > self.grid.rank else 1  # none where nothing is read
        body = np.broadcast_to(value, (lanes, *self.grid.shape))
        chosen = self.term.reduce in ("max", "first") and _nearly_tied(body, self.axes)
        self.at.near = self.at.near or chosen or self.tape.near(every)
        self.at.steep.extend(self.tape.steep(every))
        if self.at.sides is not None:
            for decision, signs in self.tape.sides(every):
                self.at.sides.setdefault((self.term, decision), set()).update(signs)
        return body

    @property
    def product(self) -> tuple[Any, dict[Element, Array]] | None:
        """A number and elements, where the body is their product and is summed at the term's own
        places: nothing is decided in it. What an element reads has one entry where it stays the
        same.
        """
        if (factors := _factors(self.term)) is None:
            return None
        number, read = factors
        arrays = {e: self.read(e).astype(self.at.dtype, copy=False) for e in read}
        for k, n in enumerate(self.grid.shape, start=1):
            if all(a.shape[k] != n for a in arrays.values()):
                return None
        return self.grid.leaf(number, self.at.real), arrays

    def made(self) -> Array:
        """What is made of the body at all entries; of a product, without its body."""
        if (product := self.product) is None:
            return self.reduced(self.body())
        number, arrays = product
        return number * contracted([*arrays.values()], range(1 + len(self.shape)))

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes that are reduced over; of what is written at places all entries are added."""
        if self.term.at is not None:
            return ()
        return tuple(1 + self.grid.indices.index(k) for k in self.term.over)

    def reduced(self, body: Array) -> Array:
        """What is made of the body, and is written."""
        value = _REDUCTIONS[self.term.reduce](body, self.axes)
        return self._beside(value) if self.kept is None else value[:, self.kept]

    def weights(self, body: Array) -> Array:
        """How much each entry of the body moves what is made of it: of real values, one lane."""
        return _WEIGHTS[self.term.reduce](body, self.axes)

    def spread(self, made: Array) -> Array:
        """What is given for each entry that is written, for all entries of the body."""
        if self.kept is None:
            return made
        every = np.zeros(self.shape, made.dtype)
        every[self.kept] = made
        return every

    def _beside(self, value: Array) -> Array:
        """With one entry along each axis that was reduced over."""
        return value.reshape(len(value), *self.shape, *self.grid.flat[len(self.shape) :])


@lru_cache(4096)  # asked at every step of a loop
def _factors(term: Term) -> tuple[sp.Expr, tuple[Element, ...]] | None:
    """A number and elements, where the body is their product and is summed at the term's own
    places.
    """
    factors = sp.Mul.make_args(term.body)
    read = [f for f in factors if isinstance(f, Element)]
    numbers = [f for f in factors if f.is_Rational]
    plain = term.at is None and term.reduce == "sum" and bool(term.over)
    if not plain or len(read) < 2 or len(read) + len(numbers) < len(factors):
        return None
    return sp.Mul(*numbers), tuple(read)


def _of_place(term: Term) -> tuple[Index, ...]:
    """All indices of what is written at places of its own."""
    free = {i for e in term.at or () for i in e.free_symbols if isinstance(i, Index)}
    return tuple(sorted({*free, *term.over}, key=str))


def _in_rows(body: Array, axes: tuple[int, ...]) -> tuple[Array, tuple[int, ...]]:
    """The real parts with these axes as one, the last; and the shape with the axes last."""
    last = np.moveaxis(np.real(body), axes, range(-len(axes), 0))
    return last.reshape(*last.shape[: body.ndim - len(axes)], -1), last.shape


def _first(body: Array, axes: tuple[int, ...]) -> Array:
    """1 at the first of the largest over the axes, 0 elsewhere."""
    row, shape = _in_rows(body, axes)
    row = np.where(np.abs(row) < _SQUARED, 0, row)
    hot = np.arange(row.shape[-1]) == np.argmax(row, -1)[..., None]
    return np.moveaxis(hot.reshape(shape), range(-len(axes), 0), axes).astype(row.dtype)


def _nearly_tied(body: Array, axes: tuple[int, ...]) -> bool:
    """Whether somewhere the two largest differ, by a hair."""
    row = np.sort(_in_rows(body, axes)[0], -1)[..., -2:]
    apart = row[..., -1] - row[..., 0]
    return bool(np.any((apart > 0) & (apart < NEAR)))


def _largest(body: Array, axes: tuple[int, ...]) -> Array:
    """The entry whose real part is largest, the first where several are."""
    return np.sum(np.where(_first(body, axes) > 0, body, 0), axes)


def _shifted(body: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """The body less the largest over the axes, and that; of nothing but minus infinity, 0."""
    top = np.max(np.real(body), axes, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    return body - top, top


def _log_sum_exp(body: Array, axes: tuple[int, ...]) -> Array:
    less, top = _shifted(body, axes)
    return np.log(np.sum(np.exp(less), axes)) + top.squeeze(axes)


def _shares(body: Array, axes: tuple[int, ...]) -> Array:
    power = np.exp(_shifted(body, axes)[0])
    total = np.sum(power, axes, keepdims=True)
    return np.where(total > 0, power / total, 0)


Reduction = Callable[[Array, tuple[int, ...]], Array]
_REDUCTIONS: dict[str, Reduction] = {
    "sum": np.sum,
    "max": _largest,
    "logsumexp": _log_sum_exp,
    "first": _first,
}
_WEIGHTS: dict[str, Reduction] = {
    "sum": lambda body, _: np.ones_like(body),
    "max": _first,
    "logsumexp": _shares,
    "first": lambda body, _: np.zeros_like(body),
}

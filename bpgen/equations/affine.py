"""Accesses of the form `start + step * index + ...`: what they reach and how they are undone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import gcd

import sympy as sp

from bpgen.ir import Element, Index, Size, length


@dataclass(frozen=True)
class Affine:
    """`start + step * index + step * index + ...`; the start may hold lengths known at run time."""

    start: sp.Expr
    steps: tuple[tuple[Index, int], ...]

    @property
    def plain(self) -> bool:
        """An index as it is."""
        return self.start == 0 and len(self.steps) == 1 and self.steps[0][1] == 1

    @property
    def lowest(self) -> sp.Expr:
        return self.start + sp.Add(*(s * (length(i.size) - 1) for i, s in self.steps if s < 0))

    @property
    def highest(self) -> sp.Expr:
        return self.start + sp.Add(*(s * (length(i.size) - 1) for i, s in self.steps if s > 0))


@lru_cache(maxsize=4096)
def affine(expr: sp.Expr) -> Affine | None:
    """An access along one axis in its parts; None where it is gathered or not of this form."""
    if expr.has(Element):
        return None
    found = sorted((s for s in expr.free_symbols if isinstance(s, Index)), key=lambda i: i.name)
    start, steps = expr, []
    for index in found:
        step = expr.coeff(index, 1)
        if not isinstance(step, sp.Integer):
            return None
        start -= step * index
        steps.append((index, int(step)))
    start = sp.expand(start)
    if any(isinstance(s, Index) for s in start.free_symbols):
        return None
    return Affine(start, tuple(sorted(steps, key=_from_the_slowest)))


def _from_the_slowest(step: tuple[Index, int]) -> tuple[int, bool, str]:
    """Of two with the same step, one of a single value is the faster digit."""
    index, size = step
    return -abs(size), index.size == 1, index.name


def undone(expr: sp.Expr, index: Index, axis: Index) -> sp.Expr | None:
    """The value of `index` at which the access is `axis`, where there is one for every element of
    the axis.
    """
    if expr == index and index.size == axis.size:
        return axis
    form = affine(expr)
    if form is None or len(form.steps) != 1 or abs(form.steps[0][1]) != 1:
        return None
    size = length(axis.size)
    if form.lowest != 0 or sp.expand(form.highest - size + 1) != 0 or index.size != axis.size:
        return None
    return sp.expand((axis - form.start) * form.steps[0][1])


@lru_cache(maxsize=4096)
def is_within(value: sp.Expr, index: Index) -> bool:
    """Whether an index takes this value: what it is of may be defined for a part alone."""
    form = affine(value)
    if form is None or index.size is None:  # a label is below its bound
        return True
    above = sp.expand(length(index.size) - 1 - form.highest)
    return bool(sp.expand(form.lowest).is_nonnegative and above.is_nonnegative)


def disjoint(
    one: Sequence[sp.Expr], other: Sequence[sp.Expr], same: Collection[Index] = ()
) -> bool:
    """Whether two places have no element in common, whatever their indices are; those in `same`
    have one value in both.
    """
    every = {s for e in other for s in e.free_symbols if isinstance(s, Index)}
    away: dict[sp.Expr, sp.Expr] = {i: Index(f"_{i.name}_", i.size) for i in every - {*same}}
    between = (affine(a - b.xreplace(away)) for a, b in zip(one, other, strict=True))
    return any(form is not None and _never_0(form) for form in between)


def _never_0(form: Affine) -> bool:
    if sp.expand(form.lowest).is_positive or sp.expand(form.highest).is_negative:
        return True
    stride = gcd(*(step for _, step in form.steps))
    return bool(form.start.is_Integer and stride and form.start % stride)


def digits(expr: sp.Expr, size: Size | None) -> tuple[Index, ...] | None:
    """The indices of `W*i + j` from the slowest to the fastest, where together they run over the
    whole axis, each element once: the axis in several, as in a reshape.
    """
    form = affine(expr)
    if form is None or form.start != 0 or len(form.steps) < 2:
        return None
    step = 1
    for index, own in reversed(form.steps):
        if own != step or not isinstance(index.size, int):
            return None
        step *= index.size
    return tuple(i for i, _ in form.steps) if step == size else None

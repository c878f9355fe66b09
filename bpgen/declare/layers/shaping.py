"""Tensors rearranged: the same elements at other places."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from bpgen.declare.given import size_of
from bpgen.declare.layers.parts import (
    along,
    axis_of,
    divided,
    for_each,
    known_size,
    place,
    product,
    some_tensor,
)
from bpgen.declare.symbolic import said
from bpgen.declare.tensor import Tensor
from bpgen.declare.words import zeros
from bpgen.errors import NetError
from bpgen.ir import Size, length


def reshape(x: Tensor, *shape: Size) -> Tensor:
    """The elements of x in the same order, the last axis fastest, in a new shape. torch.reshape."""
    new = tuple(size_of(s, "reshape") for s in shape)
    old = x.shape if isinstance(x, Tensor) else some_tensor(x, "reshape").shape
    if [n for n in old if n != 1] == [n for n in new if n != 1]:
        return _squeezed(x, new)
    first, last = _kept(old, new)
    inner = [s[first : len(s) - last] for s in (old, new)]
    if not _are_as_many(*inner):
        raise NetError(f"reshape: {x.said()} does not fill {new}", "keep the number of elements")
    flat = _merged(x, first, last) if len(inner[0]) > 1 else x
    return _parted(flat, new, first, last) if len(inner[1]) != 1 else flat


def _squeezed(x: Tensor, shape: tuple[Size, ...]) -> Tensor:
    """The same axes, between others of one entry."""
    i = along(shape)
    mine = iter([k for k, size in zip(i, shape, strict=True) if size != 1])
    return Tensor.of(i, x[tuple(0 if size == 1 else next(mine) for size in x.shape)])


def _alike(one: tuple[Size, ...], two: tuple[Size, ...]) -> int:
    """How many sizes are the same from the start."""
    pairs = zip(one, two, strict=False)
    return next((k for k, (a, b) in enumerate(pairs) if a != b), min(len(one), len(two)))


def _kept(old: tuple[Size, ...], new: tuple[Size, ...]) -> tuple[int, int]:
    """How many first and last axes stay as they are, so that both have another in between."""
    most = min(len(old), len(new)) - 1
    first = min(_alike(old, new), most)
    return first, min(_alike(old[::-1], new[::-1]), most - first)


def _are_as_many(one: tuple[Size, ...], two: tuple[Size, ...]) -> bool:
    sizes = [s for s in (*one, *two) if isinstance(s, int)]
    return len(sizes) == len(one) + len(two) and product(sizes[: len(one)]) == product(
        sizes[len(one) :]
    )


def _merged(x: Tensor, first: int, last: int) -> Tensor:
    """The axes of x but the first and last ones as one axis."""
    i = along(x.shape)
    end = x.rank - last
    inner = i[first:end]
    size = product(k.size for k in inner if isinstance(k.size, int))
    y = zeros(*x.shape[:first], size, *x.shape[end:])
    y[(*i[:first], place(inner), *i[end:])] = x[i]
    return y


def _parted(x: Tensor, shape: tuple[Size, ...], first: int, last: int) -> Tensor:
    """One axis of x as several."""
    i = along(shape)
    end = len(i) - last
    return Tensor.of(i, x[(*i[:first], place(i[first:end]), *i[end:])])


def flatten(x: Tensor) -> Tensor:
    """The elements of x as a vector, the last axis fastest. torch.flatten."""
    sizes = [known_size(s, x, "flatten") for s in some_tensor(x, "flatten").shape]
    return reshape(x, product(sizes))


def transpose(x: Tensor, *axes: int) -> Tensor:
    """y[i, j, ...] = x at the same indices, where axis k of y is axis axes[k] of x; reversed where
    none are given. torch.permute.
    """
    order = tuple(axis_of(some_tensor(x, "transpose"), a, "transpose") for a in axes)
    order = order or tuple(reversed(range(x.rank)))
    if sorted(order) != list(range(x.rank)):
        raise NetError(f"transpose: {axes} is no order of the axes of {x.said()}", "each axis once")
    i = along(x.shape)
    return Tensor.of((i[k] for k in order), x[i])


def concat(tensors: Any, axis: int = 0) -> Tensor:
    """The tensors one after another along an axis. torch.cat."""
    given, k = _alongside(tensors, axis)
    ends = list(accumulate(known_size(t.shape[k], t, "concat") for t in given))
    y = zeros(*given[0].shape[:k], ends[-1], *given[0].shape[k + 1 :])
    for t, start in zip(given, (0, *ends), strict=False):
        i = along(t.shape)
        y[(*i[:k], i[k] + start, *i[k + 1 :])] = t[i]
    return y


def _alongside(tensors: Any, axis: int) -> tuple[list[Tensor], int]:
    """Tensors whose shapes differ along the axis only, and the axis."""
    listed = isinstance(tensors, (list, tuple))
    given = [some_tensor(t, "concat", _one_number(t)) for t in tensors] if listed else []
    if not given:
        raise NetError(f"concat: {said(tensors)} is no list of tensors", "give them as [a, b]")
    k = axis_of(given[0], axis, "concat")
    for t in given:
        if [t.shape[:k], t.shape[k + 1 :]] != [given[0].shape[:k], given[0].shape[k + 1 :]]:
            raise NetError(
                f"concat: {given[0].said()} and {t.said()} do not fit along axis {k}",
                "the other axes must be equal",
            )
    return given, k


def _one_number(value: Any) -> str:
    """How a number is written that is to stand among tensors."""
    number = isinstance(value, (int, float))
    return f"a vector of one number is c, of c = zeros(1); c[0] = {value}" if number else ""


def split(x: Tensor, parts: int, axis: int = 0) -> tuple[Tensor, ...]:
    """Equal parts of x along an axis. torch.chunk."""
    k = axis_of(some_tensor(x, "split"), axis, "split")
    (parts,) = for_each(parts, 1, "split", "parts")
    size = divided(
        known_size(x.shape[k], x, "split"), parts, "split", f"entries of axis {k}", "parts"
    )
    return tuple(part(x, p * size, (p + 1) * size, k) for p in range(parts))


def part(x: Tensor, start: int, stop: int, axis: int = 0) -> Tensor:
    """y[i] = x[start + i] for start + i below stop, along an axis. torch.narrow."""
    k = axis_of(some_tensor(x, "part"), axis, "part")
    size = known_size(x.shape[k], x, "part")
    if not (type(start) is int and type(stop) is int and 0 <= start < stop <= size):
        raise NetError(
            f"part: {start!r:.20} .. {stop!r:.20} is no part of axis {k} of {x.said()}",
            f"0 <= start < stop <= {size}",
        )
    i = along((*x.shape[:k], stop - start, *x.shape[k + 1 :]))
    return Tensor.of(i, x[(*i[:k], i[k] + start, *i[k + 1 :])])


def pad(x: Tensor, before: Any, after: Any = None) -> Tensor:
    """x among zeros: `before` and `after` it, a number for all axes or one for each; `after` is
    `before` where it is not given. torch.nn.functional.pad.

    NetError for two numbers alone that differ, of two axes: elsewhere they are before and after.
    """
    rank = some_tensor(x, "pad").rank
    _refuse_pair(x, before, after)
    starts = for_each(before, rank, "pad", "before", 0)
    ends = starts if after is None else for_each(after, rank, "pad", "after", 0)
    sizes = [
        s if b + a == 0 else b + known_size(s, x, "pad") + a
        for s, b, a in zip(x.shape, starts, ends, strict=True)
    ]
    i, y = along(x.shape), zeros(*sizes)
    y[tuple(k + b for k, b in zip(i, starts, strict=True))] = x[i]
    return y


def _refuse_pair(x: Tensor, before: Any, after: Any) -> None:
    """Refuse pad(x, (2, 0)): numpy reads it as before and after, torch so along the last axis."""
    if after is None and isinstance(before, tuple) and len(before) == x.rank == 2:
        one, two = (f"{v!r:.20}" for v in before)
        if one != two:
            raise NetError(
                f"pad: {before!r:.40} may be before and after, or along each axis",
                f"before and after along the last axis is pad(x, (0, {one}), (0, {two})), along"
                f" each axis pad(x, ({one}, {two}), ({one}, {two}))",
            )


def reverse(x: Tensor, axis: int = 0) -> Tensor:
    """y[t] = x[T - 1 - t] along an axis of length T. torch.flip."""
    k, i = axis_of(some_tensor(x, "reverse"), axis, "reverse"), along(x.shape)
    return Tensor.of(i, x[(*i[:k], length(x.shape[k]) - 1 - i[k], *i[k + 1 :])])


def last(x: Tensor) -> Tensor:
    """y = x[T - 1], the last along the first axis: of a recurrence, what it comes to."""
    i = along(some_tensor(x, "last").shape[1:])
    return Tensor.of(i, x[(length(x.shape[0]) - 1, *i)])

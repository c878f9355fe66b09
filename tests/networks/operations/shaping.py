"""Tensors rearranged and added up."""

from __future__ import annotations

from itertools import permutations
from math import prod

from tests.networks.operation import F, Made, Pick, Shape, known, operation, torch

SOME = {1, 2, 3}


def some_axis(pick: Pick, x: Shape) -> int:
    """An axis, from the start or from the end."""
    axis = int(pick.any(*range(len(x))))
    if pick("axis from", "the start", "the end") == "the end":
        return axis - len(x)
    return axis


def of_batch(axis: int) -> int:
    """An axis of a sample as one of the batch."""
    return axis + 1 if axis >= 0 else axis


def resized(x: Shape, axis: int, size: int | str) -> Shape:
    shape = list(x)
    shape[axis] = size
    return tuple(shape)


@operation(SOME, when=lambda x: known(x[1:]))
def reshape(pick: Pick, x: Shape) -> Made:
    """The first axis kept where its length is not known."""
    kept = () if known(x) else x[:1]
    total = prod(int(n) for n in x[len(kept) :])
    parts = [(total,), *((d, total // d) for d in (2, 3, 5) if total % d == 0)]
    shape = (*kept, *pick.any(*parts))
    pick.reached.append(f"reshape {len(x)} axes to {len(shape)}")
    text = ", ".join(map(repr, shape))
    inner = shape[len(kept) :]
    return Made(
        f"{{out}} = reshape({{0}}, {text})",
        lambda x: x.reshape(*x.shape[: 1 + len(kept)], *inner),
        shape,
    )


@operation({2, 3}, when=known)
def flatten(_: Pick, x: Shape) -> Made:
    return Made("{out} = flatten({0})", lambda x: x.flatten(1), (prod(map(int, x)),))


@operation({2, 3})
def transpose(pick: Pick, x: Shape) -> Made:
    if pick("axes", "given", "none") == "none":
        order = tuple(reversed(range(len(x))))
        net = "{out} = transpose({0})"
    else:
        order = pick.any(*permutations(range(len(x))))
        net = f"{{out}} = transpose({{0}}, {', '.join(map(str, order))})"
    shape = tuple(x[k] for k in order)
    return Made(net, lambda x: x.permute(0, *(k + 1 for k in order)), shape)


@operation(
    SOME, SOME, when=lambda x, y: len(x) == len(y) and x[1:] == y[1:] and known(x[:1], y[:1])
)
def concat(pick: Pick, x: Shape, y: Shape) -> Made:
    shape = resized(x, 0, int(x[0]) + int(y[0]))
    if pick("of", "two", "three") == "two":
        return Made("{out} = concat([{0}, {1}])", lambda x, y: torch.cat([x, y], 1), shape)
    shape = resized(x, 0, 2 * int(x[0]) + int(y[0]))
    net = "{out} = concat([{0}, {1}, 2*{0}])"
    return Made(net, lambda x, y: torch.cat([x, y, 2 * x], 1), shape)


@operation({2, 3}, {2, 3}, when=lambda x, y: x[:-1] == y[:-1] and known(x[-1:], y[-1:]))
def concat_last(_: Pick, x: Shape, y: Shape) -> Made:
    shape = resized(x, -1, int(x[-1]) + int(y[-1]))
    return Made("{out} = concat([{0}, {1}], axis=-1)", lambda x, y: torch.cat([x, y], -1), shape)


def even(x: Shape) -> bool:
    return known(x[-1:]) and int(x[-1]) % 2 == 0


@operation(SOME, when=even)
def split(_: Pick, x: Shape) -> Made:
    """Two parts, of which one gates the other."""
    shape = resized(x, -1, int(x[-1]) // 2)
    return Made("{out} = glu(*split({0}, 2, axis=-1))", lambda x: F.glu(x, -1), shape)


@operation(SOME, when=known)
def part(pick: Pick, x: Shape) -> Made:
    axis = some_axis(pick, x)
    size = int(x[axis])
    start = pick.any(*range(size))
    stop = pick.any(*range(start + 1, size + 1))
    net = f"{{out}} = part({{0}}, {start}, {stop}, axis={axis})"
    shape = resized(x, axis, stop - start)
    return Made(net, lambda x: x.narrow(of_batch(axis), start, stop - start), shape)


@operation(SOME)
def pad(pick: Pick, x: Shape) -> Made:
    """Where lengths are known; elsewhere nothing is added."""
    before = [pick.any(0, 1, 2) if known((n,)) else 0 for n in x]
    after = [pick.any(0, 1) if known((n,)) else 0 for n in x]
    shape = tuple(
        n if isinstance(n, str) else n + b + a for n, b, a in zip(x, before, after, strict=True)
    )
    around = [n for b, a in zip(before[::-1], after[::-1], strict=True) for n in (b, a)]
    net = f"{{out}} = pad({{0}}, {tuple(before)}, {tuple(after)})"
    return Made(net, lambda x: F.pad(x, around), shape)


@operation(SOME)
def reverse(pick: Pick, x: Shape) -> Made:
    axis = some_axis(pick, x)
    return Made(f"{{out}} = reverse({{0}}, axis={axis})", lambda x: x.flip(of_batch(axis)), x)


@operation(SOME)
def last(_: Pick, x: Shape) -> Made:
    return Made("{out} = last({0})", lambda x: x[:, -1], x[1:])


@operation(SOME)
def total(pick: Pick, x: Shape) -> Made:
    """A sum or a mean, over one axis or all."""
    word = pick("word", "sum", "mean")
    if pick("over", "one axis", "all") == "all":
        axes = tuple(range(1, len(x) + 1))
        return Made(f"{{out}} = {word}({{0}})", lambda x: getattr(x, word)(axes), ())
    axis = int(pick.any(*range(len(x))))
    shape = (*x[:axis], *x[axis + 1 :])
    net = f"{{out}} = {word}({{0}}, axis={axis})"
    return Made(net, lambda x: getattr(x, word)(axis + 1), shape)


@operation(SOME)
def largest(_: Pick, x: Shape) -> Made:
    """Of several that are equal the first."""
    net = "{out} = max({0})"
    return Made(net, lambda x: x.flatten(1).max(1).values, (), kinked=True)

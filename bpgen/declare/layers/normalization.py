"""Layers that shift and scale: to mean 0 and variance 1 over some of the axes, or over samples."""

from __future__ import annotations

from typing import Any

from bpgen.declare.declaration import here
from bpgen.declare.formula import Formula, fresh
from bpgen.declare.functions import mean, sqrt
from bpgen.declare.given import number
from bpgen.declare.layers.parts import (
    Indices,
    Layer,
    along,
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
from bpgen.ir import BATCH, length


def layer_norm(x: Tensor, axes: int = 1, eps: float = 1e-5, affine: bool = True) -> Tensor:
    """y[..., i] = g[i] (x[..., i] - mu[...]) / sqrt(v[...] + eps) + b[i], where mu and v are the
    mean and the variance over i.

    x (..., width) -> the same; i may be the last several axes. g1, b1 (width) where affine; mu1,
    v1, xhat1, y1. torch.nn.LayerNorm.
    """
    outer, i = _apart(x, axes, "layer_norm")
    layer, every = Layer("layer_norm"), (*outer, *i)
    mu = layer.tensor("mu", outer, mean(x[every], *i))
    v = layer.tensor("v", outer, mean((x[every] - mu[outer]) ** 2, *i))
    xhat = _scaled(layer, every, x[every] - mu[outer], v[outer], eps)
    return _affine(layer, every, i, xhat, affine)


def rms_norm(x: Tensor, axes: int = 1, eps: float = 1e-5, affine: bool = True) -> Tensor:
    """y[..., i] = g[i] x[..., i] / sqrt(v[...] + eps), where v is the mean of x^2 over i.

    x (..., width) -> the same; i may be the last several axes. g1 (width) where affine; v1, y1.
    torch.nn.RMSNorm.
    """
    outer, i = _apart(x, axes, "rms_norm")
    layer, every = Layer("rms_norm"), (*outer, *i)
    v = layer.tensor("v", outer, mean(x[every] ** 2, *i))
    xhat = _scaled(layer, every, x[every], v[outer], eps)
    return _affine(layer, every, i, xhat, affine, shift=False)


def group_norm(x: Tensor, groups: int, eps: float = 1e-5, affine: bool = True) -> Tensor:
    """layer_norm of each group of channels, with one g and b for each channel.

    x (channels, ...) -> the same. g1, b1 (channels) where affine; by group xg1, mu1, v1, hg1;
    xhat1, y1. torch.nn.GroupNorm.
    """
    (groups,) = for_each(groups, 1, "group_norm", "groups")
    channels = known_size(some_tensor(x, "group_norm").shape[0], x, "group_norm")
    size = divided(channels, groups, "group_norm", "channels")
    layer = Layer("group_norm")
    g, m, *i = along((groups, size, *x.shape[1:]))
    every = (g, m, *i)
    xg = layer.tensor("xg", every, x[(place((g, m)), *i)])
    mu = layer.tensor("mu", (g,), mean(xg[every], m, *i))
    v = layer.tensor("v", (g,), mean((xg[every] - mu[g]) ** 2, m, *i))
    scaled = _scaled(layer, every, xg[every] - mu[g], v[g], eps, "hg")
    xhat = layer.named("xhat", zeros(*x.shape))
    xhat[(place((g, m)), *i)] = scaled[every]
    c, *i = along(x.shape)
    return _affine(layer, (c, *i), (c,), xhat, affine)


def batch_norm(
    x: Tensor,
    statistics: tuple[Tensor, Tensor] | None = None,
    eps: float = 1e-5,
    affine: bool = True,
) -> Tensor:
    """y[c, ...] = g[c] (x[c, ...] - mu[c]) / sqrt(v[c] + eps) + b[c], where mu and v are the mean
    and the variance of channel c over all samples and places; or the `statistics` that are given.

    x (channels, ...) -> the same. g1, b1 (channels) where affine; mu1, v1, xhat1, y1.
    torch.nn.BatchNorm1d and 2d: in training; with its running statistics given, in evaluation.
    """
    layer = Layer("batch_norm")
    x = some_tensor(x, layer.word)
    given = None if statistics is None else _statistics(statistics, x, layer.word)
    return _by_channel(layer, x, given or _moments(layer, x), eps, affine)


def running_batch_norm(
    x: Tensor,
    statistics: tuple[Tensor, Tensor],
    momentum: float = 0.1,
    eps: float = 1e-5,
    affine: bool = True,
) -> tuple[Tensor, Tensor, Tensor]:
    """batch_norm of x in training, and the `statistics` m and s as they are after it:
    (1 - momentum) m + momentum mu, (1 - momentum) s + momentum v M / (M - 1) for M numbers of each
    channel, to be outputs, and given as the states of the next step.

    x (channels, ...), m and s (channels) -> the same. g1, b1 (channels) where affine; mu1, v1,
    xhat1, y1, m1, s1. torch.nn.BatchNorm1d and 2d in training.
    """
    layer = Layer("running_batch_norm")
    before, variance = _statistics(statistics, some_tensor(x, layer.word), layer.word)
    if (
        isinstance(momentum, bool)
        or not isinstance(momentum, (int, float))
        or not 0 < momentum <= 1
    ):
        raise NetError(f"{layer.word}: momentum={momentum!r:.40} is not from 0 to 1", "such as 0.1")
    (c,), new, (mu, v) = along(x.shape[:1]), number(momentum), _moments(layer, x)
    if new == 1:  # nothing is left of the statistics before, which are given all the same
        here().arguments.update({before.serial, variance.serial})
    m = layer.tensor("m", (c,), (1 - new) * before[c] + new * mu[c])
    count = length(BATCH) * product(length(s) for s in x.shape[1:])
    s = layer.tensor("s", (c,), (1 - new) * variance[c] + new * count / (count - 1) * v[c])
    return _by_channel(layer, x, (mu, v), eps, affine), m, s


def _by_channel(
    layer: Layer, x: Tensor, statistics: tuple[Tensor, Tensor], eps: float, affine: bool
) -> Tensor:
    c, *i = along(x.shape)
    if affine and not isinstance(c.size, int):
        raise NetError(
            f"{layer.word}: the channels of {x.said()} are as many as are known only at run time",
            "they come first, as in transpose(x, 1, 0); without parameters: affine=False",
        )
    mu, v = statistics
    xhat = _scaled(layer, (c, *i), x[(c, *i)] - mu[c], v[c], eps)
    return _affine(layer, (c, *i), (c,), xhat, affine)


def _moments(layer: Layer, x: Tensor) -> tuple[Tensor, Tensor]:
    """The mean and the variance of each channel over all samples and places."""
    (c, *i), n = along(x.shape), fresh(BATCH, "n")
    mu = layer.tensor("mu", (c,), mean(x[(n, c, *i)], n, *i))
    return mu, layer.tensor("v", (c,), mean((x[(n, c, *i)] - mu[c]) ** 2, n, *i))


def _statistics(given: Any, x: Tensor, word: str) -> tuple[Tensor, Tensor]:
    """A mean and a variance for each channel of x, or NetError."""
    pair = given if isinstance(given, tuple) else (given,)
    if len(pair) != 2 or any(not isinstance(t, Tensor) or t.shape != x.shape[:1] for t in pair):
        raise NetError(
            f"{word}: {', '.join(map(said, pair))} is not a mean and a variance for each of the"
            f" {x.shape[0]} channels of {x.said()}",
            f"declare them: statistics=(state({x.shape[0]}), state({x.shape[0]}))",
        )
    return pair


def _apart(x: Tensor, axes: int, word: str) -> tuple[Indices, Indices]:
    """The indices of x: those to keep, and the last ones, to go over."""
    rank = some_tensor(x, word).rank
    if type(axes) is not int or not 1 <= axes <= rank:
        raise NetError(
            f"{word}: {x.said()} has no last {axes!r:.20} axes",
            f"leave it out for the last alone, or say how many they are, 1 .. {rank}",
        )
    for size in x.shape[rank - axes :]:
        known_size(size, x, word)
    i = along(x.shape)
    return i[: rank - axes], i[rank - axes :]


def _scaled(
    layer: Layer, i: Indices, centred: Formula, variance: Formula, eps: float, hint: str = "xhat"
) -> Tensor:
    """What is centred, over its standard deviation."""
    if isinstance(eps, bool) or not isinstance(eps, (int, float)) or not 0 <= eps < float("inf"):
        raise NetError(
            f"{layer.word}: eps={eps!r:.40} is not a small positive number", "such as 1e-5"
        )
    return layer.tensor(hint, i, centred / sqrt(variance + number(eps)))


def _affine(
    layer: Layer, i: Indices, of: Indices, xhat: Tensor, affine: bool, shift: bool = True
) -> Tensor:
    """g xhat + b, where g and b have the axes `of`."""
    if not affine:
        return layer.named("y", xhat)
    sizes = tuple(k.size for k in of if isinstance(k.size, int))
    scaled = xhat[i] * layer.param("g", *sizes, init="ones")[of]
    return layer.tensor("y", i, scaled + layer.param("b", *sizes)[of] if shift else scaled)

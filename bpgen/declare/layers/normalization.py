"""Layers that shift and scale: to mean 0 and variance 1 over some of the axes, or over samples."""

from __future__ import annotations

from typing import Any

from bpgen.declare.formula import Formula
from bpgen.declare.functions import mean, sqrt
from bpgen.declare.given import number
from bpgen.declare.layers.parts import (
    Indices,
    Layer,
    along,
    divided,
    for_each,
    known_size,
    some_tensor,
)
from bpgen.declare.symbolic import said
from bpgen.declare.tensor import Tensor
from bpgen.declare.words import samples, zeros
from bpgen.errors import NetError


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
    return _affine(layer, every, i, _scaled(x[every] - mu[outer], v[outer], eps, layer), affine)


def rms_norm(x: Tensor, axes: int = 1, eps: float = 1e-5, affine: bool = True) -> Tensor:
    """y[..., i] = g[i] x[..., i] / sqrt(v[...] + eps), where v is the mean of x^2 over i.

    x (..., width) -> the same; i may be the last several axes. g1 (width) where affine; v1, y1.
    torch.nn.RMSNorm.
    """
    outer, i = _apart(x, axes, "rms_norm")
    layer, every = Layer("rms_norm"), (*outer, *i)
    v = layer.tensor("v", outer, mean(x[every] ** 2, *i))
    scaled = _scaled(x[every], v[outer], eps, layer)
    return _affine(layer, every, i, scaled, affine, shift=False)


def group_norm(x: Tensor, groups: int, eps: float = 1e-5, affine: bool = True) -> Tensor:
    """layer_norm of each group of channels, with one g and b for each channel.

    x (channels, ...) -> the same. g1, b1 (channels) where affine; mu1, v1, xhat1, y1.
    torch.nn.GroupNorm.
    """
    (groups,) = for_each(groups, 1, "group_norm", "groups")
    channels = known_size(some_tensor(x, "group_norm").shape[0], x, "group_norm")
    size = divided(channels, groups, "group_norm", "channels")
    layer = Layer("group_norm")
    g, m, *i = along((groups, size, *x.shape[1:]))
    here = x[(size * g + m, *i)]
    mu = layer.tensor("mu", (g,), mean(here, m, *i))
    v = layer.tensor("v", (g,), mean((here - mu[g]) ** 2, m, *i))
    xhat = layer.named("xhat", zeros(*x.shape))
    xhat[(size * g + m, *i)] = _scaled(here - mu[g], v[g], eps, layer)
    c, *i = along(x.shape)
    return _affine(layer, (c, *i), (c,), xhat[(c, *i)], affine)


def batch_norm(
    x: Tensor,
    statistics: tuple[Tensor, Tensor] | None = None,
    eps: float = 1e-5,
    affine: bool = True,
) -> Tensor:
    """y[c, ...] = g[c] (x[c, ...] - mu[c]) / sqrt(v[c] + eps) + b[c], where mu and v are the mean
    and the variance of channel c over all samples and places; or the `statistics` given, to predict.

    x (channels, ...) -> the same. g1, b1 (channels) where affine; mu1, v1, xhat1, y1.
    torch.nn.BatchNorm1d and 2d.
    """
    c, *i = along(some_tensor(x, "batch_norm").shape)
    layer, n = Layer("batch_norm"), samples()
    if statistics is None:
        mu = layer.tensor("mu", (c,), mean(x[(n, c, *i)], n, *i))
        v = layer.tensor("v", (c,), mean((x[(n, c, *i)] - mu[c]) ** 2, n, *i))
    else:
        mu, v = _statistics(statistics, x)
    scaled = _scaled(x[(c, *i)] - mu[c], v[c], eps, layer)
    return _affine(layer, (c, *i), (c,), scaled, affine)


def _statistics(given: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    if (
        not isinstance(given, tuple)
        or len(given) != 2
        or not all(isinstance(t, Tensor) and t.shape == x.shape[:1] for t in given)
    ):
        what = ", ".join(map(said, given)) if isinstance(given, tuple) else said(given)
        raise NetError(
            f"batch_norm: the statistics {what} are not a mean and a variance for each of the"
            f" {x.shape[0]} channels",
            f"declare them: state({x.shape[0]}), state({x.shape[0]})",
        )
    return given


def _apart(x: Tensor, axes: int, word: str) -> tuple[Indices, Indices]:
    """The indices of x: those to keep, and the last ones, to go over."""
    rank = some_tensor(x, word).rank
    if type(axes) is not int or not 1 <= axes <= rank:
        raise NetError(
            f"{word}: {x.said()} has no last {axes!r:.20} axes", f"a whole number, 1 .. {rank}"
        )
    for size in x.shape[rank - axes :]:
        known_size(size, x, word)
    i = along(x.shape)
    return i[: rank - axes], i[rank - axes :]


def _scaled(centred: Formula, variance: Formula, eps: float, layer: Layer) -> Formula:
    if isinstance(eps, bool) or not isinstance(eps, (int, float)) or not 0 <= eps < float("inf"):
        raise NetError(
            f"{layer.word}: eps={eps!r:.40} is not a small positive number", "such as 1e-5"
        )
    return centred / sqrt(variance + number(eps))


def _affine(
    layer: Layer, i: Indices, of: Indices, xhat: Formula, affine: bool, shift: bool = True
) -> Tensor:
    """g xhat + b, where g and b have the axes `of`."""
    if not affine:
        return layer.tensor("y", i, xhat)
    sizes = tuple(k.size for k in of if isinstance(k.size, int))
    scaled = layer.tensor("xhat", i, xhat)[i] * layer.param("g", *sizes, init="ones")[of]
    return layer.tensor("y", i, scaled + layer.param("b", *sizes)[of] if shift else scaled)

"""The largest or the mean of each window, or of each channel."""

from __future__ import annotations

from typing import Any

from bpgen.declare.formula import reduce
from bpgen.declare.functions import mean
from bpgen.declare.layers.convolution import AXES, Window
from bpgen.declare.layers.heads import among, masked
from bpgen.declare.layers.parts import along, known_size, product, some_tensor, tensor_of_rank
from bpgen.declare.tensor import Tensor
from bpgen.declare.words import zeros
from bpgen.errors import NetError

Sizes = int | tuple[int, int]


def max_pool1d(x: Tensor, size: int, stride: int | None = None, padding: int = 0) -> Tensor:
    """y[c, p] = max_u x[c, stride p + u - padding]; what pads is never the largest.

    x (channels, length) -> (channels, places). The stride is the size where it is not given. Of
    equal ones the first passes the gradient on. torch.nn.MaxPool1d.
    """
    return _max_pool(x, _window("max_pool1d", 1, size, stride, padding))


def max_pool2d(x: Tensor, size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> Tensor:
    """y[c, p, q] = max_u,v x[c, stride p + u - padding, stride q + v - padding].

    x (channels, height, width) -> (channels, places, places), as max_pool1d. torch.nn.MaxPool2d.
    """
    return _max_pool(x, _window("max_pool2d", 2, size, stride, padding))


def avg_pool1d(x: Tensor, size: int, stride: int | None = None, padding: int = 0) -> Tensor:
    """y[c, p] = sum_u x[c, stride p + u - padding] / size; what pads counts as 0.

    x (channels, length) -> (channels, places). The stride is the size where it is not given.
    torch.nn.AvgPool1d.
    """
    return _avg_pool(x, _window("avg_pool1d", 1, size, stride, padding))


def avg_pool2d(x: Tensor, size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> Tensor:
    """y[c, p, q] = sum_u,v x[c, stride p + u - padding, stride q + v - padding] / size^2.

    x (channels, height, width) -> (channels, places, places), as avg_pool1d. torch.nn.AvgPool2d.
    """
    return _avg_pool(x, _window("avg_pool2d", 2, size, stride, padding))


def global_max_pool(x: Tensor) -> Tensor:
    """y[c] = max of x[c, ...]. x (channels, ...) -> (channels)."""
    c, *i = along(_spread(x, "global_max_pool").shape)
    return Tensor.of((c,), reduce(x[(c, *i)], tuple(i), "max"), hint="m")


def global_avg_pool(x: Tensor) -> Tensor:
    """y[c] = mean of x[c, ...]. x (channels, ...) -> (channels). torch.nn.AdaptiveAvgPool2d(1)."""
    c, *i = along(_spread(x, "global_avg_pool").shape)
    return Tensor.of((c,), mean(x[(c, *i)], *i), hint="m")


def _window(word: str, axes: int, size: Any, stride: Any, padding: Any) -> Window:
    window = Window.of(word, axes, size, size if stride is None else stride, padding, 1)
    for k, p in zip(window.size, window.padding, strict=True):
        if 2 * p > k:
            raise NetError(
                f"{word}: padding={p} is more than half of the window of {k}",
                "a window would hold nothing of the tensor",
            )
    return window


def _max_pool(x: Tensor, window: Window) -> Tensor:
    x = tensor_of_rank(x, window.word, AXES[len(window.size)])
    padded = _with_lowest(x, window) if any(window.padding) else x
    (c,), (p, u) = along(x.shape[:1], "c"), window.along(window.positions(padded))
    largest = reduce(padded[(c, *window.entries(p, u))], u, "max")
    return Tensor.of((c, *p), largest, hint="m")


def _with_lowest(x: Tensor, window: Window) -> Tensor:
    """x among numbers lower than any of its own."""
    sizes = [known_size(s, x, window.word) for s in x.shape[1:]]
    wide = window.padded(x)
    c, *i = along(wide.shape)
    kept = [among(k, p, p + s - 1) for k, p, s in zip(i, window.padding, sizes, strict=True) if p]
    made = zeros(*wide.shape)
    made[(c, *i)] = masked(wide[(c, *i)], product(kept))
    return made


def _avg_pool(x: Tensor, window: Window) -> Tensor:
    x = tensor_of_rank(x, window.word, AXES[len(window.size)])
    padded = window.padded(x)
    (c,), (p, u) = along(x.shape[:1], "c"), window.along(window.positions(padded))
    added = reduce(padded[(c, *window.entries(p, u))], u, "sum")
    return Tensor.of((c, *p), added / product(window.size), hint="m")


def _spread(x: Tensor, word: str) -> Tensor:
    if some_tensor(x, word).rank < 2:
        raise NetError(f"{word}: {x.said()} has channels only", "it is of (channels, ...)")
    return x

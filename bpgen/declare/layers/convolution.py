"""Convolutions and their transposes, of signals (channels, length) and of images (channels, height,
width). Weights are PyTorch's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from bpgen.declare.activations import identity
from bpgen.declare.declaration import here
from bpgen.declare.formula import reduce
from bpgen.declare.given import whole_number
from bpgen.declare.layers.parts import (
    Activation,
    Indices,
    Layer,
    along,
    divided,
    for_each,
    known_size,
    tensor_of_rank,
)
from bpgen.declare.layers.shaping import pad
from bpgen.declare.tensor import Tensor
from bpgen.declare.words import zeros
from bpgen.errors import NetError
from bpgen.ir import Size

AXES = {1: "channels, length", 2: "channels, height, width"}


@dataclass(frozen=True)
class Window:
    """How a window slides along each axis: its size, its stride, what pads, how far its entries are
    apart.
    """

    word: str
    size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]

    @staticmethod
    def of(word: str, axes: int, size: Any, stride: Any, padding: Any, dilation: Any) -> Window:
        if padding in ("same", "valid"):
            around = size // 2 if padding == "same" and isinstance(size, int) else 0
            raise NetError(
                f"{word}: padding={padding!r} is no number",
                f"write padding={around}" + ", half of an odd size" * (padding == "same"),
            )
        return Window(
            word,
            for_each(size, axes, word, "size"),
            for_each(stride, axes, word, "stride"),
            for_each(padding, axes, word, "padding", 0),
            for_each(dilation, axes, word, "dilation"),
        )

    @property
    def reach(self) -> tuple[int, ...]:
        """The entries of an axis from a window's first to its last."""
        return tuple(d * (k - 1) + 1 for d, k in zip(self.dilation, self.size, strict=True))

    def padded(self, x: Tensor) -> Tensor:
        """x among zeros, along the axes that the window slides along."""
        around = (0, *self.padding)
        return pad(x, around, around) if any(self.padding) else x

    def positions(self, x: Tensor) -> tuple[int, ...]:
        """How many places the window has along each axis of x, which is padded."""
        sizes = [known_size(s, x, self.word) for s in x.shape[1:]]
        for size, reach, padding in zip(sizes, self.reach, self.padding, strict=True):
            if reach > size:
                padded = " with its padding" if padding else ""
                raise NetError(
                    f"{self.word}: a window over {reach} entries is larger than the axis of {size}"
                    f"{padded}",
                    _channels_last(x) or "use a smaller window, less dilation, or more padding",
                )
        every = zip(sizes, self.reach, self.stride, strict=True)
        return tuple((size - reach) // stride + 1 for size, reach, stride in every)

    def along(self, places: tuple[Size, ...]) -> tuple[Indices, Indices]:
        """The indices p of the places and u of the entries of a window."""
        axes = len(self.size)
        return along(places, "pq"[:axes]), along(self.size, "uv"[:axes])

    def entries(self, p: Indices, u: Indices) -> tuple[sp.Expr, ...]:
        """Where entry u of the window at place p is: stride * p + dilation * u."""
        every = zip(self.stride, p, self.dilation, u, strict=True)
        return tuple(s * i + d * j for s, i, d, j in every)


def _channels_last(x: Tensor) -> str:
    """What is written for a picture whose channels, one or three, come last."""
    last = x.rank == 3 and x.shape[-1] in (1, 3) and x.shape[0] == x.shape[1] != x.shape[-1]
    name = here().variable(x) or "x"
    return f"the channels come first: transpose({name}, 2, 0, 1)" if last else ""


def conv1d(
    x: Tensor,
    channels: int,
    size: int,
    activation: Activation = identity,
    *,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
    bias: bool = True,
) -> Tensor:
    """z[o, p] = sum_c,u K[o, c, u] x[c, stride p + dilation u - padding] + b[o].

    x (inputs, length) -> (channels, places). K1 (channels, inputs / groups, size), b1 (channels);
    w1 (what each window sees), z1, a1. Each group of channels reads its own group of inputs.
    torch.nn.Conv1d.
    """
    window = Window.of("conv1d", 1, size, stride, padding, dilation)
    return _convolution(x, channels, window, activation, groups, bias)


def conv2d(
    x: Tensor,
    channels: int,
    size: int | tuple[int, int],
    activation: Activation = identity,
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
    bias: bool = True,
) -> Tensor:
    """z[o, p, q] = sum_c,u,v K[o, c, u, v] x[c, stride p + dilation u - padding, ...] + b[o].

    x (inputs, height, width) -> (channels, places, places). K1 (channels, inputs / groups, size,
    size), b1 (channels); w1 (what each window sees), z1, a1. Each group of channels reads its own
    group of inputs; of one channel each: depthwise. torch.nn.Conv2d.
    """
    window = Window.of("conv2d", 2, size, stride, padding, dilation)
    return _convolution(x, channels, window, activation, groups, bias)


def _convolution(
    x: Tensor, channels: int, window: Window, activation: Activation, groups: int, bias: bool
) -> Tensor:
    made, inputs = _channels(x, channels, window, groups)
    layer = Layer(window.word)
    K = layer.weight("K", groups * made, inputs, *window.size, then=activation)
    padded = window.padded(x)
    g, o, c = along((groups, made, inputs), "goc")
    p, u = window.along(window.positions(padded))
    (every,) = along(x.shape[:1], "c")
    w = layer.tensor("w", (every, *p, *u), padded[(every, *window.entries(p, u))])
    of_input, over = (c, (c, *u)) if inputs > 1 or groups == 1 else (0, u)
    read = K[(_of_group(g, o), of_input, *u)] * w[(_of_group(g, c), *p, *u)]
    z = reduce(read, over, "sum")
    if bias:
        z = z + layer.param("b", groups * made)[_of_group(g, o)]
    return layer.activated(_joined(layer, g, o, p, z), activation)


def conv_transpose1d(
    x: Tensor,
    channels: int,
    size: int,
    activation: Activation = identity,
    *,
    stride: int = 1,
    padding: int = 0,
    output_padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
    bias: bool = True,
) -> Tensor:
    """z[o, stride p + dilation u - padding] += sum_c K[c, o, u] x[c, p], and + b[o].

    x (inputs, length) -> (channels, (length - 1) stride + dilation (size - 1) + 1 - 2 padding +
    output_padding). K1 (inputs, channels / groups, size), b1 (channels); z1, a1.
    torch.nn.ConvTranspose1d.
    """
    window = Window.of("conv_transpose1d", 1, size, stride, padding, dilation)
    return _transposed(x, channels, window, activation, output_padding, groups, bias)


def conv_transpose2d(
    x: Tensor,
    channels: int,
    size: int | tuple[int, int],
    activation: Activation = identity,
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    output_padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
    bias: bool = True,
) -> Tensor:
    """z[o, stride p + dilation u - padding, ...] += sum_c K[c, o, u, v] x[c, p, q], and + b[o].

    x (inputs, height, width) -> (channels, ...), each axis as conv_transpose1d has it. K1 (inputs,
    channels / groups, size, size), b1 (channels); z1, a1. torch.nn.ConvTranspose2d.
    """
    window = Window.of("conv_transpose2d", 2, size, stride, padding, dilation)
    return _transposed(x, channels, window, activation, output_padding, groups, bias)


def _transposed(
    x: Tensor,
    channels: int,
    window: Window,
    activation: Activation,
    output_padding: Any,
    groups: int,
    bias: bool,
) -> Tensor:
    made, inputs = _channels(x, channels, window, groups)
    sizes = _sizes(x, window, output_padding)
    layer = Layer(window.word)
    K = layer.weight("K", groups * inputs, made, *window.size, then=activation)
    g, o, c = along((groups, made, inputs), "goc")
    p, u = window.along(x.shape[1:])
    own = o if made > 1 or groups == 1 else 0
    read = K[(_of_group(g, c), own, *u)] * x[(_of_group(g, c), *p)]
    wide = zip(sizes, window.padding, strict=True)
    full = layer.named("f", zeros(channels, *(size + 2 * padding for size, padding in wide)))
    summed = reduce(read, (c,), "sum") if inputs > 1 or groups == 1 else read
    full[(_of_group(g, o), *window.entries(p, u))] = summed
    o, *i = along((channels, *sizes), ("oi", "oij")[len(sizes) - 1])
    z = full[(o, *(k + padding for k, padding in zip(i, window.padding, strict=True)))]
    if bias:
        z = z + layer.param("b", channels)[o]
    return layer.activated(layer.tensor("z", (o, *i), z), activation)


def _sizes(x: Tensor, window: Window, output_padding: Any) -> tuple[int, ...]:
    """The axes of what a transposed convolution makes."""
    more = for_each(output_padding, len(window.size), window.word, "output_padding", 0)
    sizes = tuple(
        (known_size(n, x, window.word) - 1) * stride + reach - 2 * padding + extra
        for n, stride, reach, padding, extra in zip(
            x.shape[1:], window.stride, window.reach, window.padding, more, strict=True
        )
    )
    for extra, stride, dilation in zip(more, window.stride, window.dilation, strict=True):
        if extra >= max(stride, dilation):
            raise NetError(
                f"{window.word}: output_padding={extra} is not below the stride or the dilation",
                "it only says which of the sizes with one number of places is meant",
            )
    if min(sizes) < 1:
        raise NetError(
            f"{window.word}: padding={window.padding} leaves nothing", "use less padding"
        )
    return sizes


def _channels(x: Tensor, channels: int, window: Window, groups: int) -> tuple[int, int]:
    """The channels and inputs of one group."""
    x = tensor_of_rank(x, window.word, AXES[len(window.size)])
    (groups,) = for_each(groups, 1, window.word, "groups")
    made = divided(whole_number(channels, window.word), groups, window.word, "channels")
    return made, divided(known_size(x.shape[0], x, window.word), groups, window.word, "inputs")


def _of_group(group: Any, member: Any) -> sp.Expr:
    """The channel that is this member of a group: the groups stand one after another."""
    if group.size == 1:
        return member
    return member.size * group + member if member.size > 1 else group


def _joined(layer: Layer, g: Any, o: Any, p: Indices, z: Any) -> Tensor:
    """z[channel, p], where the channels are given by group."""
    if g.size == 1 or o.size == 1:
        return layer.tensor("z", (_of_group(g, o), *p), z)
    apart = layer.tensor("y", (g, o, *p), z)
    joined = layer.named("z", zeros(g.size * o.size, *(i.size for i in p if i.size is not None)))
    joined[(_of_group(g, o), *p)] = apart[(g, o, *p)]
    return joined

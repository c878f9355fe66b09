"""Convolutions, their transposes and pooling, with all their options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.networks.operation import F, Made, Pick, Shape, known, operation


def functional(name: str) -> Callable[..., Any]:
    """PyTorch's function of this name, looked up when it is called."""
    return lambda *args, **options: getattr(F, name)(*args, **options)


def conv_size(n: int, size: int, stride: int, padding: int, dilation: int) -> int:
    return (n + 2 * padding - dilation * (size - 1) - 1) // stride + 1


def _convolution(pick: Pick, x: Shape) -> Made:
    """Kernels that fit, whatever else is asked for."""
    channels, *places = (int(n) for n in x)
    dims = len(places)
    groups = pick("groups", *(g for g in (1, 2) if channels % g == 0))
    width = groups * pick.any(1, 2, 3)
    padding = pick("padding", 0, 1)
    dilation = pick("dilation", 1, 2)
    most = min((n + 2 * padding - 1) // dilation + 1 for n in places)
    size = pick.any(*range(1, min(most, 3) + 1))
    stride, bias = pick("stride", 1, 2, 3), pick("bias", True, False)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    function = functional(f"conv{dims}d")
    said = {k: v for k, v in options.items() if v != (k != "padding") or pick.any(False, True)}
    text = "".join(f", {k}={v}" for k, v in said.items())
    made = (width, *(conv_size(n, size, stride, padding, dilation) for n in places))
    return _with_bias(f"conv{dims}d({{0}}, {width}, {size}{text}", function, options, made, bias)


def _with_bias(
    call: str, function: Callable[..., Any], options: dict[str, int], shape: Shape, bias: bool
) -> Made:
    net = f"{{out}} = {call}, bias={bias})"
    return Made(net, lambda x, *Kb: function(x, *Kb, **options), shape, own=1 + bias)


def _transposed(pick: Pick, x: Shape) -> Made:
    channels, *places = (int(n) for n in x)
    dims = len(places)
    groups = pick("groups", *(g for g in (1, 2) if channels % g == 0))
    width = groups * pick.any(1, 2)
    size, stride, dilation = pick.any(2, 3), pick("stride", 1, 2), pick("dilation", 1, 2)
    padding = pick("padding", 0, 1)
    output_padding = pick("output_padding", 0, *([1] if stride > 1 or dilation > 1 else []))
    made = [
        (n - 1) * stride - 2 * padding + dilation * (size - 1) + output_padding + 1 for n in places
    ]
    if min(made) < 1:
        padding, made = 0, [n + 2 * padding for n in made]
    bias = pick("bias", True, False)
    options = {
        "stride": stride,
        "padding": padding,
        "output_padding": output_padding,
        "groups": groups,
        "dilation": dilation,
    }
    text = "".join(f", {k}={v}" for k, v in options.items())
    function = functional(f"conv_transpose{dims}d")
    call = f"conv_transpose{dims}d({{0}}, {width}, {size}{text}"
    return _with_bias(call, function, options, (width, *made), bias)


def _pooled(pick: Pick, x: Shape, word: str) -> Made:
    channels, *places = (int(n) for n in x)
    dims = len(places)
    size = pick.any(*range(1, min(3, *places) + 1))
    stride = pick("stride", *range(1, 4))
    padding = pick("padding", *range(size // 2 + 1))
    made = (channels, *(conv_size(n, size, stride, padding, 1) for n in places))
    function = functional(f"{word}_pool{dims}d")
    net = f"{{out}} = {word}_pool{dims}d({{0}}, {size}, stride={stride}, padding={padding})"
    return Made(net, lambda x: function(x, size, stride, padding), made, kinked=word == "max")


@operation(2, when=known)
def conv1d(pick: Pick, x: Shape) -> Made:
    return _convolution(pick, x)


@operation(3, when=known)
def conv2d(pick: Pick, x: Shape) -> Made:
    return _convolution(pick, x)


@operation(2, when=known)
def conv_transpose1d(pick: Pick, x: Shape) -> Made:
    return _transposed(pick, x)


@operation(3, when=known)
def conv_transpose2d(pick: Pick, x: Shape) -> Made:
    return _transposed(pick, x)


@operation(2, when=known)
def max_pool1d(pick: Pick, x: Shape) -> Made:
    return _pooled(pick, x, "max")


@operation(3, when=known)
def max_pool2d(pick: Pick, x: Shape) -> Made:
    return _pooled(pick, x, "max")


@operation(2, when=known)
def avg_pool1d(pick: Pick, x: Shape) -> Made:
    return _pooled(pick, x, "avg")


@operation(3, when=known)
def avg_pool2d(pick: Pick, x: Shape) -> Made:
    return _pooled(pick, x, "avg")


@operation({2, 3})
def global_avg_pool(_: Pick, x: Shape) -> Made:
    return Made("{out} = global_avg_pool({0})", lambda x: x.flatten(2).mean(2), x[:1])


@operation({2, 3})
def global_max_pool(_: Pick, x: Shape) -> Made:
    net = "{out} = global_max_pool({0})"
    return Made(net, lambda x: x.flatten(2).max(2).values, x[:1], kinked=True)

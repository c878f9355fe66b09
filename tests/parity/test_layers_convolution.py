"""Convolutions, their transposes and pooling, as PyTorch has them."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch.nn import functional as F

from tests.parity.harness import Case, Shape, agree, parametrized

SHAPES = (
    {"N": 1, "c": 1, "h": 7, "w": 5},
    {"N": 3, "c": 2, "h": 6, "w": 8},
    {"N": 2, "c": 3, "h": 5, "w": 5},
)
GROUPED = (
    {"N": 1, "c": 2, "h": 7, "w": 5},
    {"N": 3, "c": 4, "h": 6, "w": 7},
    {"N": 2, "c": 6, "h": 5, "w": 5},
)
MADE = {1: "x = input($c, $w)", 2: "x = input($c, $h, $w)"}


def layer(word: str, call: str, function: Any, shapes: Any = SHAPES, **options: Any) -> Case:
    """A layer of a tensor that has a gradient itself, in a loss that is not linear in it."""
    axes = 1 if "1d" in word else 2
    bias = None if "bias=False" in call else "b1"
    return Case(
        f"{word}({call})",
        f"{MADE[axes]}\ny = {word}(sin(x), {call})\noutput(y)",
        lambda t: function(t.x.sin(), t.K1, getattr(t, bias) if bias else None, **options),
        shapes,
    )


conv1, conv2 = (
    partial(layer, "conv1d", function=F.conv1d),
    partial(layer, "conv2d", function=F.conv2d),
)
back1 = partial(layer, "conv_transpose1d", function=F.conv_transpose1d)
back2 = partial(layer, "conv_transpose2d", function=F.conv_transpose2d)


@parametrized(
    conv1("4, 3"),
    conv1("4, 1"),
    conv1("4, 3, stride=2", stride=2),
    conv1("4, 2, stride=3", stride=3),
    conv1("4, 3, stride=2, padding=2", stride=2, padding=2),
    conv1("4, 3, dilation=2, bias=False", dilation=2),
    conv1("4, 2, groups=2", shapes=GROUPED, groups=2),
    conv1("$c, 2, groups=$c", shapes=GROUPED[:1], groups=2),
    conv1("$c, 2, groups=$c", shapes=GROUPED[1:2], groups=4),
    conv1(
        "12, 2, groups=$c, padding=1, stride=2", shapes=GROUPED[2:], groups=6, padding=1, stride=2
    ),
    conv2("4, 3"),
    conv2("4, 1"),
    conv2("2, (3, 2), stride=(1, 2)", stride=(1, 2)),
    conv2("2, 5, padding=2", padding=2),
    conv2("2, (2, 3), padding=(0, 1), stride=2", padding=(0, 1), stride=2),
    conv2("2, 2, stride=2", stride=2),
    conv2("2, (5, 4)"),
    conv2("2, 2, dilation=(3, 2), bias=False", dilation=(3, 2)),
    conv2("2, 3, dilation=2, padding=3, stride=3", dilation=2, padding=3, stride=3),
    conv2("4, 3, groups=2", shapes=GROUPED, groups=2),
    conv2("2, 2, groups=2, stride=2, padding=1", shapes=GROUPED, groups=2, stride=2, padding=1),
    conv2("$c, 3, groups=$c, padding=1", shapes=GROUPED[:1], groups=2, padding=1),
    conv2("8, 3, groups=$c, dilation=2, bias=False", shapes=GROUPED[1:2], groups=4, dilation=2),
)
def test_convolution(case: Case, shape: Shape) -> None:
    agree(case, shape)


@parametrized(
    back1("4, 3"),
    back1("4, 3, stride=2", stride=2),
    back1("4, 3, stride=2, padding=1, output_padding=1", stride=2, padding=1, output_padding=1),
    back1("4, 2, stride=3", stride=3),
    back1("4, 2, dilation=2, padding=2, bias=False", dilation=2, padding=2),
    back1("4, 3, groups=2, stride=2", shapes=GROUPED, groups=2, stride=2),
    back2("4, 3"),
    back2("2, 2, stride=2", stride=2),
    back2("2, (3, 2), stride=(2, 3), padding=1", stride=(2, 3), padding=1),
    back2(
        "2, 3, stride=2, padding=(1, 0), output_padding=(1, 0)",
        stride=2,
        padding=(1, 0),
        output_padding=(1, 0),
    ),
    back2("2, 2, dilation=2, bias=False", dilation=2),
    back2("4, 3, groups=2, padding=1", shapes=GROUPED, groups=2, padding=1),
    back2("6, 2, groups=$c", shapes=GROUPED[2:], groups=6),
)
def test_transposed_convolution(case: Case, shape: Shape) -> None:
    agree(case, shape)


def pool(word: str, call: str, function: Any, **options: Any) -> Case:
    axes = 1 if "1d" in word else 2
    return Case(
        f"{word}({call})",
        f"{MADE[axes]}\ny = {word}(sin(x), {call})\noutput(y)",
        lambda t: function(t.x.sin(), **options),
        SHAPES,
    )


@parametrized(
    pool("max_pool1d", "2", F.max_pool1d, kernel_size=2),
    pool("max_pool1d", "3, stride=1, padding=1", F.max_pool1d, kernel_size=3, stride=1, padding=1),
    pool("max_pool2d", "2", F.max_pool2d, kernel_size=2),
    pool("max_pool2d", "(3, 2), stride=(1, 2)", F.max_pool2d, kernel_size=(3, 2), stride=(1, 2)),
    pool("max_pool2d", "3, 2, 1", F.max_pool2d, kernel_size=3, stride=2, padding=1),
    pool("max_pool2d", "2, padding=(1, 0)", F.max_pool2d, kernel_size=2, padding=(1, 0)),
    pool("avg_pool1d", "2", F.avg_pool1d, kernel_size=2),
    pool("avg_pool1d", "3, 2, 1", F.avg_pool1d, kernel_size=3, stride=2, padding=1),
    pool("avg_pool2d", "2", F.avg_pool2d, kernel_size=2),
    pool("avg_pool2d", "3, stride=1, padding=1", F.avg_pool2d, kernel_size=3, stride=1, padding=1),
    pool("avg_pool2d", "(1, 4), stride=(2, 3)", F.avg_pool2d, kernel_size=(1, 4), stride=(2, 3)),
    Case(
        "global_avg_pool",
        "x = input($c, $h, $w)\ny = global_avg_pool(sin(x))\noutput(y)",
        lambda t: t.x.sin().mean((2, 3)),
        SHAPES,
    ),
    Case(
        "global_max_pool",
        "x = input($c, $h, $w)\ny = global_max_pool(sin(x))\noutput(y)",
        lambda t: t.x.sin().amax((2, 3)),
        SHAPES,
    ),
    Case(
        "over time",
        "x = input($c, 'T')\ny = global_avg_pool(x) * global_max_pool(x)\noutput(y)",
        lambda t: t.x.mean(2) * t.x.amax(2),
        tuple({**s, "T": s["w"]} for s in SHAPES),
    ),
)
def test_pooling(case: Case, shape: Shape) -> None:
    agree(case, shape)


@parametrized(
    Case(
        "a small network",
        "x, y = input($c, 9, 9), label(3)\na = conv2d(x, 4, 3, relu, padding=1)\n"
        "m = max_pool2d(a, 3)\nb = conv2d(m, 5, 2, tanh)\n"
        "L = loss(categorical_cross_entropy_with_logits(dense(flatten(b), 3), y))",
        lambda t: F.cross_entropy(
            F.linear(
                F.conv2d(F.max_pool2d(F.conv2d(t.x, t.K1, t.b1, padding=1).relu(), 3), t.K2, t.b2)
                .tanh()
                .flatten(1),
                t.W3,
                t.b3,
            ),
            t.y,
        ),
        ({"N": 1, "c": 1}, {"N": 5, "c": 3}, {"N": 2, "c": 2}),
    ),
)
def test_a_network(case: Case, shape: Shape) -> None:
    agree(case, shape)

"""Normalizations, as PyTorch has them."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from tests.parity.harness import Case, Shape, agree, parametrized

SHAPES = ({"N": 1, "d": 3, "T": 5}, {"N": 4, "d": 2, "T": 1}, {"N": 7, "d": 5, "T": 4})
BATCHES = ({"N": 2, "d": 3, "T": 5}, {"N": 5, "d": 1, "T": 3}, {"N": 7, "d": 5, "T": 4})


def of(call: str, net: str, function: Any, shapes: Any = SHAPES) -> Case:
    return Case(f"{call} of {net}", f"x = {net}\ny = {call}\noutput(y)", function, shapes)


@parametrized(
    of("layer_norm(x)", "input($d)", lambda t: F.layer_norm(t.x, t.x.shape[1:], t.g1, t.b1)),
    of("layer_norm(x)", "input('T', $d)", lambda t: F.layer_norm(t.x, t.x.shape[2:], t.g1, t.b1)),
    of(
        "layer_norm(x, axes=2, eps=0.1)",
        "input(3, 2, $d)",
        lambda t: F.layer_norm(t.x, t.x.shape[2:], t.g1, t.b1, 0.1),
    ),
    of(
        "layer_norm(x, affine=False, eps=0.01)",
        "input('T', $d)",
        lambda t: F.layer_norm(t.x, t.x.shape[2:], eps=0.01),
    ),
    of("rms_norm(x)", "input('T', $d)", lambda t: F.rms_norm(t.x, t.x.shape[2:], t.g1, 1e-5)),
    of(
        "rms_norm(x, axes=2, eps=1e-3, affine=False)",
        "input(3, $d)",
        lambda t: F.rms_norm(t.x, t.x.shape[1:], eps=1e-3),
    ),
    of("group_norm(x, 2)", "input(4, $d)", lambda t: F.group_norm(t.x, 2, t.g1, t.b1)),
    of("group_norm(x, 1)", "input(4, 3, $d)", lambda t: F.group_norm(t.x, 1, t.g1, t.b1)),
    of("group_norm(x, 6)", "input(6, 3, $d)", lambda t: F.group_norm(t.x, 6, t.g1, t.b1)),
    of(
        "group_norm(x, 3, eps=0.1, affine=False)",
        "input(6, 2)",
        lambda t: F.group_norm(t.x, 3, eps=0.1),
    ),
    of("group_norm(x, 2)", "input(4, 'T')", lambda t: F.group_norm(t.x, 2, t.g1, t.b1)),
)
def test_within_a_sample(case: Case, shape: Shape) -> None:
    agree(case, shape)


def batch_norm(t: Any, eps: float = 1e-5) -> torch.Tensor:
    g, b = getattr(t, "g1", None), getattr(t, "b1", None)
    return F.batch_norm(t.x, None, None, g, b, training=True, eps=eps)


@parametrized(
    of("batch_norm(x)", "input($d)", batch_norm, BATCHES),
    of("batch_norm(x)", "input($d, 'T')", batch_norm, BATCHES),
    of("batch_norm(x)", "input($d, 2, 3)", batch_norm, (*BATCHES, {"N": 1, "d": 3})),
    of(
        "batch_norm(x, eps=0.1, affine=False)",
        "input($d, 2)",
        lambda t: batch_norm(t, 0.1),
        BATCHES,
    ),
)
def test_across_samples(case: Case, shape: Shape) -> None:
    agree(case, shape)


def running(t: Any) -> tuple[torch.Tensor, ...]:
    """The loss, and the running statistics, which PyTorch changes in place."""
    m, s = t.m.clone(), t.s.clone()
    y = F.batch_norm(t.x, m, s, t.g1, t.b1, training=True, momentum=0.25, eps=0.1)
    return y.sin().sum() / len(t.x), y, m, s


def positive(rng: Any, shape: tuple[int, ...]) -> Any:
    return rng.uniform(0.5, 2, shape)


@parametrized(
    *(
        Case(
            f"running_batch_norm of {net}",
            f"x, m, s = {net}, state($d), state($d)\n"
            "y, m1, s1 = running_batch_norm(x, (m, s), 0.25, 0.1)\n"
            "output(y, m1, s1)\nL = loss(sum(sin(y)))",
            running,
            BATCHES,
            {"s": positive},
        )
        for net in ("input($d)", "input($d, 'T')", "input($d, 2, 3)")
    ),
    *(
        Case(
            f"batch_norm of {net} in evaluation",
            f"x, m, s = {net}, state($d), state($d)\ny = batch_norm(x, (m, s))\noutput(y)",
            lambda t: F.batch_norm(t.x, t.m, t.s, t.g1, t.b1, training=False),
            SHAPES,
            {"s": positive},
        )
        for net in ("input($d)", "input($d, 'T')", "input($d, 2, 3)")
    ),
)
def test_with_running_statistics(case: Case, shape: Shape) -> None:
    agree(case, shape)


@parametrized(
    Case(
        "a network",
        "x, y = input($d), label(4)\na = tanh(batch_norm(dense(x, 3)))\n"
        "L = loss(categorical_cross_entropy_with_logits(dense(layer_norm(a), 4), y))",
        lambda t: F.cross_entropy(
            F.linear(
                F.layer_norm(
                    F.batch_norm(F.linear(t.x, t.W1, t.b1), None, None, t.g2, t.b2, True).tanh(),
                    (3,),
                    t.g3,
                    t.b3,
                ),
                t.W4,
                t.b4,
            ),
            t.y,
        ),
        BATCHES,
        idle=("b1",),
    )
)
def test_in_a_network(case: Case, shape: Shape) -> None:
    agree(case, shape)

"""Tensors rearranged, as PyTorch rearranges them."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from tests.parity.harness import Case, Shape, agree, parametrized

SHAPES = ({"N": 1, "T": 1}, {"N": 4, "T": 5}, {"N": 3, "T": 2})


def of(name: str, net: str, function: object) -> Case:
    return Case(name, net + "\noutput(y)", function, SHAPES)


@parametrized(
    of(
        "reshape",
        "x = input(4, 6)\ny = reshape(sin(x), 3, 8)",
        lambda t: t.x.sin().reshape(-1, 3, 8),
    ),
    of(
        "a step kept",
        "x = input('T', 6)\ny = reshape(x, 'T', 2, 3)",
        lambda t: t.x.unflatten(2, (2, 3)),
    ),
    of("axes merged", "x = input('T', 2, 3)\ny = reshape(x, 'T', 6)", lambda t: t.x.flatten(2)),
    of(
        "the last kept",
        "x = input(6, 2)\ny = reshape(x, 2, 3, 2)",
        lambda t: t.x.reshape(-1, 2, 3, 2),
    ),
    of(
        "ones",
        "x = input(1, 6, 1)\ny = reshape(sin(x), 3, 1, 2)",
        lambda t: t.x.sin().reshape(-1, 3, 1, 2),
    ),
    of("the same", "x = input(2, 3)\ny = 2 * reshape(x, 2, 3)", lambda t: 2 * t.x),
    of("flatten", "x = input(3, 1, 4)\ny = flatten(x)", lambda t: t.x.flatten(1)),
    of("transpose", "x = input(2, 3, 4)\ny = transpose(x)", lambda t: t.x.permute(0, 3, 2, 1)),
    of(
        "axes",
        "x = input(2, 'T', 4)\ny = transpose(x, 1, -1, 0)",
        lambda t: t.x.permute(0, 2, 3, 1),
    ),
    of(
        "concat",
        "u, v = input(2, 3), input(4, 3)\ny = concat([sin(u), v, u])",
        lambda t: torch.cat([t.u.sin(), t.v, t.u], 1),
    ),
    of(
        "concat along the last",
        "u, v = input('T', 3), input('T', 2)\ny = concat([u, v], axis=-1)",
        lambda t: torch.cat([t.u, t.v], 2),
    ),
    of(
        "split and glu",
        "x = input('T', 6)\ny = glu(*split(x, 2, axis=-1))",
        lambda t: F.glu(t.x, -1),
    ),
    of(
        "split and swiglu",
        "x = input(6)\ny = swiglu(*split(x, 2))",
        lambda t: F.silu(t.x[:, :3]) * t.x[:, 3:],
    ),
    of(
        "part",
        "x = input(5, 3)\ny = sin(part(x, 1, 4)) + part(x, 2, 5)",
        lambda t: t.x[:, 1:4].sin() + t.x[:, 2:],
    ),
    of("part of the last", "x = input(5, 3)\ny = part(x, 0, 1, axis=-1)", lambda t: t.x[:, :, :1]),
    of("pad", "x = input(3, 2)\ny = pad(x, 1)", lambda t: F.pad(t.x, (1, 1, 1, 1))),
    of(
        "pad the last",
        "x = input('T', 2)\ny = pad(x, (0, 1), (0, 2))",
        lambda t: F.pad(t.x, (1, 2)),
    ),
    of("reverse", "x = input('T', 2)\ny = reverse(sin(x)) * x", lambda t: t.x.sin().flip(1) * t.x),
    of("reverse the last", "x = input('T', 2)\ny = reverse(x, axis=-1)", lambda t: t.x.flip(2)),
    of("last", "x = input('T', 2)\ny = last(x)", lambda t: t.x[:, -1]),
    of(
        "a residual",
        "x = input('T', 2)\ny = x + dense(x, 2, tanh)",
        lambda t: t.x + torch.tanh(t.x @ t.W1.T + t.b1),
    ),
)
def test_shaping(case: Case, shape: Shape) -> None:
    agree(case, shape)

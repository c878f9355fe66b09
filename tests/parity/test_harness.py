"""The harness agrees with what is right, at every kind of tensor, and notices what is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.parity.harness import Case, Shape, agree, parametrized

DENSE = (
    "x, y = input($d), target($k)\nW, b = param($k, $d), param($k)\na = tanh(W @ x + b)\n"
    "L = loss(half_squared_error(a, y))"
)
PICK = "x, y = input($d), label($k)\nW = param($k, $d)\nL = loss(logsumexp(W @ x) - (W @ x)[y])"
TWO = "x, u = input($d), input($d)\nw = param($d)\na = w * x\nb = exp(w * u)\noutput(a, b)"
LONG = 'x = input("T", $d)\nW = param($k, $d)\na = sin(x @ W.T)\noutput(a)'


def dense(t: object, by: float = 1.0) -> object:
    a = torch.tanh(t.x @ t.W.T + by * t.b)
    return ((a - t.y) ** 2).sum() / 2 / len(t.x), a


def picked(t: object) -> object:
    return torch.nn.functional.cross_entropy(t.x @ t.W.T, t.y)


@parametrized(
    Case("a loss and its output", DENSE, dense),
    Case("a label", PICK, picked),
    Case("two inputs and outputs", TWO, lambda t: (t.w * t.x, torch.exp(t.w * t.u))),
    Case(
        "a length of the run",
        LONG,
        lambda t: torch.sin(t.x @ t.W.T),
        ({"N": 1, "T": 5, "d": 3, "k": 2}, {"N": 3, "T": 1, "d": 2, "k": 7}),
    ),
)
def test_agreement(case: Case, shape: Shape) -> None:
    agree(case, shape)


SHAPE = {"N": 4, "d": 3, "k": 2}


@pytest.mark.parametrize(
    ("net", "wrong", "tensor"),
    [
        (DENSE, lambda t: dense(t, 1 + 1e-8), "loss"),
        (DENSE, lambda t: dense(t)[0] * (1 + 1e-8), "loss"),
        (DENSE, lambda t: (dense(t)[0], dense(t)[1] + 1e-8), "a"),
        (DENSE, lambda t: dense(t)[0] + 1e-6 * (t.x - t.x.detach()).sum(), "dx"),
        (DENSE, lambda t: dense(t)[0] + 1e-8 * (t.W - t.W.detach()).sum(), "dW"),
        (TWO, lambda t: (t.w * t.x, torch.exp(t.w.detach() * t.u)), "dw"),
        (TWO, lambda t: (t.w.detach() * t.x, torch.exp(t.w * t.u)), "dw"),
        (LONG, lambda t: torch.sin(t.x @ t.W.T)[..., :1], "a"),
    ],
)
def test_disagreement(net: str, wrong: object, tensor: str) -> None:
    with pytest.raises(AssertionError, match=f"^{tensor}: "):
        agree(Case("wrong", net, wrong), SHAPE | {"T": 3})


def test_no_gradient_is_no_agreement() -> None:
    zeros = dict.fromkeys("xW", lambda rng, sizes: np.zeros(sizes))
    flat = Case("flat", PICK, picked, draws=zeros)
    with pytest.raises(AssertionError, match="compare nothing"):
        agree(flat, SHAPE)

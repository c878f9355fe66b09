"""Slopes at the kinks themselves, where any number between the two sides could be defended: ours
are PyTorch's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.conftest import emitted

Function = Callable[..., Any]
NEXT = (-1e-9, 0.0, 1e-9)  # at a kink and on both sides


def around(*kinks: float) -> list[float]:
    return [k + step for k in kinks for step in NEXT]


ACTIVATIONS: dict[str, tuple[Function, list[float]]] = {
    "relu(z)": (F.relu, around(0)),
    "leaky_relu(z)": (F.leaky_relu, around(0)),
    "leaky_relu(z, 0.3)": (lambda z: F.leaky_relu(z, 0.3), around(0)),
    "abs(z)": (torch.abs, around(0)),
    "elu(z, 0.7)": (lambda z: F.elu(z, 0.7), around(0)),
    "selu(z)": (F.selu, around(0)),
    "relu6(z)": (F.relu6, around(0, 6)),
    "hard_tanh(z)": (F.hardtanh, around(-1, 1)),
    "hard_tanh(z, -0.5, 0.25)": (lambda z: F.hardtanh(z, -0.5, 0.25), around(-0.5, 0.25)),
    "clip(z, -0.5, 0.25)": (lambda z: z.clamp(-0.5, 0.25), around(-0.5, 0.25)),
    "hard_sigmoid(z)": (F.hardsigmoid, around(-3, 3)),
    "hard_swish(z)": (F.hardswish, around(-3, 3)),
    "relu(z) - relu(-z)": (lambda z: F.relu(z) - F.relu(-z), around(0)),
    "abs(relu(z))": (lambda z: F.relu(z).abs(), around(0)),
}


@pytest.mark.parametrize("call", ACTIVATIONS)
def test_of_an_activation(call: str) -> None:
    function, points = ACTIVATIONS[call]
    module = emitted(f"from bpgen import *\nz = input({len(points)})\na = {call}\noutput(a)\n")
    z = torch.tensor([points], dtype=torch.float64, requires_grad=True)
    (slopes,) = torch.autograd.grad(function(z).sum(), z)
    output, cache = module.forward({}, np.array([points]))
    found = module.backward({}, cache, np.ones_like(output), inputs=True)["z"]
    # The slope of F.hardsigmoid is 1/6 in single precision, whatever it is given.
    np.testing.assert_allclose(output, function(z).detach(), rtol=1e-6, atol=1e-15)
    np.testing.assert_allclose(found, slopes, rtol=1e-6)


def test_of_prelu() -> None:
    """Of its slope too."""
    module = emitted("from bpgen import *\nz = input(3)\na = prelu(z)\noutput(a)\n")
    z = torch.tensor([NEXT], dtype=torch.float64, requires_grad=True)
    slope = torch.tensor([0.3], dtype=torch.float64, requires_grad=True)
    true = torch.autograd.grad(F.prelu(z, slope).sum(), (slope, z))
    params = {"slope1": np.array(0.3)}
    output, cache = module.forward(params, np.array([NEXT]))
    found = module.backward(params, cache, np.ones_like(output), inputs=True)
    assert found["slope1"] == pytest.approx(true[0].item())
    np.testing.assert_allclose(found["z"], true[1])


CLASS, REAL = "y = label(4)", "y = target(3)"
SCORES = [[1.0, 0.0, -3.0, 1e-9], [2.0, 2.0, 1.0, 1.0]]  # one less than the first, and equal
LOSSES: dict[str, tuple[str, Function, Any, Any]] = {
    "hinge(z, y)": (
        REAL,
        lambda z, y: F.relu(1 - y * z).sum(1),
        [[1.0, 1 - 1e-9, 1 + 1e-9], [-1.0, 1.0, 0.0]],
        [[1.0, 1.0, 1.0], [-1.0, -1.0, 1.0]],
    ),
    "multiclass_hinge(z, y)": (
        CLASS,
        lambda z, y: F.multi_margin_loss(z, y, reduction="none"),
        SCORES,
        [0, 0],
    ),
    "multiclass_hinge(z, y, margin=0.5, power=2)": (
        CLASS,
        lambda z, y: F.multi_margin_loss(z, y, p=2, margin=0.5, reduction="none"),
        [[0.5, 0.0, -3.0, 1e-9], [0.5, 0.0, 0.25, 0.0]],
        [0, 1],
    ),
    "huber(z, y, 0.5)": (
        REAL,
        lambda z, y: F.huber_loss(z, y, delta=0.5, reduction="none").sum(1),
        [[0.5, -0.5, 0.0], around(0.5)],
        np.zeros((2, 3)),
    ),
    "smooth_l1(z, y, beta=0.5)": (
        REAL,
        lambda z, y: F.smooth_l1_loss(z, y, beta=0.5, reduction="none").sum(1),
        [[0.5, -0.5, 0.0], around(-0.5)],
        np.zeros((2, 3)),
    ),
    "absolute_error(z, y)": (
        REAL,
        lambda z, y: F.l1_loss(z, y, reduction="none").sum(1),
        [[0.5, 1.0, -2.0], around(0)],
        [[0.5, 1.0, -2.0], [0.0, 0.0, 0.0]],
    ),
}


@pytest.mark.parametrize("call", LOSSES)
def test_of_a_loss(call: str) -> None:
    declared, function, scores, targets = LOSSES[call]
    scores, targets = np.array(scores), np.array(targets)
    module = emitted(
        f"from bpgen import *\nx = input({scores.shape[1]})\n{declared}\nz = 2*x\noutput(z)\n"
        f"L = loss({call})\n"
    )
    z = torch.tensor(scores, requires_grad=True)
    loss = function(z, torch.tensor(targets)).mean()
    (slopes,) = torch.autograd.grad(loss, z)
    _, cache = module.forward({}, scores / 2)
    assert module.loss({}, scores / 2, targets) == pytest.approx(loss.item(), rel=1e-12)
    found = module.backward({}, cache, targets, inputs=True)["x"] / 2
    np.testing.assert_allclose(found, slopes, atol=1e-15)


TIED = [[1.0, 3.0, 3.0, 3.0], [0.0, 0.0, 0.0, 0.0], [-1.0, 2.0, -1.0, 2.0], [4.0, 3.0, 4.0, 1.0]]
LARGEST: dict[str, tuple[str, Function]] = {
    "max(x)": ("4", lambda x: x.max(-1).values),
    "tensor(max(x[i, j], j), i)": ("2, 2", lambda x: x.reshape(-1, 2, 2).max(-1).values),
    "tensor(max(x[i, j], i), j)": ("2, 2", lambda x: x.reshape(-1, 2, 2).max(-2).values),
    "max_pool2d(x, 2)": ("1, 2, 2", lambda x: F.max_pool2d(x.reshape(-1, 1, 2, 2), 2)),
    "max_pool2d(x, 2, stride=1, padding=1)": (
        "1, 2, 2",
        lambda x: F.max_pool2d(x.reshape(-1, 1, 2, 2), 2, 1, 1),
    ),
}


@pytest.mark.parametrize("call", LARGEST)
def test_of_equal_largest(call: str) -> None:
    """The first of them takes all, as in PyTorch's max over an axis."""
    shape, function = LARGEST[call]
    module = emitted(
        f'from bpgen import *\ni, j = indices("i j")\nx = input({shape})\na = {call}\noutput(a)\n'
    )
    x = torch.tensor(TIED, dtype=torch.float64, requires_grad=True)
    value = function(x)
    weights = torch.arange(1.0, value.numel() + 1).double().reshape(value.shape)
    (slopes,) = torch.autograd.grad((value * weights).sum(), x)
    given = np.array(TIED).reshape(4, *map(int, shape.split(", ")))
    output, cache = module.forward({}, given)
    np.testing.assert_array_equal(output, value.detach())
    found = module.backward({}, cache, weights.numpy(), inputs=True)["x"]
    np.testing.assert_array_equal(found.reshape(4, 4), slopes)


OF_TWO: dict[str, Function] = {
    "maximum(x, u)": torch.maximum,
    "min(x, u)": torch.minimum,
    "max(x, u, 1.0)": lambda x, u: torch.maximum(torch.maximum(x, u), torch.ones(())),
    "tensor(min(x[i], u[0]), i)": lambda x, u: torch.minimum(x, u[:, :1]),
    "max(x, 0) + min(0, u)": lambda x, u: F.relu(x) - F.relu(-u),
}


@pytest.mark.parametrize("call", OF_TWO)
def test_of_two_that_are_equal(call: str) -> None:
    """Half to each, as of PyTorch's maximum; beside the number 0 it is relu."""
    module = emitted(
        f'from bpgen import *\ni = indices("i")\nx, u = input(4), input(4)\na = {call}\noutput(a)\n'
    )
    given = [np.array([row, row[::-1]]) for row in ([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 2.0, -1.0])]
    x, u = (torch.tensor(v, requires_grad=True) for v in given)
    value = OF_TWO[call](x, u)
    slopes = torch.autograd.grad(value.sum(), (x, u))
    output, cache = module.forward({}, *given)
    np.testing.assert_array_equal(output, value.detach())
    found = module.backward({}, cache, np.ones_like(output), inputs=True)
    for name, slope in zip("xu", slopes, strict=True):
        np.testing.assert_array_equal(found[name], slope)


def test_of_penalties() -> None:
    """sign(0) is 0."""
    module = emitted(
        "from bpgen import *\nx = input(2)\nW = param(1, 2)\na = W @ x\noutput(a)\n"
        "L = loss(sum(a**2) + 0.5*l1(W))\n"
    )
    params, x = {"W": np.array([[0.0, -0.0]])}, np.zeros((1, 2))
    _, grads = module.loss_and_grad(params, x)
    assert grads["W"].tolist() == [[0, 0]]

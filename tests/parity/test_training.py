"""Fifty steps of gradient descent from the same start, on the same batches, in float64: the loss of
every step is PyTorch's, for the examples as they are.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from examples.train import characters, digits_conv
from tests.conftest import example
from tests.parity import twins

STEPS, TOLERANCE = 50, 1e-8

Draw = Callable[[np.random.Generator], list[tuple[np.ndarray, ...]]]


def images(rng: np.random.Generator) -> list[tuple[np.ndarray, ...]]:
    x, y, *_ = digits_conv.data()
    return [(x[rows], y[rows]) for rows in rng.integers(len(x), size=(STEPS, 16))]


def text(size: int, length: int) -> Draw:
    """A fresh batch at each step: one learnt by heart makes the steps unstable, and a difference in
    the last digit grows.
    """

    def drawn(rng: np.random.Generator) -> list[tuple[np.ndarray, ...]]:
        batches = characters.batches(characters.data()[0], size, length, rng)
        return [batch for batch, _ in zip(batches, range(STEPS), strict=False)]

    return drawn


@pytest.mark.parametrize(
    ("name", "twin", "draw", "rate"),
    [
        ("digits_conv", twins.digits_conv, images, 0.1),
        ("lstm", twins.lstm, text(4, 24), 0.5),
        ("gpt", twins.gpt, text(2, 64), 0.05),
    ],
    ids=["digits_conv", "lstm", "gpt"],
)
def test_fifty_steps(name: str, twin: twins.Loss, draw: Draw, rate: float) -> None:
    module, rng = example(name), np.random.default_rng(0)
    params, batches = module.init(rng), draw(rng)
    ours = twins.numpy_losses(module.loss_and_grad, params, batches, rate)
    theirs = twins.torch_losses(twin, params, batches, rate)
    assert len(ours) == len(theirs) == STEPS
    assert np.mean(ours[-5:]) < 0.9 * ours[0]  # it trains: the losses are not all the same
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE)

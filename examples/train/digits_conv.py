"""Train the emitted convolutional network by Adam: `python examples/train/digits_conv.py`.

The same digits, held out as in `digits.py`, are told apart better than by one hidden layer.
scikit-learn only hands over its bundled images.
"""

from __future__ import annotations

import sys
from math import cos, pi
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from examples.train import digits
from examples.train.adam import Adam
from examples.train.progress import progress
from generated import digits_conv

EPOCHS, BATCH, RATE = 60, 32, 2e-3


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The images of `digits.py` with their one channel, and their labels."""
    x, y, x_held, y_held = digits.data()
    return x.reshape(-1, 1, 8, 8), y, x_held.reshape(-1, 1, 8, 8), y_held


def accuracy(params: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray) -> float:
    return float((digits_conv.forward(params, x)[0].argmax(axis=1) == y).mean())


def train(epochs: int = EPOCHS, seed: int = 0) -> dict[str, np.ndarray]:
    """The trained parameters; the rate falls to 0 along half a cosine."""
    x, y, x_held, y_held = data()
    rng = np.random.default_rng(seed)
    flat, adam = digits_conv.pack(digits_conv.init(rng)), Adam()
    for epoch in range(epochs):
        total = 0.0
        adam.rate = RATE * (1 + cos(pi * epoch / epochs)) / 2
        for rows in np.array_split(rng.permutation(len(x)), len(x) // BATCH):
            loss, grads = digits_conv.loss_and_grad(digits_conv.unpack(flat), x[rows], y[rows])
            flat = adam.step(flat, digits_conv.pack(grads))
            total += loss * len(rows)
        held = accuracy(digits_conv.unpack(flat), x_held, y_held)
        progress(epoch + 1, epochs, total / len(x), accuracy=held)
    return digits_conv.unpack(flat)


if __name__ == "__main__":
    reached = accuracy(train(*map(int, sys.argv[1:2])), *data()[2:])
    print(f"held-out accuracy {reached:.4f}")

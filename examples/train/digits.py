"""Train the emitted digits module by plain mini-batch gradient descent: `python
examples/train/digits.py`.

The module is all there is: no bpgen, no sympy, no framework. scikit-learn only hands over its
bundled images.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from examples.train.progress import progress
from generated import digits

EPOCHS, BATCH, RATE = 60, 32, 0.3


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images in [0, 1] and their labels, 1,437 to train and 360 held out."""
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order] / 16, labels[order]
    return images[360:], labels[360:], images[:360], labels[:360]


def accuracy(params: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray) -> float:
    return float((digits.forward(params, x)[0].argmax(axis=1) == y).mean())


def train(epochs: int = EPOCHS, seed: int = 0) -> dict[str, np.ndarray]:
    """The trained parameters."""
    x, y, x_held, y_held = data()
    rng = np.random.default_rng(seed)
    params = digits.init(rng)
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        total = 0.0
        for rows in np.array_split(order, len(x) // BATCH):
            loss, grads = digits.loss_and_grad(params, x[rows], y[rows])
            params = {name: p - RATE * grads[name] for name, p in params.items()}
            total += loss * len(rows)
        held = accuracy(params, x_held, y_held)
        progress(epoch + 1, epochs, total / len(x), accuracy=held)
    return params


if __name__ == "__main__":
    reached = accuracy(train(*map(int, sys.argv[1:2])), *data()[2:])
    print(f"held-out accuracy {reached:.4f}")

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
from generated import digits

EPOCHS, BATCH, RATE = 60, 32, 0.3


def data(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images in [0, 1] and their labels, 1,437 to train and 360 held out."""
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(images))
    images, labels = images[order] / 16, labels[order]
    return images[360:], labels[360:], images[:360], labels[:360]


def accuracy(params: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray) -> float:
    return float((digits.forward(params, x)[0].argmax(axis=1) == y).mean())


def train(epochs: int = EPOCHS, seed: int = 0) -> float:
    """The accuracy on held-out samples."""
    x, y, x_held, y_held = data(seed)
    rng = np.random.default_rng(seed)
    params = digits.init(rng)
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        total = 0.0
        for rows in np.array_split(order, len(x) // BATCH):
            loss, grads = digits.loss_and_grad(params, x[rows], y[rows])
            params = {name: p - RATE * grads[name] for name, p in params.items()}
            total += loss * len(rows)
        if sys.stderr.isatty():
            print(
                f"\repoch {epoch + 1:3} of {epochs}  loss {total / len(x):.4f}",
                end="",
                file=sys.stderr,
            )
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return accuracy(params, x_held, y_held)


if __name__ == "__main__":
    print(f"held-out accuracy {train():.4f}")

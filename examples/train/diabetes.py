"""Train the emitted ridge regression by gradient descent with momentum: `python
examples/train/diabetes.py`.

Ten measurements of 442 patients foretell how far their diabetes goes in a year. scikit-learn
only hands over its bundled table.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from examples.train.progress import progress
from generated import diabetes

EPOCHS, RATE, MOMENTUM = 300, 0.1, 0.9


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """332 patients to train and 110 held out, both in units of the mean and spread of the first."""
    x, y = load_diabetes(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], y[order]
    x = (x - x[110:].mean(axis=0)) / x[110:].std(axis=0)
    y = (y - y[110:].mean()) / y[110:].std()
    return x[110:], y[110:], x[:110], y[:110]


def explained(params: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray) -> float:
    """R^2: 1 is a perfect forecast, 0 is no better than the mean of the training patients."""
    yhat, _ = diabetes.forward(params, x)
    return float(1 - ((yhat - y) ** 2).sum() / (y**2).sum())


def train(epochs: int = EPOCHS) -> dict[str, np.ndarray]:
    """The trained parameters; they start at zero, so nothing is left to chance."""
    x, y, x_held, y_held = data()
    params = diabetes.init()
    speed = {name: np.zeros_like(p) for name, p in params.items()}
    for epoch in range(epochs):
        loss, grads = diabetes.loss_and_grad(params, x, y)
        speed = {name: MOMENTUM * v - RATE * grads[name] for name, v in speed.items()}
        params = {name: p + speed[name] for name, p in params.items()}
        progress(epoch + 1, epochs, loss, R2=explained(params, x_held, y_held))
    return params


if __name__ == "__main__":
    reached = explained(train(*map(int, sys.argv[1:2])), *data()[2:])
    print(f"held-out R^2 {reached:.4f}, of the mean alone 0")

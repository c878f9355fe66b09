"""Train the emitted logistic regression by gradient descent with momentum: `python
examples/train/breast_cancer.py`.

Thirty measurements of a tumour under the microscope tell whether it is benign. scikit-learn only
hands over its bundled table.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from examples.train.progress import progress
from generated import breast_cancer

EPOCHS, RATE, MOMENTUM = 500, 0.1, 0.9


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """427 tumours to train and 142 held out, in units of the mean and spread of the first."""
    x, y = load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], y[order]
    x = (x - x[142:].mean(axis=0)) / x[142:].std(axis=0)
    return x[142:], y[142:], x[:142], y[:142]


def accuracy(params: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray) -> float:
    p, _ = breast_cancer.forward(params, x)
    return float(((p > 0.5) == y).mean())


def train(epochs: int = EPOCHS) -> dict[str, np.ndarray]:
    """The trained parameters; they start at zero, so nothing is left to chance."""
    x, y, x_held, y_held = data()
    params = breast_cancer.init()
    speed = {name: np.zeros_like(p) for name, p in params.items()}
    for epoch in range(epochs):
        loss, grads = breast_cancer.loss_and_grad(params, x, y)
        speed = {name: MOMENTUM * v - RATE * grads[name] for name, v in speed.items()}
        params = {name: p + speed[name] for name, p in params.items()}
        progress(epoch + 1, epochs, loss, accuracy=accuracy(params, x_held, y_held))
    return params


if __name__ == "__main__":
    *_, x_held, y_held = data()
    reached = accuracy(train(*map(int, sys.argv[1:2])), x_held, y_held)
    print(f"held-out accuracy {reached:.4f}, of calling all benign {y_held.mean():.4f}")

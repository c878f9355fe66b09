"""Train the emitted autoencoder by Adam: `python examples/train/autoencoder.py`.

Digits go through eight numbers and come back closer than from their eight principal components.
scikit-learn only hands over its bundled images.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from examples.train.adam import Adam
from examples.train.progress import progress
from generated import autoencoder

EPOCHS, BATCH, RATE = 100, 32, 3e-3


def data() -> tuple[np.ndarray, np.ndarray]:
    """Images in [0, 1], 1,437 to train and 360 held out."""
    images, _ = load_digits(return_X_y=True)
    images = images[np.random.default_rng(0).permutation(len(images))] / 16
    return images[360:], images[:360]


def error(params: dict[str, np.ndarray], x: np.ndarray) -> float:
    """The mean squared error of a pixel."""
    (xhat, _), _ = autoencoder.forward(params, x)
    return float(((xhat - x) ** 2).mean())


def principal_error(x: np.ndarray, x_held: np.ndarray, width: int = 8) -> float:
    """The same of held-out images projected on the first principal components of the others."""
    mean = x.mean(axis=0)
    components = np.linalg.svd(x - mean, full_matrices=False)[2][:width]
    lost = (x_held - mean) - (x_held - mean) @ components.T @ components
    return float((lost**2).mean())


def train(epochs: int = EPOCHS, seed: int = 0) -> dict[str, np.ndarray]:
    """The trained parameters."""
    x, x_held = data()
    rng = np.random.default_rng(seed)
    flat, adam = autoencoder.pack(autoencoder.init(rng)), Adam(RATE)
    for epoch in range(epochs):
        total = 0.0
        for rows in np.array_split(rng.permutation(len(x)), len(x) // BATCH):
            loss, grads = autoencoder.loss_and_grad(autoencoder.unpack(flat), x[rows])
            flat = adam.step(flat, autoencoder.pack(grads))
            total += loss * len(rows)
        held = error(autoencoder.unpack(flat), x_held)
        progress(epoch + 1, epochs, total / len(x), error=held)
    return autoencoder.unpack(flat)


if __name__ == "__main__":
    reached, principal = error(train(*map(int, sys.argv[1:2])), data()[1]), principal_error(*data())
    print(f"held-out error {reached:.5f}, of 8 principal components {principal:.5f}")

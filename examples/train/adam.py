"""Adam (Kingma and Ba, 2015) on the vector that `pack` makes of the parameters."""

from __future__ import annotations

import numpy as np


class Adam:
    """Steps for one vector: `flat = adam.step(flat, gradient)`."""

    def __init__(self, rate: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999) -> None:
        self.rate, self.beta1, self.beta2 = rate, beta1, beta2
        self.steps, self.mean, self.square = 0, 0.0, 0.0

    def step(self, flat: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The vector moved by one step; the argument stays as it was."""
        self.steps += 1
        self.mean = self.beta1 * self.mean + (1 - self.beta1) * gradient
        self.square = self.beta2 * self.square + (1 - self.beta2) * gradient**2
        mean = self.mean / (1 - self.beta1**self.steps)
        square = self.square / (1 - self.beta2**self.steps)
        return flat - self.rate * mean / (np.sqrt(square) + 1e-8)

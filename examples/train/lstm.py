"""Train the emitted LSTM by Adam on half a million characters: `python examples/train/lstm.py`.

It foretells the next character better than a table of pairs does, and writes some text of its own.
"""

from __future__ import annotations

import sys
from math import cos, pi
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from examples.train import characters
from examples.train.adam import Adam
from examples.train.progress import progress
from generated import lstm

STEPS, BATCH, LENGTH, RATE = 1000, 32, 64, 5e-3


def held_out_loss(params: dict[str, np.ndarray]) -> float:
    """Nats for a character of the text held out, in pieces of four times the length."""
    _, held = characters.data()
    return lstm.loss(params, *characters.pieces(held, 4 * LENGTH))


def train(steps: int = STEPS, seed: int = 0) -> dict[str, np.ndarray]:
    """The trained parameters, in single precision; the rate falls to 0 along half a cosine."""
    tokens, _ = characters.data()
    rng = np.random.default_rng(seed)
    flat, adam = lstm.pack(lstm.init(rng, np.float32)), Adam()
    drawn = characters.batches(tokens, BATCH, LENGTH, rng)
    for step, (x, y) in zip(range(steps), drawn, strict=False):
        adam.rate = RATE * (1 + cos(pi * step / steps)) / 2
        loss, grads = lstm.loss_and_grad(lstm.unpack(flat), x, y)
        flat = adam.step(flat, lstm.pack(grads))
        progress(step + 1, steps, loss)
    return lstm.unpack(flat)


def written(params: dict[str, np.ndarray], count: int = 300, seed: int = 0) -> str:
    """Text that the network makes up."""

    def logits(tokens: np.ndarray) -> np.ndarray:
        return np.asarray(lstm.forward(params, tokens[None, -LENGTH:])[0][0, -1])

    rng = np.random.default_rng(seed)
    return characters.sample(logits, "The ", count, rng, temperature=0.7)


if __name__ == "__main__":
    trained = train(*map(int, sys.argv[1:2]))
    pairs = characters.bigram_loss(*characters.data())
    print(f"held-out loss {held_out_loss(trained):.4f}, of pairs of characters {pairs:.4f}")
    print(written(trained))

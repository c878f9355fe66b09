"""Text for models of characters: half a million letters of English that come with Python itself.

They are the pages behind Python's `help()`, so each version of Python has a slightly different
text; the vocabulary is the same in all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pydoc_data.topics import topics

import numpy as np

VOCABULARY = "\n" + "".join(map(chr, range(32, 127)))  # 96 characters; others are left out
_CODE = {character: code for code, character in enumerate(VOCABULARY)}


def text() -> str:
    """The pages in the order of their titles."""
    return "\n".join(topics[title] for title in sorted(topics))


def encode(characters: str) -> np.ndarray:
    """The places of the characters in the vocabulary, (T,)."""
    return np.array([_CODE[c] for c in characters if c in _CODE], dtype=np.int64)


def decode(tokens: np.ndarray) -> str:
    return "".join(VOCABULARY[token] for token in tokens)


def data() -> tuple[np.ndarray, np.ndarray]:
    """The tokens to train on, and the last tenth, held out."""
    tokens = encode(text())
    return np.split(tokens, [len(tokens) * 9 // 10])


def batches(
    tokens: np.ndarray, size: int, length: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Without end: `size` pieces drawn anywhere, and the token that follows each of theirs; both
    (size, length).
    """
    while True:
        starts = rng.integers(len(tokens) - length, size=size)
        at = starts[:, None] + np.arange(length)
        yield tokens[at], tokens[at + 1]


def pieces(tokens: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Every token once, in order, and the one that follows it; both (pieces, length)."""
    count = (len(tokens) - 1) // length
    whole = tokens[: count * length + 1]
    return whole[:-1].reshape(count, length), whole[1:].reshape(count, length)


def bigram_loss(tokens: np.ndarray, held_out: np.ndarray) -> float:
    """What guessing from one character alone costs: the mean of -log p over held-out pairs.

    p is the share of the pair among those to train on, each counted once more than it occurs.
    """
    counts = np.ones((len(VOCABULARY), len(VOCABULARY)))
    np.add.at(counts, (tokens[:-1], tokens[1:]), 1)
    p = counts / counts.sum(axis=1, keepdims=True)
    return float(-np.log(p[held_out[:-1], held_out[1:]]).mean())


def sample(
    logits: Callable[[np.ndarray], np.ndarray],
    start: str,
    count: int,
    rng: np.random.Generator,
    temperature: float = 1.0,
) -> str:
    """`start`, continued by `count` characters.

    `logits` takes the tokens so far, (T,), and gives those of the next character, (96,). A
    temperature below 1 keeps to what is likely.
    """
    tokens = encode(start)
    for _ in range(count):
        z = logits(tokens) / temperature
        p = np.exp(z - z.max())
        tokens = np.append(tokens, rng.choice(len(p), p=p / p.sum()))
    return decode(tokens)

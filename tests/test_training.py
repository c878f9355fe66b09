"""The emitted module trains."""

from __future__ import annotations

from examples.train.digits import train


def test_digits() -> None:
    assert train() >= 0.95

"""Bytes kept for backward, beside the tensors that PyTorch saves of the same network."""

from __future__ import annotations

import pytest

from benchmarks.saved import ours, torchs


@pytest.mark.parametrize("name", ["toy", "small", "mlp", "wide", "deep", "lstm", "conv"])
def test_a_step_keeps_no_more(name: str) -> None:
    _, at_a_time = ours(name)
    assert 0 < at_a_time <= torchs(name)


def test_attention_keeps_its_probabilities_and_gelu_its_tanh() -> None:
    """Which PyTorch computes again: that is all that a transformer block keeps besides."""
    (whole, at_a_time), samples, steps, width, heads = ours("block"), 8, 64, 128, 4
    probabilities = 4 * samples * heads * steps * steps
    tanh, normalised = 4 * samples * steps * 4 * width, 4 * samples * steps * width
    assert whole == at_a_time
    assert whole - torchs("block") <= probabilities + tanh + normalised

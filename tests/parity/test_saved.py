"""Bytes kept for backward, beside the tensors that PyTorch saves of the same network."""

from __future__ import annotations

import pytest

from benchmarks.saved import ours, torchs
from benchmarks.speed import NETS


@pytest.mark.parametrize("name", [*NETS])
def test_a_step_keeps_no_more(name: str) -> None:
    _, at_a_time = ours(name)
    assert 0 < at_a_time <= torchs(name)

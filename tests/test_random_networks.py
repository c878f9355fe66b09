"""Random networks through the public words: what must hold of every one, but for agreement with
PyTorch (`-m parity`) and LaTeX that compiles (`benchmarks/random_networks.py`, all of it at length).
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.networks.examine import COMMON, TORCH, examine, subjects
from tests.networks.run import Subject

ELSEWHERE = (TORCH, "LaTeX compiles")


@settings(COMMON, max_examples=60)
@given(subjects())
def test_networks(subject: Subject) -> None:
    examine(subject, ELSEWHERE)


@settings(COMMON, max_examples=40)
@given(subjects(kinks=False))
def test_smooth_networks(subject: Subject) -> None:
    """Each of these by complex steps."""
    examine(subject, ELSEWHERE)


@pytest.mark.parity
@settings(COMMON, max_examples=300)
@given(subjects())
def test_against_pytorch(subject: Subject) -> None:
    examine(subject)

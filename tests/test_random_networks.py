"""Random networks through the public words: what must hold of every one, but for agreement with
PyTorch (`tests/parity`) and LaTeX that compiles (`benchmarks/random_networks.py`, all of it at length).
"""

from __future__ import annotations

from hypothesis import given, seed, settings

from tests.networks.examine import COMMON, TORCH, examine, subjects
from tests.networks.run import Subject

ELSEWHERE = (TORCH, "LaTeX compiles")


@seed(1)
@settings(COMMON, max_examples=40, database=None)
@given(subjects())
def test_networks(subject: Subject) -> None:
    examine(subject, ELSEWHERE)


@seed(2)
@settings(COMMON, max_examples=25, database=None)
@given(subjects(kinks=False))
def test_smooth_networks(subject: Subject) -> None:
    """Each of these by complex steps."""
    examine(subject, ELSEWHERE)

"""Random networks: all that is asked of them, agreement with PyTorch among it."""

from __future__ import annotations

import pytest
from hypothesis import given, seed, settings

from tests.networks.examine import COMMON, examine, subjects
from tests.networks.run import Subject


@pytest.mark.long
@pytest.mark.parametrize("number", range(8))
def test_networks(number: int) -> None:
    @seed(number)
    @settings(COMMON, max_examples=40, database=None)
    @given(subjects())
    def networks(subject: Subject) -> None:
        examine(subject)

    networks()

"""The lines of numpy in the lesson of every example: whoever copies them can run them."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT, of_example
from tests.listings import listed, runs_alone

EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))
pytestmark = pytest.mark.slow


def test_most_have_one() -> None:
    assert sum(bool(listed(name)) for name in EXAMPLES) > 8


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_runs_with_numpy_alone(name: str) -> None:
    listing = listed(name)
    if listing:
        runs_alone(listing, of_example(name))

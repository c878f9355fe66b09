"""Properties of random examples: of the first few, or of none, in the quick tests, of all with
`-m slow`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import seed as seeded
from hypothesis.strategies import SearchStrategy

UNTIMED = settings(deadline=None)


def few_or_all(
    few: int,
    every: int,
    *drawn: SearchStrategy[Any],
    seed: int | None = None,
    common: settings = UNTIMED,
) -> Callable[[Callable[..., None]], Callable[[int], None]]:
    """What a test says of the examples that it is given, asked of so many. Those of a seed are not
    looked up from an earlier run.
    """

    def asked(holds: Callable[..., None]) -> Callable[[int], None]:
        all_of_them = pytest.param(every, marks=[pytest.mark.slow, pytest.mark.long])

        @pytest.mark.parametrize("count", [*([few] if few else []), all_of_them])
        def test(count: int) -> None:
            kept = {} if seed is None else {"database": None}
            of_each = settings(common, max_examples=count, **kept)(given(*drawn)(holds))
            (of_each if seed is None else seeded(seed)(of_each))()

        test.__name__, test.__doc__ = holds.__name__, holds.__doc__
        return test

    return asked

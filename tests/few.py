"""Long tables of like cases: a few of them in the quick tests, the others with `-m slow`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest


def few(cases: Iterable[Any], quick: Callable[[Any], bool]) -> list[Any]:
    """Cases of a test, each marked slow that is not quick. One of several arguments is a tuple."""
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)),
            marks=[] if quick(case) else [pytest.mark.slow],
        )
        for case in cases
    ]


def one_in(step: int, cases: Sequence[Any]) -> list[Any]:
    """Cases of a test of which the first is quick, and one of so many after it."""
    chosen = cases[::step]
    return few(cases, lambda case: case in chosen)

"""Every function at hard numbers: finite wherever the answer is, and wrong less often than PyTorch;
`python -m benchmarks.hard_numbers` prints the table.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from mpmath import mpf

from tests.hard_numbers import ROWS, Row, counted, judged, ours, points, theirs

DTYPES = (np.float64, np.float32)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.call)
@pytest.mark.parametrize("dtype", DTYPES)
def test_finite_where_the_answer_is(row: Row, dtype: type) -> None:
    found = counted(row, dtype, ours(row, points(row, dtype)))
    assert found.broken == 0, found.at


def test_wrong_less_often_than_pytorch() -> None:
    worse: Counter[str] = Counter()
    for row in ROWS:
        for dtype in DTYPES:
            z = points(row, dtype)
            worse["ours"] += counted(row, dtype, ours(row, z)).worse
            worse["theirs"] += counted(row, dtype, theirs(row, z)).worse
    assert worse["ours"] < worse["theirs"] / 5, worse


@pytest.mark.parametrize(
    ("value", "exact", "absolute", "verdict"),
    [
        (1.0, mpf(1), False, ""),
        (1 + 3e-15, mpf(1), False, ""),
        (1 + 4e-15, mpf(1), False, "worse"),
        (1e-20, mpf(2e-20), False, "worse"),
        (1e-20, mpf(2e-20), True, ""),
        (3e-16, mpf(0), True, "worse"),
        (float("inf"), mpf(1e300), False, "broken"),
        (float("nan"), mpf(0), True, "broken"),
        (float("inf"), mpf("1e400"), False, ""),
    ],
)
def test_what_counts_as_wrong(value: float, exact: mpf, absolute: bool, verdict: str) -> None:
    assert judged(value, exact, np.float64, absolute) == verdict

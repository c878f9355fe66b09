"""Which products threads may share: those of which no two elements are at one place."""

from __future__ import annotations

import pytest
import sympy as sp

from bpgen.ir import length
from bpgen.targets.c.products import Axis, Product

N, T = length("N"), length("T")


def _axis(count: sp.Expr | int, *moves: sp.Expr | int) -> Axis:
    return Axis((), sp.sympify(count), tuple(map(sp.sympify, moves)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "columns", "are_apart"),
    [
        ([(64, 64)], [(64, 1)], True),
        ([(64, 63)], [(64, 1)], False),  # the last of a row is the first of the next
        ([(64, 1)], [(32, 32), (32, 1)], False),  # rows along columns
        ([(64, 2)], [(64, 128), (2, 1)], True),
        ([(64, T)], [(T, 1)], True),
        ([(64, T - 1)], [(T, 1)], False),
        ([(64, 64 * T)], [(64, T)], True),
        ([(64, 64)], [(64, 0)], False),  # one place for all
    ],
)
def test_whether_threads_share(
    rows: list[tuple[int, int]], columns: list[tuple[int, int]], are_apart: bool
) -> None:
    axes = (tuple(_axis(n, step, 0, 0) for n, step in of) for of in (rows, columns))
    called = Product((), (), *axes, (_axis(1000, 0, 1, 1),))  # type: ignore[arg-type]
    assert called.is_shared == are_apart


def test_a_small_product_is_one_threads() -> None:
    rows, columns = (_axis(64, 64, 0, 0),), (_axis(64, 1, 0, 0),)
    few, many = (Product((), (), rows, columns, (_axis(n, 0, 1, 1),)) for n in (10, 100))  # type: ignore[arg-type]
    assert not few.is_shared and many.is_shared
    narrow = Product((), (), columns, (_axis(16, 64, 0, 0),), (_axis(100, 0, 1, 1),))  # type: ignore[arg-type]
    assert not narrow.is_shared

"""Which products threads may share: those of which no two elements are at one place. What products
of a sample are added to is cleared in its own turn.
"""

from __future__ import annotations

import re

import pytest
import sympy as sp

from bpgen.emit import files_of
from bpgen.ir import length
from bpgen.targets.c.products import Axis, Product
from tests.conftest import derived

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


def test_all_of_a_sample_is_written_while_it_is_in_cache() -> None:
    net = (
        "from bpgen import *\nx, ct = input(4, 9, 9), input(8, 7, 7)\n"
        "output(conv2d(x, 8, 3) * ct, conv2d(x, 8, 3, bias=False))\n"
    )
    source = dict(files_of(derived(net), "c"))[".c"]
    loops = re.findall(r"PARALLEL for \(int n = 0; n < N; n\+\+\) \{\n(.*?)\n    \}", source, re.S)
    begun = [loop.split("windows")[0] for loop in loops if "windows" in loop]
    assert ["z1[392 * n + 49 * o + 7 * p + q] = b1[o];" in b for b in begun] == [True, False]
    assert begun[1].strip() == "fill(z2 + 392 * n, 392, 0);"

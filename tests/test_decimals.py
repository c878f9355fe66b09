"""Numbers stand where they are shortest, and mean the same."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import sympy as sp

from bpgen.derive import derive
from bpgen.derive.decimals import with_short_numbers
from bpgen.load import declared_by
from bpgen.render import render
from tests.conftest import EXAMPLES, ROOT

z, a, b = sp.symbols("z a b")
Q = sp.Rational


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (Q(26829, 100000) * a * (Q(200000, 26829) + z**2), a * (2 + Q(26829, 100000) * z**2)),
        (
            sp.sqrt(2) * z * (200000 + 26829 * z**2) / 100000,
            sp.sqrt(2) * z * (2 + Q(26829, 100000) * z**2),
        ),
        (a * (Q(1, 100000) + z), a * (Q(1, 100000) + z)),
        (2 * (a - z), 2 * (a - z)),
    ],
)
def test_numbers_are_short(expr: sp.Expr, text: sp.Expr) -> None:
    assert with_short_numbers(expr) == text
    assert sp.expand(with_short_numbers(expr) - expr) == 0


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (a * (10 * z + b) / 200, a * (z / 20 + b / 200)),
        ((10 * z + b) / (200 * a), (z / 20 + b / 200) / a),
        (a * (1 + 2 * z) / 10, a * (Q(1, 10) + z / 5)),
        # a number less is spared
        (a * (z - b) / 20, a * (z - b) / 20),
        (a * (1 + z) / 5, a * (1 + z) / 5),
        # what is no decimal would be none inside either, or more digits
        (a * (2 * z + b) / 3, a * (2 * z + b) / 3),
        (a * (2 * z + b) / 4, a * (2 * z + b) / 4),
        (a * (z + b / 10) / 20, a * (z + b / 10) / 20),
        (a * (z + b / 3) / 20, a * (z + b / 3) / 20),
    ],
)
def test_a_decimal_stands_before_a_sum_only_where_it_spares_a_number(
    expr: sp.Expr, text: sp.Expr
) -> None:
    assert with_short_numbers(expr) == text
    assert sp.expand(with_short_numbers(expr) - expr) == 0


def test_decimals_of_a_sum_stay_as_they_are_written() -> None:
    """Also where algebra takes a factor out that the addends share."""
    net = declared_by(
        "from bpgen import *\nx, w, u, t = input(), param(), param(), param()\n"
        "L = loss(x * w * (0.05 * u + 0.005 * t))"
    )
    text = render(derive(net), fmt="text")
    assert "∂ℓ/∂w = (0.05 u + 0.005 t) x" in text
    assert "∂ℓ/∂x = w(0.05 u + 0.005 t)" in text
    assert "10 u" not in text


@pytest.mark.parametrize("net", EXAMPLES, ids=lambda p: p.stem)
def test_every_function_of_a_module_is_called_or_public(net: Path) -> None:
    text = (ROOT / "generated" / net.name).read_text()
    functions = [n.name for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)]
    public = {"init", "forward", "loss", "backward", "loss_and_grad", "pack", "unpack"}
    assert [f for f in functions if f not in public and text.count(f"{f}(") < 2] == []

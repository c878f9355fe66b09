"""Numbers stand where they are shortest, and mean the same."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import sympy as sp

from bpgen.derive.decimals import with_short_numbers
from tests.conftest import EXAMPLES, ROOT

z, a = sp.symbols("z a")
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


@pytest.mark.parametrize("net", EXAMPLES, ids=lambda p: p.stem)
def test_every_function_of_a_module_is_called_or_public(net: Path) -> None:
    text = (ROOT / "generated" / net.name).read_text()
    functions = [n.name for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)]
    public = {"init", "forward", "loss", "backward", "loss_and_grad", "pack", "unpack"}
    assert [f for f in functions if f not in public and text.count(f"{f}(") < 2] == []

"""What passes know of functions: what the table says, and no name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import sympy as sp

import bpgen
from bpgen.functions import ROWS, complement, erf, erfc, sigmoid

Z = sp.Symbol("z", real=True)
BPGEN = Path(bpgen.__file__).parent
# The rules that are about certain functions; all other passes ask the table.
RULES = {
    *("identities", "exponentials", "logarithms", "mixtures", "squares", "hazards"),
    *("vanishing", "admissible"),
}
# exp and log are algebra, as powers are, and a mask's value is minus infinity in every pass.
ALGEBRA = {"exp", "log", "masked", "at_most", "unless"}


FROM = ("bpgen.functions", "sympy.codegen.cfunctions")


def _names(tree: ast.AST) -> set[str]:
    """What is imported of a function, read off a module of functions, or compared as text."""
    found = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in FROM:
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("sp", "functions"):
            found.add(node.attr)
        elif isinstance(node, ast.Compare):
            sides = (node.left, *node.comparators)
            found |= {c.value for c in sides if isinstance(c, ast.Constant)} & {*ROWS}
    return found


def test_no_pass_knows_a_function_by_its_name() -> None:
    """Neither by its class nor by what it is called: what a pass asks is a column of its row."""
    called = {row.function.__name__ for row in ROWS.values()} | {*ROWS}
    passes = [p for folder in ("derive", "network") for p in (BPGEN / folder).glob("*.py")]
    assert len(passes) > 25
    for path in passes:
        if path.stem not in RULES:
            known = _names(ast.parse(path.read_text())) & called - ALGEBRA
            assert known == set(), path.name


@pytest.mark.parametrize(
    "text",
    [
        "from bpgen.functions import sigmoid",
        "import sympy as sp\nwide = isinstance(z, sp.tanh)",
        "wide = type(z).__name__ == 'sigmoid'",
    ],
)
def test_a_pass_that_does_is_seen(text: str) -> None:
    assert _names(ast.parse(text)) & {*ROWS}


@pytest.mark.parametrize(
    ("plain", "told"),
    [
        (1 - erf(Z), erfc(Z)),
        (erf(Z) - 1, -erfc(Z)),
        (1 + erf(Z), erfc(-Z)),
        ((1 - sigmoid(Z)) / 3, sigmoid(-Z) / 3),
        (sigmoid(Z) - 1, -sigmoid(-Z)),
        (1 + sp.tanh(Z), 2 * sigmoid(2 * Z)),
        (2 - sigmoid(Z), None),
        (2 - erfc(Z), erfc(-Z)),
        (1 - erfc(Z) / 2, erfc(-Z) / 2),
    ],
)
def test_a_complement_is_a_function_of_its_own(plain: sp.Expr, told: sp.Expr | None) -> None:
    assert complement(plain) == told

"""What an expression is made of: as sympy finds it."""

from __future__ import annotations

import pytest
import sympy as sp

from bpgen.atoms import atoms, replaced
from bpgen.ir import Element, Index, element

ROW, COLUMN = Index("i", 3), Index("j", 2)
X, AT = element("x", [ROW]), element("E", [element("k", [COLUMN]), ROW])
BODY = sp.exp(X - 1) / (1 + AT**2) + sp.Max(X, AT, sp.tanh(X * AT))


@pytest.mark.parametrize(
    "kinds", [(Element,), (sp.Pow,), (sp.Function,), (sp.Add, sp.Max), (Index,), (sp.log,)]
)
def test_they_are_sympys(kinds: tuple[type[sp.Basic], ...]) -> None:
    """Those within others among them; sympy's exp is a power, too."""
    assert atoms(BODY, *kinds) == BODY.atoms(*kinds)
    assert atoms(BODY, *kinds) or kinds == (sp.log,)


@pytest.mark.parametrize("new", [{ROW: COLUMN}, {ROW: ROW, COLUMN: ROW}, {X: AT, AT: X}])
def test_they_are_replaced_as_by_sympy(new: dict[sp.Basic, sp.Basic]) -> None:
    assert replaced(BODY, new) == BODY.xreplace(new) != BODY


def test_what_is_replaced_by_itself_is_not_made_anew() -> None:
    assert replaced(BODY, {ROW: ROW, X: X}) is BODY

"""What a formula speaks of, asked again and again of the same few formulas."""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from bpgen.atoms import atoms
from bpgen.ir import Element, Index


@lru_cache(10_000)
def read_in(expr: sp.Basic) -> frozenset[Element]:
    """Every distinct element in `expr`, in no order."""
    return frozenset(atoms(expr, Element))


@lru_cache(10_000)
def counted(expr: sp.Basic) -> bool:
    """Whether an index stands as a number, outside the elements."""
    left = [expr]
    while left:
        part = left.pop()
        if isinstance(part, Index):
            return True
        if not isinstance(part, Element):
            left += part.args
    return False

"""What an expression is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import sympy as sp

Kind = TypeVar("Kind", bound=sp.Basic)


def atoms(expr: sp.Basic, *kinds: type[Kind]) -> set[Kind]:
    """The distinct parts of an expression that are of these kinds: what sympy's `atoms` finds, in a
    third of its time, for it is asked at every step of all that bpgen does.
    """
    found: set[Kind] = set()
    left = [expr]
    while left:
        part = left.pop()
        if isinstance(part, kinds):
            found.add(part)
        left += part.args
    return found


def replaced(expr: Any, new: Mapping[Any, Any]) -> Any:
    """The expression with its parts replaced, all at once. sympy's `xreplace` makes all that holds
    a part anew, even where that is replaced by itself.
    """
    others = {old: part for old, part in new.items() if part != old}
    return expr.xreplace(others) if others else expr

"""Expressions as quick functions of places: made once, called at every entry."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import sympy as sp

from bpgen.functions import ROWS, masked
from bpgen.ir import Element

Values = Mapping[str, np.ndarray]
At = dict[sp.Basic, int]  # what indices are, and lengths
Read = Callable[[str, tuple[int, ...]], float]  # an element by its name and place
Number = Callable[[At, Read], float]

_DEFINED = {
    row.function: row.definition
    for row in ROWS.values()
    if row.definition is not None and row.function is not masked
}
_MASKED = {"masked": lambda z, keep: z if keep != 0 else -math.inf}


def _spelled(expr: sp.Expr) -> sp.Expr:
    """Every function by its definition, in elementary terms."""
    while found := [f for f in _DEFINED if expr.has(f)]:
        for function in found:
            expr = expr.replace(function, _DEFINED[function])
    return expr


@cache
def number(expr: sp.Expr) -> Number:
    """An expression's value where indices and elements have theirs."""
    spelled = _spelled(expr)
    symbols = {e: sp.Dummy() for e in spelled.atoms(Element)}
    body = spelled.xreplace(symbols)  # an element within another's index goes with it
    reads = [(e, s) for e, s in symbols.items() if s in body.free_symbols]
    inside = [(e.name, tuple(map(number, e.indices))) for e, _ in reads]
    given = sorted(body.free_symbols - {s for _, s in reads}, key=str)
    if not reads and body in given:
        return lambda at, read: at[body]
    made = sp.lambdify([*given, *(s for _, s in reads)], body, [_MASKED, "math"], cse=False)

    def value(at: At, read: Read) -> float:
        elements = (
            read(name, tuple(round(i(at, read)) for i in places)) for name, places in inside
        )
        return float(made(*(at[s] for s in given), *elements))

    return value

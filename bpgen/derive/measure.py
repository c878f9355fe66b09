"""Which of several equal expressions a mathematician would print: the one that costs least."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import sympy as sp

from bpgen.atoms import atoms
from bpgen.ir import Element

# Costs are those of an array pass: a transcendental function is worth many additions.
_FUNCTION, _DIVISION, _SIGN = 8.0, 1.6, 0.3
_ROUNDING = 1e-9


@lru_cache(10_000)  # each form is weighed against several others
def weight(expr: sp.Expr) -> float:
    """The cost of an expression, per element."""
    total, stack = 0.0, [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, Element) or not node.args:
            total += 0.1 if not node.is_number else 0.05
            continue
        total += own_weight(node)
        stack += node.args
    return total


def own_weight(node: sp.Expr) -> float:
    """What the outermost operation of an expression costs, per element."""
    if isinstance(node, sp.Function):
        return _FUNCTION
    if isinstance(node, sp.Pow):
        if node.exp.is_Integer:
            return _DIVISION if node.exp < 0 else 1.0
        return 2.0 if node.exp.is_number else _FUNCTION
    cost = len(node.args) - 1.0
    if isinstance(node, sp.Add) and node.args[0].is_Number and node.args[0] < 0:
        cost += _SIGN  # 1 - a is written rather than a - 1
    if isinstance(node, sp.Add):  # a - b costs what a + b does
        cost -= 0.9 * _SIGN * sum(bool(a.could_extract_minus_sign()) for a in node.args if a.is_Mul)
    if isinstance(node, sp.Mul) and node.args[0] == -1:
        cost -= 1 - _SIGN
    return cost


def simplest(candidates: Iterable[sp.Expr]) -> sp.Expr:
    """The lightest; of equals the first."""
    return min(candidates, key=weight)


def lighter(one: sp.Expr, other: sp.Expr) -> bool:
    """Whether it costs less, by more than the order in which costs are added; of equals, whether it
    has fewer fractions: 2 z / (4 + z^2), and not z / (2 + z^2 / 2).
    """
    less = weight(other) - weight(one)
    return less > _ROUNDING or (less > -_ROUNDING and _fractions(one) < _fractions(other))


def _fractions(expr: sp.Expr) -> int:
    return sum(not n.is_Integer for n in atoms(expr, sp.Rational))

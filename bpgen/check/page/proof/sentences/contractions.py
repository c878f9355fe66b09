"""Which products of a formula in matrices sum over an index that no letter tells: W x is
sum_j W_ij x_j, and d x^T sums over none.
"""

from __future__ import annotations

from bpgen.check.page import formula as f
from bpgen.check.page.evaluate import Scope
from bpgen.check.page.evaluate.elements import open_axes
from bpgen.check.page.tree import children

Axes = tuple[bool, bool]  # whether it has rows, and columns, that no index tells
_NUMBER: Axes = (False, False)
_ENTRIES = (f.Norm, f.Indicator, f.Under)  # numbers, whatever they are made of


def contracts(node: f.Product, scope: Scope) -> bool:
    """Whether columns of what stands on the left meet rows of what stands on its right. How long
    they are is not asked: a sum over one is a sum.
    """
    found, *rest = (_axes(factor, scope) for factor in node.factors)
    for axes in rest:
        if not node.entrywise and found[1] and axes[0]:
            return True
        found = _beside(found, axes, node.entrywise)
    return False


def _beside(one: Axes, other: Axes, entrywise: bool) -> Axes:
    """The axes of a product of two."""
    if entrywise or _NUMBER in (one, other):
        return one[0] or other[0], one[1] or other[1]
    return one[0], other[1]


def _axes(node: f.Node, scope: Scope) -> Axes:
    if isinstance(node, f.Symbol):
        return _of_symbol(node, scope)
    if isinstance(node, f.Derivative):
        return _of_symbol(node.by, scope)
    if isinstance(node, f.Transposed):
        return _axes(node.inner, scope)[::-1]
    if isinstance(node, _ENTRIES) or (isinstance(node, f.Call) and node.at):
        return _NUMBER
    found, entrywise = _NUMBER, not isinstance(node, f.Product) or node.entrywise
    for child in children(node):
        found = _beside(found, _axes(child, scope), entrywise)
    return found


def _of_symbol(node: f.Symbol, scope: Scope) -> Axes:
    """A vector is a column, and so is the unit vector of a label, which is no tensor."""
    known = scope.find(node)
    if known is None:
        found: Axes = (node.stem in ("e", "bold e") and bool(node.below), False)
    else:
        left = open_axes(scope, node, known[1]) if known[1] else 0
        found = left > 0, left > 1
    return found[::-1] if node.transposed else found

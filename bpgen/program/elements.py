"""The elements that a scalar body is computed of."""

from __future__ import annotations

import sympy as sp

from bpgen.ir import Element


def outermost(body: sp.Expr) -> list[Element]:
    """The elements of a body that are no index of another."""
    found: list[Element] = []
    stack = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, Element):
            found.append(node)
        else:
            stack += node.args
    return found

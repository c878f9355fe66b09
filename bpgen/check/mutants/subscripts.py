"""Wrong subscripts in the place of right ones, which stay as they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from bpgen.check.mutants.expressions import parsed


def step_away(node: ast.AST) -> Iterator[ast.AST]:
    """The step before or after, a slice one place on or back: `[t + 1]` for `[t]`, `[1:]` for
    `[:-1]`.
    """
    for k, slot in enumerate(slots := _slots(node)):
        other: ast.expr | None = None
        if isinstance(slot, ast.Slice):
            other = _slid(slot)
        elif isinstance(slot, (ast.BinOp, ast.Name)) and not _is_array(slot):
            other = _plus(slot, -1 if isinstance(slot, ast.BinOp) else 1)
        if other is not None:
            yield _with_slots(node, [*slots[:k], other, *slots[k + 1 :]])


def swapped(node: ast.AST) -> Iterator[ast.AST]:
    """Two offsets of a kernel exchanged: `K[:, :, v, u]`, or counted from the other end."""
    for k, (one, other) in enumerate(pairwise(slots := _slots(node))):
        if isinstance(one, ast.Name) and isinstance(other, ast.Name) and one.id != other.id:
            yield _with_slots(node, [*slots[:k], other, one, *slots[k + 2 :]])


def _slots(node: ast.AST) -> list[ast.expr]:
    assert isinstance(node, ast.Subscript)
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _with_slots(node: ast.AST, slots: list[ast.expr]) -> ast.Subscript:
    assert isinstance(node, ast.Subscript)
    several = isinstance(node.slice, ast.Tuple)
    place = ast.Tuple(slots, ast.Load()) if several else slots[0]
    return ast.Subscript(node.value, place, node.ctx)


def _plus(node: ast.expr | None, step: int) -> ast.expr:
    """A bound of a slice, or a place, a step away."""
    text = "0" if node is None else ast.unparse(node)
    return parsed(f"{text} {'+' if step > 0 else '-'} {abs(step)}")


def _slid(slot: ast.Slice) -> ast.Slice | None:
    """A slice one place on or back."""
    lower, upper = slot.lower, slot.upper
    if lower is None and upper is None:
        return None
    if lower is None and ast.unparse(slot) == ":-1":
        bounds: tuple[ast.expr, ast.expr | None] = ast.Constant(1), None
    elif upper is None:
        bounds = _plus(lower, -1), ast.UnaryOp(ast.USub(), ast.Constant(1))
    elif lower is None:
        bounds = ast.Constant(1), _plus(upper, 1)
    else:
        bounds = _plus(lower, -1), _plus(upper, -1)
    return ast.Slice(*bounds, slot.step)


def _is_array(slot: ast.expr) -> bool:
    """A gather's array of whole numbers, which no loop counts."""
    names = {n.id for n in ast.walk(slot) if isinstance(n, ast.Name)}
    return any(len(name) > 1 or name == "y" for name in names)

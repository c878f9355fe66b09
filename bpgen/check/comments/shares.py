"""What each block adds to what all share: the part of an equation that is summed over blocks, and
the comment within a block, which tells it of one.
"""

from __future__ import annotations

import ast


def free(left: ast.expr, right: ast.expr) -> set[str]:
    """The letters of a right side that no sum in it binds, nor the left side tells."""
    return names(right) - names(left) - {n for node in _calls(right) for n in _bound(node)}


def over(node: ast.expr, letter: str) -> ast.expr:
    """The part of a side that is summed over a letter, or in which it is free: of a sum these
    addends, of a product the factor that has them, if one alone does.
    """
    found = _part(node, letter)
    return ast.Constant(0.0) if found is None else found


def _part(node: ast.expr, letter: str) -> ast.expr | None:
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            left, right = _part(node.left, letter), _part(node.right, letter)
            if right is None:
                return left
            return ast.BinOp(left or ast.Constant(0.0), node.op, right)
        case ast.BinOp(op=ast.Mult() | ast.Div()):
            left, right = _part(node.left, letter), _part(node.right, letter)
            if left is not None and right is not None:
                return node
            if left is None and right is None:
                return None
            return ast.BinOp(left or node.left, node.op, right or node.right)
        case ast.UnaryOp():
            inner = _part(node.operand, letter)
            return None if inner is None else ast.UnaryOp(node.op, inner)
        case ast.Call(func=ast.Name(id="sum")) if letter not in _bound(node):
            inner = _part(node.args[0], letter)
            return None if inner is None else ast.Call(node.func, [inner, *node.args[1:]], [])
    return node if letter in names(node) else None


def names(node: ast.expr) -> set[str]:
    """The names in it, but for those of which there are entries, and of functions."""
    every = [*ast.walk(node)]
    others = [n.value for n in every if isinstance(n, ast.Subscript)]
    others += [n.func for n in every if isinstance(n, ast.Call)]
    return {n.id for n in every if isinstance(n, ast.Name) and n not in others}


def _calls(node: ast.expr) -> list[ast.Call]:
    return [n for n in ast.walk(node) if isinstance(n, ast.Call)]


def _bound(node: ast.Call) -> set[str]:
    """The letters that a sum is over: k, or k < 2."""
    told = (n.left if isinstance(n, ast.Compare) else n for n in node.args[1:])
    return {n.id for n in told if isinstance(n, ast.Name)}

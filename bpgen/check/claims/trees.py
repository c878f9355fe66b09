"""Expressions of Python as trees: changed at one place, taken apart into addends and factors."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy, deepcopy
from functools import reduce

Rule = Callable[[ast.expr], Iterable[ast.expr]]
Change = tuple[ast.expr, ast.expr, ast.expr]  # what was changed, into what, and the whole


def everywhere(tree: ast.expr, rule: Rule) -> Iterator[Change]:
    """The tree with one of its nodes changed by a rule, in every way; the whole of it first."""
    yield from ((tree, new, new) for new in rule(tree))
    for name, part in _parts(tree):
        if isinstance(part, list):
            for k, one in enumerate(part):
                for old, new, whole in everywhere(one, rule):
                    yield old, new, _with(tree, name, [*part[:k], whole, *part[k + 1 :]])
        else:
            for old, new, whole in everywhere(part, rule):
                yield old, new, _with(tree, name, whole)


def _parts(node: ast.expr) -> Iterator[tuple[str, ast.expr | list[ast.expr]]]:
    """What a node is made of, as far as that has values: no index, and no function's name."""
    for name in _WITHIN.get(type(node), ()):
        part = getattr(node, name)
        if not (isinstance(part, ast.Name) and part.id in ("np", "numpy")):
            yield name, part


_WITHIN: dict[type, tuple[str, ...]] = {
    ast.BinOp: ("left", "right"),
    ast.UnaryOp: ("operand",),
    ast.Attribute: ("value",),
    ast.Subscript: ("value",),
    ast.Call: ("args",),
    ast.Compare: ("left", "comparators"),
}


def _with(node: ast.expr, name: str, part: object) -> ast.expr:
    new = copy(node)
    setattr(new, name, part)
    return new


def negative(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return node.operand
    return ast.UnaryOp(ast.USub(), node)


def addends(node: ast.expr) -> list[ast.expr]:
    """The addends of a sum, those that are taken away as negative ones."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        last = addends(node.right)
        minus = isinstance(node.op, ast.Sub)
        return [*addends(node.left), *(map(negative, last) if minus else last)]
    return [node]


def total(parts: list[ast.expr]) -> ast.expr:
    """The sum of some addends."""

    def add(left: ast.expr, right: ast.expr) -> ast.expr:
        if isinstance(right, ast.UnaryOp) and isinstance(right.op, ast.USub):
            return ast.BinOp(left, ast.Sub(), right.operand)
        return ast.BinOp(left, ast.Add(), right)

    return reduce(add, parts)


def factors(node: ast.expr) -> list[ast.expr]:
    """The factors of a product entry by entry."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        return [*factors(node.left), *factors(node.right)]
    return [node]


def product(parts: list[ast.expr]) -> ast.expr:
    return reduce(lambda a, b: ast.BinOp(a, ast.Mult(), b), parts)


class _Replaced(ast.NodeTransformer):
    def __init__(self, instead: Mapping[str, ast.expr]) -> None:
        self.instead = instead

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.instead.get(node.id, node)


def replaced(tree: ast.expr, instead: Mapping[str, ast.expr]) -> ast.expr:
    """The tree with other expressions for some names, wherever they stand."""
    found: ast.expr = _Replaced(instead).visit(deepcopy(tree))
    return found


def renamed(tree: ast.expr, old: str, new: str) -> ast.expr:
    """The tree with one name for another."""
    return replaced(tree, {old: ast.Name(new)})


def names_in(tree: ast.expr) -> list[str]:
    return list(dict.fromkeys(n.id for n in ast.walk(tree) if isinstance(n, ast.Name)))

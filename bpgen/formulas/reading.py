"""Formulas that the function table spells in Python, as trees of elementary calls."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import lru_cache

import sympy as sp

from bpgen.formulas.tree import Call, Tree

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.BitAnd: "logical_and",
    ast.BitOr: "logical_or",
}
_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
}


class Unread(Exception):
    """A spelling that is more than elementary calls."""


def read_call(template: str, args: Sequence[Tree]) -> Tree:
    """What a row of the table spells, with `{0}`, `{1}` for these arguments."""
    names = [f"_{k}" for k in range(len(args))]
    return read(_parsed(template.format(*names)), dict(zip(names, args, strict=True)))


@lru_cache(1000)
def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def read(node: ast.expr, names: Mapping[str, Tree]) -> Tree:
    """An expression of Python as a tree; `names` are those that have a meaning already."""

    def inner(*nodes: ast.expr) -> tuple[Tree, ...]:
        return tuple(read(n, names) for n in nodes)

    match node:
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.Constant(value=bool()):
            raise Unread(ast.unparse(node))
        case ast.Constant(value=int() | float()):
            return sp.sympify(node.value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() | ast.Attribute()):
            number = read(node.operand, names)
            assert not isinstance(number, Call)
            return -number
        case ast.UnaryOp(op=ast.USub()):
            return Call("negative", inner(node.operand))
        case ast.BinOp(op=ast.Pow(), right=ast.Constant(value=2)):
            return Call("square", inner(node.left))
        case ast.BinOp() if type(node.op) in _BINARY:
            return Call(_BINARY[type(node.op)], inner(node.left, node.right))
        case ast.Compare(ops=[op], comparators=[right]) if type(op) in _COMPARED:
            return Call(_COMPARED[type(op)], inner(node.left, right))
        case ast.Attribute(value=ast.Name(id="np"), attr="inf"):
            return sp.oo
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr="asarray"), args=[one]):
            return read(one, names)
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(attr="dtype"), attr="type"), args=[one]
        ):
            return read(one, names)
        case ast.Call(func=ast.Attribute(value=one, attr="astype")):
            return read(one, names)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name), keywords=[]):
            return Call(name, inner(*node.args))
        case ast.Call(func=ast.Name(id=name), keywords=[]):
            return Call(name, inner(*node.args), own=True)
    raise Unread(ast.unparse(node))

"""Formulas that the function table spells in Python, as trees of elementary calls."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

import sympy as sp

from bpgen.formulas.tree import Call, Tree
from bpgen.ir import Element

_BINARY: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.FloorDiv: "floor_divide",
    ast.Pow: "power",
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


DIGITS = sp.Symbol("digits")  # how many binary digits the numbers have, as memory holds them
_OF_NUMBERS: dict[str, Callable[..., sp.Expr]] = {
    "negative": operator.neg,
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": operator.pow,
}


class Unread(Exception):
    """A spelling that is more than elementary calls."""


def read_call(template: str, args: Sequence[Tree]) -> Tree:
    """What a row of the table spells, with `{0}`, `{1}` for these arguments."""
    names = [f"_{k}" for k in range(len(args))]
    named = dict(zip(names, args, strict=True))
    return Reader(named).read(parsed(template.format(*names)))


@lru_cache(1000)
def parsed(text: str) -> ast.expr:
    """An expression of Python."""
    return ast.parse(text, mode="eval").body


class Reader:
    """Reads expressions of Python as trees; `names` are those that have a meaning already."""

    def __init__(self, names: Mapping[str, Tree]) -> None:
        self.names = dict(names)

    def read(self, node: ast.expr) -> Tree:
        match node:
            case ast.Name(id=name) if name in self.names:
                return self.names[name]
            case ast.Constant(value=bool()):
                raise Unread(ast.unparse(node))
            case ast.Constant(value=int() | float()):
                return sp.sympify(node.value)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() | ast.Attribute()):
                number = self.read(node.operand)
                assert not isinstance(number, Call)
                return -number
            case ast.UnaryOp(op=ast.USub()):
                return _called("negative", self._each([node.operand]))
            case ast.BinOp(op=ast.Pow(), right=ast.Constant(value=2)):
                return Call("square", self._each([node.left]))
            case ast.BinOp() if type(node.op) in _BINARY:
                return _called(_BINARY[type(node.op)], self._each([node.left, node.right]))
            case ast.Compare(ops=[op], comparators=[right]) if type(op) in _COMPARED:
                return Call(_COMPARED[type(op)], self._each([node.left, right]))
            case ast.Attribute(value=ast.Name(id="np"), attr="inf"):
                return sp.oo
            case ast.Attribute(value=ast.Call(func=ast.Attribute(attr="finfo")), attr="nmant"):
                return DIGITS
            case ast.Call(func=function, args=args, keywords=[]):
                return self._call(function, args)
        raise Unread(ast.unparse(node))

    def _call(self, function: ast.expr, args: list[ast.expr]) -> Tree:
        match function:
            case ast.Attribute(value=ast.Name(id="np"), attr="asarray" | "real"):
                return self.read(args[0])
            case ast.Attribute(value=ast.Name(id="np"), attr="full_like"):
                return self.read(args[1])
            case ast.Attribute(value=ast.Attribute(attr="dtype"), attr="type"):
                return self.read(args[0])
            case ast.Attribute(value=ast.Name(id="np"), attr=name):
                return Call(name, self._each(args))
            case ast.Attribute(value=one, attr="astype"):
                return self.read(one)
            case ast.Name(id=name):
                return self.own(name, args)
        raise Unread(ast.unparse(function))

    def own(self, name: str, args: list[ast.expr]) -> Tree:
        """A call of the module's own."""
        return Call(name, self._each(args), own=True)

    def _each(self, nodes: Iterable[ast.expr]) -> tuple[Tree, ...]:
        return tuple(map(self.read, nodes))


def _called(name: str, args: tuple[Tree, ...]) -> Tree:
    """A call; of numbers alone, the number that it comes to."""
    if name in _OF_NUMBERS and not any(isinstance(a, Call | Element) for a in args):
        return _OF_NUMBERS[name](*args)
    return Call(name, args)

"""Scalar expressions of C, read from those of Python.

What a module computes of numbers is told once, in numpy's words: this reads it for one number of
each array.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

CHOICE, EITHER, BOTH, EQUALITY, COMPARISON, SUM, PRODUCT, SIGN, ATOM = range(9)


class C(NamedTuple):
    """A text of C, and how tightly its outermost operator binds."""

    text: str
    binding: int = ATOM

    def within(self, least: int) -> str:
        return self.text if self.binding >= least else f"({self.text})"


_COMPARED = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_COMPUTED = {ast.Add: ("+", SUM), ast.Sub: ("-", SUM), ast.Mult: ("*", PRODUCT)}
_BOTH = {ast.BitAnd: ("&&", BOTH), ast.BitOr: ("||", EITHER)}
_OWN = {"abs": "fabs", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh"}
_LIBM = (
    "erf",
    "erfc",
    "exp",
    "log",
    "tanh",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "expm1",
    "log1p",
    "sqrt",
)


class Reader:
    """Reads expressions of Python; `names` are the texts of some names, `helpers` the functions
    that were spoken of beside the library of C.
    """

    def __init__(self, names: Mapping[str, C]) -> None:
        self.names = names
        self.helpers: set[str] = set()

    def read(self, node: ast.expr) -> C:
        row = _ROWS.get(type(node))
        if row is None:
            raise NotImplementedError(ast.unparse(node))
        return row(self, node)

    def constant(self, node: ast.Constant) -> C:
        if isinstance(node.value, float):
            return C(f"R({node.value!r})")
        return C(str(node.value))

    def name(self, node: ast.Name) -> C:
        return self.names.get(node.id, C(node.id))

    def compare(self, node: ast.Compare) -> C:
        ((op,), (right,)) = node.ops, node.comparators
        sign = _COMPARED[type(op)]
        binding = EQUALITY if sign in ("==", "!=") else COMPARISON
        return C(
            f"{self._in(node.left, binding + 1)} {sign} {self._in(right, binding + 1)}", binding
        )

    def operation(self, node: ast.BinOp) -> C:
        if isinstance(node.op, ast.Pow):
            return self._power(node)
        if isinstance(node.op, ast.Div):
            above, below = self.read(node.left), self._in(node.right, SIGN)
            whole = isinstance(node.left, ast.Constant) and isinstance(node.left.value, int)
            return C(f"{f'R({above.text})' if whole else above.within(PRODUCT)} / {below}", PRODUCT)
        if isinstance(node.op, ast.Mult) and self._decides(node.left) and self._decides(node.right):
            return C(f"{self._in(node.left, BOTH)} && {self._in(node.right, BOTH + 1)}", BOTH)
        sign, binding = {**_COMPUTED, **_BOTH}[type(node.op)]
        return C(
            f"{self._in(node.left, binding)} {sign} {self._in(node.right, binding + 1)}", binding
        )

    def _decides(self, node: ast.expr) -> bool:
        """Whether it is true or false."""
        return BOTH <= self.read(node).binding <= COMPARISON

    def _power(self, node: ast.BinOp) -> C:
        base, exponent = self.read(node.left), node.right
        if isinstance(exponent, ast.Constant) and exponent.value == 2:
            if base.binding == ATOM and "(" not in base.text:
                return C(f"{base.text} * {base.text}", PRODUCT)
            return self._helper("square", [base])
        return C(f"M(pow)({base.text}, {self.read(exponent).text})")

    def unary(self, node: ast.UnaryOp) -> C:
        inner = self._in(node.operand, PRODUCT)
        return C(
            f"-{inner if inner[0] != '-' else f'({inner})'}",
            SIGN if inner.isidentifier() else SUM + 1,
        )

    def call(self, node: ast.Call) -> C:
        function = ast.unparse(node.func)
        if function.endswith(".astype"):
            assert isinstance(node.func, ast.Attribute)
            return C(f"R({self.read(node.func.value).text})")
        if function == "np.asarray":
            return self.read(node.args[0])
        arguments = [self.read(a) for a in node.args]
        if function.endswith(".dtype.type"):
            return C(f"R({arguments[0].text})")
        word = function.removeprefix("np.")
        known = _CALLS.get(word)
        if known is not None:
            return known(*arguments)
        word = _OWN.get(word, word)
        if word in (*_LIBM, *_OWN.values()):
            return C(f"M({word})({', '.join(a.text for a in arguments)})")
        return self._helper({"maximum": "larger", "minimum": "smaller"}.get(word, word), arguments)

    def attribute(self, node: ast.Attribute) -> C:
        return {"np.inf": C("INFINITY")}[ast.unparse(node)]

    def _helper(self, name: str, arguments: list[C]) -> C:
        self.helpers.add(name)
        return C(f"{name}({', '.join(a.text for a in arguments)})")

    def _in(self, node: ast.expr, least: int) -> str:
        return self.read(node).within(least)


def _decided(condition: C) -> str:
    """What is true or false; of a number, whether it is not 0."""
    if EITHER <= condition.binding <= COMPARISON:
        return condition.text
    return f"{condition.within(COMPARISON)} != 0"


_CALLS: dict[str, Callable[..., C]] = {
    "where": lambda c, a, b: C(f"{_decided(c)} ? {a.within(EITHER)} : {b.within(CHOICE)}", CHOICE),
    "sign": lambda a: C(f"R(({a.text} > 0) - ({a.text} < 0))"),
}
_ROWS: dict[type[ast.expr], Callable[[Reader, Any], C]] = {
    ast.Constant: Reader.constant,
    ast.Name: Reader.name,
    ast.Compare: Reader.compare,
    ast.BinOp: Reader.operation,
    ast.UnaryOp: Reader.unary,
    ast.Call: Reader.call,
    ast.Attribute: Reader.attribute,
}


def read(text: str, names: Mapping[str, C]) -> tuple[C, set[str]]:
    """An expression of Python as one of C, and the helpers that it calls."""
    reader = Reader(names)
    return reader.read(ast.parse(text, mode="eval").body), reader.helpers

r"""Numpy's words as they stand on paper: W2.T @ delta2 is W^{[2]\top} \delta^{[2]}."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from bpgen.check.claims.names import Names
from bpgen.check.page.names import GREEK, Key
from bpgen.check.page.names import Names as Printed
from bpgen.functions import ROWS

_SUM, _PRODUCT, _POWER, _ATOM = range(4)  # how tightly a text holds together
Text = tuple[str, int]
_SYMBOLS = {row.name: row.symbol for row in ROWS.values()}
_COMPARED = {
    ast.Gt: ">",
    ast.GtE: r"\ge",
    ast.Lt: "<",
    ast.LtE: r"\le",
    ast.Eq: "=",
    ast.NotEq: r"\ne",
}


class Paper:
    """Expressions in the notation of a network's page."""

    def __init__(self, names: Names, printed: Printed, base: int = 0) -> None:
        self.names, self.base = names, base
        self.symbols = {name: _symbol(key) for key, name in printed.tensors.items()}
        self.deltas = {name: _symbol(key) for key, name in printed.gradients.items()}

    def __call__(self, node: ast.expr) -> str:
        return self.text(node)[0]

    def text(self, node: ast.expr) -> Text:
        rule = _RULES.get(type(node))
        return rule(self, node) if rule is not None else (ast.unparse(node), _SUM)

    def within(self, node: ast.expr, least: int) -> str:
        """A text in brackets, where it does not hold together by itself."""
        text, holds = self.text(node)
        return (
            text if holds >= least else rf"\left({text}\right)" if "frac" in text else f"({text})"
        )

    def name(self, name: str, below: str = "", transposed: bool = False) -> str:
        """A tensor, or the gradient of a scalar by one."""
        if name not in self.names.network.tensors:
            meaning = self.names.find(name)
            if meaning is not None and meaning.of is not None:
                if meaning.of == self.names.top and meaning.tensor in self.deltas:
                    return _placed(self.deltas[meaning.tensor], below, transposed)
                by = _placed(self.symbols.get(meaning.tensor, meaning.tensor), below, False)
                top = _placed(self.symbols.get(meaning.of, "L"), "", False)
                made = rf"\frac{{\partial {top}}}{{\partial {by}}}"
                return rf"\left({made}\right)^{{\top}}" if transposed else made
        return _placed(self.symbols.get(name, name), below, transposed)

    # the rules

    def _name(self, node: ast.Name) -> Text:
        return self.name(node.id), _ATOM

    def _constant(self, node: ast.Constant) -> Text:
        return str(node.value), _ATOM

    def _attribute(self, node: ast.Attribute) -> Text:
        if node.attr != "T":
            return ast.unparse(node), _ATOM
        if isinstance(node.value, ast.Name):
            return self.name(node.value.id, transposed=True), _ATOM
        return rf"{self.within(node.value, _ATOM)}^{{\top}}", _ATOM

    def _subscript(self, node: ast.Subscript) -> Text:
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        below = [self._place(p) for p in parts]
        short = all(len(b) == 1 for b in below)
        if isinstance(node.value, ast.Name):
            return self.name(node.value.id, ("" if short else ", ").join(below)), _ATOM
        return f"{self.within(node.value, _ATOM)}_{{{', '.join(below)}}}", _ATOM

    def _place(self, node: ast.expr) -> str:
        """An index, counted as the claim counts."""
        return (
            str(node.value + self.base)
            if isinstance(node, ast.Constant) and isinstance(node.value, int)
            else self(node)
        )

    def _binary(self, node: ast.BinOp) -> Text:
        rule = _OPERATORS.get(type(node.op))
        return rule(self, node) if rule is not None else (ast.unparse(node), _SUM)

    def _added(self, node: ast.BinOp) -> Text:
        minus = isinstance(node.op, ast.Sub)
        right = self.within(node.right, _PRODUCT) if minus else self(node.right)
        return f"{self(node.left)} {'-' if minus else '+'} {right}", _SUM

    def _multiplied(self, node: ast.BinOp) -> Text:
        pair = (node.left, node.right)
        if isinstance(node.op, ast.MatMult) or any(map(_is_number, pair)):
            return r" \, ".join(self.within(n, _PRODUCT) for n in pair), _PRODUCT
        texts = (self.within(n, _ATOM if _is_whole(n) else _PRODUCT) for n in pair)
        return r" \odot ".join(texts), _PRODUCT

    def _divided(self, node: ast.BinOp) -> Text:
        return rf"\frac{{{self(node.left)}}}{{{self(node.right)}}}", _ATOM

    def _raised(self, node: ast.BinOp) -> Text:
        base = self.within(node.left, _ATOM)
        named = isinstance(node.left, (ast.Name, ast.Attribute, ast.Subscript))
        base = f"({base})" if named and "^" in base else base
        return f"{base}^{{{self(node.right)}}}", _POWER

    def _unary(self, node: ast.UnaryOp) -> Text:
        return f"-{self.within(node.operand, _PRODUCT)}", _SUM

    def _compare(self, node: ast.Compare) -> Text:
        parts = [self(node.left)]
        for op, right in zip(node.ops, node.comparators, strict=True):
            parts += [_COMPARED[type(op)], self(right)]
        return rf"\mathbf{{1}}[{' '.join(parts)}]", _ATOM

    def _call(self, node: ast.Call) -> Text:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        letters = [a.id for a in node.args[1:] if isinstance(a, ast.Name)]
        if called == "sum" and letters:
            body = self.within(node.args[0], _PRODUCT)
            return rf"\sum_{{{', '.join(letters)}}} {body}", _PRODUCT
        if called == "one_hot":
            return f"e_{{{self(node.args[0])}}}", _ATOM
        if called == "where" and len(node.args) == 3:
            when, value, other = node.args
            condition = self(when).removeprefix(r"\mathbf{1}[").removesuffix("]")
            rows = rf"{self(value)} & {condition} \\ {self(other)} & \text{{otherwise}}"
            return rf"\begin{{cases}} {rows} \end{{cases}}", _ATOM
        prime = "'" * called.endswith("_prime")
        of = called.removesuffix("_prime")
        symbol = _SYMBOLS.get(of, rf"\operatorname{{{of}}}")
        return f"{symbol}{prime}({', '.join(map(self, node.args))})", _ATOM


def _is_whole(node: ast.expr) -> bool:
    """Whether it is a product of matrices."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)


def _is_number(node: ast.expr) -> bool:
    """Whether it is a number, or an entry."""
    if isinstance(node, ast.BinOp):
        return _is_number(node.left) and _is_number(node.right)
    if isinstance(node, ast.UnaryOp):
        return _is_number(node.operand)
    if isinstance(node, ast.Compare):
        return _is_number(node.left)
    return isinstance(node, (ast.Constant, ast.Subscript)) or _is_sum(node)


def _is_sum(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sum"


def _symbol(key: Key) -> tuple[str, str, str]:
    """A printed name: its letter, what stands above it, and what below."""
    stem, accent, layer, below = key
    letter = stem.removeprefix("bold ").removeprefix("upright ")
    if letter in GREEK.values() or letter in ("ell", "varepsilon", "varphi"):
        letter = f"\\{letter}"
    elif len(letter) > 1 or stem.startswith("upright "):
        letter = rf"\mathrm{{{letter}}}"
    labels = [rf"\mathrm{{{b.removeprefix('upright ')}}}" if not b.isdigit() else b for b in below]
    above = f"[{layer}]" if layer else ""
    return rf"\{accent}{{{letter}}}" if accent else letter, above, ", ".join(labels)


def _placed(symbol: tuple[str, str, str] | str, below: str, transposed: bool) -> str:
    letter, above, label = symbol if isinstance(symbol, tuple) else (symbol, "", "")
    up = above + r"\top" * transposed
    down = ", ".join(filter(None, (label, below)))
    return letter + (f"^{{{up}}}" if up else "") + (f"_{{{down}}}" if down else "")


_OPERATORS: dict[type, Callable[[Paper, ast.BinOp], Text]] = {
    ast.Add: Paper._added,
    ast.Sub: Paper._added,
    ast.Mult: Paper._multiplied,
    ast.MatMult: Paper._multiplied,
    ast.Div: Paper._divided,
    ast.Pow: Paper._raised,
}
_RULES: dict[type, Callable[[Paper, Any], Text]] = {
    ast.Name: Paper._name,
    ast.Constant: Paper._constant,
    ast.Attribute: Paper._attribute,
    ast.Subscript: Paper._subscript,
    ast.BinOp: Paper._binary,
    ast.UnaryOp: Paper._unary,
    ast.Compare: Paper._compare,
    ast.Call: Paper._call,
}

"""A claim in LaTeX, in the notation of the page: the page's reader reads it, and it becomes what it
would be in numpy's words.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import reduce
from typing import Any

from bpgen.check.claims import strangers
from bpgen.check.claims.names import Names, place
from bpgen.check.claims.text import Line, admitted, letters
from bpgen.check.page import formula as f
from bpgen.check.page.grammar import Parser
from bpgen.check.page.names import Names as Printed
from bpgen.check.page.statement import top_level
from bpgen.check.page.statements import groups
from bpgen.check.page.tokens import Unreadable, tokens
from bpgen.errors import NetError
from bpgen.functions import ROWS

FORM = (
    r"write it as the page does: \delta^{[1]} = (W^{[2]\top} \delta^{[2]}) \odot \sigma'(z^{[1]})"
)
_WORDS = {row.symbol.replace("\\", ""): row.name for row in ROWS.values()}
_WORDS["abs"] = "abs"
_COMPARED = {">": ast.Gt, ">=": ast.GtE, "<": ast.Lt, "<=": ast.LtE, "==": ast.Eq, "!=": ast.NotEq}


def is_latex(claim: str) -> bool:
    return "\\" in claim or "^" in claim or "_{" in claim


class Untold(NetError):
    """What numpy's words do not tell."""


def parts_of(claim: str, told: str, names: Names, smaller: bool) -> list[list[str]]:
    """The tokens of what a claim says is equal, `told` as the page would write it. NetError for
    what is nothing of the network, whose axes may be `smaller` than in the net.py.
    """
    printed = printed_by(names)
    parts = top_level(tokens(told), "=")
    if len(parts) < 2 or not all(parts):
        raise NetError("a claim says that two sides are equal", FORM, place(claim))
    try:
        nodes = [Parser(p, lambda s: printed.find(s) is not None).whole() for p in parts]
    except (Unreadable, IndexError, ValueError) as error:
        raise NetError(f"it cannot be read: {error}", FORM, place(claim)) from None
    strangers.refuse(nodes, claim, names, printed, smaller)
    return parts


def lines(claim: str, parts: list[list[str]], names: Names) -> list[Line]:
    """The two sides of a claim in LaTeX, the first and the last of a chain of equals: where indices
    count from 0, as numbers beside letters may, and from 1.
    """
    try:
        found = [_line(claim, parts, Translated(names, base)) for base in (0, 1)]
    except (Unreadable, IndexError) as error:
        raise Untold(f"it cannot be read: {error}", FORM, place(claim)) from None
    first, second = (admitted(n, names) for n in found)
    if first.told == second.told:
        return [first]
    return [first, second] if letters(first, names) else [second]


def _line(claim: str, parts: list[list[str]], translated: Translated) -> Line:
    left, right = (translated.side(p) for p in (parts[0], parts[-1]))
    return Line(claim, left, right, translated.base)


def true_lines(page: str, names: Names) -> dict[str, list[Line]]:
    """The lines of a page of each name, where they can be read and tell all of it."""
    translated = Translated(names)
    found: dict[str, dict[str, Line]] = {}
    for group in groups(page):
        for statement in group.statements if "batch" not in group.section else ():
            try:
                left, right = (translated.side(statement.parts[k]) for k in (0, -1))
            except (Unreadable, IndexError, ValueError):
                continue
            name = _whole(left)
            if name and statement.kind == "main":
                lines = found.setdefault(name, {})
                lines[ast.unparse(right)] = Line(statement.line, left, right)
    return {name: _shortest([*lines.values()]) for name, lines in found.items()}


def _shortest(lines: list[Line]) -> list[Line]:
    """Those in matrices, where there are any."""
    return [n for n in lines if isinstance(n.left, ast.Name)] or lines


def _whole(left: ast.expr) -> str:
    """The name that a left side is all of, as it is or at each of its indices."""
    if isinstance(left, ast.Subscript) and isinstance(left.value, ast.Name):
        places = left.slice.elts if isinstance(left.slice, ast.Tuple) else [left.slice]
        letters = {p.id for p in places if isinstance(p, ast.Name)}
        return left.value.id if len(letters) == len(places) else ""
    return left.id if isinstance(left, ast.Name) else ""


def printed_by(names: Names) -> Printed:
    """The network's names as the page prints them, those of its deltas among them."""
    printed = Printed.of(names.network)
    for said, other in names.also.items():
        printed.call_also(*(Parser(tokens(s), lambda _: False).symbol() for s in (said, other)))
    for (_, accent, layer, below), tensor in printed.tensors.items():
        if names.adjoint.get(tensor, "").startswith("delta"):
            printed.gradients["delta", accent, layer, below] = tensor
    return printed


class Translated:
    """Formulas of the page as expressions of Python."""

    def __init__(self, names: Names, base: int = 0) -> None:
        """`base` is what indices, and labels with them, count from."""
        self.names, self.network, self.base = names, names.network, base
        self.printed = printed_by(names)

    def side(self, found: list[str]) -> ast.expr:
        return self.expr(Parser(found, lambda s: self.printed.find(s) is not None).whole())

    def expr(self, node: f.Node) -> ast.expr:
        rule = _RULES.get(type(node))
        if rule is None:
            raise Unreadable(f"a claim has no {type(node).__name__.lower()}")
        return rule(self, node)

    def _sum(self, node: f.Sum) -> ast.expr:
        found = self.expr(node.addends[0])
        for addend in node.addends[1:]:
            negative = isinstance(addend, f.Negative)
            right = self.expr(addend.inner if negative else addend)
            found = ast.BinOp(found, ast.Sub() if negative else ast.Add(), right)
        return found

    def _product(self, node: f.Product) -> ast.expr:
        def times(left: ast.expr, right: ast.expr) -> ast.expr:
            entries = node.entrywise or self._number(left) or self._number(right)
            return ast.BinOp(left, ast.Mult() if entries else ast.MatMult(), right)

        return reduce(times, map(self.expr, node.factors))

    def _number(self, node: ast.expr) -> bool:
        """Whether an expression is a number, and no vector or matrix."""
        if isinstance(node, ast.BinOp):
            return self._number(node.left) and self._number(node.right)
        if isinstance(node, ast.UnaryOp):
            return self._number(node.operand)
        if isinstance(node, ast.Call):
            whole = isinstance(node.func, ast.Name) and node.func.id in ("sum", "max")
            return whole or all(map(self._number, node.args))
        if isinstance(node, ast.Subscript):
            parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            return self._rank(node.value) in (len(parts), None)
        if isinstance(node, ast.Name):
            return self._rank(node) in (0, None)
        return isinstance(node, (ast.Constant, ast.Compare))

    def _rank(self, node: ast.expr) -> int | None:
        """How many indices a tensor of one sample has; None of what is no tensor."""
        meaning = self.names.find(node.id) if isinstance(node, ast.Name) else None
        return len(self.network.tensors[meaning.tensor].sample_shape) if meaning else None

    def _call(self, node: f.Call) -> ast.expr:
        name = _WORDS.get(node.name, node.name) + "_prime" * node.prime
        found = call(name, *map(self.expr, node.arguments))
        return self._at(found, node.at)

    def _over(self, node: f.Over) -> ast.expr:
        if node.under.ranges or node.under.conditions:
            raise Unreadable("a claim has no conditions below a sum")
        names = [ast.Name(k) for k in node.under.letters]
        return call(node.kind, self.expr(node.body), *names)

    def _indicator(self, node: f.Indicator) -> ast.expr:
        condition = node.condition
        if not isinstance(condition, f.Relation):
            raise Unreadable("a claim has no such condition")
        whole = any(self._is_label(p) for p in condition.parts)
        first, *others = map(self._place if whole else self.expr, condition.parts)
        return ast.Compare(first, [_COMPARED[s]() for s in condition.signs], others)

    def _cases(self, node: f.Cases) -> ast.expr:
        """Values, each where its condition holds, the last where none does."""
        *rows, (made, last) = node.rows
        if last is not None and not (len(rows) == 1 and _are_opposite(rows[0][1], last)):
            raise Unreadable("the last of the cases holds otherwise: write \\text{otherwise}")
        found = self.expr(made)
        for value, when in reversed(rows):
            if when is None or len(when) > 1:
                raise Unreadable("a claim has no such condition")
            found = call("where", self._indicator(f.Indicator(when[0])), self.expr(value), found)
        return found

    def _derivative(self, node: f.Derivative) -> ast.expr:
        scalar = self.printed.find(node.of) if isinstance(node.of, f.Symbol) else None
        by = self.printed.find(node.by)
        of = scalar[1] if scalar else getattr(node.of, "stem", "")
        of = of if of in self.network.tensors else self.names.scalar(of) or ""
        if scalar and by and not (scalar[2] or by[2]):
            matrix = self.names.find(f"d{scalar[1]}_d{by[1]}")
            if matrix is not None and matrix.matrix:
                return ast.Name(f"d{scalar[1]}_d{by[1]}")
        if by is None or (self.names.scalar(of) is None and of != self.names.top):
            raise Unreadable("of a derivative of anything but the loss its entries are claimed")
        if of == self.network.sample_loss and not self._is_penalised(by[1]):
            of = self.names.top
        return self._at(ast.Name(self.names.gradient(by[1], of)), by[2])

    def _is_penalised(self, tensor: str) -> bool:
        """Whether the loss reads a tensor itself, and not only through that of a sample."""
        return any(
            read.name == tensor
            for e in self.network
            if e.name == self.network.loss
            for read in e.reads()
        )

    def _symbol(self, node: f.Symbol) -> ast.expr:
        if node.block is not None:
            raise Unreadable("a claim is of what stands outside of repeat")
        label = self._label(node)
        if label is not None:
            return label
        found = self.printed.find(node)
        if found is None:
            if node.below or node.layer or node.accent:
                raise Unreadable(f"the network has no {node.stem}{node.layer}")
            return ast.Name(node.stem)
        table, tensor, below = found
        plain = table is self.printed.tensors
        name = tensor if plain else self.names.gradient(tensor, self.names.top)
        made = self._at(ast.Name(name), below)
        return ast.Attribute(made, "T") if node.transposed else made

    def _label(self, node: f.Symbol) -> ast.expr | None:
        """e_y, the unit vector of a label."""
        if node.stem not in ("e", "bold e") or len(node.below) != 1:
            return None
        if not self._is_label(node.below[0]):
            return None
        made = call("one_hot", self.expr(node.below[0]))
        return ast.Attribute(made, "T") if node.transposed else made

    def _is_label(self, node: f.Node) -> bool:
        """Whether a node is a whole number of the network's."""
        found = self.printed.find(node) if isinstance(node, f.Symbol) else None
        return found is not None and self.network.tensors[found[1]].bound is not None

    def _at(self, made: ast.expr, below: tuple[f.Node, ...]) -> ast.expr:
        parts = [p for b in below for p in (b.parts if isinstance(b, f.Beside) else (b,))]
        places = [self._place(p) for p in parts]
        if not places:
            return made
        return ast.Subscript(made, ast.Tuple(places) if len(places) > 1 else places[0])

    def _place(self, node: f.Node) -> ast.expr:
        """An index, counted from 0."""
        if isinstance(node, f.Number):
            return ast.Constant(int(node.value) - self.base)
        return self.expr(node)


def call(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name), list(arguments), [])


def _are_opposite(some: tuple[f.Node, ...] | None, others: tuple[f.Node, ...]) -> bool:
    """Whether one comparison holds just where another does not."""
    if some is None or len(some) != 1 or len(others) != 1:
        return False
    one, other = some[0], others[0]
    if not (isinstance(one, f.Relation) and isinstance(other, f.Relation)):
        return False
    signs = one.signs == (_OPPOSITE[other.signs[0]],) and len(other.signs) == 1
    turned = other.parts[::-1] == one.parts and one.signs == (_TURNED_OPPOSITE[other.signs[0]],)
    return (signs and one.parts == other.parts) or (turned and len(other.signs) == 1)


_OPPOSITE = {">": "<=", "<=": ">", ">=": "<", "<": ">=", "==": "!=", "!=": "=="}
_TURNED_OPPOSITE = {">": ">=", ">=": ">", "<": "<=", "<=": "<", "==": "!=", "!=": "=="}


def _constant(value: float) -> ast.expr:
    return ast.Constant(int(value) if value.is_integer() else value)


_RULES: dict[type, Callable[[Translated, Any], ast.expr]] = {
    f.Number: lambda t, node: _constant(node.value),
    f.Symbol: Translated._symbol,
    f.Sum: Translated._sum,
    f.Negative: lambda t, node: ast.UnaryOp(ast.USub(), t.expr(node.inner)),
    f.Product: Translated._product,
    f.Quotient: lambda t, node: ast.BinOp(t.expr(node.top), ast.Div(), t.expr(node.bottom)),
    f.Power: lambda t, node: ast.BinOp(t.expr(node.base), ast.Pow(), t.expr(node.exponent)),
    f.Transposed: lambda t, node: ast.Attribute(t.expr(node.inner), "T"),
    f.Norm: lambda t, node: call("sum", ast.BinOp(t.expr(node.inner), ast.Pow(), ast.Constant(2))),
    f.Call: Translated._call,
    f.Over: Translated._over,
    f.Indicator: Translated._indicator,
    f.Cases: Translated._cases,
    f.Derivative: Translated._derivative,
}

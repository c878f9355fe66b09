"""Python text laid out as a formatter would: one line where it fits, else broken at its outermost
seam.

Where that is, Python's own grammar says of the text, whoever printed it: arrays, scalar bodies,
what rows of the tables spell. Nothing else is decided by it, and few lines are that long.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterable, Iterator
from itertools import pairwise

WIDTH = 88
_OPERATOR = re.compile(r"(\*\*|[<>=]=|[-+*/@&|<>]) ")


def assignment(target: str, value: str, indent: int = 4, sign: str = "=") -> list[str]:
    """`target = value`, over several lines where it is too long.

    In two statements where axes are moved on the way, as what a call is given, or else broken
    within a bracket that all but ends it or in brackets of its own.
    """
    line = f"{target} {sign} {value}"
    if indent + len(line) <= WIDTH:
        return [line]
    return (
        (_in_two(target, value, indent) if sign == "=" else [])
        or _as_call(f"{target} {sign} ", value, indent)
        or _at_seams(f"{target} {sign} ", value, indent)
    )


def _at_seams(start: str, value: str, indent: int) -> list[str]:
    before, inside, after = _bracket(value)
    if indent + len(f"{start}{before}(") > WIDTH:
        before, inside, after = "", value, ""
    parts = [f"    {p}" for p in _parts(inside, indent)]
    return [f"{start}{before}(", *parts, f"){after}"]


def _in_two(target: str, value: str, indent: int) -> list[str]:
    """`target = first`, then what is made of it, for what moves axes: the pair of lines that are
    most alike, if both fit.
    """
    if not any(f".{word}(" in value for word in _MOVES) or not target.isidentifier():
        return []
    tree = ast.parse(value, mode="eval").body
    if target in {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}:
        return []
    pairs = []
    for first in _spine(tree):
        a, b = first.col_offset, first.end_col_offset or 0
        made = value[a:b]
        if value[a - 1 : a] + value[b : b + 1] == "()":
            a, b = a - 1, b + 1
        rest = re.sub(r"^ \*\* ", "**", value[b:])  # as of a name
        pairs.append([f"{target} = {made}", f"{target} = {value[:a]}{target}{rest}"])
    fitting = [p for p in pairs if all(indent + len(line) <= WIDTH for line in p)]
    return min(fitting, key=lambda p: max(map(len, p)), default=[])


_MOVES = ("transpose", "reshape", "swapaxes")


def _spine(node: ast.expr) -> Iterator[ast.expr]:
    """What is computed first, and what of it, from the whole inwards."""
    while True:
        if isinstance(node, ast.BinOp):
            node = node.left
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func.value
        elif isinstance(node, ast.Subscript):
            node = node.value
        else:
            return
        if isinstance(node, (ast.BinOp, ast.Call)):
            yield node


def _as_call(start: str, value: str, indent: int) -> list[str]:
    """A call, or a method of what it returns, with its arguments on a line of their own, or one on
    each.
    """
    node = ast.parse(value, mode="eval").body
    while (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Call)
    ):
        node = node.func.value
    if not isinstance(node, ast.Call) or not node.args:
        return []
    opens, closes = node.func.end_col_offset or 0, node.end_col_offset or 0
    given: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
    arguments = [value[a.col_offset : a.end_col_offset] for a in given]
    lines = call(f"{start}{value[:opens]}", arguments, value[closes:], indent)
    return lines if all(indent + len(line) <= WIDTH for line in lines) else []


def _bracket(value: str) -> tuple[str, str, str]:
    """What stands before a bracket, what it holds, and what little follows: `a + b` and ` / N` of
    `(a + b) / N`.

    Everything in a bracket of its own where the value has no such bracket at its start or end.
    """
    first, *more = _operands(value)
    start = len(f"{first} * ") if more and not value.startswith("(") else 0
    if len(more) < 2 and value[start:].startswith("("):
        end = start + _closing(value[start:])
        if value[end + 1 :].count("(") <= 1:
            return value[:start], value[start + 1 : end], value[end + 1 :]
    return "", value, ""


def _parts(value: str, indent: int) -> list[str]:
    """The operands of the outermost operator, each on a line with the operator before it."""
    if indent + 4 + len(value) <= WIDTH:
        return [value]
    return [line for piece in _operands(value) for line in _within(piece, indent + 4)]


def _operands(value: str) -> list[str]:
    """What the outermost operator stands between, each with the operator before it; all, where it
    stands in a bracket.
    """
    node = ast.parse(value, mode="eval").body
    cuts: list[int] = []
    begins, level = node.col_offset, _level(node)
    while not begins and isinstance(node, (ast.BinOp, ast.Compare)) and _level(node) == level:
        left_end = node.left.end_col_offset or 0
        while value[left_end] in " )":
            left_end += 1
        cuts.append(left_end)
        node = node.left
        begins = node.col_offset  # not 0 within a bracket
    edges = [0, *reversed(cuts), len(value)]
    return [value[a:b].strip() for a, b in pairwise(edges)]


def _within(piece: str, indent: int) -> list[str]:
    """An operand with the operator before it; one that is too long at its own operators, or as what
    a bracket of its holds.
    """
    found = _OPERATOR.match(piece)
    sign = found.group() if found else ""
    value = piece[len(sign) :]
    if indent + len(piece) <= WIDTH:
        return [piece]
    first, *more = _operands(value)
    if not more:
        if _bracket(value)[1] != value:
            return _at_seams(sign, value, indent)
        return _as_call(sign, value, indent) or [piece]
    return [line for p in (f"{sign}{first}", *more) for line in _within(p, indent)]


def _closing(value: str) -> int:
    """Where the bracket closes that a text begins with."""
    depth = 0
    for k, letter in enumerate(value):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return k
    raise ValueError(f"{value!r} does not close its bracket")


def _level(node: ast.AST) -> int:
    """How loosely the outermost operator binds: sums are broken before products."""
    if isinstance(node, ast.Compare):
        return 0
    return 1 if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)) else 2


def comment(text: str, indent: int = 4) -> list[str]:
    """A comment, wrapped; lines after the first stand under its text."""
    hanging = " " * (text.index(") ") + 2) if text.startswith("(") and ") " in text else ""
    return [
        f"# {line}" for line in textwrap.wrap(text, WIDTH - indent - 2, subsequent_indent=hanging)
    ]


def call(before: str, arguments: Iterable[str], after: str, indent: int = 0) -> list[str]:
    """`before(arguments)after`: on one line, or the arguments on one line, or one on each."""
    arguments = list(arguments)
    inside = ", ".join(arguments)
    if indent + len(before) + len(inside) + len(after) + 2 <= WIDTH:
        return [f"{before}({inside}){after}"]
    if indent + 4 + len(inside) <= WIDTH:
        return [f"{before}(", f"    {inside}", f"){after}"]
    lines = [line for a in arguments for line in _argument(a, indent + 4)]
    return [f"{before}(", *(f"    {line}" for line in lines), f"){after}"]


def _argument(value: str, indent: int) -> list[str]:
    if indent + len(value) + 1 <= WIDTH:
        return [f"{value},"]
    *lines, last = _parts(value, indent - 4)
    return [*lines, f"{last},"]


def collection(
    before: str, items: Iterable[str], brackets: str = "{}", indent: int = 0
) -> list[str]:
    """A dict or list display: on one line, or one item on each."""
    items = list(items)
    line = f"{before}{brackets[0]}{', '.join(items)}{brackets[1]}"
    if indent + len(line) <= WIDTH:
        return [line]
    return [f"{before}{brackets[0]}", *(f"    {i}," for i in items), brackets[1]]

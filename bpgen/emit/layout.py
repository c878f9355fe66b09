"""Python text laid out as a formatter would: one line where it fits, else broken at its outermost
seam.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable
from itertools import pairwise

WIDTH = 88


def assignment(target: str, value: str, indent: int = 4, sign: str = "=") -> list[str]:
    """`target = value`, over several lines where it is too long.

    Broken within a bracket that all but ends it, or else in brackets of its own.
    """
    line = f"{target} {sign} {value}"
    if indent + len(line) <= WIDTH:
        return [line]
    split = _called(f"{target} {sign} ", value, indent)
    if split is not None:
        return split
    before, inside, after = _bracket(value)
    if indent + len(f"{target} {sign} {before}(") > WIDTH:
        before, inside, after = "", value, ""
    parts = [f"    {p}" for p in _parts(inside, indent)]
    return [f"{target} {sign} {before}(", *parts, f"){after}"]


def _called(before: str, value: str, indent: int) -> list[str] | None:
    """A call, or a chain of calls, broken within the last brackets that begin on the first line."""
    node = ast.parse(value, mode="eval").body
    while isinstance(node, ast.Call):
        head = f"{before}{value[: node.func.end_col_offset]}("
        inside = value[(node.func.end_col_offset or 0) + 1 : (node.end_col_offset or 0) - 1]
        if node.args and indent + len(head) <= WIDTH:
            return [head, *_arguments(inside, indent), value[(node.end_col_offset or 0) - 1 :]]
        if not isinstance(node.func, ast.Attribute):
            return None
        node = node.func.value
    return None


def _arguments(inside: str, indent: int) -> list[str]:
    """What a call's brackets hold: on one line, or one argument on each."""
    if indent + 4 + len(inside) <= WIDTH:
        return [f"    {inside}"]
    lines: list[str] = []
    for argument in _between_commas(inside):
        lines += _within(argument, indent + 4)
        lines[-1] += ","
    return [f"    {line}" for line in lines]


def _between_commas(inside: str) -> list[str]:
    """The arguments of a call, by the commas that stand in no bracket and no string."""
    depth, quoted, found = 0, False, [""]
    for letter in inside:
        quoted ^= letter == '"'
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and not depth and not quoted:
            found.append("")
        else:
            found[-1] += letter
    return [argument.strip() for argument in found]


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
    """What the outermost operator stands between, each with the operator before it."""
    node = ast.parse(value, mode="eval").body
    cuts: list[int] = []
    level = _level(node)
    while isinstance(node, ast.BinOp) and _level(node) == level:
        left_end = node.left.end_col_offset or 0
        while value[left_end] in " )":
            left_end += 1
        cuts.append(left_end)
        if _is_in_brackets(value[:left_end].rstrip()):
            break
        node = node.left
    edges = [0, *reversed(cuts), len(value)]
    return [value[a:b].strip() for a, b in pairwise(edges)]


def _within(piece: str, indent: int) -> list[str]:
    """An operand with the operator before it; one that is too long at its own operators, or as what
    its bracket holds.
    """
    sign = piece[:2] if piece[:2] in ("+ ", "- ", "* ", "/ ") else ""
    value = piece[len(sign) :]
    if indent + len(piece) <= WIDTH:
        return [piece]
    if _is_in_brackets(value):
        return [f"{sign}(", *(f"    {p}" for p in _parts(value[1:-1], indent)), ")"]
    first, *more = _operands(value)
    if not more:
        return _called(sign, value, indent) or [piece]
    return [line for p in (f"{sign}{first}", *more) for line in _within(p, indent)]


def _is_in_brackets(value: str) -> bool:
    return value.startswith("(") and _closing(value) == len(value) - 1


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
    return [f"{before}(", *(f"    {a}," for a in arguments), f"){after}"]


def collection(
    before: str, items: Iterable[str], brackets: str = "{}", indent: int = 0
) -> list[str]:
    """A dict or list display: on one line, or one item on each."""
    items = list(items)
    line = f"{before}{brackets[0]}{', '.join(items)}{brackets[1]}"
    if indent + len(line) <= WIDTH:
        return [line]
    return [f"{before}{brackets[0]}", *(f"    {i}," for i in items), brackets[1]]

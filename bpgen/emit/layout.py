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
    inside, after = _bracket(value)
    return [f"{target} {sign} (", *(f"    {p}" for p in _parts(inside, indent)), f"){after}"]


def _bracket(value: str) -> tuple[str, str]:
    """`a + b` and ` / N` of `(a + b) / N`: what a first bracket holds, and what little follows.

    Everything, and nothing, where a bracket does not come first or too much follows.
    """
    depth = 0
    for k, letter in enumerate(value):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            after = value[k + 1 :]
            plain = all(c.isalnum() or c in " /*" for c in after)
            return (value[1:k], after) if k and plain and len(after) < 16 else (value, "")
    return value, ""


def _parts(value: str, indent: int) -> list[str]:
    """The operands of the outermost operator, each on a line with the operator before it."""
    if indent + 4 + len(value) <= WIDTH:
        return [value]
    node = ast.parse(value, mode="eval").body
    cuts: list[int] = []
    level = _level(node)
    while isinstance(node, ast.BinOp) and _level(node) == level:
        left_end = node.left.end_col_offset or 0
        while value[left_end] in " )":
            left_end += 1
        cuts.append(left_end)
        node = node.left
    edges = [0, *reversed(cuts), len(value)]
    pieces = (value[a:b].strip() for a, b in pairwise(edges))
    return [line for piece in pieces for line in _within(piece, indent + 4)]


def _within(piece: str, indent: int) -> list[str]:
    """An operand with the operator before it; where it is a bracket and too long, what it holds on
    lines of its own.
    """
    start = piece.find("(")
    if indent + len(piece) <= WIDTH or piece[:start] not in ("", "+ ", "- ", "* ", "/ "):
        return [piece]
    inside, after = _bracket(piece[start:])
    if after or inside == piece[start:]:
        return [piece]
    return [piece[: start + 1], *(f"    {p}" for p in _parts(inside, indent)), ")"]


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

"""Where a formula that is too wide for its line may be broken."""

from __future__ import annotations

import re
from collections.abc import Callable

Width = Callable[[str], float]

_DEEPEST = 2  # parentheses within parentheses that are still broken
_TOKEN = re.compile(r"(?:\\(?:left|right|biggl|biggr))?[({\[)}\]]|\\begin|\\end")
_SUMS = re.compile(r" (?=[-+=−] )")  # the spaces that a line may well end at
_BEFORE = re.compile(r" (?=(?:[-+=−·⊙]|\\odot|\\,) )")  # and those that it may end at


def broken(part: str, room: float, width: Width) -> list[str]:
    """The part whole where it fits, else in pieces that join with spaces: outside of parentheses,
    then inside them.
    """
    pieces, depth = [part], 0
    if width(part) > room:
        pieces = _pieces(part, 0, _SUMS)
    while depth <= _DEEPEST and any(width(p) > room for p in pieces):
        pieces, depth = _pieces(part, depth, _BEFORE), depth + 1
    if depth > _DEEPEST and r"\left(" in part and any(width(p) > room for p in pieces):
        return broken(_fixed(part), room, width)
    return pieces


def _fixed(part: str) -> str:
    """Parentheses that need not be closed on the same line."""
    return part.replace(r"\left(", r"\biggl(").replace(r"\right)", r"\biggr)")


def _pieces(part: str, depth: int, ends: re.Pattern[str]) -> list[str]:
    """The part cut at operators no deeper than so many parentheses, and in no other brackets."""
    cuts = {m.start() for m in ends.finditer(part)}
    found, level, closed, start = [], 0, 0, 0
    for k, token in _tokens(part):
        if token is None:
            if k in cuts and closed == 0 and level <= depth:
                found.append(part[start:k])
                start = k + 1
            continue
        by = 1 if token.endswith(("(", "{", "[", "begin")) else -1
        if token in ("(", ")", r"\biggl(", r"\biggr)"):
            level += by
        else:
            closed += by
    return [*found, part[start:]]


def _tokens(part: str) -> list[tuple[int, str | None]]:
    """Brackets, and None at every space, with their places."""
    brackets = [(m.start(), m[0]) for m in _TOKEN.finditer(part)]
    spaces: list[tuple[int, str | None]] = [(k, None) for k, c in enumerate(part) if c == " "]
    return sorted([*brackets, *spaces], key=lambda found: found[0])


def leading(line: str) -> str:
    """A line that goes on with a product says so."""
    return line.replace(r"\, ", r"\cdot ", 1) if line.startswith(r"\, ") else line

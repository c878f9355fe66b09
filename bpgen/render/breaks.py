"""Where a formula that is too wide for its line may be broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bpgen.render.atoms import Line, read
from bpgen.render.marks import mark

Width = Callable[[str], float]

_DEEPEST = 2  # parentheses within parentheses that are still broken
_OPEN = ("(", r"\biggl(")  # those that need not be closed on the same line
_WELL, _AT_ALL = 1, 2  # where a line may well end, and where it may


def broken(part: str, room: float, width: Width) -> list[str]:
    """The part whole where it fits, else in pieces that join with spaces: outside of parentheses,
    then inside them.
    """
    pieces, depth = [part], 0
    if width(part) > room:
        pieces = _pieces(part, 0, _WELL)
    while depth <= _DEEPEST and any(width(p) > room for p in pieces):
        pieces, depth = _pieces(part, depth, _AT_ALL), depth + 1
    if depth > _DEEPEST and r"\left(" in part and any(width(p) > room for p in pieces):
        return broken(_fixed(part), room, width)
    return pieces


def _fixed(part: str) -> str:
    """Parentheses that need not be closed on the same line."""
    return part.replace(r"\left(", r"\biggl(").replace(r"\right)", r"\biggr)")


def _pieces(part: str, depth: int, ends: int) -> list[str]:
    """The part cut before operators no deeper than so many parentheses, and in no other
    brackets.
    """
    found, start = [], 0
    for place in _places(read(part), part, depth, ends):
        found.append(part[start : place - 1])
        start = place
    return [*found, part[start:]]


def _places(line: Line, part: str, depth: int, ends: int) -> Iterator[int]:
    """Where operators begin that stand between blanks."""
    for atom in line:
        spaced = part[atom.start - 1 : atom.start] == " " == part[atom.end : atom.end + 1]
        if spaced and atom.start and 0 < mark(atom.name).ends <= ends:
            yield atom.start
        if atom.name in _OPEN and depth:
            yield from _places(atom.parts[0], part, depth - 1, ends)


def leading(line: str) -> str:
    """A line that goes on with a product says so."""
    return line.replace(r"\, ", r"\cdot ", 1) if line.startswith(r"\, ") else line

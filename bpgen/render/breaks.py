"""Where a formula that is too wide for its line may be broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from bpgen.render.atoms import PAIRS, Line, read, within
from bpgen.render.marks import mark

Width = Callable[[str], float]

_DEEPEST = 2  # parentheses within parentheses that are still broken
_OPEN = ("(", r"\biggl(")  # those that need not be closed on the same line
_TIMES = (r"\odot", r"\times")  # between numbers
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


def folded(part: str) -> str:
    """Cases whose conditions go on below, where words follow a formula in them."""
    cases = (a.parts[0] for a in within(read(part)) if a.name == r"\begin{cases}")
    goes_on = [
        a.start
        for line in cases
        for before, a in pairwise(line)
        if before.name not in ("&", r"\\") and a.name.startswith(r"\text{ ")
    ]
    for place in reversed(goes_on):
        part = rf"{part[:place].rstrip()} \\ & {part[place:]}"
    return part


def factors(numbers: str) -> list[str]:
    """The factors of a product of numbers, each after the first with its sign."""
    return _cut(numbers, [a.start for a in read(numbers) if a.start and a.name in _TIMES])


def entries(factor: str) -> list[str]:
    """The entries of a vector of numbers, each but the last with its comma."""
    vectors = (a.parts[0] for a in read(factor) if a.name in PAIRS)
    return _cut(factor, [a.end + 1 for line in vectors for a in line if a.name == ","])


def _cut(text: str, places: list[int]) -> list[str]:
    """Pieces that begin at these places, and join with spaces."""
    ends = pairwise([0, *places, len(text) + 1])
    return [text[start : end - 1] for start, end in ends]


def _pieces(part: str, depth: int, ends: int) -> list[str]:
    """The part cut before operators no deeper than so many parentheses, and in no other
    brackets.
    """
    return _cut(part, [*_places(read(part), part, depth, ends)])


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

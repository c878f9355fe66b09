"""Printed mathematics as a tree: letters, operators, groups, fractions and brackets, each with what
stands below and above it, and with its place in the text.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import lru_cache

ARGUMENTS = {  # how many groups follow a command
    **{r"\frac": 2, r"\tfrac": 2, r"\overset": 2, r"\sqrt": 1, r"\substack": 1},
    **{r"\hat": 1, r"\bar": 1, r"\tilde": 1, r"\rule": 2},
}
WORDS = {r"\text", r"\mathrm", r"\mathbf", r"\mathbb", r"\operatorname"}
_SIZED = (r"\left", r"\right", r"\biggl", r"\biggr")  # what stands before a bracket
_OPEN, _CLOSE = ("(", "[", r"\{"), (")", "]", r"\}")
PAIRS = {*_OPEN, *(r"\biggl" + mark for mark in _OPEN)}  # that are no groups
OPENS = {*_OPEN, *(size + mark for size in _SIZED[::2] for mark in _OPEN)}
CLOSES = {*_CLOSE, *(size + mark for size in _SIZED[1::2] for mark in _CLOSE)}
_ENDS = {*CLOSES, "}", r"\end"}  # of what is in a bracket, whether it is closed or not
_TOKEN = re.compile(r"\d+|\\(?:[^\W\d_]+|.?)|.", re.DOTALL)  # a number, a command, a sign


@dataclass(frozen=True)
class Atom:
    """`name` is what is written, of a command without its groups, of words with them. `parts` are
    its groups, or what is in a bracket, which `closes` ends; of an environment, its lines.
    """

    name: str
    start: int
    end: int
    parts: tuple[Line, ...] = ()
    scripts: tuple[Line, ...] = ()
    closes: str = ""


Line = tuple[Atom, ...]


@lru_cache(20_000)
def read(math: str) -> Line:
    """The atoms of a formula, or of a piece of one."""
    return _Reader([*_tokens(math)]).line(())


def within(line: Line) -> Iterator[Atom]:
    """Every atom, whatever it stands in."""
    for atom in line:
        yield atom
        for part in (*atom.parts, *atom.scripts):
            yield from within(part)


def _tokens(math: str) -> Iterator[Atom]:
    """What is written, blanks left out: commands, words with their braces, numbers, signs."""
    place = 0
    while found := _TOKEN.match(math, place):
        name, end = found[0], found.end()
        if name in WORDS and math[end : end + 1] == "{":
            end = _braced(math, end)
        elif name in _SIZED and end < len(math):
            end += 1 + (math[end] == "\\")
        if not name.isspace():
            yield Atom(math[place:end], place, end)
        place = end


def _braced(math: str, start: int) -> int:
    """Where the brace closes that opens here."""
    depth, place = 0, start
    while place < len(math):
        depth += {"{": 1, "}": -1}.get(math[place], 0)
        place += 2 if math[place] == "\\" else 1
        if depth == 0:
            return place
    return len(math)


class _Reader:
    """Goes through tokens."""

    def __init__(self, tokens: list[Atom]) -> None:
        self.tokens, self.place = tokens, 0

    @property
    def next(self) -> str:
        return self.tokens[self.place].name if self.place < len(self.tokens) else ""

    def take(self) -> Atom:
        self.place += 1
        return self.tokens[self.place - 1]

    def line(self, ends: Container[str]) -> Line:
        """What stands before the end of what it is in; what closes nothing is a sign."""
        found: list[Atom] = []
        while self.next and self.next not in ends:
            found.append(self.scripted())
        return tuple(found)

    def scripted(self) -> Atom:
        """An atom with what stands below and above it."""
        found = self.atom()
        scripts: list[Line] = []
        while self.next in ("_", "^"):
            self.take()
            scripts.append(self.group() if self.next else ())
        if not scripts:
            return found
        return Atom(found.name, found.start, found.end, found.parts, tuple(scripts), found.closes)

    def group(self) -> Line:
        """A group in braces, or the one atom that stands for it."""
        if self.next != "{":
            return (self.atom(),)
        return self.atom().parts[0]

    def atom(self) -> Atom:
        token = self.take()
        if token.name in OPENS or token.name == "{":
            return self.bracket(token)
        if token.name == r"\begin":
            return self.environment(token)
        parts: list[Line] = []
        while len(parts) < ARGUMENTS.get(token.name, 0) and self.next:
            parts.append(self.group())
        end = self.tokens[self.place - 1].end
        return Atom(token.name, token.start, end, tuple(parts)) if parts else token

    def bracket(self, token: Atom) -> Atom:
        """What is in brackets, which may be open at the end of a piece."""
        inner = self.line("}" if token.name == "{" else _ENDS)
        if self.next not in (CLOSES if token.name != "{" else "}") or not self.next:
            end = inner[-1].end if inner else token.end
            return Atom(token.name, token.start, end, (inner,))
        last = self.take()
        return Atom(token.name, token.start, last.end, (inner,), closes=last.name)

    def environment(self, token: Atom) -> Atom:
        r"""`\begin{cases} ... \end{cases}`, named by both, and its lines."""
        name = "".join(a.name for a in self.group())
        inner = self.line((r"\end",))
        if self.next:
            self.take()
            self.group()
        end = self.tokens[self.place - 1].end
        return Atom(f"{token.name}{{{name}}}", token.start, end, (inner,))

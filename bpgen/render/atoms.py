"""Printed mathematics as a tree: letters, operators, groups, fractions and brackets, each with what
stands below and above it, and with its place in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from functools import lru_cache
from typing import NamedTuple

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
# A number, a command, a sign, and the blanks before it.
_TOKEN = re.compile(r"\s*(\d+|\\(?:[^\W\d_]+|.?)|\S)", re.DOTALL)


class Atom(NamedTuple):
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


@lru_cache(1_000)
def read(math: str) -> Line:
    """The atoms of a formula, or of a piece of one."""
    return _Reader(_tokens(math)).line(())


@lru_cache(10_000)  # each factor is asked for on its own, and beside the others
def names(math: str) -> frozenset[str]:
    """What is written in a formula: its commands, words, numbers and signs."""
    return frozenset(token.name for token in _tokens(math))


def within(line: Line) -> Iterator[Atom]:
    """Every atom, whatever it stands in."""
    for atom in line:
        yield atom
        for part in (*atom.parts, *atom.scripts):
            yield from within(part)


def _tokens(math: str) -> list[Atom]:
    """What is written, blanks left out: commands, words with their braces, numbers, signs."""
    tokens, place = [], 0
    while found := _TOKEN.match(math, place):
        name, place = found[1], found.end()
        start = place - len(name)
        if name in WORDS and math[place : place + 1] == "{":
            place = _braced(math, place)
            name = math[start:place]
        elif name in _SIZED and place < len(math):
            place += 1 + (math[place] == "\\")
            name = math[start:place]
        tokens.append(Atom(name, start, place))
    return tokens


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
    """Goes through tokens, of which `next` is the name of the next one."""

    def __init__(self, tokens: list[Atom]) -> None:
        self.tokens, self.place = [*tokens, _END], 0
        self.next = self.tokens[0].name

    def take(self) -> Atom:
        token = self.tokens[self.place]
        self.place += 1
        self.next = self.tokens[self.place].name
        return token

    @property
    def end(self) -> int:
        """Where the last token that was taken ends."""
        return self.tokens[self.place - 1].end

    def line(self, ends: Container[str]) -> Line:
        """What stands before the end of what it is in; what closes nothing is a sign."""
        found: list[Atom] = []
        while self.next and self.next not in ends:
            atom = self.atom()
            found.append(self.scripted(atom) if self.next in _SCRIPTS else atom)
        return tuple(found)

    def scripted(self, atom: Atom) -> Atom:
        """An atom with what stands below and above it."""
        scripts: list[Line] = []
        while self.next in _SCRIPTS:
            self.take()
            scripts.append(self.group() if self.next else ())
        return Atom(atom.name, atom.start, atom.end, atom.parts, tuple(scripts), atom.closes)

    def group(self) -> Line:
        """A group in braces, or the one atom that stands for it."""
        if self.next != "{":
            return (self.atom(),)
        return self.atom().parts[0]

    def atom(self) -> Atom:
        token = self.take()
        more = _MORE.get(token.name)
        return token if more is None else more(self, token)

    def command(self, token: Atom) -> Atom:
        """A command with its groups, as far as they are there."""
        parts: list[Line] = []
        while len(parts) < ARGUMENTS[token.name] and self.next:
            parts.append(self.group())
        return Atom(token.name, token.start, self.end, tuple(parts))

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
        return Atom(f"{token.name}{{{name}}}", token.start, self.end, (inner,))


_END = Atom("", 0, 0)  # after the last token
_SCRIPTS = ("_", "^")
# What goes on after the token that begins it.
_MORE: dict[str, Callable[[_Reader, Atom], Atom]] = {
    **dict.fromkeys((*OPENS, "{"), _Reader.bracket),
    **dict.fromkeys(ARGUMENTS, _Reader.command),
    r"\begin": _Reader.environment,
}

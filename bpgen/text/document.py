"""Code as a document: its text, and where a line of it may be broken.

What stands in brackets is a group, and before an operator a line may end. Where it does is for a
layout to say, by these alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)  # how tightly what is written binds
_LEVELS = {
    **dict.fromkeys("+-", SUM),
    **dict.fromkeys("*/@&", PRODUCT),
    "**": POWER,
}

Kind = Literal["bracket", "call", "move", "tuple", "single", "place"]
_BRACKETS: dict[Kind, tuple[str, str]] = {
    "bracket": ("(", ")"),
    "call": ("(", ")"),
    "move": ("(", ")"),  # a call that moves axes
    "tuple": ("(", ")"),
    "single": ("(", ",)"),
    "place": ("[", "]"),
}


class Operator(NamedTuple):
    """A sign between operands; before it a line may end."""

    sign: str

    @property
    def level(self) -> int:
        return _LEVELS.get(self.sign, COMPARISON)


class Keyword(NamedTuple):
    """By what name an argument is given."""

    name: str


class Group(NamedTuple):
    """What stands in brackets, one beside the other."""

    items: tuple[Code, ...]
    kind: Kind = "bracket"


Piece: TypeAlias = "str | Operator | Keyword | Group"
MINUS = "-"  # before what it is the sign of
TOGETHER = "\xa0"  # a blank at which no line of a comment ends


@dataclass(frozen=True)
class Code:
    """What is written one after the other: words, operators, groups."""

    pieces: tuple[Piece, ...]

    def __str__(self) -> str:
        return self._text

    def __len__(self) -> int:
        return len(self._text)

    @cached_property
    def _text(self) -> str:
        return "".join(map(_flat, self.pieces))

    def __add__(self, other: CodeLike) -> Code:
        return Code((*self.pieces, *code(other).pieces))

    def __radd__(self, other: str) -> Code:
        return Code((other, *self.pieces))

    def by(self, sign: str, other: CodeLike) -> Code:
        """An operator between this and another operand."""
        return Code((*self.pieces, Operator(sign), *code(other).pieces))

    def bracketed(self) -> Code:
        return Code((Group((self,)),))

    def method(self, name: str, given: Iterable[CodeLike], kind: Kind = "call") -> Code:
        return Code((*self.pieces, f".{name}", Group(tuple(map(code, given)), kind)))

    def at(self, places: Iterable[CodeLike]) -> Code:
        """A part of it."""
        return Code((*self.pieces, Group(tuple(map(code, places)), "place")))

    @property
    def unsigned(self) -> Code:
        """Without the sign that it begins with."""
        assert self.pieces[0] == MINUS
        return Code(self.pieces[1:])

    @property
    def last(self) -> Kind | None:
        """What brackets it ends with."""
        last = self.pieces[-1]
        return last.kind if isinstance(last, Group) else None

    @property
    def is_word(self) -> bool:
        """A name or a number, or an attribute of one."""
        return all(isinstance(p, str) and p != MINUS for p in self.pieces)

    def groups(self) -> Iterator[Group]:
        """Those in it, however deep."""
        for piece in self.pieces:
            if isinstance(piece, Group):
                yield piece
                for item in piece.items:
                    yield from item.groups()


CodeLike: TypeAlias = Code | str


def code(said: CodeLike) -> Code:
    return said if isinstance(said, Code) else Code((said,))


def called(name: str, given: Iterable[CodeLike], kind: Kind = "call") -> Code:
    """A call of a function."""
    return Code((name, Group(tuple(map(code, given)), kind)))


def keyword(name: str, value: CodeLike) -> Code:
    """An argument by its name."""
    return Code((Keyword(name), *code(value).pieces))


def tuple_of(parts: Iterable[CodeLike]) -> Code:
    items = tuple(map(code, parts))
    return Code((Group(items, "single" if len(items) == 1 else "tuple"),))


def _flat(piece: Piece) -> str:
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Operator):
        return f" {piece.sign} "
    if isinstance(piece, Keyword):
        return f"{piece.name}="
    opens, closes = _BRACKETS[piece.kind]
    return f"{opens}{', '.join(map(str, piece.items))}{closes}"

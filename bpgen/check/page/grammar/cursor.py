"""A place among tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from bpgen.check.page.formula import Node, Symbol
from bpgen.check.page.tokens import Unreadable

Is = Callable[[Symbol], bool]
Reader = TypeVar("Reader", bound="Cursor")
_DEPTH = {**dict.fromkeys("{([", 1), **dict.fromkeys("})]", -1)}


def _none(_: Symbol) -> bool:
    return False


class Cursor:
    """Goes through tokens; `called` are the symbols that are tensors, though they look like
    functions, and `lengths` those that are lengths, though they look like letters.
    """

    def __init__(self, found: Sequence[str], called: Is, lengths: Is = _none) -> None:
        self.tokens, self.place = list(found), 0
        self.called, self.lengths = called, lengths

    def sum(self) -> Node:
        """A formula, as far as it goes."""
        raise NotImplementedError

    def whole(self) -> Node:
        """The one formula that all tokens are."""
        found = self.sum()
        self.end()
        return found

    @property
    def next(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, wanted: str | None = None) -> str:
        token = self.next
        if wanted is not None and token != wanted:
            raise Unreadable(f"{wanted} expected before {' '.join(self.tokens[self.place :])!r}")
        self.place += 1
        return token

    def accept(self, token: str) -> bool:
        if self.next != token:
            return False
        self.place += 1
        return True

    def group(self) -> list[str]:
        """The tokens in braces."""
        self.take("{")
        start, depth = self.place, 1
        while depth:
            token = self.take()
            if not token:
                raise Unreadable("a brace is not closed")
            depth += _BRACES.get(token, 0)
        return self.tokens[start : self.place - 1]

    def argument(self) -> list[str]:
        """The tokens in braces, or the one token that stands without them."""
        return self.group() if self.next == "{" else [self.take()]

    def inside(self: Reader, found: Sequence[str]) -> Reader:
        """A reader of some of the tokens, of the same kind."""
        return type(self)(found, self.called, self.lengths)

    def end(self) -> None:
        if self.next:
            raise Unreadable(f"cannot go on at {' '.join(self.tokens[self.place :])!r}")


_BRACES = {"{": 1, "}": -1}


def split(found: Sequence[str], mark: str) -> list[list[str]]:
    """Tokens cut at a mark outside of brackets."""
    parts: list[list[str]] = [[]]
    depth = 0
    for token in found:
        depth += _DEPTH.get(token, 0)
        if token == mark and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts

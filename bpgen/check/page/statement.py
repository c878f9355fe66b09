"""What a row of the page says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

_ELSEWHERE, _IF = r"\text{; elsewhere }", r"\text{if }"


@dataclass(frozen=True)
class Chain:
    """Sides that are equal where a condition holds, or where it does not."""

    parts: list[list[str]]
    condition: list[str] = field(default_factory=list)
    negated: bool = False


@dataclass
class Statement:
    """`parts` are equal, each of them tokens. `kind`: main, fact, since, shape or elsewhere."""

    kind: str
    tokens: list[str]
    line: str
    ranges: list[str] = field(default_factory=list)  # for u, v < 2
    elsewhere: bool = False
    tag: str = ""
    of: tuple[str, ...] = ()  # the left side of the row that it is said of
    numbers: str = ""  # of a worked example
    by: str = ""  # the number of the equation that makes its first sides equal
    reason: str = ""  # why it cannot be read

    @property
    def parts(self) -> list[list[str]]:
        return top_level(self.tokens, "=")

    @property
    def equations(self) -> int:
        """How many equals signs are judged; numbers are, at an example's values."""
        if self.kind == "shape":
            return 1
        return 0 if self.kind == "numbers" else sum(max(1, len(c.parts) - 1) for c in self.chains())

    def chains(self) -> Iterator[Chain]:
        """What is equal, and if it is said, where a mask keeps, and elsewhere."""
        found, rest = self.tokens, None
        while found and found[-1] == ",":
            found = found[:-1]
        if _ELSEWHERE in found:
            at = found.index(_ELSEWHERE)
            found, rest = found[:at], found[at + 1 :]
        if rest is None:
            yield Chain(top_level(found, "="))
            return
        at = max((k for k, t in enumerate(found) if t == _IF), default=len(found))
        yield Chain(top_level(found[:at], "="), found[at + 1 :])
        yield Chain(top_level(rest, "="), found[at + 1 :], negated=True)


def top_level(found: Sequence[str], mark: str) -> list[list[str]]:
    """Tokens cut at a mark that stands in no bracket and no cases.

    A line may end within parentheses: what lays out lines stands in none.
    """
    return [*map(list, _cut(tuple(found), mark))]


@lru_cache(1_000)  # a statement is cut each time that it is asked about
def _cut(found: tuple[str, ...], mark: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    depth = 0
    for token in found:
        depth += 0 if mark in _LAYOUT and token in "()" else _DEPTH.get(token, 0)
        if token == mark and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


_LAYOUT = ("&", r"\quad")
_DEPTH = {
    **dict.fromkeys(("{", "(", "[", r"\begin", r"\lvert", r"\lVert"), 1),
    **dict.fromkeys(("}", ")", "]", r"\end", r"\rvert", r"\rVert"), -1),
}

"""How wide TeX sets a formula, in points of a ten-point page: a box has the width of its parts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(
    r"\\(?:text|mathrm|mathbf|mathbb|operatorname)\{(?:[^{}\\]|\\.|\{\})*\}"
    r"|\\[a-zA-Z]+|\\.|\d+|[{}^_&]|[^\s]"
)
_SCALE = (1.0, 0.8, 0.66)  # of text, of an index, and of an index's index
_LETTERS = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            *(5.3, 4.3, 4.4, 5.2, 4.7, 5.9, 5.1, 5.8, 3.5, 4.7, 5.5, 3.0, 8.8),
            *(6.0, 4.9, 5.1, 4.8, 4.8, 4.7, 3.7, 5.8, 5.2, 7.5, 5.8, 5.3, 5.1),
            *(7.6, 8.1, 7.9, 8.6, 8.0, 7.8, 7.9, 9.2, 5.2, 6.6, 9.2, 6.9, 10.8),
            *(9.2, 7.9, 7.8, 7.9, 7.7, 6.8, 7.2, 7.8, 7.9, 10.8, 9.2, 8.1, 7.6),
        ),
        strict=True,
    )
)
_RELATIONS = {"=": 13.4, "<": 13.4, ">": 13.4, r"\le": 13.4, r"\ge": 13.4, r"\ne": 13.4}
_RELATIONS |= {r"\in": 12.3, r"\approx": 13.4, r"\leftarrow": 15.6, r"\iff": 30.0, r"\to": 15.6}
_BINARY = {"+": 12.3, "-": 12.3, r"\odot": 12.3, r"\cdot": 7.3, r"\times": 12.3}
_OTHERS = {
    **{",": 4.5, ";": 4.5, "(": 3.9, ")": 3.9, "[": 2.8, "]": 2.8, "'": 2.8, ".": 2.8, "|": 2.8},
    **{r"\,": 1.7, r"\;": 2.8, r"\!": -1.7, r"\quad": 10.0, r"\qquad": 20.0, r"\ ": 3.4},
    **{r"\{": 5.0, r"\}": 5.0, r"\dots": 13.4, r"\infty": 10.0, r"\lVert": 5.0, r"\rVert": 5.0},
    **{r"\lvert": 2.8, r"\rvert": 2.8, r"\top": 7.8, r"\omega": 6.6, r"\mu": 6.1, "!": 2.8},
}
_NAMES = re.compile(r"\\(?:log|exp|tanh|sin|cos|tan|sinh|cosh|arctan|max|min)")
_WORDS = re.compile(r"\\(text|mathrm|mathbf|mathbb|operatorname)\{(.*)\}")
_NOTHING = {r"\displaystyle", r"\nopagebreak", r"\nonumber", "&", "{", "}", r"\notag"}
_BIG = {r"\sum": (14.5, 10.6)}  # displayed, and in a line
_BRACKETS = {r"\left": 3.6, r"\right": 3.6, r"\biggl": 4.6, r"\biggr": 4.6}


@lru_cache(10_000)
def measured(math: str) -> float:
    """The width of a formula that is displayed."""
    return _Setter(_TOKEN.findall(math)).list(display=True, level=0)


@dataclass
class _Setter:
    """Goes through tokens; `level` 0 is text, 1 an index, 2 an index's index."""

    tokens: list[str]
    place: int = 0

    @property
    def next(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1]

    def list(self, display: bool, level: int, ends: tuple[str, ...] = ("}",)) -> float:
        """What stands before the end of a group; of several rows, the widest."""
        widest = total = 0.0
        while self.next and self.next not in ends:
            if self.next == r"\\":
                self.take()
                widest, total = max(widest, total), 0.0
            elif self.next == r"\textstyle":
                self.take()
                display = False
            else:
                total += self._with_indices(display, level)
        return max(widest, total)

    def _group(self, display: bool, level: int) -> float:
        """A group in braces, or one token."""
        if self.next != "{":
            return self._atom(display, level) if self.next else 0.0
        self.take()
        found = self.list(display, level)
        if self.next:
            self.take()
        return found

    def _with_indices(self, display: bool, level: int) -> float:
        """An atom with what stands below and above it, one over the other."""
        limits = display and self.next in (*_BIG, r"\max", r"\min")
        base = self._atom(display, level)
        beside = 0.0
        while self.next in ("_", "^"):
            self.take()
            beside = max(beside, self._group(False, min(level + 1, 2)) + 0.5)
        if limits:
            return max(base, beside + 1.7)
        return base + beside

    def _atom(self, display: bool, level: int) -> float:
        token = self.take()
        rule = _RULES.get(token)
        if rule is not None:
            return rule(self, display, level)
        scale = _SCALE[level]
        if token in _BIG:
            return (_BIG[token][0] if display else _BIG[token][1]) * scale + 1.7
        if token in _RELATIONS or token in _BINARY:
            spaced = _RELATIONS.get(token) or _BINARY[token]
            return spaced if level == 0 else 7.8 * scale
        return _plain(token) * scale

    def _fraction(self, display: bool, level: int) -> float:
        inner = level if display else min(level + 1, 2)
        return max(self._group(False, inner), self._group(False, inner)) + 2.4

    def _small_fraction(self, _display: bool, level: int) -> float:
        return self._fraction(False, level)

    def _root(self, display: bool, level: int) -> float:
        return self._group(display, level) + 8.4

    def _over(self, display: bool, level: int) -> float:
        above = self._group(False, min(level + 1, 2))
        return max(above, self._group(display, level)) + 5.6

    def _closed(self, display: bool, level: int) -> float:
        self.place -= 1
        return self._group(display, level)

    def _inner(self, display: bool, level: int) -> float:
        return self._group(display, level)

    def _begin(self, display: bool, level: int) -> float:
        """Cases, or a matrix of numbers: what stands in a row side by side, a little apart."""
        self._name()
        rest = self.tokens[self.place :]
        row = rest[: rest.index(r"\\")] if r"\\" in rest else rest
        apart = 10.0 * row.count("&")
        found = self.list(False, level, (r"\end",))
        if self.next:
            self.take()
            self._name()
        return found + apart + 9.0

    def _name(self) -> None:
        self._group(False, 0)


def _plain(token: str) -> float:
    """Letters, digits and words."""
    words = _WORDS.fullmatch(token)
    if words is not None:
        return sum(_upright(c) for c in words[2].replace("\\", ""))
    if token in _NOTHING:
        return 0.0
    if token in _OTHERS:
        return _OTHERS[token]
    if token in _BRACKETS:
        return _BRACKETS[token]
    if _NAMES.fullmatch(token):
        return 5.2 * (len(token) - 1) + 1.7
    if token.isdigit():
        return 5.0 * len(token)
    return _LETTERS.get(token, 6.3)


def _upright(letter: str) -> float:
    if letter in "iljtf.,;:' ":
        return 3.4
    return 7.4 if letter.isupper() else 8.4 if letter in "mw" else 5.0


_RULES: dict[str, Callable[[_Setter, bool, int], float]] = {
    r"\frac": _Setter._fraction,
    r"\tfrac": _Setter._small_fraction,
    r"\sqrt": _Setter._root,
    r"\overset": _Setter._over,
    r"\begin": _Setter._begin,
    "{": _Setter._closed,
    **dict.fromkeys((r"\substack", r"\hat", r"\bar", r"\tilde"), _Setter._inner),
}

"""A claim as a comment of an emitted module writes it: sum_j W1[i,j] x[n,j] + b1[i].

sum   = ["-"] product {("+" | "-") product}
product = power {["/" | "*"] power}, where sum_j is of all that follows in it
power = atom ["**" power]
atom  = number | name[places] | name(sums) | name atom, of a function
      | (sum) | [place = place, ...], which is 1 where all hold
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from contextlib import suppress
from warnings import catch_warnings, simplefilter

from bpgen.check.claims.functions import known
from bpgen.check.claims.names import Names

_LETTER = r"[^\W\d_]\w*(?:<[\w*+-]+)?"  # and where it ends, if no axis says so
_OVER = re.compile(rf"(sum|max|logsumexp)_({_LETTER}(?:,{_LETTER})*)")
_TOKENS = re.compile(
    rf"(?P<over>{_OVER.pattern})(?![\w(\[])|(?P<name>[^\W\d]\w*'?)(?P<opens>[(\[]?)"
    r"|(?P<number>\d+\.?\d*(?:e[+-]?\d+)?)|(?P<sign>\*\*|[<>=!]=|[-+*/()\[\],<>=])|(?P<blank>\s+)"
)
_LEFT = re.compile(r"\s*[^\W\d]\w*(\[[^{}]*\])?\s*")
_NUMBERED = re.compile(r"^\s*(?:#\s*)?(?:\(\d+[a-z]?\)\s*)?(?:where\s+)?")


class NotOne(Exception):
    """No comment of a module is written so."""


def words(claim: str, names: Names) -> str | None:
    """A comment in numpy's words, or None where it is in another notation: tensors have their
    indices, and what stands side by side is multiplied.
    """
    left, equals, right = _NUMBERED.sub("", claim).partition("=")
    if not equals or not _LEFT.fullmatch(left) or _is_python(right, names):
        return None
    if "[" not in claim and not _of_numbers(claim, names):
        return None
    with suppress(NotOne):
        return f"{left.strip()} = {read(right, names)}"
    return None


def read(right: str, names: Names) -> str:
    """A right side in numpy's words, or NotOne."""
    return _Reader(right, names).whole()


def _of_numbers(text: str, names: Names) -> bool:
    """Whether no tensor that is named in it has an index."""
    found = (names.find(name) for name in re.findall(r"[^\W\d]\w*", text))
    return not any(f and names.network.tensors[f.tensor].indices for f in found)


def _is_python(text: str, names: Names) -> bool:
    """Whether it means something in Python: a call of what is no function, and a condition in
    brackets, do not.
    """
    try:
        with catch_warnings():
            simplefilter("ignore", SyntaxWarning)  # of 2 (a - y)
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return not (_OVER.search(text) or any(_is_own(node, names) for node in ast.walk(tree)))


def _is_own(node: ast.AST, names: Names) -> bool:
    if isinstance(node, ast.List):
        return any(isinstance(e, ast.Compare) for e in node.elts)
    if not isinstance(node, ast.Call) or isinstance(node.func, ast.Attribute):
        return False
    return not isinstance(node.func, ast.Name) or names.find(node.func.id) is not None


class _Reader:
    """Goes through the right side of an equation."""

    def __init__(self, text: str, names: Names) -> None:
        self.text, self.names, self.at = text, names, 0

    def whole(self) -> str:
        found = self._sum()
        if self._next() is not None:
            raise NotOne
        return found

    def _next(self) -> re.Match[str] | None:
        """What stands next; a blank is nothing."""
        found = _TOKENS.match(self.text, self.at)
        if found is not None and found["blank"]:
            self.at = found.end()
            return self._next()
        if found is None and self.at < len(self.text):
            raise NotOne
        return found

    def _took(self, *signs: str) -> str:
        """The sign that stands next, if it is one of these."""
        found = self._next()
        if found is None or found["sign"] not in signs:
            return ""
        self.at = found.end()
        return str(found["sign"])

    def _closed(self, sign: str) -> None:
        if not self._took(sign):
            raise NotOne

    def _sum(self) -> str:
        found = self._took("-") + self._product()
        while sign := self._took("+", "-"):
            found += f" {sign} {self._product()}"
        return found

    def _product(self) -> str:
        parts = [self._reduced() or self._power()]
        while self._goes_on():
            sign = self._took("/", "*") or "*"
            parts.append(f" {sign} {self._reduced() or self._power()}")
        return "".join(parts)

    def _goes_on(self) -> bool:
        found = self._next()
        return found is not None and (found["sign"] or "(") in "/*(["

    def _reduced(self) -> str:
        """A sum over letters, which are no tensor's name: of all that follows."""
        found = self._next()
        if found is None or not found["over"] or self.names.find(found["over"]) is not None:
            return ""
        self.at = found.end()
        reduction, letters = found[2], found[3].replace(",", ", ")
        return f"{reduction}({self._product()}, {letters})"

    def _power(self) -> str:
        found = self._atom()
        if self._took("**"):
            return f"{found} ** {self._took('-')}{self._power()}"
        return found

    def _atom(self) -> str:
        found = self._next()
        if found is None:
            raise NotOne
        self.at = found.end()
        if found["number"]:
            return found["number"]
        if found["name"]:
            return self._named(found)
        if found["sign"] == "(":
            inner = self._sum()
            self._closed(")")
            return f"({inner})"
        if found["sign"] == "[":
            return " * ".join(self._listed("]", self._condition))
        raise NotOne

    def _named(self, found: re.Match[str]) -> str:
        name, opens = found["name"].replace("'", "_prime"), found["opens"]
        if not opens:
            is_function = known(name) and self.names.find(name) is None
            return f"{name}({self._atom()})" if is_function else name
        inside = ", ".join(self._listed({"(": ")", "[": "]"}[opens], self._sum))
        return f"{name}{opens}{inside}{')' if opens == '(' else ']'}"

    def _condition(self) -> str:
        one = self._sum()
        sign = self._took("=", "==", "!=", "<", ">", "<=", ">=")
        if not sign:
            raise NotOne
        return f"({one} {'==' if sign == '=' else sign} {self._sum()})"

    def _listed(self, end: str, one: Callable[[], str]) -> list[str]:
        found = [one()]
        while self._took(","):
            found.append(one())
        self._closed(end)
        return found

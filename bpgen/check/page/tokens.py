"""LaTeX as tokens: commands, braces, letters and numbers; what only spaces is left out."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"\\\\|\\[a-zA-Z]+|\\.|\d+(?:\.\d+)?|[^\W\d_]|[{}()\[\]^_&+\-*/=<>,.;:|!']|\S", re.UNICODE
)
_SPACES = {
    *(r"\,", r"\;", r"\!", r"\nopagebreak", r"\textstyle"),
    *(r"\left", r"\right", r"\biggl", r"\biggr"),
}

_TEXT = re.compile(r"\\(text|mathrm|operatorname)\{((?:[^{}\\]|\\.|\\textquotesingle\{\})*)\}")


class Unreadable(Exception):
    """What the reader does not know how to read."""


def tokens(latex: str) -> list[str]:
    r"""The tokens of a formula. Upright words are one token: `\mathrm{qh}`."""
    found: list[str] = []
    start = 0
    for match in _TEXT.finditer(latex):
        found += _plain(latex[start : match.start()])
        found.append(f"\\{match[1]}{{{match[2]}}}")
        start = match.end()
    return found + _plain(latex[start:])


def _plain(latex: str) -> list[str]:
    return [t for t in _TOKEN.findall(latex) if t not in _SPACES]


def word(token: str) -> tuple[str, str] | None:
    r"""The command and the word of `\mathrm{qh}`; None of any other token."""
    found = re.fullmatch(_TEXT, token)
    return (found[1], found[2]) if found else None


def upright(text: str) -> str:
    """The stem of an upright word: of one letter, another than the letter in italics."""
    plain = text.replace(r"\_", "_")
    return plain if len(plain) > 1 else f"upright {plain}"

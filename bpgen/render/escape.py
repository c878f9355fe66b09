"""User text as text: a title can never become a command of LaTeX or Markdown."""

from __future__ import annotations

import unicodedata

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "-": "-{}",  # no dash or ligature is made of two
    "?": "?{}",  # ?` and !` are letters
    "!": "!{}",
    "[": "{[}",  # no optional argument of what stands before
    "]": "{]}",
    "*": r"\textasteriskcentered{}",
    "·": r"\textperiodcentered{}",
    "×": r"\texttimes{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "…": r"\textellipsis{}",
    "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
}
_MARKDOWN = frozenset('\\`*_{}[]()<>#+-!|~$^=:&"@')


def _one_line(text: str) -> str:
    """Controls, line ends and invisible formatting become single spaces."""
    shown = "".join(
        " " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") else c
        for c in text
    )
    return " ".join(shown.split())


def latex(text: str) -> str:
    """`text` for a LaTeX paragraph; letters that pdflatex has no font for are spelled by their
    number.
    """
    return "".join(_LATEX.get(c) or _letter(c) for c in _one_line(text))


def _letter(char: str) -> str:
    if char.isascii():
        return char
    base = unicodedata.normalize("NFD", char)
    latin = (
        len(base) == 2
        and base[0].isascii()
        and ord(char) < 0x180
        and base[1] in "\u0300\u0301\u0302\u0303\u0308"
    )
    return char if latin else f"(U+{ord(char):04X})"


def markdown(text: str) -> str:
    """`text` for a Markdown paragraph: every character with a meaning as its HTML entity."""
    return "".join(f"&#{ord(c)};" if c in _MARKDOWN else c for c in _one_line(text))


def plain(text: str) -> str:
    """`text` for a terminal: no control character reaches it."""
    return _one_line(text)

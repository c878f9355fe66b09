"""User text as text: a title can never become a command of LaTeX or Markdown."""

from __future__ import annotations

import re
import unicodedata

from bpgen.render.names import GREEK as _GREEK

_SYMBOLS = {
    "∂": "partial",
    "∇": "nabla",
    "∑": "sum",
    "∏": "prod",
    "∫": "int",
    "√": "surd",
    "∞": "infty",
    "≤": "le",
    "≥": "ge",
    "≠": "ne",
    "≈": "approx",
    "→": "to",
    "←": "gets",
    "∈": "in",
    "ϵ": "epsilon",
    "ϕ": "phi",
    **{letter: name for name, letter in _GREEK.items()},
    "φ": "varphi",
    "ε": "varepsilon",
}
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
    "€": r"\texteuro{}",
    "ο": "o",  # omicron
    **{letter: rf"$\{name}$" for letter, name in _SYMBOLS.items()},
}
_UNSET = frozenset("\u00adĦħĸĿŀŉŦŧſ")  # of the Latin letters, those that the fonts lack
_MARKDOWN = frozenset('\\`*_{}[]()<>#+-!|~$^=:&"@')

# Of mathematics in a sentence, what Markdown would take for its own: an escape, or an emphasis.
_INLINE = {
    r"\\": r"\cr ",
    r"\{": r"\lbrace ",
    r"\}": r"\rbrace ",
    r"\,": r"\thinspace ",
    r"\;": r"\thickspace ",
    r"\!": r"\negthinspace ",
    "_{": "_ {",
}
_OF_MARKDOWN = re.compile("|".join(map(re.escape, _INLINE)))


def _one_line(text: str) -> str:
    """Controls, line ends and invisible formatting become single spaces."""
    shown = "".join(
        " " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") else c
        for c in text
    )
    return " ".join(shown.split())


def latex(text: str) -> str:
    """`text` for a LaTeX paragraph; what pdflatex has no font for is a question mark."""
    composed = unicodedata.normalize("NFC", _one_line(text))  # a letter and its accent are one
    return "".join(_LATEX.get(c) or _letter(c) for c in composed)


def _letter(char: str) -> str:
    latin = "\u00a0" < char < "\u0180" and char not in _UNSET
    return char if char.isascii() or latin else _LATEX["?"]


def markdown(text: str) -> str:
    """`text` for a Markdown paragraph: every character with a meaning as its HTML entity."""
    return "".join(f"&#{ord(c)};" if c in _MARKDOWN else c for c in _one_line(text))


def plain(text: str) -> str:
    """`text` for a terminal: no control character reaches it."""
    return _one_line(text)


def mathematics_of_markdown(sentence: str) -> str:
    """A sentence whose formulas mean the same with and without the escapes of Markdown, which some
    sites undo first.
    """
    parts = sentence.split("$")
    parts[1::2] = (_OF_MARKDOWN.sub(lambda m: _INLINE[m[0]], part).strip() for part in parts[1::2])
    return "$".join(parts)

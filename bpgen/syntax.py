"""Lines that are no Python, as they stand on paper, in Matlab or in LaTeX, and what to write."""

from __future__ import annotations

import keyword
import re
import unicodedata

_SIGNS = {
    "×": "*",
    "·": "*",
    "⋅": "*",
    "⊙": "*",
    "÷": "/",
    "−": "-",
    "ᵀ": ".T",
    "⊤": ".T",
    "√": "sqrt",
}
_ABOVE = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_LINES = (  # the first pattern that is found in a line, and what is said of it
    (r"^return\b *(?P<a>.*)", "net.py is no function: end with output({a})"),
    (r"\|(?P<a>[^|]+)\|", "an absolute value is abs({a})"),
    (r"\\(?P<a>[a-zA-Z]+)", "net.py is Python, not LaTeX: {a} stands without the \\"),
    (r"\.(?P<a>[*/^])", "what Matlab writes .{a} is {own} here, entry by entry"),
    (r"^(?P<a>\w+)-(?P<b>\w+) *=(?!=)", "a name has no -: call it {a}_{b}"),
    (r"\w'(?!\w)", "a transpose is written W.T, and a name has no prime"),
)


def instead(line: str) -> str:
    """What to write for a line that Python cannot read; "" where nothing is known of it."""
    name = re.match(r"(\w+) *=(?!=)", line)
    if name is not None and keyword.iskeyword(name[1]):
        return f"{name[1]} is a word of Python: call it {name[1]}_"
    for pattern, remedy in _LINES:
        if found := re.search(pattern, line):
            parts = found.groupdict()
            own = {"^": "**"}.get(parts.get("a", ""), parts.get("a", ""))
            return remedy.format(own=own, **parts)
    typed = "".join(map(_typed, line))
    return f"write {typed}" if typed != line and typed.isascii() else ""


def _typed(char: str) -> str:
    """A character as it is typed: W1 for a W with a 1 below, x**2 for one with a 2 above."""
    if char in _ABOVE:
        return f"**{_ABOVE.index(char)}"
    return _SIGNS.get(char) or unicodedata.normalize("NFKC", char)

"""Functions that a page only names, told from the names of tensors."""

from __future__ import annotations

import re

_TOLD = re.compile(r"^\$(\S+)\$ is any function that has a derivative, \$\1'\$\.$", re.MULTILINE)
_WORD = re.compile(r"\\operatorname\{(.*)\}")


def told(latex: str) -> tuple[str, frozenset[str]]:
    """A page on which each function that it says is any is called by its word, and their words."""
    words = set()
    for found in _TOLD.finditer(latex):
        symbol = found[1]
        named = _WORD.fullmatch(symbol)
        word = named[1] if named else symbol.lstrip("\\").removeprefix("var")
        words.add(word)
        if not named:
            applied = re.compile(rf"(?<![A-Za-z\\{{]){re.escape(symbol)}('?)(?=\(|\\left\()")
            latex = applied.sub(lambda m, w=word: rf"\operatorname{{{w}}}{m[1]}", latex)  # type: ignore[misc]
    return latex, frozenset(words)

"""Functions that a page only names: any function will do, and so each is a smooth one, drawn by its
name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

_TOLD = re.compile(r"^\$(\S+)\$ is any function that has a derivative, \$\1'\$\.$", re.MULTILINE)
_WORD = re.compile(r"\\operatorname\{(.*)\}")


@cache
def smooth(name: str, order: int = 0) -> Callable[[Any], Any]:
    """p sin(q z + r) + s z, or a derivative of it."""
    p, q, r, s = np.random.default_rng([*name.encode()]).uniform(0.5, 1.5, 4)

    def value(z: Any) -> Any:
        wave = p * q**order * np.sin(q * np.asarray(z) + r + order * np.pi / 2)
        return wave + (s * np.asarray(z) if order == 0 else s if order == 1 else 0.0)

    return value


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

"""Sentences and formulas as a browser shows them: for KaTeX and, where there are no scripts, as
text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bpgen.html.dialects import OPEN, SHUT


@dataclass(frozen=True)
class Rendered:
    """A piece of a sentence, or of a row: words, or mathematics as LaTeX and as text."""

    text: str
    tex: str = ""
    kind: str = ""  # of a row: where, shape, numbers, why


Sentence = tuple[Rendered, ...]


def sentences(tex: Iterable[str], plain: Iterable[str]) -> tuple[Sentence, ...]:
    return tuple(sentence(a, b) for a, b in zip(tex, plain, strict=True))


def sentence(tex: str, plain: str) -> Sentence:
    """A sentence in pieces: its words as text, its mathematics both ways. What text draws, as a
    bar, stays text.
    """
    one, other = _cut(tex), _cut(plain)
    if len(one) != len(other):
        return (Rendered("".join(other)),)
    return tuple(
        Rendered(b, a if k % 2 else "")
        for k, (a, b) in enumerate(zip(one, other, strict=True))
        if b
    )


def _cut(text: str) -> list[str]:
    """Words and mathematics by turns."""
    return text.replace(SHUT, OPEN).split(OPEN)

"""The sentences of a page, each held to the network: one that nobody reads counts as false."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from bpgen.check.page.layers import put, range_of
from bpgen.check.page.proof.judge import NOWHERE
from bpgen.check.page.proof.page import Page
from bpgen.check.page.proof.report import FalseLine
from bpgen.check.page.proof.sentences import samples, steps, units
from bpgen.check.page.proof.sentences.meanings import MATHS, headings
from bpgen.check.page.proof.sentences.symbols import UNRESOLVED, unknown
from bpgen.check.page.proof.sentences.table import SENTENCES, Row
from bpgen.check.page.tokens import tokens

__all__ = ["false_sentences"]

_DISPLAY = re.compile(r"\\begin\{(align\*|aligned|verbatim|tabular|tabularx)\}.*?\\end\{\1\}", re.S)
_SECTION = re.compile(r"\\section\{([^}]*)\}")
# Those of other titles are a lesson's, which has readers of its own.
_OWN = {
    *("", "Forward pass", "Backward pass", "Over the batch", "Summary", "Derivation"),
    "A step of descent",
}
_LAYOUT = re.compile(r"\\(?:begin|end|begingroup|endgroup)\b.*|\\;\}\\end\{equation\*\}|%.*")
_AROUND = re.compile(r"^(?:\\medskip)?\\noindent |\\nopagebreak$")
_DEFINED = ("Here ", "In the rules for ")  # of symbols of their own


@dataclass(frozen=True)
class _Line:
    """A line of words, the section it stands in, and the layers of the rules that follow it."""

    text: str
    section: str
    rule: tuple[str, Iterable[int]] | None


def false_sentences(page: Page) -> Iterator[FalseLine]:
    """The sentences that are false, of what is not there, or that nobody reads; those of a rule for
    several layers at each of them. And what ought to be said, and is not.
    """
    for line in _lines(page.latex):
        if not line.text.startswith(_DEFINED):
            for said in _instances(line.text, line.rule):
                for sign in MATHS.findall(said):
                    yield from (FalseLine(said, w, True) for w in unknown(sign, page.sample))
        if line.section in _OWN:
            yield from _judged(line, page)
    yield from headings(page)
    yield from samples.untold(page)
    yield from steps.untold(page)
    yield from units.untold(page)


def _lines(latex: str) -> Iterator[_Line]:
    """The lines of words between displays."""
    before, section = 0, ""
    for display in (*_DISPLAY.finditer(latex), None):
        start, end = display.span() if display else (len(latex), 0)
        rule = range_of(latex[start:end])
        for line in map(str.strip, latex[before:start].splitlines()):
            if title := _SECTION.fullmatch(line):
                section = title[1]
            elif line and not _LAYOUT.fullmatch(line):
                yield _Line(_AROUND.sub("", line), section, rule)
        before = end


def _judged(line: _Line, page: Page) -> Iterator[FalseLine]:
    """Sentence after sentence."""
    at = 0
    while at < len(line.text):
        found, row = next(
            ((m, row) for row in SENTENCES if (m := row[0].match(line.text, at))), (None, None)
        )
        if found is None or row is None:
            yield FalseLine(line.text[at:], "nobody reads this sentence", True)
            return
        for said in _instances(found[0], line.rule):
            yield from _false(said, row, page)
        at = found.end() + (line.text[found.end() :][:1] == " ")


def _instances(sentence: str, rule: tuple[str, Iterable[int]] | None) -> Iterator[str]:
    """A sentence at each layer, if it is of layers."""
    letter, layers = rule or ("", ())
    if not any(letter in tokens(sign) for sign in MATHS.findall(sentence)):
        yield sentence
        return
    for layer in layers:
        yield MATHS.sub(partial(_put, letter, layer), sentence)


def _put(letter: str, layer: int, sign: re.Match[str]) -> str:
    return f"${' '.join(put(tokens(sign[1]), letter, layer))}$"


def _false(sentence: str, row: Row, page: Page) -> Iterator[FalseLine]:
    pattern, judged = row
    try:
        found = pattern.match(sentence)
        why = judged(found, page) if found else "it cannot be read at each layer"
    except UNRESOLVED as error:
        why = str(error) or type(error).__name__
    if why:
        yield FalseLine(sentence, why, why == NOWHERE)

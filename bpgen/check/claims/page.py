"""A claim in LaTeX that numpy has no words for, such as a slope or cases: the page's reader
evaluates both of its sides, as it does those of the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bpgen.check.claims.judge import NUMBERS, Verdict
from bpgen.check.claims.layers import sentence
from bpgen.check.claims.view import OF_MEAN, PAPER, Reading
from bpgen.check.page.proof import ReadBack, prove_page
from bpgen.check.page.proof.page import OF_EACH
from bpgen.check.page.tokens import tokens
from bpgen.ir import BATCH, Network

_FROM_ONE = "Indices count from 1."
_MEET = "Samples meet in these equations"
_BATCH = r"\section{Over the batch}"
_MEAN = Reading("of a batch", batch=True)
_EACH = Reading("of a batch, deltas those of its own loss", batch=True, each=True)


@dataclass(frozen=True)
class _Place:
    """What stands before a claim, in which reading, and of how many samples each time."""

    before: str
    reading: Reading
    samples: tuple[int, ...]


_PLACES = (
    _Place("", PAPER, (2,)),
    _Place(_FROM_ONE, PAPER, (2,)),
    _Place(_BATCH, _MEAN, (2, 3)),
    _Place(f"{OF_EACH}\n{_BATCH}", _EACH, (2, 3)),
)
NOT_THERE = "it reads what is not there"  # as the page's reader says it
_TOP = re.compile(r"\\t?frac(\{\\partial \S+?\}\{\\partial)")


@dataclass(frozen=True)
class Reader:
    """Of lines among the definitions of a page."""

    page: str
    network: Network
    seed: int
    also: Mapping[str, str] = field(default_factory=dict)  # what counts layers by another name
    # What is found of the definitions alone, which are the same for every line.
    _heads: dict[tuple[str, int, str], ReadBack] = field(default_factory=dict)

    def verdict(self, claim: str) -> Verdict:
        """The verdict on a line, in the first reading in which it is right; unfit where it cannot
        be read.
        """
        found: list[Verdict] = []
        of_batch = BATCH in tokens(claim) and BATCH not in self.network.tensors
        for place in _PLACES:
            if of_batch and not place.reading.batch:  # of one sample, N is 1: no factor
                continue
            found.append(self._at(place, claim))
            if found[-1].right:
                break
        best = max(found, key=lambda v: (v.right, not v.unfit))
        return self._with_deltas(best, claim) if best.right and best.reading == _MEAN else best

    def _at(self, place: _Place, claim: str) -> Verdict:
        before = place.before
        pairs = ((self._proved(claim, before, n), self._head(before, n)) for n in place.samples)
        verdicts = [_verdict(whole, head, place.reading) for whole, head in pairs]
        return next((v for v in verdicts if not v.right), verdicts[0])

    def _with_deltas(self, verdict: Verdict, claim: str) -> Verdict:
        """Whose deltas are meant, where those of each sample's own loss would not do."""
        if self.network.sample_loss is None or self._at(_PLACES[-1], claim).right:
            return verdict
        return replace(verdict, reading=replace(_MEAN, words=_MEAN.words + OF_MEAN))

    def _head(self, before: str, samples: int) -> ReadBack:
        key = before, samples, sentence(self.also)
        if key not in self._heads:
            self._heads[key] = self._proved("", before, samples)
        return self._heads[key]

    def _proved(self, claim: str, before: str, samples: int) -> ReadBack:
        text, seeds = (
            _among(claim, self.page, before, self.also),
            range(self.seed, self.seed + NUMBERS),
        )
        return prove_page(text, self.network, seeds, samples, lines=True)


def _verdict(whole: ReadBack, head: ReadBack, reading: Reading) -> Verdict:
    """What is told of the claim alone: its definitions may be false where indices count from 1."""
    known = {wrong.line for wrong in head.false}
    wrong = next((w for w in whole.false if w.line not in known), None)
    if wrong is not None and (wrong.unread or wrong.reason == NOT_THERE):
        return Verdict(reading, unfit=wrong.reason)
    if whole.total == head.total:
        return Verdict(reading, unfit="there is no equation")
    return Verdict(reading, NUMBERS, said=wrong.reason if wrong else "")


def _among(claim: str, page: str, before: str, also: Mapping[str, str]) -> str:
    """A page of what another begins with, and the claim."""
    head = page.partition(r"\begin{align*}")[0]
    top = _TOP.search(page)
    rows = [
        head,
        sentence(also),
        rf"\frac{top[1]} x}}" if top else "",
        _MEET * (_MEET in page),
        before,
    ]
    if claim:
        rows += ["\\begin{align*}", claim.replace("=", " &= ", 1), "\\end{align*}"]
    return "\n".join(rows)


# What undoes a mistake in a line that only the page's reader reads, of its right side.
_TWO = re.compile(r"_\{([a-z])([a-z])\}")
_FIRST_SIGN = re.compile(r"^\s*(-?)\s*")


def reason(claim: str, reader: Reader) -> str:
    """The likeliest reason why such a line is wrong: nothing that does not make it right."""
    left, _, right = claim.partition("=")
    changes = [
        (f"an index: {_turned(found)} belongs where {_symbol(right, found)} stands", found.span())
        for found in _TWO.finditer(right)
    ]
    for said, (begin, end) in changes:
        other = right[:begin] + _TWO.sub(r"_{\2\1}", right[begin:end]) + right[end:]
        if reader.verdict(f"{left}={other}").right:
            return said
    sign = _FIRST_SIGN.match(right)
    turned = right[sign.end() :] if sign and sign[1] else f"-({right})"
    is_sign = reader.verdict(f"{left}={turned}").right
    return "a sign: all of it is to be negated" if is_sign else ""


def _symbol(text: str, found: re.Match[str]) -> str:
    """The symbol that has these indices, as it is written."""
    before = re.search(r"(?:\\[a-z]+|[A-Za-z])(?:\^\{[^{}]*\})?$", text[: found.start()])
    return (before[0] if before else "") + found[0]


def _turned(found: re.Match[str]) -> str:
    return _symbol(found.string, found).replace(found[0], f"_{{{found[2]}{found[1]}}}")

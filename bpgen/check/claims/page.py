"""A claim in LaTeX that numpy has no words for, such as a slope or cases: the page's reader
evaluates both of its sides, as it does those of the page.
"""

from __future__ import annotations

import re

from bpgen.check.claims.judge import NUMBERS, Verdict
from bpgen.check.claims.view import PAPER, Reading
from bpgen.check.page.proof import PageReport, prove_page
from bpgen.ir import Network

_FROM_ONE = "Indices count from 1."
_MEET = "Samples meet in these equations"
_BATCH = r"\section{Over the batch}"
# What stands before a claim, in which reading, and of how many samples each time.
_PLACES = (
    ("", PAPER, (2,)),
    (_FROM_ONE, PAPER, (2,)),
    (_BATCH, Reading("of a batch", batch=True), (2, 3)),
)
NOT_THERE = "it reads what is not there"  # as the page's reader says it
_TOP = re.compile(r"\\t?frac(\{\\partial \S+?\}\{\\partial)")


def verdict(claim: str, page: str, network: Network, seed: int) -> Verdict:
    """The verdict on a line among the definitions of a page; unfit where it cannot be read."""
    found: list[Verdict] = []
    for before, reading, samples in _PLACES:
        texts = [_among(row, page, before) for row in (claim, "")]
        seeds = range(seed, seed + NUMBERS)
        pairs = [[prove_page(t, network, seeds, n) for t in texts] for n in samples]
        verdicts = [_verdict(whole, head, reading) for whole, head in pairs]
        found.append(next((v for v in verdicts if not v.right), verdicts[0]))
    return max(found, key=lambda v: (v.right, not v.unfit))


def _verdict(whole: PageReport, head: PageReport, reading: Reading) -> Verdict:
    """What is told of the claim alone: its definitions may be false where indices count from 1."""
    known = {wrong.line for wrong in head.false}
    wrong = next((w for w in whole.false if w.line not in known), None)
    if wrong is not None and (wrong.unread or wrong.reason == NOT_THERE):
        return Verdict(reading, unfit=wrong.reason)
    if whole.total == head.total:
        return Verdict(reading, unfit="there is no equation")
    return Verdict(reading, NUMBERS, said=wrong.reason if wrong else "")


def _among(claim: str, page: str, before: str) -> str:
    """A page of what another begins with, and the claim."""
    head = page.partition(r"\begin{align*}")[0]
    top = _TOP.search(page)
    rows = [head, rf"\frac{top[1]} x}}" if top else "", _MEET * (_MEET in page), before]
    if claim:
        rows += ["\\begin{align*}", claim.replace("=", " &= ", 1), "\\end{align*}"]
    return "\n".join(rows)

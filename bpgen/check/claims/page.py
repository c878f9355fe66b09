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
_TOP = re.compile(r"\\t?frac(\{\\partial \S+?\}\{\\partial)")


def verdict(claim: str, page: str, network: Network, seed: int) -> Verdict:
    """The verdict on a line among the definitions of a page; unfit where it cannot be read."""
    found: list[Verdict] = []
    for before, reading, samples in _PLACES:
        text = _among(claim, page, before)
        seeds = range(seed, seed + NUMBERS)
        reports = [prove_page(text, network, seeds, n) for n in samples]
        found.append(_verdict(next((r for r in reports if not r.ok), reports[0]), reading))
    return max(found, key=lambda v: (v.right, not v.unfit))


def _verdict(report: PageReport, reading: Reading) -> Verdict:
    if report.ok:
        return Verdict(reading, NUMBERS)
    wrong = report.false[0] if report.false else None
    if wrong is None or wrong.unread:
        return Verdict(reading, unfit=wrong.reason if wrong else "there is no equation")
    return Verdict(reading, NUMBERS, said=wrong.reason)


def _among(claim: str, page: str, before: str) -> str:
    """A page of what another begins with, and the claim."""
    head = page.partition(r"\begin{align*}")[0]
    top = _TOP.search(page)
    rows = [head, rf"\frac{top[1]} x}}" if top else "", _MEET * (_MEET in page), before]
    line = claim.replace("=", " &= ", 1)
    return "\n".join([*rows, "\\begin{align*}", line, "\\end{align*}"])

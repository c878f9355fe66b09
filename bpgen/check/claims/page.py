"""A claim in LaTeX that numpy has no words for, such as a slope or cases: the page's reader
evaluates both of its sides, as it does those of the page.
"""

from __future__ import annotations

import re

from bpgen.check.claims.judge import NUMBERS, Verdict
from bpgen.check.claims.view import VECTORS
from bpgen.check.page.proof import PageReport, prove_page
from bpgen.ir import Network

_FROM_ONE = "Indices count from 1."
_CALLED = re.compile(r"Gradient with respect to \$.*?\$, called \$.*?\$")
_TOP = re.compile(r"\\frac\{\\partial (\S+?)\}\{\\partial \S+\}")


def verdict(claim: str, page: str, network: Network, seed: int) -> Verdict:
    """The verdict on a line among the definitions of a page; unfit where it cannot be read."""
    reports = [_report(claim, page, network, seed, base) for base in ("", _FROM_ONE)]
    best = max(reports, key=lambda r: (r.ok, not all(f.unread for f in r.false)))
    if best.ok:
        return Verdict(VECTORS, NUMBERS)
    wrong = best.false[0] if best.false else None
    if wrong is None or wrong.unread:
        return Verdict(VECTORS, unfit=wrong.reason if wrong else "there is no equation")
    return Verdict(VECTORS, NUMBERS, said=wrong.reason)


def _report(claim: str, page: str, network: Network, seed: int, base: str) -> PageReport:
    head, _, backward = page.partition(r"\section{Backward pass}")
    rows = [head.partition(r"\begin{align*}")[0], base, r"\section{Backward pass}"]
    top = _TOP.search(backward)
    rows += [top[0]] if top else []
    empty = "\n\\begin{align*}\\end{align*}"
    rows += [said + empty for said in _CALLED.findall(page)]
    line = re.sub(r"=", " &= ", claim, count=1)
    rows += [r"\section{Backward pass}", "\\begin{align*}\n" + line + "\n\\end{align*}"]
    return prove_page("\n".join(rows), network, range(seed, seed + NUMBERS))

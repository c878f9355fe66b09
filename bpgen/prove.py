"""`bpgen check`: what is claimed of a net.py and its proof, or that of an emitted module as it lies
there.

A `Claim` holds all that the check is given. It is made by what derives, emits and renders, and
judged by `bpgen.check`, which knows none of these: one claim has one verdict.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bpgen.errors import NetError
from bpgen.progress import say
from bpgen.write import MARK

if TYPE_CHECKING:
    from bpgen.check import Report
    from bpgen.check.page.proof import PageReport
    from bpgen.ir import Network

# Equations of a network whose page is read: each derivative on it runs the whole network.
LARGEST_PAGE = 300


@dataclass(frozen=True)
class Claim:
    """That a module is the gradient of a network, and that a page says so: text, and what it is of.

    What is proved exactly, and the page, are `small`: the same network with shorter axes where it
    is large.
    """

    network: Network
    module: str
    small: Network
    small_module: str
    page: str | None  # LaTeX as derive prints it; None of networks of more than `LARGEST_PAGE`
    shown: Network  # the network as the page writes it


def prove(path: str, seed: int = 0) -> Report:
    """The report on a net.py's module, or on an emitted module by its numbers alone."""
    from bpgen.check import check_module

    if _is_emitted(path):
        return check_module(_text(path), None, seed=seed)
    from bpgen.load import load

    say("reading it")
    return proved(claimed(load(path)), seed)


def claimed(network: Network) -> Claim:
    """What bpgen says of a network: its module, that of smaller sizes, and the page of these."""
    from bpgen.derive import derive
    from bpgen.emit import emitted
    from bpgen.network.shrink import shrunk
    from bpgen.render import render

    say("writing its module")
    small, derivation = shrunk(network), derive(network)
    module = small_module = emitted(derivation)
    if small != network:
        derivation = derive(small)
        small_module = emitted(derivation)
    page = None
    if len(small.equations) <= LARGEST_PAGE:
        say("writing its page")
        page = render(derivation, fmt="latex", steps="short")
    return Claim(network, module, small, small_module, page, derivation.network)


def proved(claim: Claim, seed: int = 0) -> Report:
    """The report on a claim."""
    from bpgen.check import check_module

    exact_source = (claim.small_module, claim.small) if claim.small != claim.network else None
    report = check_module(claim.module, claim.network, seed=seed, exact_source=exact_source)
    if claim.page is None:
        note = f"its page was not read back: of more than {LARGEST_PAGE} equations that takes long"
        return replace(report, note="\n".join(filter(None, (report.note, note))))
    return replace(report, page=_read(claim.page, claim.shown, seed))


def _read(page: str, shown: Network, seed: int) -> PageReport:
    """The page read back and evaluated at two points. One that cannot be read is no proof."""
    from bpgen.check.page.proof import FalseLine, PageReport, prove_page

    say("reading its page")
    try:
        return prove_page(page, shown, (seed, seed + 1))
    except Exception as error:
        line = FalseLine("the page", f"{type(error).__name__}: {error}", unread=True)
        return PageReport(0, 1, (line,))


def _is_emitted(path: str) -> bool:
    return Path(path).is_file() and MARK in _text(path)[:400]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise NetError(
            f"{path} cannot be read as text", "give a net.py or an emitted module"
        ) from None

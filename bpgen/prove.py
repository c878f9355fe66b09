"""`bpgen check`: what is claimed of a net.py and its proof, or that of an emitted module as it lies
there.

A `Claim` holds all that the check is given. It is made by what derives, emits and renders, and
judged by `bpgen.check`, which knows none of these: one claim has one verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bpgen.errors import NetError
from bpgen.progress import say
from bpgen.write import MARK

if TYPE_CHECKING:
    from bpgen.check.page.proof import ReadBack
    from bpgen.check.report import Report
    from bpgen.ir import Network
    from bpgen.worked import Example

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
    at: tuple[Mapping[str, int], Mapping[str, Any]] | None = (
        None  # the lengths and values of an example
    )


def prove(path: str, seed: int = 0, fast: bool = False) -> Report:
    """The report on a net.py's module, planned where `fast`; or on an emitted module, of either
    kind, by its numbers alone.
    """
    from bpgen.check.whole import check_module

    if _is_emitted(path):
        if fast:
            fact = (
                f"{path} is a module, which is proved as it lies there, and --fast is of a net.py"
            )
            raise NetError(fact, "leave --fast out, or give the net.py")
        return check_module(_text(path), None, seed=seed)
    from bpgen.load import with_example

    say("reading it")
    return proved(claimed(*with_example(path), fast), seed)


def claimed(network: Network, example: Example | None = None, fast: bool = False) -> Claim:
    """What bpgen says of a network: its module, that of smaller sizes, and the page of these; where
    an example gives it numbers, the page as it is. The modules are planned where `fast`.
    """
    from bpgen.derive import derive
    from bpgen.emit import FAST, emitted
    from bpgen.network.shrink import shrunk
    from bpgen.render import render

    say("writing its module")
    small, derivation = shrunk(network), derive(network)
    target = FAST if fast else "numpy"
    module = small_module = emitted(derivation, target)
    if small != network:
        derivation = derive(small)
        small_module = emitted(derivation, target)
    if example is not None:
        return _with_numbers(Claim(network, module, small, small_module, None, network), example)
    page = None
    if len(small.equations) <= LARGEST_PAGE:
        say("writing its page")
        page = render(derivation, fmt="latex", steps="short")
    return Claim(network, module, small, small_module, page, derivation.network)


def _with_numbers(claim: Claim, example: Example) -> Claim:
    """The claim with the page of a worked example."""
    from bpgen.derive import derive
    from bpgen.render import render
    from bpgen.worked import worked

    say("writing its page")
    derivation = derive(claim.network)
    numbers = worked(derivation, claim.module, example)
    page = render(derivation, fmt="latex", steps="short", worked=numbers)
    at = (numbers.point.lengths, numbers.point.values)
    return replace(claim, page=page, shown=derivation.network, at=at)


def proved(claim: Claim, seed: int = 0) -> Report:
    """The report on a claim."""
    from bpgen.check.whole import check_module

    exact_source = (claim.small_module, claim.small) if claim.small != claim.network else None
    report = check_module(claim.module, claim.network, seed=seed, exact_source=exact_source)
    if claim.page is None:
        note = f"of more than {LARGEST_PAGE} equations the page and the comments are not read back"
        return replace(report, note="\n".join(filter(None, (report.note, note))))
    page, comments = _page_read(claim.page, claim, seed), _comments_read(claim.page, claim, seed)
    return replace(report, page=page, comments=comments)


def _page_read(page: str, claim: Claim, seed: int) -> ReadBack:
    """The page read back and evaluated at two points, its numbers at the example's. One that cannot
    be read is no proof.
    """
    from bpgen.check.page.proof import FalseLine, ReadBack, prove_page
    from bpgen.check.page.world import World

    say("reading its page")
    try:
        at = World.at(claim.shown, *claim.at) if claim.at is not None else None
        return prove_page(page, claim.shown, (seed, seed + 1), at=at)
    except Exception as error:
        line = FalseLine("the page", f"{type(error).__name__}: {error}", unread=True)
        return ReadBack(0, 1, (line,))


def _comments_read(page: str, claim: Claim, seed: int) -> ReadBack:
    """The comments of the module that the page is of, read back and evaluated at one point."""
    from bpgen.check.comments import prove_comments
    from bpgen.check.page.proof import FalseLine, ReadBack

    say("reading its comments")
    try:
        module = claim.module if claim.at is not None else claim.small_module
        return prove_comments(module, page, claim.shown, seed)
    except Exception as error:
        line = FalseLine("the comments", f"{type(error).__name__}: {error}", unread=True)
        return ReadBack(0, 1, (line,))


def _is_emitted(path: str) -> bool:
    return Path(path).is_file() and MARK in _text(path)[:400]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise NetError(
            f"{path} cannot be read as text", "give a net.py or an emitted module"
        ) from None

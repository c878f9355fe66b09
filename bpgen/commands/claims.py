"""`bpgen check --claim`: what a person derived by hand, and whether it is true of a net.py."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bpgen.check.claims import Answers, Court
from bpgen.check.trial import cost
from bpgen.derive import derive
from bpgen.errors import NetError
from bpgen.ir import Network
from bpgen.load import load
from bpgen.names import adjoint_name
from bpgen.network.shrink import shrunk
from bpgen.progress import say
from bpgen.prove import LARGEST_PAGE
from bpgen.render import render
from bpgen.targets.numpy.interface import refuse_names
from bpgen.write import MARK

LARGE = 5_000_000  # entries of a network that is looked at at smaller sizes
ALONE = "the claims alone were looked at: `bpgen check {}` proves the module and the page"
SMALLER = "looked at at smaller sizes: the same equations with shorter axes"


def answered(path: str, claims: Sequence[str], seed: int = 0) -> Answers:
    """The answers to claims of the network that a net.py declares."""
    if Path(path).is_file() and MARK in Path(path).read_text(errors="replace")[:400]:
        raise NetError("claims are of a network", "give its net.py, not the module", path)
    say("reading it")
    network = load(path)
    refuse_names(network)
    small = shrunk(network) if cost(network) > LARGE else network
    court = court_of(small, seed, _sizes(network) - _sizes(small))
    found = []
    for claim in claims:
        say(claim)
        found += court.answers(claim)
    notes = [*([SMALLER] if small is not network else []), ALONE.format(path)]
    return Answers(tuple(found), "\n".join(notes))


def _sizes(network: Network) -> frozenset[int]:
    sizes = (i.size for t in network.tensors.values() for i in t.indices)
    return frozenset(s for s in sizes if isinstance(s, int))


def court_of(network: Network, seed: int = 0, lost: frozenset[int] = frozenset()) -> Court:
    """Who answers claims of a network, by its names and its page."""
    called = {adjoint_name(t): t for t in network.tensors}
    return Court(network, called, partial(_page, network), seed, lost)


def _page(network: Network, rules: bool) -> str:
    """The page, with `rules` for equal layers or each told, of a network that is not very deep."""
    if len(network.equations) > LARGEST_PAGE:
        return ""
    return render(derive(network), fmt="latex", steps="short", rules=rules)

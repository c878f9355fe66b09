"""Derivation -> the text of the numpy module. Python decides, the template lays out."""

from __future__ import annotations

from bpgen.derive import derive
from bpgen.ir import Network
from bpgen.record import Derivation
from bpgen.targets.numpy.allowed import verified
from bpgen.targets.numpy.interface import refuse_letters
from bpgen.targets.numpy.parts import Parts
from bpgen.templating import template


def emit(network: Network) -> str:
    """The source text of the network's module."""
    return emitted(derive(network))


def emitted(derivation: Derivation) -> str:
    """The source text of the module that computes a derivation.

    Raises NetError where a width is a letter, which only a derivation can be told in.
    """
    kept = vars(derivation)  # which does not change: one is emitted once
    if "_module" not in kept:
        refuse_letters(derivation.network)
        text = template("module.py.jinja").render(m=Parts(derivation))
        kept["_module"] = verified(text.rstrip("\n") + "\n")
    return str(kept["_module"])

"""Derivation -> the text of the module, by a target. Python decides, the template lays out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bpgen.derive import derive
from bpgen.ir import Network
from bpgen.record import Derivation
from bpgen.targets.numpy.allowed import NUMPY, PLANNED, Allowed, verified
from bpgen.targets.numpy.interface import refuse_letters
from bpgen.targets.numpy.parts import Parts
from bpgen.templating import template


@dataclass(frozen=True)
class _Target:
    """What a module is made of: the parts that a template lays out, and what it may hold."""

    parts: type[Parts]
    template: str
    allowed: Allowed


def _numpy() -> _Target:
    return _Target(Parts, "module.py.jinja", NUMPY)


def _planned() -> _Target:
    from bpgen.targets.numpy.planned_parts import PlannedParts

    return _Target(PlannedParts, "planned.py.jinja", PLANNED)


def _array_api() -> _Target:
    from bpgen.targets.array_api.allowed import ALLOWED
    from bpgen.targets.array_api.parts import Parts as StandardParts

    return _Target(StandardParts, "array_api.py.jinja", ALLOWED)


FAST = "numpy, planned"
_TARGETS: Mapping[str, Callable[[], _Target]] = {  # each is imported where it is asked for
    "numpy": _numpy,
    FAST: _planned,
    "array-api": _array_api,
}


def emit(network: Network, target: str = "numpy") -> str:
    """The source text of the network's module."""
    return emitted(derive(network), target)


def emitted(derivation: Derivation, target: str = "numpy") -> str:
    """The source text of the module that computes a derivation.

    Raises NetError where a width is a letter, which only a derivation can be told in, or a tensor
    is called what the module calls its own.
    """
    kept = vars(derivation).setdefault("_modules", {})  # which does not change: one is emitted once
    if target not in kept:
        refuse_letters(derivation.network)
        row = _TARGETS[target]()
        text = template(row.template).render(m=row.parts(derivation))
        kept[target] = verified(text.rstrip("\n") + "\n", row.allowed)
    return str(kept[target])

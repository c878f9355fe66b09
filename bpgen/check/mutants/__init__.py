"""Wrong copies of an emitted module: mistakes people make in a backward pass, each a row of
`KINDS`.

A kind is either a change of one expression or statement, at every site where it applies, or a
wrapper around the module's own `backward`, appended to its text. A planned module is read as the
plain one that it stands for, so that all of these can be made; its memory has kinds of its own, and
what computes the loss and all gradients as one function is broken as backward is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from bpgen.check.mutants.kinds import KINDS, PLANNED, Kind, computed
from bpgen.check.mutants.reading import is_planned, readings
from bpgen.check.mutants.source import Source

__all__ = ["KINDS", "PLANNED", "Mutant", "is_planned", "mutants", "readings"]

T = TypeVar("T")
WHOLE, FEW = "loss_and_grad", 2  # and how many mutants of one kind there, where much is as before


@dataclass(frozen=True)
class Mutant:
    """A broken copy: what was done, where, and the text that results."""

    kind: str
    place: str
    source: str


def mutants(text: str, each: int, reading: str | None = None) -> list[Mutant]:
    """Broken copies of a module: of each kind up to `each`, none equal to another. `reading` is a
    planned module as it is read.
    """
    if not is_planned(text):
        return _broken(text, KINDS, each)
    read = reading or next(readings(text))
    made: list[Mutant] = []
    for of, kinds in ((read, KINDS), (text, PLANNED)):
        made += _broken(of, kinds, each)
        made += _broken(of, computed(kinds), FEW, WHOLE) if f"def {WHOLE}(" in text else []
    return made


def _broken(text: str, kinds: Iterable[Kind], each: int, within: str = "backward") -> list[Mutant]:
    source, found = Source(text, within), dict[str, Mutant]()
    for kind in kinds:
        for site in _spread(list(kind.sites(source)), each):
            wrong = site.text()
            found.setdefault(wrong, Mutant(kind.name, site.place(), wrong))
    return list(found.values())


def _spread(items: list[T], most: int) -> list[T]:
    """At most so many of a list, evenly from its beginning to its end."""
    if len(items) <= most:
        return items
    return [items[round(k * (len(items) - 1) / (most - 1))] for k in range(most)]

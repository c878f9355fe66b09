"""Wrong copies of an emitted module: mistakes people make in a backward pass, each a row of
`KINDS`.

A kind is either a change of one expression or statement, at every site where it applies, or a
wrapper around the module's own `backward`, appended to its text. A planned module is read as the
plain one that it stands for, so that all of these can be made; its memory has kinds of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from bpgen.check.mutants.kinds import KINDS, PLANNED, Kind
from bpgen.check.mutants.reading import is_planned, readings
from bpgen.check.mutants.source import Source

__all__ = ["KINDS", "PLANNED", "Mutant", "is_planned", "mutants", "readings"]

T = TypeVar("T")


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
    return _broken(reading or next(readings(text)), KINDS, each) + _broken(text, PLANNED, each)


def _broken(text: str, kinds: Iterable[Kind], each: int) -> list[Mutant]:
    source, found = Source(text), dict[str, Mutant]()
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

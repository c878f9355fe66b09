"""Which places of an array are written by now, as far as statements tell: all, the one of the last
statement, those of the steps of a loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bpgen.ir import Index
from bpgen.planning.nodes import FlatEntries, Matrix, Where
from bpgen.planning.verification.steps import Parts, Place, are_all, are_whole, entries, is_reached
from bpgen.program.grammar import Expr, Read, ScatterAdd, Slice, Store

Loops = Mapping[Index, bool]  # the indices of the loops around, and whether they run backwards


@dataclass
class Initialized:
    """`whole` are the arrays that were written all over, `last` is where each was written last,
    `entries` which parts were written of an entry along one axis.
    """

    whole: set[str] = field(default_factory=set)
    last: dict[str, Expr] = field(default_factory=dict)
    entries: dict[str, dict[Place, list[Parts]]] = field(default_factory=dict)

    def forget(self, array: str) -> None:
        """Its memory held another until now."""
        self.whole.discard(array)
        self.last.pop(array, None)
        self.entries.pop(array, None)

    def write(self, array: str, node: Store | ScatterAdd) -> None:
        self.last[array] = node.at
        if adds(node):
            return
        at = node.at.array if isinstance(node.at, Matrix) else node.at
        if at == Read(array, at.axes):
            self.whole.add(array)
        own = self.entries.setdefault(array, {})
        for place, parts in entries(node.at):
            own.setdefault(place, []).append(parts)

    def has_all_of(self, array: str, at: Expr, loops: Loops) -> bool:
        """Whether all of a place is written, so that it may be added to."""
        if array in self.whole or self.last.get(array) == at:
            return True
        return any(self._has(array, place, loops) for place, _ in entries(at))

    def has_step(self, array: str, part: Slice, loops: Loops) -> bool:
        """Whether what a step of a loop reads, along axes that the steps write, was written by
        such a step, or all of the array before.
        """
        told = {place for place, _ in entries(part) if place.at.free_symbols & {*loops}}
        own = self.entries.get(array, ())
        steps = {place.axis for place in own if place.at.free_symbols & {*loops}}
        there = (self._has(array, place, loops) for place in told if place.axis in steps)
        return array in self.whole or all(there)

    def finish(self, step: Index) -> None:
        """A loop has come to its end."""
        for array in self.entries:
            if are_whole(self._written(array), step):
                self.whole.add(array)

    def _has(self, array: str, place: Place, loops: Loops) -> bool:
        """Whether all of an entry was written, by this step of a loop or by those before it."""
        written = self._written(array)
        return place in written or any(is_reached(place, written, *loop) for loop in loops.items())

    def _written(self, array: str) -> set[Place]:
        """The entries of which all is written."""
        return {p for p, parts in self.entries.get(array, {}).items() if are_all(parts)}


def adds(node: Store | ScatterAdd) -> bool:
    """Whether what is there stays a part of what is there afterwards."""
    if isinstance(node, ScatterAdd) or isinstance(node.at, FlatEntries):
        return True
    return node.adds or isinstance(node.value, Where)

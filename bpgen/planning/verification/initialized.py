"""Which places of an array are written by now, as far as statements tell: all, the one of the last
statement, those of the steps of a loop.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import sympy as sp

from bpgen.ir import Index
from bpgen.planning.nodes import FlatEntries, Matrix, Where
from bpgen.program.grammar import Expr, Read, ScatterAdd, Slice, Store, View

Place = tuple[int, sp.Expr]  # which axis of an array, and where along it
Fixed = Collection[Index]  # the indices of the loops around


@dataclass
class Initialized:
    """`whole` are the arrays that were written all over, `last` is where each was written last,
    `steps` where steps of loops wrote.
    """

    whole: set[str] = field(default_factory=set)
    last: dict[str, Expr] = field(default_factory=dict)
    steps: dict[str, set[Place]] = field(default_factory=dict)

    def forget(self, array: str) -> None:
        """Its memory held another until now."""
        self.whole.discard(array)
        self.last.pop(array, None)
        self.steps.pop(array, None)

    def write(self, array: str, node: Store | ScatterAdd, fixed: Fixed) -> None:
        at = node.at.array if isinstance(node.at, Matrix) else node.at
        if at == Read(array, at.axes) and not adds(node):
            self.whole.add(array)
        self.last[array] = node.at
        self.steps.setdefault(array, set()).update(_told(node.at, fixed))

    def has_all_of(self, array: str, at: Expr) -> bool:
        """Whether all of a place is written, so that it may be added to."""
        return array in self.whole or self.last.get(array) == at

    def has_step(self, array: str, part: Slice, fixed: Fixed) -> bool:
        """Whether what a step of a loop reads, along axes that the steps write, was written by
        such a step, or all of the array before.
        """
        every = self.steps.get(array, set())
        wrote = {(axis, at) for axis, at in every if at.free_symbols & {*fixed}}
        read = {p for p in _told(part, fixed) if p[0] in {axis for axis, _ in wrote}}
        return array in self.whole or read <= wrote


def adds(node: Store | ScatterAdd) -> bool:
    """Whether what is there stays a part of what is there afterwards."""
    if isinstance(node, ScatterAdd) or isinstance(node.at, FlatEntries):
        return True
    return node.adds or isinstance(node.value, Where)


def _told(place: Expr, fixed: Fixed) -> set[Place]:
    """The places along axes of an array that the loops around tell."""
    view = next((v for v in place.walk() if isinstance(v, View)), None)
    slots = enumerate(view.slots if view is not None else ())
    told = ((k, s.at) for k, s in slots if isinstance(s.at, sp.Expr))
    return {(k, at) for k, at in told if at.free_symbols & {*fixed}}

"""Which tensors depend on which: where a formula's own derivative is not the whole derivative."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bpgen.ir import Element, Equation, Index


@dataclass(frozen=True)
class Dependence:
    """What each equation reads, and all that a tensor depends on, as sets of bits: a deep network
    has many.
    """

    bit: dict[str, int] = field(default_factory=dict)
    below: dict[str, int] = field(default_factory=dict)
    reads: dict[str, tuple[str, ...]] = field(default_factory=dict)
    steps: dict[str, Equation] = field(default_factory=dict)  # those of recurrences
    read_at: dict[str, list[Element]] = field(default_factory=dict)
    indices: dict[str, tuple[Index, ...]] = field(default_factory=dict)
    within: dict[str, set[str]] = field(default_factory=dict)  # what a step depends on, in itself

    @staticmethod
    def of(equations: Iterable[Equation]) -> Dependence:
        found = Dependence()
        for equation in equations:
            reads = tuple(dict.fromkeys(e.name for e in equation.reads()))
            found.reads[equation.name] = reads
            below = 0
            for name in reads:
                below |= found._bit(name) | found.below.get(name, 0)
            found.below[equation.name] = below
            found.read_at[equation.name] = equation.reads()
            found.indices[equation.name] = equation.indices
            if equation.loop is not None:
                found.steps[equation.name] = equation
                mine = [r for r in reads if found._of_own_step(equation.name, r)]
                inner = (found.within.get(r, set()) for r in mine)
                found.within[equation.name] = {*mine, *(n for names in inner for n in names)}
        return found

    def _bit(self, name: str) -> int:
        return self.bit.setdefault(name, 1 << len(self.bit))

    def through_others(self, names: Iterable[str], wrt: str) -> bool:
        """Whether any of the names depends on `wrt`."""
        bit = self.bit.get(wrt, 0)
        return any(self.below.get(name, 0) & bit for name in names)

    def immediate(self, of: str, wrt: str) -> bool:
        """Whether the equation of `of` hears of `wrt` through other tensors too: of one step, not
        through the steps before.
        """
        reads = self.reads.get(of, ())
        if not self._of_own_step(of, wrt):
            return self.through_others(reads, wrt)
        others = [r for r in reads if r != wrt]
        together = of in self.steps and self.steps[of].loop == self.steps[wrt].loop
        mine = [r for r in others if together and r in self.steps]
        return any(
            wrt in self.within.get(r, ()) for r in mine if self._of_own_step(of, r)
        ) or self.through_others((r for r in others if r not in mine), wrt)

    def _of_own_step(self, of: str, read: str) -> bool:
        """Whether what a recurrence computes is read at one step alone, the reader's own."""
        known = self.steps.get(read)
        if known is None or known.loop is None:
            return False
        axis = known.indices.index(known.loop.index)
        return all(e.indices[axis] in self.indices[of] for e in self.read_at[of] if e.name == read)

"""Which tensors depend on which: where a formula's own derivative is not the whole derivative."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bpgen.ir import Equation


@dataclass(frozen=True)
class Dependence:
    """What each equation reads, and all that a tensor depends on, as sets of bits: a deep network
    has many.
    """

    bit: dict[str, int] = field(default_factory=dict)
    below: dict[str, int] = field(default_factory=dict)
    reads: dict[str, tuple[str, ...]] = field(default_factory=dict)

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
        return found

    def _bit(self, name: str) -> int:
        return self.bit.setdefault(name, 1 << len(self.bit))

    def through_others(self, names: Iterable[str], wrt: str) -> bool:
        """Whether any of the names depends on `wrt`."""
        bit = self.bit.get(wrt, 0)
        return any(self.below.get(name, 0) & bit for name in names)

    def immediate(self, of: str, wrt: str) -> bool:
        """Whether the equation of `of` hears of `wrt` through other tensors too."""
        return self.through_others(self.reads.get(of, ()), wrt)

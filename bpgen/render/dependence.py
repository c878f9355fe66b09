"""Which tensors depend on which: where a formula's own derivative is not the whole derivative."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

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
    blocks: frozenset[str] = frozenset()  # what each repeated block has its own of
    starts: dict[str, tuple[str, ...]] = field(default_factory=dict)  # what enters the first block

    @staticmethod
    def of(equations: Iterable[Equation], blocks: Iterable[str] = ()) -> Dependence:
        found = Dependence(blocks=frozenset(blocks))
        equations = tuple(equations)
        loops = [e for e in equations if e.loop is not None]
        found._add(equations)
        while found._add(loops):  # a step depends on all that the one before does
            pass
        found._add(equations if loops else ())
        return found

    def _add(self, equations: Iterable[Equation]) -> bool:
        """Whether more of what these depend on was found."""
        more = False
        for equation in equations:
            name, reads = equation.name, tuple(dict.fromkeys(e.name for e in equation.reads()))
            self.reads[name], self.read_at[name] = reads, equation.reads()
            self.indices[name] = equation.indices
            known = self.below.get(name, 0), self.within.get(name)
            below = 0
            for read in reads:
                below |= self._bit(read) | self.below.get(read, 0)
            self.below[name] = below
            if equation.loop is not None:
                self.steps[name] = equation
                self._step(equation, reads)
            more |= known != (below, self.within.get(name))
        return more

    def _step(self, equation: Equation, reads: tuple[str, ...]) -> None:
        """What one step of a recurrence, or one block, depends on in itself; what the block before
        hands on is a given.
        """
        if equation.loop is not None and equation.loop.block:
            starts = [t for t in equation.terms if t.at is not None and t.at[0] == -1]
            entering = replace(equation, terms=tuple(starts)).reads()
            self.starts[equation.name] = tuple(dict.fromkeys(e.name for e in entering))
            mine = [r for r in reads if r in self.blocks]
            passing = [r for r in mine if not self._of_own_block(equation, r)]
        else:
            mine, passing = [r for r in reads if self._of_own_step(equation.name, r)], []
        inner = (self.within.get(r, set()) for r in mine if r not in passing)
        self.within[equation.name] = {*mine, *(n for names in inner for n in names)}

    @staticmethod
    def _of_own_block(equation: Equation, read: str) -> bool:
        """Whether what a block reads is its own, not what the block before hands on."""
        places = [e.indices[0] for e in equation.reads() if e.name == read]
        return all(p == equation.indices[0] for p in places)

    def _bit(self, name: str) -> int:
        return self.bit.setdefault(name, 1 << len(self.bit))

    def through_others(self, names: Iterable[str], wrt: str) -> bool:
        """Whether any of the names depends on `wrt`."""
        bit = self.bit.get(wrt, 0)
        return any(self.below.get(name, 0) & bit for name in names)

    def immediate(self, upstream: Element, entry: Element) -> bool:
        """Whether the equation of what an entry goes into reads it through other tensors too: of
        one step, not through the steps before; and of what enters the first block there.
        """
        of, wrt, first = upstream.name, entry.name, upstream.indices[:1] == (-1,)
        reads = self.reads.get(of, ())
        if first and of in self.starts:
            return self.through_others((r for r in self.starts[of] if r != wrt), wrt)
        if wrt in self.blocks:
            return self._within_block(of, wrt)
        if not self._of_own_step(of, wrt) or not self._at_its_step(upstream, entry):
            return self.through_others(reads, wrt)
        if wrt in self.within.get(wrt, ()):  # some of its entries are made of others
            return True
        others = [r for r in reads if r != wrt]
        together = of in self.steps and self.steps[of].loop == self.steps[wrt].loop
        mine = [r for r in others if together and r in self.steps]
        return any(
            wrt in self.within.get(r, ()) for r in mine if self._of_own_step(of, r)
        ) or self.through_others((r for r in others if r not in mine), wrt)

    def _within_block(self, of: str, wrt: str) -> bool:
        """The same of what a block has: one block reads its own, and what it is given, in
        itself alone.
        """
        others = [r for r in self.reads.get(of, ()) if r != wrt]
        step = self.steps.get(of)
        if step is None or of not in self.blocks or not self._is_along(step, wrt):
            return self.through_others(others, wrt)
        own = [r for r in others if r in self.blocks and self._of_own_block(step, r)]
        return any(wrt in self.within.get(r, ()) for r in own)

    def _is_along(self, step: Equation, wrt: str) -> bool:
        """Whether a block reads a tensor block by block."""
        places = [e.indices[0] for e in step.reads() if e.name == wrt]
        return all(p.has(step.indices[0]) for p in places)

    def _at_its_step(self, upstream: Element, entry: Element) -> bool:
        """Whether what an entry goes into is written at the entry's step: of several steps a sum
        runs over, it is that of one alone.
        """
        known = self.steps[entry.name]
        assert known.loop is not None
        step = entry.indices[known.indices.index(known.loop.index) - len(known.indices)]
        return {*step.free_symbols} <= {s for i in upstream.indices for s in i.free_symbols}

    def _of_own_step(self, of: str, read: str) -> bool:
        """Whether what a recurrence computes is read at one step alone, the reader's own."""
        known = self.steps.get(read)
        if known is None or known.loop is None:
            return False
        axis = known.indices.index(known.loop.index)
        places = {e.indices[axis] for e in self.read_at[of] if e.name == read}
        return len(places) == 1 and places <= {*self.indices[of]}

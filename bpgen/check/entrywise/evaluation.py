"""The values of a network, equation by equation; of a recurrence, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bpgen.check.entrywise.entries import Entries
from bpgen.check.entrywise.order import at_step, scheduled
from bpgen.check.entrywise.places import Array
from bpgen.check.entrywise.values import Sides, Values
from bpgen.ir import Equation, Malformed, Network, Term

Arrays = Mapping[str, Array]
STEP = 1e-150  # of the imaginary parts: small beside any number, probabilities of e^-300 included


def _same(some: list[Array], others: list[Array]) -> bool:
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(some, others, strict=True))


class Evaluation(Values):
    """All values at one point. Every array has an axis of lanes first: of several lanes, each is an
    evaluation of its own, moved by its own steps. These move the imaginary parts alone, and real
    parts stay as they are, to the last bit: a squared step decides nothing.
    """

    def __init__(
        self,
        network: Network,
        lengths: Mapping[str, int],
        point: Arrays,
        steps: Arrays | None = None,
        dtype: Any = np.float64,
        sides: Sides | None = None,
        still: Arrays | None = None,
    ) -> None:
        super().__init__(network, lengths, dtype, sides)
        self.steps = {name: np.asarray(s) for name, s in (steps or {}).items()}
        if self.steps and still is None:
            still = Evaluation(network, lengths, point, dtype=dtype).values
        self.still = still or {}  # the values where no step is taken, if any is
        self.dtype = np.result_type(dtype, 1j) if self.steps else self.dtype
        self.lanes = max((len(s) for s in self.steps.values()), default=1)
        with np.errstate(all="ignore"):
            for name, array in point.items():
                if name in network.tensors:
                    self.values[name] = self.moved(name, np.asarray(array)[None])
            for members, once in scheduled(network):
                if members[0].loop is None:
                    self.whole(members[0])
                else:
                    self._looped(members, once)

    def span(self, equation: Equation) -> list[int]:
        """The steps of a loop in their order, with the one before the first."""
        assert equation.loop is not None
        steps = [*range(-1, self.size(equation.loop.index.size))]
        return steps[::-1] if equation.loop.reverse else steps

    def moved(self, name: str, array: Array, here: Any = ...) -> Array:
        """Values of a tensor, all or those of one step, with their part of its step added."""
        if self.network.tensors[name].bound is not None:
            return array
        array = array.astype(self.dtype, copy=False)
        if name in self.still:
            array.real = self.still[name][here]
        return array + 1j * STEP * self.steps[name][here] if name in self.steps else array

    def whole(self, equation: Equation) -> None:
        """All entries of a tensor at once."""
        total = np.zeros((1, *self.stored(equation.name)), self.dtype)
        for term in equation.terms:
            total = self._added(total, equation, term, None)
        self.values[equation.name] = self.moved(equation.name, total)

    def _looped(self, members: tuple[Equation, ...], once: bool) -> None:
        """One step after another; what is not computed yet is nan."""
        for e in members:
            shape = (self.lanes, *self.stored(e.name))
            self.values[e.name] = np.full(shape, np.nan, self.dtype)
        for step in self.span(members[0]):
            here = self.of_step(members, step)
            for e in here:
                self._step(e, step)
            if not once and here:
                self._settle(here, step)

    def of_step(self, members: tuple[Equation, ...], step: int) -> tuple[Equation, ...]:
        """Those that a step computes; before the first there are only what is carried."""
        carried = (self.network.tensors[e.name].carried is not None for e in members)
        return tuple(e for e, c in zip(members, carried, strict=True) if c or step >= 0)

    def _settle(self, members: tuple[Equation, ...], step: int) -> None:
        """The step again until nothing changes: then all its equations hold. What needs itself
        depends on what it began as.
        """
        found = self._fixed(members, step)
        if any(np.any(np.isnan(a)) for a in found):
            for e in members:
                self._at(e, step)[...] = 0.5
            if not _same(found, self._fixed(members, step)):
                raise Malformed(f"{' and '.join(e.name for e in members)} need themselves")

    def _fixed(self, members: tuple[Equation, ...], step: int) -> list[Array]:
        """What the members are when a pass over them changes nothing: at the latest after as many
        as they have entries.
        """
        now = [self._at(e, step).copy() for e in members]
        for _ in range(1 + sum(a.size for a in now)):
            before = now
            for e in members:
                self._again(e, step)
            now = [self._at(e, step).copy() for e in members]
            if _same(before, now):
                break
        return now

    def _at(self, equation: Equation, step: int) -> Array:
        found: Array = self.values[equation.name][at_step(self.network, equation, step)]
        return found

    def _step(self, equation: Equation, step: int) -> None:
        here = at_step(self.network, equation, step)
        self.values[equation.name][here] = 0
        for term in equation.terms:
            self._added(self.values[equation.name], equation, term, step)
        moved = self.moved(equation.name, self.values[equation.name][here], here)
        self.values[equation.name][here] = moved

    def _again(self, equation: Equation, step: int) -> None:
        """The same where an entry may need another of the same step: each of what the pass before
        left.
        """
        here = at_step(self.network, equation, step)
        total = self.values[equation.name].copy()
        total[here] = 0
        for term in equation.terms:
            total = self._added(total, equation, term, step)
        total[here] = self.moved(equation.name, total[here], here)
        self.values[equation.name] = total

    def _added(self, total: Array, equation: Equation, term: Term, step: int | None) -> Array:
        """The total with a term in it; what belongs to other steps is left out."""
        entries = Entries(self, equation, term, step)
        if not entries.any:
            return total
        value = entries.made()
        if len(value) > len(total):
            total = np.repeat(total, len(value), axis=0)
        entries.left.add(total, value)
        return total

"""What the numbers of a lesson are compared with: a network at a point, entry by entry."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from bpgen.check.entrywise import evaluate, gradients
from bpgen.check.entrywise.adjoints import Adjoints
from bpgen.check.entrywise.evaluation import STEP, Evaluation
from bpgen.check.entrywise.order import starts
from bpgen.check.entrywise.tape import tape
from bpgen.check.lesson.rounded import DRAWS, Rounded
from bpgen.ir import BATCH, Element, Equation, Network, indices_of

_ROUNDING = 1e-13  # of the largest gradient
_DECIDED = 0.1  # of a number: what rounding moves of one that it decides
Array = Any
Arrays = Mapping[str, Array]


@dataclass(frozen=True)
class Ground:
    """A network as its page differentiates it, the values that are given, and the step of descent.

    `called` names the tensor of each gradient that has a name of its own; `backward` has the
    equations that are computed for the gradients of parameters, each with the tensor it is of;
    `order` is that of the tensors, as the page comes to their gradients; those `within` others have
    no equation there.
    """

    network: Network
    lengths: Mapping[str, int]
    point: Arrays
    rate: float
    held: tuple[str, ...]
    called: Mapping[str, str]
    evaluated_forward: tuple[Equation, ...]  # in the spellings that are computed
    backward: tuple[tuple[str, Equation], ...]
    order: tuple[str, ...]
    within: frozenset[str]
    digits: int

    @property
    def loss(self) -> str:
        return self.network.loss or ""

    @property
    def params(self) -> list[str]:
        return [t.name for t in self.network.role("param")]

    @cached_property
    def heard(self) -> set[str]:
        """What the loss is computed from, and itself."""
        equations = {e.name: e for e in self.network}
        found, waiting = set[str](), [self.loss]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += [r.name for r in equations[name].reads()] if name in equations else []
        return found

    @cached_property
    def evaluation(self) -> Evaluation:
        """All values at the point."""
        return Evaluation(self.network, self.lengths, self.point)

    @cached_property
    def values(self) -> dict[str, Array]:
        """Every value, as stored."""
        return {name: values[0] for name, values in self.evaluation.values.items()}

    @cached_property
    def slopes(self) -> dict[str, Array]:
        """The gradient by every value, as stored."""
        return Adjoints(self.evaluation, {self.loss: np.ones(())}).found

    @cached_property
    def computed(self) -> Network:
        """The network in the spellings that are computed, which do for all numbers."""
        return replace(self.network, equations=self.evaluated_forward)

    def at(self, change: Arrays) -> Evaluation:
        """All values where some are others."""
        return Evaluation(self.computed, self.lengths, {**self.point, **change})

    def loss_at(self, found: Evaluation) -> float:
        return float(found.values[self.loss][0])

    def slopes_at(self, found: Evaluation) -> dict[str, Array]:
        """The gradient by each parameter there."""
        every = Adjoints(found, {self.loss: np.ones(())}).found
        return {name: every[name] for name in self.params}

    @cached_property
    def begin(self) -> Evaluation:
        """All values at the point, where every descent begins."""
        return self.at({})

    def noise(self, here: Evaluation, of: Callable[[Evaluation], float]) -> float:
        """The most that a number moves where each value is off by a few roundings."""
        point = {name: here.values[name][0] for name in self.point}
        drawn = (Rounded(self.computed, self.lengths, point, seed) for seed in range(DRAWS))
        moves = [abs(of(one) - of(here)) for one in drawn]
        return max((m for m in moves if math.isfinite(m)), default=0.0)

    def moved(self, slopes: Arrays, rate: float, point: Arrays | None = None) -> dict[str, Array]:
        """The parameters after a step against these gradients."""
        point = point or self.point
        return {n: point[n] if n in self.held else point[n] - rate * slopes[n] for n in self.params}

    def between(self, name: str, above: str) -> Array:
        """The derivative of the entries of one tensor together by those of another."""
        top = {above: np.ones_like(self.values[above])}
        return gradients(self.network, self.lengths, self.point, of=top, wrt=[name])[name]

    def evaluated(self, params: Arrays) -> dict[str, Array]:
        """Every value where parameters are others."""
        return evaluate(self.network, self.lengths, {**self.point, **params})

    def local(self, equation: Equation, values: Array) -> Array:
        """The derivative of an equation that is a function of one value, at all of its values; what
        else it reads is a parameter's.
        """
        body = equation.terms[0].body
        z = np.asarray(values, complex) + 1j * STEP

        def leaf(part: Any) -> Any:
            if part == body.args[0]:
                return z
            return self.values[part.name] if isinstance(part, Element) else constant(part)

        found = tape(body).run(leaf)[0]
        return np.broadcast_to(np.imag(found) / STEP, np.shape(values))

    def descent(self, rate: float) -> Iterator[Evaluation]:
        """All values before any step, and after each."""
        here = self.begin
        while True:
            yield here
            point = {name: here.values[name][0] for name in self.params}
            here = self.at(self.moved(self.slopes_at(here), rate, point))

    def of_steps(self, name: str, array: Array) -> Array:
        """A tensor without what stands before a recurrence's first step."""
        return array[tuple(slice(s, None) for s in starts(self.network, name))]

    def returned(self, name: str) -> Array:
        """An output as forward returns it: of repeated blocks, the last one's."""
        array = self.of_steps(name, self.values[name])
        return array[-1] if self.network.tensors[name].block else array

    def shown(self, name: str, array: Array) -> Array:
        """A tensor as a page shows it: of one sample, that sample."""
        info, array = self.network.tensors[name], self.of_steps(name, array)
        one = info.batched and not info.block and self.lengths.get(BATCH, 1) == 1
        return array[0] if one else array

    def is_noise(self, name: str) -> bool:
        """Whether a gradient is 0 but for rounding."""
        largest = max(np.max(np.abs(self.slopes[n]), initial=0.0) for n in self.params)
        return bool(np.max(np.abs(self.slopes[name]), initial=0.0) <= _ROUNDING * largest)

    def is_rounding(self, name: str) -> Array:
        """Which entries of a gradient rounding decides: where in more digits, each value off by a
        few roundings, something else is left.
        """
        slope = self.slopes[name]
        moves = np.max([np.abs(one[name] - slope) for one in self._rounded], axis=0)
        return moves > _DECIDED * np.abs(slope)

    @cached_property
    def _rounded(self) -> list[dict[str, Array]]:
        drawn = (Rounded(self.network, self.lengths, self.point, seed) for seed in range(DRAWS))
        return [Adjoints(one, {self.loss: np.ones(())}).found for one in drawn]

    def norm(self, name: str) -> float:
        return length(self.shown(name, self.slopes[name]))


def biases(ground: Ground) -> list[str]:
    """Parameters that are read once, as an addend by itself, of what has more axes."""
    reads = [(e, t, r) for e in ground.network for t in e.terms for r in e.reads()]
    found = []
    for n in ground.params:
        own = {e.name: e for e, _, r in reads if r.name == n and e.name != ground.loss}
        if len(own) == 1:
            (equation,) = own.values()
            alone = [
                part
                for t in equation.terms
                for part in sp.Add.make_args(t.body)
                if any(e.name == n for e in part.atoms(Element))
            ]
            parts = sum(1 if t.over else len(sp.Add.make_args(t.body)) for t in equation.terms)
            is_bias = len(alone) == 1 and isinstance(alone[0], Element) and parts > 1
            if is_bias and {*indices_of(alone[0])} != {*equation.indices}:
                found.append(n)
    return found


def length(array: Array) -> float:
    """The length of an array, as of one vector."""
    return math.hypot(*np.ravel(array))


def constant(leaf: Any) -> float | bool:
    """A number; of the last of several cases, true."""
    return bool(leaf) if leaf in (sp.true, sp.false) else float(leaf)

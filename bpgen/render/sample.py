"""One sample is a batch of one: the batch index goes, and N is 1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import sympy as sp

from bpgen.equations.substitution import with_elements
from bpgen.ir import BATCH, Element, Equation, Index, Size, Term, element, is_batch, length
from bpgen.record import Derivation, Equality, KnownSum, Path, Reason
from bpgen.render import places, steps
from bpgen.render.places import Statement


@dataclass(frozen=True)
class View:
    """How equations are shown: of one sample, or as they are."""

    sample: bool
    axes: Mapping[str, tuple[Size, ...]] = field(default_factory=dict)
    carried: Mapping[str, int] = field(default_factory=dict)  # counted from the last axis
    adjoints: frozenset[str] = frozenset()
    started: frozenset[str] = frozenset()  # the adjoints that are read before the first step

    @staticmethod
    def of(derivation: Derivation, sample: bool) -> View:
        known = derivation.tensors
        blocks = {name for name, t in known.items() if t.block}
        # The sample stands first, but after the block.
        shown = {
            name: tuple(i for i in t.indices if not (sample and name in blocks and is_batch(i)))
            for name, t in known.items()
        }
        axes = {name: tuple(i.size for i in indices if i.size) for name, indices in shown.items()}
        carried = {
            name: t.carried - len(shown[name]) for name, t in known.items() if t.carried is not None
        }
        reads = (e for s in derivation.steps for e in s.equation.reads() if e.name in carried)
        started = frozenset(e.name for e in reads if e.indices[known[e.name].carried or 0] == -1)
        adjoints = frozenset(known) - derivation.network.tensors.keys()
        return View(sample, axes, carried, adjoints, started)

    def expr(self, expr: sp.Basic) -> sp.Basic:
        """An expression without the batch index, from the inside of gathers out."""
        return _without_batch(expr) if self.sample else expr

    def term(self, term: Term) -> Term:
        if not self.sample:
            return term
        at = None if term.at is None else tuple(self.expr(e) for e in term.at if not is_batch(e))
        return Term(
            self.expr(term.body), tuple(k for k in term.over if not is_batch(k)), term.reduce, at
        )

    def indices(self, indices: tuple[Index, ...]) -> tuple[Index, ...]:
        return tuple(i for i in indices if not (self.sample and is_batch(i)))

    def reason(self, reason: Equality) -> Equality:
        return Equality(tuple(self.expr(e) for e in reason.chain), reason.prime)

    def line_reason(self, reason: Reason) -> Reason:
        """The reason of a line as this view shows it."""
        if isinstance(reason, KnownSum):
            return replace(reason, term=self.term(reason.term))
        return self.reason(reason) if isinstance(reason, Equality) else reason

    def path(self, path: Path) -> Path:
        """The path as this view shows it."""
        if not self.sample:
            return path
        upstream, wrt, value = (self.expr(e) for e in (path.upstream, path.wrt, path.value))
        reasons = tuple(self.reason(r) for r in path.reasons)
        over, inner = self.indices(path.over), self.indices(path.inner)
        return Path(upstream, wrt, value, over, reasons, inner, path.composed)

    def equation(self, equation: Equation) -> Equation:
        """The equation as this view shows it."""
        if self.sample:
            indices = self.indices(equation.indices)
            equation = replace(
                equation, indices=indices, terms=tuple(self.term(t) for t in equation.terms)
            )
        return steps.from_after(equation, self.carried, self.axes, self.adjoints)

    def statements(self, equation: Equation) -> list[Statement]:
        """A shown equation in statements: at each of its places, and before the first step."""
        if _is_from_block_to_block(equation):
            return places.statements(equation, self.axes)
        first, rest = self.start_and_steps(equation)
        later = places.statements(rest, self.axes, self.carried.get(equation.name))
        if self.is_adjoint(equation) and equation.name not in self.started:
            return later
        if first is None and equation.name in self.carried:
            first = steps.zero(equation, self.carried)
        if first is None:
            return later
        return [*later, first] if self.is_adjoint(equation) else [first, *later]

    def start_and_steps(self, equation: Equation) -> tuple[Statement | None, Equation]:
        """What stands before the first step, if anything does, and the steps. A gradient that goes
        from block to block is told at one end of each, that before the first block among them.
        """
        if _is_from_block_to_block(equation):
            return None, equation
        return steps.start_and_steps(equation, self.carried, self.axes)

    def is_adjoint(self, equation: Equation) -> bool:
        return equation.name in self.adjoints


@lru_cache(10_000)  # of a network there are several pages, and each shows it more than once
def _without_batch(expr: sp.Basic) -> sp.Basic:
    def of_sample(access: Element, indices: tuple[sp.Expr, ...]) -> Element:
        return element(access.name, (i for i in indices if not is_batch(i)))

    return with_elements(expr, of_sample, {length(BATCH): sp.S.One})


def _is_from_block_to_block(equation: Equation) -> bool:
    """Whether it is the gradient of what goes from block to block, which is told at one end."""
    loop = equation.loop
    return loop is not None and loop.block and loop.reverse

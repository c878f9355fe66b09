"""The steps of a derivation as one page shows them, in plain equations: of what goes from block to
block, the gradient by what the last one leaves, and that by what each is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby

import sympy as sp

from bpgen.ir import Equation, Index, Loop, Term, element, length
from bpgen.record import Equality, KnownSum, Line, Path, Reason, Step, blocks_together
from bpgen.render.contributions import Contribution, contributions
from bpgen.render.sample import View


@dataclass(frozen=True)
class Shown:
    """One line of a step: what stands right of the equals sign, and why it equals the line before
    it.
    """

    equation: Equation
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Part:
    """All of a step, or one of the two that the gradient of what goes from block to block has.
    `instead` says as which block its own is printed.
    """

    step: Step
    view: View
    letter: str = ""  # after its number
    instead: Mapping[Index, sp.Expr] = field(default_factory=dict)

    @property
    def tag(self) -> int | str:
        return f"{self.step.number}{self.letter}" if self.letter else self.step.number

    @property
    def enters(self) -> bool:
        """Whether it comes last: the gradient of what a block is given."""
        return self.letter == "b"

    @property
    def loop(self) -> Loop | None:
        """The loop that it is in: what the last block leaves comes before."""
        return None if self.letter == "a" else self.step.equation.loop

    @cached_property
    def left(self) -> tuple[Index, ...]:
        """The indices of the tensor that is differentiated by."""
        return self.view.indices(self.step.equation.indices)

    @cached_property
    def equation(self) -> Equation:
        """The gradient as it finally reads."""
        return self._shown(self.step.equation)

    @cached_property
    def evaluated(self) -> Equation:
        """The spelling of it that is evaluated."""
        return self._shown(self.step.evaluated)

    @cached_property
    def contributions(self) -> list[Contribution]:
        """What each equation that reads the tensor passes on to it."""
        return contributions(self.step, self.left, self.view)

    @cached_property
    def lines(self) -> list[Shown]:
        """The product of the factors and its simplification."""
        equation = self.step.equation
        return [
            Shown(
                self._shown(replace(equation, terms=line.terms)),
                tuple(map(self.view.line_reason, line.reasons)),
            )
            for line in self.step.lines
        ]

    def under(self, view: View) -> Part:
        """The same part as another view shows it."""
        return replace(self, view=view)

    def _shown(self, equation: Equation) -> Equation:
        shown = self.view.equation(equation)
        if not self.letter:
            return shown
        terms = (replace(t, at=None) if t.at == shown.indices else t for t in shown.terms)
        return replace(shown, terms=tuple(terms))


def in_order(steps: Iterable[Step], view: View) -> list[Part]:
    """The parts of the steps; what a block is given comes when all of the block has."""
    found: list[Part] = []
    for loop, together in groupby(blocks_together(steps), lambda s: s.equation.loop):
        every = [p for s in together for p in parts(s, view)]
        found += sorted(every, key=lambda p: p.enters) if loop else every
    return found


def parts(step: Step, view: View) -> list[Part]:
    """A step, or both ways in which the loss depends on what goes from block to block."""
    axis, loop = view.carried.get(step.equation.name), step.equation.loop
    if axis is None or loop is None or not loop.block:
        return [Part(step, view)]
    own = loop.index
    last = length(own.size) - 1
    places = {t.at[0] if t.at is not None else own for t in step.equation.terms}
    if not places <= {last, own - 1}:
        return [Part(step, view)]
    leaves, given = _only(step, own, last), _only(step, own, own - 1)
    both = (Part(leaves, view, "a", {own: last}), Part(given, view, "b", {own: own - 1}))
    return [p for p in both if p.step.equation.terms]


def _only(step: Step, own: Index, place: sp.Expr) -> Step:
    """A step with what is written at the last place alone, or at the others."""
    last = length(own.size) - 1

    def kept(terms: Iterable[Term]) -> tuple[Term, ...]:
        mine = tuple(t for t in terms if t.at is not None and t.at[0] == place)
        if place != last:
            return mine
        # What leaves the last block may cancel: that its gradient is 0 is told, too.
        return tuple(replace(t, at=_moved(t.at, own)) for t in mine) or (Term(sp.S.Zero, ()),)

    lines: list[Line] = []
    for line in step.lines:
        terms = kept(line.terms)
        if not (lines and lines[-1].terms == terms):
            reasons = (r for r in line.reasons if _has(r, own) == (place != last))
            lines.append(Line(terms, tuple(_next(r, own) for r in reasons)))
    paths = [p for p in step.paths if (p.wrt.indices[0] == last) == (place == last)]
    if place == last:
        paths = [_of(p, own) for p in paths]
    equation = replace(step.equation, terms=kept(step.equation.terms))
    stable = step.stable and replace(step.stable, terms=kept(step.stable.terms))
    return replace(step, paths=tuple(paths), lines=tuple(lines), equation=equation, stable=stable)


def _has(reason: Reason, own: Index) -> bool:
    """Whether a reason is of a block."""
    if isinstance(reason, KnownSum):
        return own in reason.term.body.free_symbols
    return isinstance(reason, Equality) and any(own in e.free_symbols for e in reason.chain)


def _next(reason: Reason, own: Index) -> Reason:
    """A reason in the letters of the equation, which is that of the block after."""
    new: dict[sp.Expr, sp.Expr] = {own: own + 1}
    if isinstance(reason, KnownSum):
        return replace(reason, term=reason.term.map(lambda body: body.xreplace(new)))
    if isinstance(reason, Equality):
        return Equality(tuple(e.xreplace(new) for e in reason.chain), reason.prime)
    return reason


def _moved(at: tuple[sp.Expr, ...] | None, own: Index) -> tuple[sp.Expr, ...]:
    return (own, *(at or ())[1:])


def _of(path: Path, own: Index) -> Path:
    """A path from what the last block leaves, as one of a block that is printed as the last."""
    return replace(path, wrt=element(path.wrt.name, (own, *path.wrt.indices[1:])))

"""Repeated blocks as they are told: what goes from block to block is what the last one leaves, and
what each is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import sympy as sp

from bpgen.ir import Equation, Index, Loop, Term, element, length
from bpgen.record import Equality, Line, Path, Reason, Step, Vanishing
from bpgen.render.sample import View
from bpgen.render.writer import Writer


@dataclass(frozen=True)
class Part:
    """All of a step, or one of the two in which the gradient of what goes from block to block is
    told. `instead` says as which block its own is printed.
    """

    step: Step
    letter: str = ""  # after its number
    instead: Mapping[Index, sp.Expr] = field(default_factory=dict)

    @property
    def tag(self) -> int | str:
        return f"{self.step.number}{self.letter}" if self.letter else self.step.number

    @property
    def enters(self) -> bool:
        """Whether it is told last: the gradient of what a block is given."""
        return self.letter == "b"

    @property
    def loop(self) -> Loop | None:
        """The loop that it is told in: what the last block leaves comes before."""
        return None if self.letter == "a" else self.step.equation.loop

    def equation(self, view: View) -> Equation:
        """The step's equation as the view shows it."""
        return self.shown(self.step.equation, view)

    def shown(self, equation: Equation, view: View) -> Equation:
        """An equation of the step as the view shows it."""
        shown = view.equation(equation)
        if not self.letter:
            return shown
        terms = (replace(t, at=None) if t.at == shown.indices else t for t in shown.terms)
        return replace(shown, terms=tuple(terms))


def parts(step: Step, view: View) -> list[Part]:
    """A step, or both ways in which the loss hears of what goes from block to block."""
    axis, loop = view.carried.get(step.equation.name), step.equation.loop
    if axis is None or loop is None or not loop.block:
        return [Part(step)]
    own = loop.index
    last = length(own.size) - 1
    places = {t.at[0] if t.at is not None else own for t in step.equation.terms}
    if not places <= {last, own - 1}:
        return [Part(step)]
    leaves, given = _only(step, own, last), _only(step, own, own - 1)
    both = (Part(leaves, "a", {own: last}), Part(given, "b", {own: own - 1}))
    return [p for p in both if p.step.equation.terms]


def gathered(steps: Iterable[Step]) -> list[Step]:
    """The steps, those of the same blocks together."""
    place: dict[Loop, int] = {}
    found = list(enumerate(steps))
    for k, step in found:
        if step.equation.loop is not None and step.equation.loop.block:
            place.setdefault(step.equation.loop, k)
    loops = {k: s.equation.loop for k, s in found}
    return [s for _, s in sorted(found, key=lambda f: _place(loops[f[0]], place, f[0]))]


def _place(loop: Loop | None, place: Mapping[Loop, int], own: int) -> int:
    return own if loop is None else place.get(loop, own)


def _only(step: Step, own: Index, place: sp.Expr) -> Step:
    """A step with what is written at the last place alone, or at the others."""
    last = length(own.size) - 1

    def kept(terms: Iterable[Term]) -> tuple[Term, ...]:
        mine = (t for t in terms if t.at is not None and t.at[0] == place)
        return tuple(replace(t, at=_moved(t.at, own)) if place == last else t for t in mine)

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
    if isinstance(reason, Vanishing):
        return own in reason.term.body.free_symbols
    return isinstance(reason, Equality) and any(own in e.free_symbols for e in reason.chain)


def _next(reason: Reason, own: Index) -> Reason:
    """A reason in the letters of the equation, which is told by the block after."""
    new: dict[sp.Expr, sp.Expr] = {own: own + 1}
    if isinstance(reason, Vanishing):
        return Vanishing(reason.term.map(lambda body: body.xreplace(new)))
    if isinstance(reason, Equality):
        return Equality(tuple(e.xreplace(new) for e in reason.chain), reason.prime)
    return reason


def _moved(at: tuple[sp.Expr, ...] | None, own: Index) -> tuple[sp.Expr, ...]:
    return (own, *(at or ())[1:])


def _of(path: Path, own: Index) -> Path:
    """A path from what the last block leaves, told of a block that is printed as the last."""
    return replace(path, wrt=element(path.wrt.name, (own, *path.wrt.indices[1:])))


def forward(loop: Loop, carried: str, writer: Writer) -> str:
    """Block l, for l = 0, ..., 5: from x^(l-1) to x^(l)."""
    return _lead(loop, carried, writer, forwards=True)


def backward(loop: Loop, carried: str, writer: Writer) -> str:
    """Block l, for l = 5, ..., 0: from the gradient of x^(l) to that of x^(l-1)."""
    return _lead(loop, carried, writer, forwards=False)


def _lead(loop: Loop, carried: str, writer: Writer, forwards: bool) -> str:
    inline, index, size = writer.dialect.inline, loop.index, length(loop.index.size)
    ends = [sp.Integer(0), size - 1]
    first, last = (writer.subscript(e) for e in (ends if forwards else ends[::-1]))
    letter, equal = writer.index(index.name), writer.dialect.relations["=="]
    dots = writer.dialect.words["dots"]
    values = inline(
        f"{letter} {equal} {first}, {dots}, {last}" if size != 1 else f"{letter} {equal} {first}"
    )
    before, after = (
        inline(writer.tensor(carried, above=writer.at_block(place)).text)
        for place in (index - 1, index)
    )
    said = f"Block {inline(letter)}, for {values}: "
    if not forwards:
        return f"{said}from the gradient with respect to {after} to that of {before}."
    left = inline(writer.tensor(carried, above=writer.at_block(size - 1)).text)
    return f"{said}from {before} to {after}. The last leaves {left}."

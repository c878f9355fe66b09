"""A derivation in full: every factor of every chain rule, its value and its reason."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bpgen.ir import BATCH, Equation, Loop
from bpgen.record import Step
from bpgen.render import batch, matrix, rightside
from bpgen.render.chain import strings
from bpgen.render.equations import Equations
from bpgen.render.finals import finals
from bpgen.render.meanings import meaning, why_sum
from bpgen.render.page import Block, Row, Section, of_equation
from bpgen.render.parts import Part
from bpgen.render.reasons import line_reasons
from bpgen.render.sample import View
from bpgen.render.writer import Writer


@dataclass(frozen=True)
class Full(Equations):
    """The sections of a page that keeps every factor."""

    def sections(self) -> tuple[Section, ...]:
        forward = Section("Forward pass", (), self.forward())
        return (forward, self.backward(), *self.batch(), *self.summary(), *self.stepped())

    def backward(self) -> Section:
        blocks: list[Block] = []
        loop: Loop | None = None
        for part in self.parts:
            own = part.loop
            if own is not None and own != loop:
                blocks.append(Block(lead=self.lead(own, False)))
            blocks.append(self.at(part)._step(part))
            loop = own
        return Section("Backward pass", self.given(), tuple(blocks))

    def _step(self, part: Part) -> Block:
        equation = part.equation
        rows = self.chain.rows(part)
        apart = self.has_places(equation)
        lines = self._lines(part, apart and bool(rows[0].addends)) if rows else []
        if rows and not rows[0].addends:
            # The loss itself is differentiated: its derivative stands beside it.
            since = rows[0].since + lines[0].since
            rows[0], lines = replace(rows[0], addends=lines[0].addends, since=since), lines[1:]
        final = self.final(equation, part.tag, self.writer)
        since = self._auxiliaries(part.evaluated)
        stable = self.evaluated(equation, part.evaluated, final[-1].left, since)
        found = [*_joined([*rows, *lines], final, self.writer.element(equation.lhs).text), *stable]
        lead = " ".join(filter(None, (meaning(part, self), why_sum(part, self))))
        every = tuple(of_equation(found, part.tag))
        return Block(every, self._heading(part.step), self.remarks(part), lead)

    def _lines(self, part: Part, apart: bool) -> list[Row]:
        """The product and its simplification; a line that only reorders the one above it is not
        printed, nor the last where it has several places and needs no reason.
        """
        lines = part.lines[:-1] if apart and not part.lines[-1].reasons else part.lines
        before = [(), *(line.equation.terms for line in lines)]
        rows = [
            Row(
                "",
                strings(rightside.right_side(line.equation, self.writer), self.writer),
                since=line_reasons(line.reasons, line.equation.indices, above, self.writer),
            )
            for line, above in zip(lines, before, strict=False)
        ]
        return [
            r for r, after in zip(rows, [*rows[1:], None], strict=False) if not _alike(r, after)
        ]

    def _heading(self, step: Step) -> str:
        inline, writer = self.writer.dialect.inline, self.writer
        name = step.equation.name
        called = f", called {inline(writer.tensor(name).text)}" if name in writer.symbols else ""
        return f"Gradient with respect to {inline(writer.tensor(step.of).text)}{called}"

    def final(self, equation: Equation, number: int | str, writer: Writer) -> list[Row]:
        """An equation with its shape behind it, where no numbers are."""
        rows = super().final(equation, number, writer)
        entry = rows[-1].left != matrix.left_side(equation, writer)
        if rows[-1].numbers or (entry and self._is_indicator(equation)):
            return rows
        # A subscript n is one sample.
        within = equation.indices[1:] if equation.name in writer.blocks else equation.indices
        axes = [i for i in within if entry or i.size != BATCH]
        shape = writer.dialect.shape(tuple(writer.length(i.size or 1) for i in axes))
        if entry:  # say whose shape it is
            name = equation.name
            owner = name if name in writer.symbols else writer.adjoint_of[name]
            shape = f"{writer.tensor(owner).text} {shape}"
        return [*rows[:-1], replace(rows[-1], shape=shape)]

    def _is_indicator(self, equation: Equation) -> bool:
        return (equation.name, len(equation.indices)) in self.writer.firsts

    def batch(self) -> list[Section]:
        """The same equations, with the sample's index and the mean."""
        if not self.view.sample:
            return []
        notation = "index" if self.notation == "index" else "matrix"
        whole = View.of(self.derivation, sample=False)
        rows: list[Row] = []
        for f in self.derivation.forward:
            if f.source is self.loss:
                rows += finals(whole.equation(f.source), f.number, self.base, notation, whole)
        for part in self.every_part:
            equation = part.under(whole).equation
            rows += finals(equation, part.tag, self.at(part).base, notation, whole)
        intro = batch.intro(self.derivation, self.base)
        return [Section("Over the batch", (intro,), (Block(tuple(rows)),))]

    def summary(self) -> list[Section]:
        summed = (part for part in self.every_part if part.tag in self.known)
        equations = (self._summed(part) for part in summed if not part.step.inlined)
        rows = tuple(row for equation in equations for row in equation)
        return [Section("Summary", (), (Block(rows),), boxed=True)] if rows else []

    def _summed(self, part: Part) -> tuple[Row, ...]:
        """An equation's rows without its number."""
        rows = self.known[part.tag]
        if self.notation == "components":
            rows = finals(part.equation, None, self.at(part).writer, "matrix", self.view)
        return tuple(replace(row, tag=None, of=part.tag) for row in rows)


def _joined(rows: list[Row], final: list[Row], entry: str) -> list[Row]:
    """The derivation and its result, which is not printed twice."""
    if not rows:
        return final
    last, (first, *more) = rows[-1], final
    if first.left == entry:
        goes_on = replace(first, left="")
        if last.addends == first.addends:
            return [*rows[:-1], replace(goes_on, left=last.left, since=last.since), *more]
        return [*rows, goes_on, *more]
    if (last.left, last.addends) == (first.left, first.addends):
        return [*rows[:-1], replace(first, since=last.since), *more]
    return [*rows, *final]


def _alike(row: Row, after: Row | None) -> bool:
    """Whether the addends are the same, whatever their order."""
    one, two = (sorted(a.removeprefix("+ ") for a in r.addends) if r else [] for r in (row, after))
    return one == two

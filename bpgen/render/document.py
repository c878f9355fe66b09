"""A derivation as a document: forward pass, backward steps, the batch, the summary."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from bpgen.ir import BATCH, Equation
from bpgen.record import Derivation, Forward, Step
from bpgen.render import components, matrix, rightside
from bpgen.render.chain import Chain, strings
from bpgen.render.dialect import Dialect
from bpgen.render.legend import conventions, legend
from bpgen.render.page import Block, Document, Row, Section
from bpgen.render.products import Unfit
from bpgen.render.reasons import told
from bpgen.render.sample import View, separable
from bpgen.render.writer import Writer

_BOX = 20  # lines of a box that still fits a page


def document(derivation: Derivation, dialect: Dialect, notation: str) -> Document:
    """The table of contents of every document."""
    page = _Page(derivation, Writer.of(derivation, dialect), notation, View(separable(derivation)))
    if notation == "components":
        components.check_size(derivation, page.view)
    sections = [page.forward(), page.backward()]
    if page.view.sample and derivation.network.loss:
        sections.append(page.batch())
    title = derivation.network.title or derivation.network.name
    return Document(title, (), (*sections, *page.summary()))


@dataclass(frozen=True)
class _Page:
    derivation: Derivation
    base: Writer
    notation: str
    view: View
    # The final rows of each equation, by number.
    known: dict[int, list[Row]] = field(default_factory=dict)

    @cached_property
    def top(self) -> str:
        """The scalar differentiated for one sample: its loss, or the whole loss where there are
        penalties.
        """
        network = self.derivation.network
        loss = next(
            (f.equation for f in self.derivation.forward if f.equation.name == network.loss), None
        )
        plain = loss is not None and len(loss.terms) == 1
        return (
            network.sample_loss
            if self.view.sample and network.sample_loss and plain
            else self.base.total
        )

    @cached_property
    def writer(self) -> Writer:
        return self.base.differentiating(self.top)

    @cached_property
    def chain(self) -> Chain:
        tops = {self.top} | ({self.derivation.network.loss or ""} if self.view.sample else set())
        steps = {s.of: s for s in self.derivation.steps}
        loss = [f.equation for f in self.derivation.forward if f.equation.name == self.base.total]
        return Chain(
            self.writer,
            self.view,
            frozenset(tops),
            steps,
            self.view.equation(loss[0]) if loss else None,
        )

    @cached_property
    def _equations(self) -> list[Equation]:
        forward = [e for f in self.derivation.forward for e in (f.equation, f.evaluated)]
        return forward + [s.equation for s in self.derivation.steps]

    # sections

    def forward(self) -> Section:
        rows = [
            row
            for f in self.derivation.forward
            if not self._said_later(f)
            for row in self._forward(f)
        ]
        intro = legend(self._equations, self.writer, self.notation)
        if any("evaluated as" in row.words for row in rows):
            intro = (
                *intro,
                "The spelling that is evaluated neither overflows nor takes the logarithm of 0.",
            )
        return Section("Forward pass", intro, (Block(tuple(rows)),))

    def _said_later(self, forward: Forward) -> bool:
        """The mean over the batch, of which one sample has nothing to say."""
        return self.top != self.base.total and forward.equation.name == self.base.total

    def _forward(self, forward: Forward) -> list[Row]:
        """The equation as written, and as evaluated where that differs on paper."""
        written, evaluated = (
            self.view.equation(forward.equation),
            self.view.equation(forward.evaluated),
        )
        rows = self._final(written, forward.number, self.writer)
        reasons = tuple(
            replace(r, chain=tuple(self.view.expr(e) for e in r.chain))
            if not isinstance(r, str)
            else r
            for r in forward.reasons
        )
        again = strings(rightside.right_side(evaluated, self.writer), self.writer)
        if again != strings(rightside.right_side(written, self.writer), self.writer):
            rows.append(Row("", again, words=("evaluated as",), since=told(reasons, self.writer)))
        return rows

    def backward(self) -> Section:
        steps = [s for s in self.derivation.steps if not (s.of == self.top and not s.paths[1:])]
        return Section("Backward pass", self._backward_intro(), tuple(self._step(s) for s in steps))

    def _backward_intro(self) -> tuple[str, ...]:
        network, inline = self.derivation.network, self.writer.dialect.inline
        if network.loss is None:
            total = inline(self.writer.tensor(self.top).text)
            bars = ", ".join(inline(self.writer.tensor(f"d_{n}").text) for n in network.outputs)
            return (
                f"{bars} is the upstream gradient that backward is given:"
                f" of a scalar {total} further on.",
            )
        return ()

    def _step(self, step: Step) -> Block:
        writer = self.writer
        rows = self.chain.rows(step)
        lines = [self._line(step, k) for k in range(len(step.lines))] if rows else []
        final = self._final(self.view.equation(step.equation), step.number, writer)
        lines = [
            row
            for k, row in enumerate(lines)
            if k == len(lines) - 1 or _alike(row) != _alike(lines[k + 1])
        ]
        if (
            rows and not rows[0].addends
        ):  # the loss itself is differentiated: its derivative stands beside it
            rows = [
                replace(rows[0], addends=lines[0].addends, since=rows[0].since + lines[0].since),
                *rows[1:],
            ]
            lines = lines[1:]
        told = [*rows, *lines]
        entry = writer.element(self.view.equation(step.equation).lhs).text
        if (
            told
            and self.notation != "components"
            and (entry, told[-1].addends) == (final[0].left, final[0].addends)
        ):
            told[-1] = replace(told[-1], shape=final[0].shape, tag=step.number)
            return Block(tuple(told), self._heading(step), self._remarks(step))
        if told and (told[-1].left, told[-1].addends) == (final[0].left, final[0].addends):
            final = [replace(final[0], since=told.pop().since), *final[1:]]
        return Block((*told, *final), self._heading(step), self._remarks(step))

    def _line(self, step: Step, k: int) -> Row:
        line = step.lines[k]
        shown = self.view.equation(Equation(step.equation.name, step.equation.indices, line.terms))
        addends = strings(rightside.right_side(shown, self.writer), self.writer)
        return Row("", addends, since=told(line.reasons, self.writer))

    def _heading(self, step: Step) -> str:
        inline, writer = self.writer.dialect.inline, self.writer
        name = step.equation.name
        called = f", called {inline(writer.tensor(name).text)}" if name in writer.symbols else ""
        return f"Gradient with respect to {inline(writer.tensor(step.of).text)}{called}"

    def _remarks(self, step: Step) -> tuple[str, ...]:
        return tuple(conventions(step.conventions, self.writer.dialect))

    def batch(self) -> Section:
        """The same equations, with the sample's index and the mean."""
        writer, notation = self.base, "index" if self.notation == "index" else "matrix"
        rows: list[Row] = []
        for forward in self.derivation.forward:
            if forward.equation.name == self.base.total:
                rows += _finals(forward.equation, forward.number, writer, notation)
        for step in self.derivation.steps:
            rows += _finals(step.equation, step.number, writer, notation)
        rows = [replace(r, shape="") for r in rows]
        inline = writer.dialect.inline
        intro = (
            f"The subscript {inline('n')} is the sample, of {inline('N')} in the batch; "
            "the equations keep their numbers.",
        )
        return Section("Over the batch", intro, (Block(tuple(rows)),))

    def summary(self) -> list[Section]:
        rows: list[Row] = []
        for step in self.derivation.steps:
            if step.number in self.known and not step.inlined:
                again = self.notation == "components"
                equation = self.view.equation(step.equation)
                rows += (
                    _finals(equation, None, self.writer, "matrix")
                    if again
                    else self.known[step.number]
                )
        rows = [replace(r, tag=None) for r in rows]
        boxes = [Block(tuple(rows[k : k + _BOX])) for k in range(0, len(rows), _BOX)]
        return [Section("Summary", (), tuple(boxes), boxed=True)] if rows else []

    # equations in the chosen notation

    def _final(self, equation: Equation, number: int, writer: Writer) -> list[Row]:
        rows = self.known[number] = _finals(equation, number, writer, self.notation)
        whole = rows[-1].left == matrix.left_side(equation, writer)
        # A subscript n is one sample.
        axes = [i for i in equation.indices if not (whole and i.size == BATCH)]
        shape = writer.dialect.shape(tuple(writer.length(i.size or 1) for i in axes))
        if not whole:  # an entry on the left: say whose shape it is
            owner = (
                equation.name
                if equation.name in writer.symbols
                else writer.adjoint_of[equation.name]
            )
            shape = f"{writer.tensor(owner).text} {shape}"
        return [*rows[:-1], replace(rows[-1], shape=shape)]


def _finals(equation: Equation, number: int | None, writer: Writer, notation: str) -> list[Row]:
    """An equation in a notation: one row, or one for each entry."""
    if notation == "components":
        writer = replace(writer, first=1)
        rows = []
        for entry in components.entries(equation.indices):
            right = strings(components.right_side(equation, entry, writer), writer)
            rows.append(Row(components.left_side(equation, entry, writer), right))
        return [*rows[:-1], replace(rows[-1], tag=number)]
    if notation == "matrix":
        try:
            addends = matrix.right_side(equation, writer)
            return [Row(matrix.left_side(equation, writer), strings(addends, writer), tag=number)]
        except Unfit:
            pass
    left = writer.element(equation.lhs).text
    return [Row(left, strings(rightside.right_side(equation, writer), writer), tag=number)]


def _alike(row: Row) -> list[str]:
    """Addends whatever their order: a line that only reorders the one above it is not printed."""
    return sorted(a.removeprefix("+ ") for a in row.addends)

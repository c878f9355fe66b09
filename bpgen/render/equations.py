"""What every page of a derivation tells: the forward equations, each gradient as it finally reads,
and the sentences of recurrences and blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Self

from bpgen.functions import NOTHING, Convention, on_paper
from bpgen.ir import Equation, Loop
from bpgen.record import Derivation, Equality, Forward
from bpgen.render import batch, components, descent, loops, matrix, rightside
from bpgen.render.chain import Chain, strings
from bpgen.render.contributions import apart
from bpgen.render.dialect import listed
from bpgen.render.finals import finals
from bpgen.render.legend import conventions
from bpgen.render.numerals import Numerals
from bpgen.render.outline import Outline
from bpgen.render.page import Block, Row, Section, of_equation
from bpgen.render.parts import Part, in_order
from bpgen.render.reasons import avoids, equalities
from bpgen.render.sample import View
from bpgen.render.scalar import Printer
from bpgen.render.softmaxes import as_softmax
from bpgen.render.writer import Writer

_EVALUATED = {False: "evaluated as", True: "evaluated, and differentiated, as"}
_TIES = Convention(
    "of several that are the largest the first alone passes the gradient on: the first that the"
    " maximum runs through"
)


@dataclass(frozen=True)
class Equations:
    outline: Outline
    base: Writer
    notation: str
    # The final rows of each equation, by number.
    known: dict[int | str, list[Row]] = field(default_factory=dict)
    numerals: Numerals | None = None  # of a worked example

    @property
    def derivation(self) -> Derivation:
        return self.outline.derivation

    @property
    def view(self) -> View:
        return self.outline.view

    @property
    def loss(self) -> Equation | None:
        return self.outline.loss

    @property
    def sample_loss(self) -> str | None:
        return self.outline.sample_loss

    @property
    def top(self) -> str:
        return self.outline.top

    @cached_property
    def writer(self) -> Writer:
        return self.base.differentiating(self.top)

    @cached_property
    def chain(self) -> Chain:
        return Chain(self.writer, self.outline)

    # sections

    def forward(self) -> tuple[Block, ...]:
        blocks: list[Block] = []
        loop: Loop | None = None
        explained = {""}
        for forward in self.derivation.printed:
            # Of the mean over the batch, one sample has nothing to say.
            if self.top == self.base.total or forward.equation.name != self.base.total:
                rows = self.forward_rows(forward)
                spelling = next((k for k, r in enumerate(rows) if r.words), None)
                why = avoids(forward)
                if spelling is not None and why not in explained:
                    rows.insert(spelling + 1, Row("", prose=why, first=rows[spelling].first))
                    explained.add(why)
                if not rows:
                    continue
                if blocks and forward.equation.loop == loop:
                    every = (*blocks[-1].rows, *rows)
                    blocks[-1] = replace(
                        blocks[-1], rows=tuple(sorted(every, key=lambda r: not r.first))
                    )
                else:
                    loop = forward.equation.loop
                    lead = self.lead(loop, True) if loop else ""
                    blocks.append(Block(tuple(rows), lead=lead))
        return tuple(blocks)

    def across(self) -> tuple[str, ...]:
        """Where samples meet, what the subscript n is."""
        batched = any(t.batched for t in self.derivation.network.tensors.values())
        return () if self.view.sample or not batched else (batch.across(self.writer),)

    def forward_rows(self, forward: Forward) -> list[Row]:
        """The equation as written, and as evaluated where that differs on paper."""
        textbook = self.view.equation(forward.equation)
        rows = self.final(textbook, forward.number, self.writer)
        rows = self._softmaxes(forward, textbook, rows)
        reasons = [self.view.reason(r) for r in forward.reasons if isinstance(r, Equality)]
        since, differentiated = equalities(reasons, self.writer), forward.differentiated
        evaluated = self.view.equation(forward.evaluated)
        since += self._auxiliaries(evaluated)
        rows += self.evaluated(textbook, evaluated, rows[-1].left, since, differentiated)
        return of_equation(sorted(rows, key=lambda r: not r.first), forward.number)

    def _softmaxes(self, forward: Forward, textbook: Equation, rows: list[Row]) -> list[Row]:
        """The rows of a softmax as one: where its log-sum-exp has no equation, in the place of what
        they say.
        """
        of = partial(as_softmax, forward.equation, self.outline.definitions, self.view)
        if self.notation == "components":
            block = self.writer.blocks.get(textbook.name)  # which one stays a letter
            own = tuple(i for i in textbook.indices if i != block)
            softmaxes = [of(False, self.writer, entry) for entry in components.entries(own)]
        else:
            softmaxes = [of(rows[-1].left == matrix.left_side(textbook, self.writer), self.writer)]
        if len(softmaxes) > len(rows) or not all(softmaxes):
            since = self._auxiliaries(textbook)
            return [*rows[:-1], replace(rows[-1], since=(*rows[-1].since, *since))]
        above, last = rows[: -len(softmaxes)], rows[-len(softmaxes) :]  # above: a first step
        if self.derivation.auxiliaries.keys() & {e.name for e in forward.equation.reads()}:
            sides: list[tuple[str, ...]] = [(t,) for t in softmaxes]
        elif self.notation == "components":
            return rows
        else:
            sides = [(*r.addends, f"= {t}") for r, t in zip(last, softmaxes, strict=True)]
        return [*above, *(replace(r, addends=a) for r, a in zip(last, sides, strict=True))]

    def _auxiliaries(self, equation: Equation) -> tuple[str, ...]:
        """What the auxiliaries are that an equation reads: s = log(sum_i exp(z_i))."""
        found: list[str] = []
        for access in equation.reads():
            known = self.derivation.auxiliaries.get(access.name)
            if known is not None:
                shown = self.view.equation(known)
                free = {str(i.name): i for i in (*equation.indices, *shown.indices)}
                terms = apart(shown.terms, tuple(free.values()))
                side = rightside.right_side(replace(shown, terms=terms), self.writer)
                right = strings(side, self.writer)
                found.append(f"{self.writer.element(shown.lhs).text} = {' '.join(right)}")
        return tuple(dict.fromkeys(found))

    def evaluated(
        self,
        textbook: Equation,
        shown: Equation,
        above: str,
        since: tuple[str, ...] = (),
        differentiated: bool = False,
    ) -> list[Row]:
        """The spelling that is evaluated, where it is another on paper: with a left side of its own
        where that of the row above does not name its indices, as of a matrix or of one entry.
        """
        writer = self.writer
        if any(t.body.has(*NOTHING) for t in shown.terms):
            writer.note("nothing")
        textbook, shown = (
            replace(e, terms=tuple(t.map(on_paper) for t in e.terms)) for e in (textbook, shown)
        )
        (start, one), (start_again, other) = map(self.view.start_and_steps, (textbook, shown))
        words, rows = (_EVALUATED[differentiated],), list[Row]()
        if start is not None and start_again is not None:
            addends = self._respelled(start.right, start_again.right)
            left = Printer(writer, writer.element).text(start.left)
            rows += [Row(left, addends, words=words, first=True)] if addends else []
        elif start != start_again:
            one, other = textbook, shown
        addends = self._respelled(one, other)
        if not addends:
            return [replace(row, since=since) for row in rows]
        whole = matrix.right_side(other, writer) if self.notation == "matrix" else None
        addends = addends if whole is None else strings(whole, writer)
        entry = writer.element(other.lhs).text
        left = entry if whole is None else matrix.left_side(other, writer)
        named = above == left or (whole is not None and not above)
        return [*rows, Row("" if named else left, addends, words=words, since=since)]

    def _respelled(self, textbook: Equation, shown: Equation) -> tuple[str, ...]:
        """The right side, where it is another on paper."""
        if textbook == shown:
            return ()
        one, other = (
            strings(rightside.right_side(e, self.writer), self.writer) for e in (textbook, shown)
        )
        return () if " ".join(one) == " ".join(other) else other

    @cached_property
    def every_part(self) -> list[Part]:
        """The steps as this page shows them."""
        return in_order(self.derivation.printed_steps, self.view)

    @property
    def parts(self) -> list[Part]:
        """Those but for the loss of one sample, whose gradient is 1."""
        return [p for p in self.every_part if p.step.of != self.sample_loss]

    def at(self, part: Part) -> Self:
        """The page where the part's block is printed as the part says."""
        return replace(self, base=replace(self.base, instead=part.instead)) if part.letter else self

    def lead(self, loop: Loop, forwards: bool) -> str:
        """The sentence before a recurrence, or before a block."""
        sentence = loops.forward if forwards else loops.backward
        return sentence(loop, self.derivation, self.view, self.writer)

    def given(self) -> tuple[str, ...]:
        network, inline = self.derivation.network, self.writer.dialect.inline
        if network.loss is not None:
            return ()
        total = inline(self.writer.tensor(self.top).text)
        bars = [inline(self.writer.tensor(f"d_{n}").text) for n in network.outputs]
        are = "are the upstream gradients" if bars[1:] else "is the upstream gradient"
        return (f"{listed(bars)} {are} that backward is given: of a scalar {total} further on.",)

    def has_places(self, equation: Equation) -> bool:
        """Whether an equation is written at several places."""
        return [s.left for s in self.view.statements(equation)] != [equation.lhs]

    def remarks(self, part: Part) -> tuple[str, ...]:
        step = part.step
        kinks = list(step.conventions)
        kinks += [_TIES] if any(self.writer.is_first(p.value) for p in step.paths) else []
        found = conventions(kinks, self.writer)
        if step.equation.loop is None:
            found += loops.beyond(part.equation, self.view, self.writer)
        return tuple(found)

    def final(self, equation: Equation, number: int | str, writer: Writer) -> list[Row]:
        """An equation in the chosen notation, with the numbers of a worked example."""
        rows = self.known[number] = finals(equation, number, writer, self.notation, self.view)
        return rows if self.beside is None else self._numbered(rows, equation, writer)

    @property
    def beside(self) -> Numerals | None:
        """The numbers beside equations. Of one sample none are told by an example of several."""
        numerals = self.numerals
        return None if numerals and numerals.several and self.view.sample else numerals

    def stepped(self) -> tuple[Section, ...]:
        """The step of a worked example."""
        if self.numerals is None:
            return ()
        return (descent.step(self.derivation.network, self.base, self.numerals),)

    def _numbered(self, rows: list[Row], equation: Equation, writer: Writer) -> list[Row]:
        """The rows with what the example has for their left sides: all of a tensor, whether in
        matrices or at its indices, or an entry in each.
        """
        assert self.numerals is not None
        name = equation.name
        tensor = name if name in self.derivation.network.tensors else self.base.adjoint_of[name]
        worked = self.numerals.worked
        array = (worked.values if tensor == name else worked.slopes)[tensor]
        every = matrix.left_side(equation, writer), writer.element(equation.lhs).text
        last = rows[-1]
        if last.left in every and not last.where and equation.name not in writer.blocks:
            return [*rows[:-1], replace(last, numbers=self.numerals.product(tensor, array))]
        if self.notation == "components" and equation.loop is None:
            each = self.numerals.entries(tensor, array)
            if len(each) == len(rows):
                return [replace(r, numbers=n) for r, n in zip(rows, each, strict=True)]
        return rows

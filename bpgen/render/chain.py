"""One step backwards, from its record: the chain rule and the value of each factor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp

from bpgen.ir import Element, Equation, Index, Term, element, elements
from bpgen.record import Step
from bpgen.render import matrix, rightside
from bpgen.render.calls import keeps
from bpgen.render.contributions import Contribution, Indices, apart
from bpgen.render.outline import Outline
from bpgen.render.page import Row
from bpgen.render.partial import Immediate, Partial
from bpgen.render.parts import Part
from bpgen.render.reasons import derivatives
from bpgen.render.scalar import Printer, Signed
from bpgen.render.writer import MUL, Piece, Writer


@dataclass(frozen=True)
class Chain:
    """The chain rule of every step."""

    writer: Writer
    outline: Outline

    @property
    def penalties(self) -> Equation | None:
        """The loss as its view shows it."""
        return self.outline.shown_loss

    @property
    def tops(self) -> frozenset[str]:
        """The scalars that are differentiated."""
        return self.outline.tops

    @cached_property
    def terms_of(self) -> dict[str, tuple[Term, ...]]:
        """The terms of the loss that read each tensor."""
        found: dict[str, tuple[Term, ...]] = {}
        for term in self.penalties.terms if self.penalties else ():
            for name in dict.fromkeys(e.name for e in elements(term.body)):
                found[name] = (*found.get(name, ()), term)
        return found

    @property
    def _printer(self) -> Printer:
        return Printer(self.writer, self.writer.element)

    def rows(self, part: Part) -> list[Row]:
        """The chain rule and the value of each of its factors; of what the loss alone reads, a row
        that waits for the value.
        """
        left, found = part.left, part.contributions
        given = self._given(part.step, left)
        if not found:
            return []
        head = self._left(part.step, left)
        if len(found) == 1 and not given and found[0].upstream.name in self.tops:
            return [Row(head, since=self._since(found[0]))]
        addends = [(False, self.writer.element(given))] if given else []
        for one in found:
            addends += self._product(one, left)
        return [Row(head, strings(addends, self.writer)), *self._facts(found, left)]

    def _given(self, step: Step, left: Indices) -> Element | None:
        """The upstream gradient that backward is given for it; of blocks, for what the last one
        leaves.
        """
        name = f"d_{step.of}"
        if name not in self.writer.given:
            return None
        if step.of not in self.writer.blocks:
            return element(name, left)
        received = (e.name for t in step.lines[0].terms for e in elements(t.body))
        return element(name, left[1:]) if name in received else None

    def _left(self, step: Step, left: Indices) -> str:
        """delta_i = dl/dz_i, or dl/dW_ij alone."""
        partial = self._printer.text(self._total(element(step.of, left)))
        own = self.writer.element(element(step.equation.name, left)).text
        return partial if own == partial else f"{own} = {partial}"

    # the factors of the chain rule

    def _total(self, wrt: Element) -> Partial:
        return Partial(element(self.writer.total, ()), wrt)

    def _is_immediate(self, one: Contribution) -> bool:
        return self.outline.dependence.immediate(one.upstream, one.wrt)

    def _local(self, one: Contribution) -> Partial:
        """d(upstream)/d(wrt), marked where the upstream depends on it in other ways too."""
        return (Immediate if self._is_immediate(one) else Partial)(one.upstream, one.wrt)

    def _product(self, one: Contribution, left: Indices) -> list[Signed]:
        """The product of the factors of one contribution, with its sum."""
        if self._is_inlined(one, left):
            return [(False, self._penalty(one, left))]
        top = one.upstream.name in self.tops
        body = self._local(one) * (sp.S.One if top else self._total(one.upstream))
        at = None if one.wrt.indices == left else one.wrt.indices  # a gather
        term = Term(body, one.over, "sum", at)
        return rightside.right_side(Equation("", left, (term,)), self.writer)

    def _is_inlined(self, one: Contribution, left: Indices) -> bool:
        """Whether what the loss itself holds of a tensor depends on it in no other way: what is
        differentiated is then written out.
        """
        if self.penalties is None or one.upstream.name != self.penalties.name:
            return False
        read = {e.name for t in self.terms_of[one.wrt.name] for e in elements(t.body)}
        return one.wrt.indices == left and not self.outline.dependence.through_others(
            read, one.wrt.name
        )

    def _penalty(self, one: Contribution, left: Indices) -> Piece:
        """The derivative of what the loss itself holds of a tensor, such as its penalty."""
        dialect = self.writer.dialect
        terms = apart(self.terms_of[one.wrt.name], left)
        addends = matrix.right_side(Equation("", (), terms), self.writer)
        if addends is None:
            addends = rightside.right_side(Equation("", (), terms), self.writer)
        text = " ".join(strings(addends, self.writer))
        if addends[1:] or dialect.flat:
            text = dialect.parens(text)
        return Piece(dialect.direct(self.writer.element(one.wrt).text, "", text), MUL)

    # what each factor is

    def _facts(self, found: list[Contribution], left: Indices) -> list[Row]:
        """The adjoint that each way comes from, and its local derivative."""
        rows = []
        for one in found:
            facts = self._adjoint(one.upstream, left) if one.upstream.name not in self.tops else []
            facts.append(self._fact(one, left) + self._where_kept(one.upstream))
            rows.append(Row("", words=tuple(facts), since=self._since(one)))
        first = rows[0].words
        where = self.writer.dialect.prose("where ") + first[0]
        return [replace(rows[0], words=(where, *first[1:])), *rows[1:]]

    def _fact(self, one: Contribution, left: Indices) -> str:
        """What the local derivative is."""
        if self._is_inlined(one, left):
            local = self._penalty(one, left).text
        else:
            local = self._printer.text(self._local(one))
        value = rightside.right_side(one.value, self.writer)
        return f"{local} = {' '.join(strings(value, self.writer))}"

    def _where_kept(self, upstream: Element) -> str:
        """Of what a mask keeps: where it does, and that no gradient arrives elsewhere."""
        mask = self.outline.masks.get(upstream.name)
        if mask is None:
            return ""
        at = dict(zip(mask.indices, upstream.indices, strict=True))
        when = keeps(mask.terms[0].body.xreplace(at), self._printer)
        dialect = self.writer.dialect
        elsewhere = dialect.prose("; elsewhere ") + self._printer.text(self._total(upstream))
        return f"{dialect.words['apart']}{when}{elsewhere} = 0"

    def composed(self, part: Part) -> tuple[str, ...]:
        """What the derivatives are that go by what has no equation."""
        return tuple(self._fact(one, part.left) for one in part.contributions if one.composed)

    def _since(self, one: Contribution) -> tuple[str, ...]:
        return derivatives(one.reasons, one.wrt, self._is_immediate(one), self.writer)

    def _adjoint(self, upstream: Element, left: Indices) -> list[str]:
        """The upstream factor by the step that found it: delta_j, or what is written inside other
        equations.
        """
        step = self.outline.step_of.get(upstream.name)
        if step is None:
            return []
        partial = self._printer.text(self._total(upstream))
        value = self.writer.element(element(step.equation.name, upstream.indices)).text
        if step.inlined and all(isinstance(i, Index) for i in upstream.indices):
            value = " ".join(strings(self._inlined(step, upstream, left), self.writer))
        if value == partial:
            return []
        if upstream.name == self.outline.sample_loss:
            return [f"{partial} = {value}"]
        return [self.writer.dialect.by(partial, value, step.number)]

    def _inlined(self, step: Step, upstream: Element, left: Indices) -> list[Signed]:
        """The right side of a step at the indices of `upstream`, its sums in letters of
        their own.
        """
        equation = self.outline.view.equation(step.equation)
        letters = tuple(i for i in upstream.indices if isinstance(i, Index))
        at = dict(zip(equation.indices, letters, strict=True))
        free = (*left, *(i for i in letters if i not in left))
        terms = apart(equation.terms, free, at)
        return rightside.right_side(Equation("", letters, terms), self.writer)


def strings(addends: list[Signed], writer: Writer) -> tuple[str, ...]:
    """Addends as text, each after the first with its sign."""
    minus = writer.dialect.minus
    first = (minus if addends[0][0] else "") + writer.addend(*addends[0])
    return (first, *(f"{minus if a[0] else '+'} {writer.addend(*a)}" for a in addends[1:]))

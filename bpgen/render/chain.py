"""One step backwards, told from its record: the chain rule, the value of each factor, the
product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp

from bpgen.ir import Element, Equation, Index, Term, element, elements
from bpgen.record import Step
from bpgen.render import matrix, rightside
from bpgen.render.calls import keeps
from bpgen.render.dependence import Dependence
from bpgen.render.page import Row
from bpgen.render.partial import Immediate, Partial
from bpgen.render.reasons import derivatives
from bpgen.render.sample import View
from bpgen.render.scalar import Printer, Signed
from bpgen.render.ways import Indices, Way, apart, ways
from bpgen.render.writer import MUL, Piece, Writer


@dataclass(frozen=True)
class Chain:
    """How steps are told: `total` is the scalar differentiated, and any of `tops` is that scalar
    here.
    """

    writer: Writer
    view: View
    tops: frozenset[str]
    step_of: Mapping[str, Step]
    penalties: Equation | None  # the loss as this view shows it
    dependence: Dependence
    unsaid: str | None  # the loss of one sample, whose adjoint is 1 and has no section
    masks: Mapping[str, Equation]  # what is minus infinity where a mask is 0

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

    def rows(self, step: Step) -> list[Row]:
        """The chain rule and the value of each of its factors; of what the loss alone reads, a row
        that waits for the value.
        """
        left = self.view.indices(step.equation.indices)
        found = ways(step, left, self.view)
        given = self._given(step, left)
        if not found:
            return []
        head = self._left(step, left)
        if len(found) == 1 and not given and found[0].upstream.name in self.tops:
            return [Row(head, since=self._since(found[0]))]
        addends = [(False, self.writer.element(given))] if given else []
        for way in found:
            addends += self._product(way, left)
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

    def _is_immediate(self, way: Way) -> bool:
        first = way.upstream.indices[:1] == (-1,)
        return self.dependence.immediate(way.upstream.name, way.wrt.name, first)

    def _local(self, way: Way) -> Partial:
        """d(upstream)/d(wrt), marked where the upstream depends on it in other ways too."""
        return (Immediate if self._is_immediate(way) else Partial)(way.upstream, way.wrt)

    def _product(self, way: Way, left: Indices) -> list[Signed]:
        """The product of the factors of one way, with its sum."""
        if self._is_written_out(way, left):
            return [(False, self._penalty(way, left))]
        top = way.upstream.name in self.tops
        body = self._local(way) * (sp.S.One if top else self._total(way.upstream))
        at = None if way.wrt.indices == left else way.wrt.indices  # a gather
        term = Term(body, way.over, "sum", at)
        return rightside.right_side(Equation("", left, (term,)), self.writer)

    def _is_written_out(self, way: Way, left: Indices) -> bool:
        """Whether what the loss itself holds of a tensor depends on it in no other way."""
        if self.penalties is None or way.upstream.name != self.penalties.name:
            return False
        read = {e.name for t in self.terms_of[way.wrt.name] for e in elements(t.body)}
        return way.wrt.indices == left and not self.dependence.through_others(read, way.wrt.name)

    def _penalty(self, way: Way, left: Indices) -> Piece:
        """The derivative of what the loss itself holds of a tensor, such as its penalty."""
        dialect = self.writer.dialect
        terms = apart(self.terms_of[way.wrt.name], left)
        addends = matrix.right_side(Equation("", (), terms), self.writer)
        if addends is None:
            addends = rightside.right_side(Equation("", (), terms), self.writer)
        text = " ".join(strings(addends, self.writer))
        if addends[1:] or dialect.flat:
            text = dialect.parens(text)
        return Piece(dialect.direct(self.writer.element(way.wrt).text, "", text), MUL)

    # what each factor is

    def _facts(self, found: list[Way], left: Indices) -> list[Row]:
        """The adjoint that each way comes from, and its local derivative."""
        rows = []
        for way in found:
            facts = self._adjoint(way.upstream, left) if way.upstream.name not in self.tops else []
            if self._is_written_out(way, left):
                local = self._penalty(way, left).text
            else:
                local = self._printer.text(self._local(way))
            value = rightside.right_side(way.value, self.writer)
            said = f"{local} = {' '.join(strings(value, self.writer))}"
            facts.append(said + self._where_kept(way.upstream))
            rows.append(Row("", words=tuple(facts), since=self._since(way)))
        first = rows[0].words
        where = self.writer.dialect.said("where ") + first[0]
        return [replace(rows[0], words=(where, *first[1:])), *rows[1:]]

    def _where_kept(self, upstream: Element) -> str:
        """Of what a mask keeps: where it does, and that no gradient arrives elsewhere."""
        mask = self.masks.get(upstream.name)
        if mask is None:
            return ""
        at = dict(zip(mask.indices, upstream.indices, strict=True))
        when = keeps(mask.terms[0].body.xreplace(at), self._printer)
        dialect = self.writer.dialect
        elsewhere = dialect.said("; elsewhere ") + self._printer.text(self._total(upstream))
        return f"{dialect.words['apart']}{when}{elsewhere} = 0"

    def _since(self, way: Way) -> tuple[str, ...]:
        return derivatives(way.reasons, way.wrt, self._is_immediate(way), self.writer)

    def _adjoint(self, upstream: Element, left: Indices) -> list[str]:
        """The upstream factor by the step that found it: delta_j, or what is written inside other
        equations.
        """
        step = self.step_of.get(upstream.name)
        if step is None:
            return []
        partial = self._printer.text(self._total(upstream))
        value = self.writer.element(element(step.equation.name, upstream.indices)).text
        if step.inlined and all(isinstance(i, Index) for i in upstream.indices):
            value = " ".join(strings(self._inlined(step, upstream, left), self.writer))
        if value == partial:
            return []
        if upstream.name == self.unsaid:
            return [f"{partial} = {value}"]
        return [self.writer.dialect.by(partial, value, step.number)]

    def _inlined(self, step: Step, upstream: Element, left: Indices) -> list[Signed]:
        """The right side of a step at the indices of `upstream`, its sums in letters of
        their own.
        """
        equation = self.view.equation(step.equation)
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

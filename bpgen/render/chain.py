"""One step backwards, told from its record: the chain rule, the value of each factor, the
product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from bpgen.ir import Element, Equation, Index, Term, element, elements
from bpgen.letters import lettered
from bpgen.record import Step
from bpgen.render import matrix, rightside
from bpgen.render.page import Row
from bpgen.render.partial import Partial
from bpgen.render.products import Unfit
from bpgen.render.reasons import told
from bpgen.render.sample import View
from bpgen.render.scalar import Printer, Signed
from bpgen.render.ways import Way, ways
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

    @cached_property
    def terms_of(self) -> dict[str, tuple[Term, ...]]:
        """The terms of the loss that read each tensor."""
        found: dict[str, tuple[Term, ...]] = {}
        for term in self.penalties.terms if self.penalties else ():
            for name in dict.fromkeys(e.name for e in elements(term.body)):
                found[name] = (*found.get(name, ()), term)
        return found

    def rows(self, step: Step) -> list[Row]:
        """The chain rule and the value of each of its factors."""
        left = self.view.indices(step.equation.indices)
        found = ways(step, left, self.view)
        given = f"d_{step.of}" if f"d_{step.of}" in self.writer.given else None
        if not found:
            return []
        head = self._left(step, left)
        if (
            len(found) == 1
            and not given
            and found[0].upstream.name in self.tops
            and found[0].wrt.indices == left
        ):
            return [Row(head, since=told(found[0].reasons, self.writer))]
        addends: list[Signed] = [self._given(given, left)] if given else []
        for way in found:
            addends += self._product(way, left, len(found) > 1)
        return [Row(head, strings(addends, self.writer)), *self._facts(found, left)]

    def _left(self, step: Step, left: tuple[Index, ...]) -> str:
        """delta_i = dl/dz_i, or dl/dW_ij alone."""
        printer = self._printer()
        partial = printer.text(Partial(element(self.writer.total, ()), element(step.of, left)))
        own = self.writer.element(element(step.equation.name, left)).text
        return partial if own == partial else f"{own} = {partial}"

    def _printer(self) -> Printer:
        return Printer(self.writer, self.writer.element)

    def _given(self, name: str, left: tuple[Index, ...]) -> Signed:
        return False, self.writer.element(element(name, left))

    def _product(self, way: Way, left: tuple[Index, ...], several: bool) -> list[Signed]:
        """The product of the factors of one way, with its sum."""
        if way.upstream.name in self.tops and several:
            return [(False, self._direct(way, left))]
        factors = [Partial(way.upstream, way.wrt)]
        if way.upstream.name not in self.tops:
            factors.append(Partial(element(self.writer.total, ()), way.upstream))
        at = None if way.wrt.indices == left else way.wrt.indices
        term = Term(sp.Mul(*factors), way.over, "sum", at)
        return rightside.right_side(Equation("", left, (term,)), self.writer)

    def _direct(self, way: Way, left: tuple[Index, ...]) -> Piece:
        """The derivative of what the loss itself holds of this tensor, such as its penalty."""
        wrt = self.writer.element(way.wrt).text
        loss = self.penalties
        if loss is None or loss.name != way.upstream.name:
            return self._printer().piece(Partial(way.upstream, way.wrt))
        terms = self.terms_of[way.wrt.name]
        inner = Equation("", (), terms)
        try:
            addends = matrix.right_side(inner, self.writer)
        except Unfit:
            fresh = {k: Index(f"_{k.name}", k.size) for t in terms for k in t.over}
            renamed = tuple(
                Term(t.body.xreplace(fresh), tuple(fresh[k] for k in t.over), t.reduce)
                for t in terms
            )
            apart = lettered(Equation("", left, renamed))
            addends = rightside.right_side(Equation("", (), apart.terms), self.writer)
        text = " ".join(strings(addends, self.writer))
        if addends[1:] and not self.writer.dialect.flat:
            text = self.writer.dialect.parens(text)
        return Piece(self.writer.dialect.direct(wrt, text), MUL)

    def _facts(self, found: list[Way], left: tuple[Index, ...]) -> list[Row]:
        """What each factor is: the adjoint it comes from and the local derivative."""
        rows: list[Row] = []
        told_of: set[Element] = set()
        for way in found:
            facts = []
            if way.upstream not in told_of and way.upstream.name not in self.tops:
                facts += self._adjoint(way.upstream)
            told_of.add(way.upstream)
            local = (
                self._direct(way, left).text
                if way.upstream.name in self.tops
                else self._partial(way)
            )
            facts.append(f"{local} = {self._value(way)}")
            if not rows:
                facts[0] = self.writer.dialect.said("where ") + facts[0]
            rows.append(Row("", words=tuple(facts), since=told(way.reasons, self.writer)))
        return rows

    def _partial(self, way: Way) -> str:
        return self._printer().text(Partial(way.upstream, way.wrt))

    def _value(self, way: Way) -> str:
        """The local derivative; the last of f'(z) = ... is the same, and is said there."""
        return self._printer().text(way.value)

    def _adjoint(self, upstream: Element) -> list[str]:
        """The upstream factor by the step that found it: delta_j, or what is written inside other
        equations.
        """
        step = self.step_of.get(upstream.name)
        if step is None:
            return []
        partial = self._printer().text(Partial(element(self.writer.total, ()), upstream))
        if step.inlined:
            value = " ".join(strings(self._inlined(step, upstream), self.writer))
        else:
            value = self.writer.element(element(step.equation.name, upstream.indices)).text
        return [] if value == partial else [self.writer.dialect.by(partial, value, step.number)]

    def _inlined(self, step: Step, upstream: Element) -> list[Signed]:
        """The right side of a step at the indices of `upstream`, its sums in letters of
        their own.
        """
        equation = self.view.equation(step.equation)
        at = dict(zip(equation.indices, upstream.indices, strict=True))
        terms = []
        for term in equation.terms:
            fresh = {**at, **{k: Index(f"_{k.name}", k.size) for k in term.over}}
            scatter = None if term.at is None else tuple(e.xreplace(fresh) for e in term.at)
            terms.append(
                Term(
                    term.body.xreplace(fresh),
                    tuple(fresh[k] for k in term.over),
                    term.reduce,
                    scatter,
                )
            )
        free = tuple(i for i in upstream.indices if isinstance(i, Index))
        if len(free) < len(
            upstream.indices
        ):  # a scatter read back at a label: the adjoint itself says it best
            return [(False, self.writer.element(element(step.equation.name, upstream.indices)))]
        return rightside.right_side(
            lettered(Equation(equation.name, free, tuple(terms))), self.writer
        )


def strings(addends: list[Signed], writer: Writer) -> tuple[str, ...]:
    """Addends as text, each after the first with its sign."""
    minus = writer.dialect.minus
    first = (minus if addends[0][0] else "") + addends[0][1].text
    return (
        first,
        *(f"{minus if negative else '+'} {piece.text}" for negative, piece in addends[1:]),
    )

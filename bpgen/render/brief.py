"""A derivation in brief: first all that is computed, then why, in a chain of equals each.

The factors that the full page keeps apart stand in the chain alone, and what f' is, stands once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Self

from bpgen.render import batch, descent, rule_rows
from bpgen.render.dialect import listed
from bpgen.render.finals import finals
from bpgen.render.meanings import meaning, why_sum
from bpgen.render.page import Block, Row, Section, Tag
from bpgen.render.parts import Part
from bpgen.render.sample import View
from bpgen.render.short import Short
from bpgen.render.sizes import sizes


@dataclass(frozen=True)
class Brief(Short):
    """The sections of a page whose steps are short."""

    first_of: dict[Hashable, Part] = field(default_factory=dict, compare=False)

    def sections(self) -> tuple[Section, ...]:
        return self.summary(), self.reasons(), *self.over_the_batch(), *self.stepped()

    # all that is computed

    def summary(self) -> Section:
        """The forward equations, the gradients, and the step that they are for."""
        low = self._small()
        blocks = [*low.forward(), *low._gradients()]
        names = (sizes(self.derivation, self.writer, self.view.sample), self._names())
        intro = (
            *self.given(),
            *filter(None, (*names, rule_rows.other_names(self.rules, self.base))),
        )
        return Section("Summary", intro, tuple(blocks), columns=2)

    def _small(self) -> Self:
        """The page where derivatives and sums are as high as a line."""
        return replace(self, base=self.base.low())

    def _gradients(self) -> list[Block]:
        """Each gradient as it finally reads; those of a recurrence under their sentence."""
        of = self.writer.dialect.inline(self.writer.tensor(self.top).text)
        lead = f"Gradients of {of}:"
        found: list[Block] = []
        for loop, together in groupby(self.parts, key=lambda part: part.loop):
            rows = [row for part in together for row in self.final_rows(part)]
            above = self.lead(loop, False) if loop is not None else lead
            found.append(Block(tuple(rows), lead=above))
            lead = ""
        step = descent.rule(self.derivation.network, self.base)
        return [*found[:-1], replace(found[-1], remarks=(step,))] if step else found

    def _names(self) -> str:
        """delta2, delta1 are the gradients with respect to z2, z1."""
        inline, writer = self.writer.dialect.inline, self.writer
        steps = (p.step for p in self.parts)
        named = {s.equation.name: s.of for s in steps if s.equation.name in writer.symbols}
        deltas, tensors = (
            ", ".join(inline(writer.tensor(name).text) for name in names)
            for names in (named, named.values())
        )
        are = "are the gradients" if len(named) > 1 else "is the gradient"
        return f"{deltas} {are} with respect to {tensors}." if named else ""

    # why

    def reasons(self) -> Section:
        """A chain of equals for each gradient, those of a layer together; and what is like them."""
        blocks: list[Block] = []
        alike: list[list[tuple[Part, Part]]] = []
        for together in self._layers():
            new, again = self._new_and_alike(together)
            rows = tuple(row for part in new for row in self.chain_rows(part))
            remarks = tuple(dict.fromkeys(r for p in new for r in self.remarks(p)))
            if rows or remarks or not blocks:
                blocks.append(
                    Block(rows, lead=" ".join(filter(None, self._leads(new))), remarks=remarks)
                )
                alike.append([])
            alike[-1] += again
        every = (
            replace(b, remarks=(*b.remarks, *[self._again(pairs)] * bool(pairs)))
            for b, pairs in zip(blocks, alike, strict=True)
        )
        return Section("Derivation", (), tuple(b for b in every if b.rows or b.remarks), columns=2)

    def _new_and_alike(
        self, together: Iterable[Part]
    ) -> tuple[list[Part], list[tuple[Part, Part]]]:
        """The steps that are new, and those that are found as another is that stands before. One is
        told at each of the places where it is written, and another, where these meet, as a sum.
        """
        new: list[Part] = []
        again: list[tuple[Part, Part]] = []
        for part in together:
            rule = self.rule(part)
            if self._is_handed_on(part) or (rule and rule.numbers[0] != part.tag):
                continue
            like = self.likeness.of(part.step), self.has_places(part.equation)
            first = self.first_of.setdefault(like, part)
            if first is part:
                new.append(part)
            else:
                again.append((part, first))
        return new, again

    def _leads(self, new: list[Part]) -> list[str]:
        """What each delta says, and why there is a sum."""
        pages = [(part, self.page(part)) for part in new]
        meanings = [sentence for one in pages if (sentence := meaning(*one))]
        sums = (sentence for one in pages if (sentence := why_sum(*one)))
        return [*meanings, *[next(sums, "")] * bool(meanings)]

    def _again(self, again: Iterable[tuple[Part, Part]]) -> str:
        """(12) as (8), (14) and (20) as (10)."""
        refer = self.base.dialect.reference
        found: dict[Tag, list[str]] = {}
        for one, other in ((self.tag(a), self.tag(b)) for a, b in again):
            found.setdefault(other, []).append(refer(one))
        pairs = ", ".join(f"{listed(ones)} as {refer(tag)}" for tag, ones in found.items())
        return f"In the same way: {pairs}."

    def _layers(self) -> Iterator[list[Part]]:
        """The steps, cut after the gradients of parameters and inputs, and where a loop ends."""
        found: list[Part] = []
        for part in self.parts:
            computed = self.derivation.network.tensors[part.step.of].role == "value"
            if found and (
                part.loop != found[-1].loop or (computed and not self._computed(found[-1]))
            ):
                yield found
                found = []
            found.append(part)
        if found:
            yield found

    def _computed(self, part: Part) -> bool:
        return self.derivation.network.tensors[part.step.of].role == "value"

    def _is_handed_on(self, part: Part) -> bool:
        """Whether a gradient is another, times 1, as that by a bias: the summary says all. What it
        is written in is gradients then, and no value.
        """
        paths = part.step.paths
        if len(paths) != 1 or paths[0].value != 1 or paths[0].reasons:
            return False
        if any(t.at is not None for t in part.step.equation.terms):
            return False
        declared = self.derivation.network.tensors
        return all(access.name not in declared for access in part.step.equation.reads())

    # the batch

    def over_the_batch(self) -> list[Section]:
        """What the mean makes of it, where samples meet in that alone."""
        if not self.view.sample:
            return []
        whole = View.of(self.derivation, sample=False)
        notation = "index" if self.notation == "index" else "matrix"
        rows: list[Row] = []
        for f in self.derivation.forward:
            if f.source is self.loss:
                rows += finals(whole.equation(f.source), f.number, self.base, notation, whole)
        blocks = (Block(tuple(rows)),) if rows else ()
        return [Section("Over the batch", (batch.mean(self.derivation, self.base),), blocks)]

"""A derivation in brief: first all that is computed, then why, in a chain of equals each.

The factors that the full page keeps apart stand in the chain alone, and what f' is, stands once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Self

from bpgen.ir import Term
from bpgen.record import Forward
from bpgen.render import batch, descent, rightside, rule_rows
from bpgen.render.chain import strings
from bpgen.render.equations import Equations
from bpgen.render.finals import finals
from bpgen.render.likeness import Likeness
from bpgen.render.meanings import meaning, why_sum
from bpgen.render.numerals import Numerals
from bpgen.render.page import Block, Row, Section, Tag, of_equation
from bpgen.render.parts import Part
from bpgen.render.reasons import line_reasons
from bpgen.render.rules import Rule, Spelling
from bpgen.render.sample import View
from bpgen.render.sizes import sizes
from bpgen.render.softmaxes import softmaxed, with_softmaxes


@dataclass(frozen=True)
class Brief(Equations):
    """The sections of a page whose steps are short."""

    known_slopes: set[str] = field(default_factory=set, compare=False)
    first_of: dict[Hashable, Part] = field(default_factory=dict, compare=False)
    rules: Mapping[int | str, Rule] = field(default_factory=dict)  # by number, of each instance

    def spelled(self, spelling: Spelling) -> Self:
        """The page where tensors are spelled otherwise."""
        symbols = {**self.base.symbols, **spelling}
        return replace(self, base=replace(self.base, symbols=symbols), rules={})

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

    def forward_rows(self, forward: Forward) -> list[Row]:
        """An equation, or the rule that it is an instance of."""

        def told(page: Self, number: int | str) -> list[Row]:
            one = self._forward_of[number] if number != forward.number else forward
            return Equations.forward_rows(page, one)

        return self._once(forward.number, told)

    @cached_property
    def _forward_of(self) -> Mapping[int | str, Forward]:
        return {f.number: f for f in self.derivation.forward}

    def _once(self, number: int | str, told: Callable[[Self, int | str], list[Row]]) -> list[Row]:
        """What is told of an equation; of a rule, at its first instance, all that it says."""
        rule = self.rules.get(number)
        if rule is None:
            return told(self, number)
        if number != rule.numbers[0]:
            return []
        rows = told(self.spelled(rule.instances[0].spelling), number)
        alone, each = replace(self, rules={}), rule.numbers if self.beside is not None else []
        numbers = (row for n in each for row in told(alone, n))
        return [*rule_rows.general(rows, rule, self.base), *rule_rows.beside(numbers)]

    def _gradients(self) -> list[Block]:
        """Each gradient as it finally reads; those of a recurrence under their sentence."""
        of = self.writer.dialect.inline(self.writer.tensor(self.top).text)
        lead = f"Gradients of {of}:"
        found: list[Block] = []
        for loop, together in groupby(self.parts, key=lambda part: part.loop):
            rows = [row for part in together for row in self._final_rows(part)]
            above = self.lead(loop, False) if loop is not None else lead
            found.append(Block(tuple(rows), lead=above))
            lead = ""
        step = descent.rule(self.derivation.network, self.base)
        return [*found[:-1], replace(found[-1], remarks=(step,))] if step else found

    def _final_rows(self, part: Part) -> list[Row]:
        """A gradient, or the rule that it is an instance of."""

        def told(page: Self, tag: int | str) -> list[Row]:
            one = self._part_of[tag] if tag != part.tag else part
            return page.at(one).as_it_reads(one)

        return self._once(part.tag, told)

    @cached_property
    def _part_of(self) -> Mapping[int | str, Part]:
        return {part.tag: part for part in self.parts}

    def as_it_reads(self, part: Part) -> list[Row]:
        """A gradient; one that is computed inside others alone, without its stable spelling."""
        rows = self._with_softmaxes(part) or self.final(part.equation, part.tag, self.writer)
        if not part.step.inlined:
            rows = [*rows, *self.evaluated(part.equation, part.evaluated, rows[-1].left)]
        return of_equation(rows, part.tag)

    def _with_softmaxes(self, part: Part) -> list[Row]:
        """A gradient where softmax(z) is written for exp(z - s), which is how it is evaluated; of
        a matrix z at its indices, for softmax(z) is of a vector.
        """
        equation = with_softmaxes(part.equation, self.outline.log_sums)
        if equation == part.equation or self.notation == "components":
            return []
        of_vectors = all(
            len(self.writer.below(call.args[0])) == 1
            for t in equation.terms
            for call in t.body.atoms(softmaxed)
        )
        page = self if of_vectors else replace(self, notation="index")
        return page.final(equation, part.tag, self.writer)

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
            rows = tuple(row for part in new for row in self._chain_rows(part))
            remarks = tuple(dict.fromkeys(r for p in new for r in self.remarks(p)))
            if rows or remarks or not blocks:
                blocks.append(
                    Block(rows, lead=" ".join(filter(None, self._leads(new))), remarks=remarks)
                )
                alike.append([])
            alike[-1] += again
        told = (
            replace(b, remarks=(*b.remarks, *[self._again(pairs)] * bool(pairs)))
            for b, pairs in zip(blocks, alike, strict=True)
        )
        return Section("Derivation", (), tuple(b for b in told if b.rows or b.remarks), columns=2)

    def _new_and_alike(
        self, together: Iterable[Part]
    ) -> tuple[list[Part], list[tuple[Part, Part]]]:
        """The steps that are new, and those that are found as another is that stands before."""
        new: list[Part] = []
        again: list[tuple[Part, Part]] = []
        for part in together:
            rule = self._rule(part)
            if self._is_handed_on(part) or (rule and rule.numbers[0] != part.tag):
                continue
            like = self.likeness.of(part.step)
            first = self.first_of.setdefault(like, part)
            if first is part:
                new.append(part)
            else:
                again.append((part, first))
        return new, again

    def _rule(self, part: Part) -> Rule | None:
        """The rule that a chain is an instance of. The numbers of a worked example are of one."""
        return self.rules.get(part.tag) if self.beside is None else None

    def _page(self, part: Part) -> Self:
        """The page where a part is spelled as it is told: of a rule, in its letter."""
        rule = self._rule(part)
        return self.spelled(rule.instances[0].spelling) if rule else self.at(part)

    def _chain_rows(self, part: Part) -> list[Row]:
        rows, rule = self._page(part).chained(part), self._rule(part)
        return rule_rows.general(rows, rule, self.base) if rule else rows

    def _leads(self, new: list[Part]) -> list[str]:
        """What each delta says, and why there is a sum."""
        told = [(part, self._page(part)) for part in new]
        meanings = [said for one in told if (said := meaning(*one))]
        sums = (said for one in told if (said := why_sum(*one)))
        return [*meanings, *[next(sums, "")] * bool(meanings)]

    @cached_property
    def likeness(self) -> Likeness:
        return Likeness(self.base.order, self.base.blocks)

    def _again(self, again: Iterable[tuple[Part, Part]]) -> str:
        """(12) as (8), (14) and (20) as (10)."""
        refer = self.base.dialect.reference
        found: dict[Tag, list[str]] = {}
        for one, other in ((self._tag(a), self._tag(b)) for a, b in again):
            found.setdefault(other, []).append(refer(one))
        pairs = ", ".join(f"{_and(ones)} as {refer(tag)}" for tag, ones in found.items())
        return f"In the same way: {pairs}."

    def _tag(self, part: Part) -> Tag:
        rule = self._rule(part)
        return rule_rows.several(rule, self.base) if rule else part.tag

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

    def chained(self, part: Part) -> list[Row]:
        """The chain rule, the product of its factors, and what it comes to, in one row: what lies
        between only orders the terms.
        """
        rule = self.chain.rows(part)
        if not rule:
            return []
        addends, since = list(rule[0].addends), [s for row in rule for s in row.since]
        above: tuple[Term, ...] = ()
        for line in part.lines:
            since += line_reasons(line.reasons, above, self.writer)
            above = line.equation.terms
            if line is not part.lines[0] and line is not part.lines[-1]:
                continue
            equation = with_softmaxes(line.equation, self.outline.log_sums)
            side = strings(rightside.right_side(equation, self.writer), self.writer)
            if not addends:
                addends = list(side)
            elif not _ends_with(addends, side):
                addends += [f"= {side[0]}", *side[1:]]
        numbers = self._factors(part, self.beside) if self.beside is not None else ""
        reasons = tuple(self._fresh(since))
        return [Row(rule[0].left, tuple(addends), since=reasons, numbers=numbers, of=part.tag)]

    def _factors(self, part: Part, numerals: Numerals) -> str:
        """The two factors of a chain rule without a sum, in numbers."""
        path, *others = part.step.paths
        local = numerals.worked.locals.get(part.step.of)
        if others or local is None or path.upstream.name in self.chain.tops:
            return ""
        name = path.upstream.name
        return numerals.product(name, numerals.worked.slopes[name], local)

    def _is_handed_on(self, part: Part) -> bool:
        """Whether a gradient is another, times 1, as that by a bias: the summary says all."""
        paths = part.step.paths
        scattered = any(t.at is not None for t in part.step.equation.terms)
        return len(paths) == 1 and paths[0].value == 1 and not (paths[0].reasons or scattered)

    def _fresh(self, reasons: Iterable[str]) -> Iterator[str]:
        """The reasons; what the derivative of a function is, the first time alone."""
        for reason in dict.fromkeys(reasons):
            head, prime, _ = reason.partition("'")
            if prime and head in self.known_slopes:
                continue
            if prime:
                self.known_slopes.add(head)
            yield reason

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


def _ends_with(addends: list[str], side: tuple[str, ...]) -> bool:
    """Whether the last side of a chain has these addends, in whatever order."""
    starts = [k for k, a in enumerate(addends) if k == 0 or a.startswith("= ")]
    last = [a.removeprefix("= ").removeprefix("+ ") for a in addends[starts[-1] :]]
    return sorted(last) == sorted(a.removeprefix("+ ") for a in side)


def _and(said: list[str]) -> str:
    """One, two and three."""
    return " and ".join([", ".join(said[:-1]), said[-1]] if said[1:] else said)

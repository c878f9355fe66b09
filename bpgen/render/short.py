"""An equation and a step in brief: as it finally reads, and why, in one chain of equals. What is
equal in every layer is told once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

from bpgen.ir import Term
from bpgen.record import Forward
from bpgen.render import rightside, rule_rows
from bpgen.render.chain import strings
from bpgen.render.equations import Equations
from bpgen.render.likeness import Likeness
from bpgen.render.numerals import Numerals
from bpgen.render.page import Row, Tag, of_equation
from bpgen.render.parts import Part
from bpgen.render.reasons import line_reasons
from bpgen.render.rules import Rule, Spelling
from bpgen.render.softmaxes import softmaxed, with_softmaxes


@dataclass(frozen=True)
class Short(Equations):
    """The rows of a page whose steps are short."""

    known_slopes: set[str] = field(default_factory=set, compare=False)
    rules: Mapping[int | str, Rule] = field(default_factory=dict)  # by number, of each instance

    def spelled(self, spelling: Spelling) -> Self:
        """The page where tensors are spelled otherwise."""
        symbols = {**self.base.symbols, **spelling}
        return replace(self, base=replace(self.base, symbols=symbols), rules={})

    def forward_rows(self, forward: Forward) -> list[Row]:
        """An equation, or the rule that it is an instance of."""

        def rendered(page: Self, number: int | str) -> list[Row]:
            one = self._forward_of[number] if number != forward.number else forward
            return Equations.forward_rows(page, one)

        return self._once(forward.number, rendered)

    @cached_property
    def _forward_of(self) -> Mapping[int | str, Forward]:
        return {f.number: f for f in self.derivation.forward}

    def _once(
        self, number: int | str, rendered: Callable[[Self, int | str], list[Row]]
    ) -> list[Row]:
        """What is rendered of an equation; of a rule, at its first instance, all that it says."""
        rule = self.rules.get(number)
        if rule is None:
            return rendered(self, number)
        if number != rule.numbers[0]:
            return []
        rows = rendered(self.spelled(rule.instances[0].spelling), number)
        alone, each = replace(self, rules={}), rule.numbers if self.beside is not None else []
        numbers = (row for n in each for row in rendered(alone, n))
        return [*rule_rows.general(rows, rule, self.base), *rule_rows.beside(numbers)]

    def final_rows(self, part: Part) -> list[Row]:
        """A gradient, or the rule that it is an instance of."""

        def rendered(page: Self, tag: int | str) -> list[Row]:
            one = self._part_of[tag] if tag != part.tag else part
            return page.at(one).as_it_reads(one)

        return self._once(part.tag, rendered)

    @cached_property
    def _part_of(self) -> Mapping[int | str, Part]:
        return {part.tag: part for part in self.parts}

    def as_it_reads(self, part: Part) -> list[Row]:
        """A gradient; one that is computed inside others alone, without its stable spelling."""
        rows = self._with_softmaxes(part) or self.final(part.equation, part.tag, self.writer)
        if not part.step.inlined:
            since = self._auxiliaries(part.evaluated)
            rows = [*rows, *self.evaluated(part.equation, part.evaluated, rows[-1].left, since)]
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

    # why

    def chained(self, part: Part) -> list[Row]:
        """The chain rule, the product of its factors, and what it comes to, in one row: what lies
        between only orders the terms.
        """
        rule = self.chain.rows(part)
        if not rule:
            return []
        addends, since = list(rule[0].addends), [s for row in rule for s in row.since]
        since += self.chain.composed(part)
        above: tuple[Term, ...] = ()
        for line in part.lines:
            since += line_reasons(line.reasons, line.equation.indices, above, self.writer)
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

    def _fresh(self, reasons: Iterable[str]) -> Iterator[str]:
        """The reasons; what the derivative of a function is, the first time alone."""
        for reason in dict.fromkeys(reasons):
            head, prime, _ = reason.partition("'")
            if prime and head in self.known_slopes:
                continue
            if prime:
                self.known_slopes.add(head)
            yield reason

    # the rule that each is an instance of

    def rule(self, part: Part) -> Rule | None:
        """The rule that a chain is an instance of. The numbers of a worked example are of one."""
        return self.rules.get(part.tag) if self.beside is None else None

    def page(self, part: Part) -> Self:
        """The page where a part is spelled as it is told: of a rule, in its letter."""
        rule = self.rule(part)
        return self.spelled(rule.instances[0].spelling) if rule else self.at(part)

    def chain_rows(self, part: Part) -> list[Row]:
        rows, rule = self.page(part).chained(part), self.rule(part)
        return rule_rows.general(rows, rule, self.base) if rule else rows

    def tag(self, part: Part) -> Tag:
        rule = self.rule(part)
        return rule_rows.several(rule, self.base) if rule else part.tag

    @cached_property
    def likeness(self) -> Likeness:
        return Likeness(self.base.order, self.base.blocks)


def _ends_with(addends: list[str], side: tuple[str, ...]) -> bool:
    """Whether the last side of a chain has these addends, in whatever order."""
    starts = [k for k, a in enumerate(addends) if k == 0 or a.startswith("= ")]
    last = [a.removeprefix("= ").removeprefix("+ ") for a in addends[starts[-1] :]]
    return sorted(last) == sorted(a.removeprefix("+ ") for a in side)

"""The rows of a page: their sides as formulas, at all values of their letters.

How far letters run is told by what they stand below, and by the rows before: a fact is told of the
letters of the row above it, a reason of those of the fact it is given for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial, reduce

import numpy as np

from bpgen.check.page import formula as f
from bpgen.check.page.evaluate import Scope
from bpgen.check.page.evaluate.conditions import all_hold
from bpgen.check.page.evaluate.elements import after_the_only_step
from bpgen.check.page.evaluate.letters import free, letter_axes
from bpgen.check.page.proof.judge import Judge
from bpgen.check.page.proof.left_sides import told_of
from bpgen.check.page.proof.numbered import Numbered
from bpgen.check.page.proof.report import FalseLine
from bpgen.check.page.proof.shapes import sizes_told
from bpgen.check.page.reading import Reading
from bpgen.check.page.statement import Chain, Statement
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.tree import has, ranges_of
from bpgen.check.page.world import Array

Ranges = tuple[tuple[str, str, f.Node], ...]


@dataclass
class Rows:
    """What was said so far that the next row may be said of."""

    numbered: Numbered
    above: tuple[f.Node, ...] = ()  # the sides of the row before
    said: tuple[f.Node, ...] = ()  # the sides of what was said last, for which reasons are given
    around: Ranges = ()  # the ranges told there of what is spoken of

    def __post_init__(self) -> None:
        self._seen: set[int] = set()

    def closed(self) -> None:
        """The end of a display."""
        self._seen = set()

    def judge(self, statement: Statement, reading: Reading, judge: Judge) -> None:
        if id(statement) in self._seen:  # it goes on: what is said next is said of all of it
            self.around = _ranges(self.above)
            return
        self._seen.add(id(statement))
        if statement.kind == "numbers":  # of an example, at its values
            return
        if statement.kind == "shape":
            judge.judge(statement.line, lambda: sizes_told(statement, reading))
            return
        for chain in statement.chains():
            self._chain(chain, statement, reading, judge)

    def _chain(self, chain: Chain, statement: Statement, reading: Reading, judge: Judge) -> None:
        count = len(chain.parts) - 1
        if count < 1:
            reason = statement.reason or "no equation"
            judge.say([FalseLine(statement.line, reason, True)], 1)
            return
        sides = partial(self.sides, chain, statement)
        wrong = judge.wrong(statement.line, sides, count, reading)
        if wrong and reading.base:  # of what reads alike, the other
            other = replace(reading, entries=not reading.entries)
            wrong = judge.wrong(statement.line, sides, count, other)
        judge.say(wrong, count)

    def sides(self, chain: Chain, statement: Statement, reading: Reading) -> list[Array]:
        """Their values; 0 where a condition leaves them out."""
        scope, nodes = self.scope(statement, reading, chain)
        if statement.by and told_of(nodes[0], scope) not in self.numbered.get(statement.by, ()):
            raise Unreadable(f"({statement.by}) does not tell it")
        values = [scope.value(node) for node in nodes]
        if chain.condition or chain.negated:
            keep = all_hold(scope, reading.parser(chain.condition).conditions())
            values = [np.where(keep != chain.negated, v, 0) for v in values]
        lost = np.isnan(values[0])
        if statement.kind == "since":  # what is told of the next step is not asked at the last
            lost = reduce(np.logical_or, map(np.isnan, values))
        partly = isinstance(nodes[0], f.Derivative) or statement.kind == "since"
        if partly and (not lost.all() or after_the_only_step(scope, nodes[0])):
            values = [np.where(lost, 0, v) for v in values]
        return values

    def scope(
        self, statement: Statement, reading: Reading, chain: Chain | None = None
    ) -> tuple[Scope, list[f.Node]]:
        """The sides as formulas, and all values of their free letters."""
        nodes = [reading.parse(p) for p in (chain or statement).parts]
        scope = Scope(reading)
        letters = self._letters(nodes, statement, scope, chain)
        ranges = reading.parser(statement.ranges).under().ranges if statement.ranges else ()
        bounds: dict[str, int] = {}
        for name, sign, end in (*self._around(nodes, statement), *ranges):
            bounds[name] = max(bounds.get(name, 0), scope.bound(sign, end))
        told = nodes[:1] if statement.kind == "main" else nodes
        sizes = {n: bounds.get(n) or self._size(n, told, nodes, scope) for n in letters}
        if statement.kind != "since":
            self.said = tuple(nodes)
        return scope.counted(sizes), nodes

    def _letters(
        self, nodes: list[f.Node], statement: Statement, scope: Scope, chain: Chain | None
    ) -> list[str]:
        """The free letters of the sides and of a condition; a row's are those of its left side."""
        letters = dict.fromkeys(n for node in nodes for n in free(scope, node))
        given = free(scope, nodes[0]) if statement.kind in ("main", "fact") else letters
        if loose := [n for n in letters if n not in given]:
            raise Unreadable(f"{loose[0]} stands on one side alone")
        if chain is not None and chain.condition:
            masks = scope.reading.parser(chain.condition).conditions()
            letters |= dict.fromkeys(n for m in masks for n in free(scope, m))
        return [*letters]

    def _around(self, nodes: list[f.Node], statement: Statement) -> Ranges:
        """What the sums above say of a fact's letters: those that it stands in, or all."""
        if statement.kind == "main":
            self.above = tuple(nodes)
            self.around = _ranges(self.above)
            return ()
        if statement.kind == "since":  # of a letter that a sum in the fact has
            return (*self.around, *_ranges(self.said))
        if any(has(above, nodes[0]) for above in self.above):
            self.around = _ranges(self.above, nodes[0])
        return self.around

    def _size(self, name: str, told: list[f.Node], nodes: list[f.Node], scope: Scope) -> int:
        """How many values a free letter has: as many as the shortest of the axes that it runs over,
        of a row's left side where it stands there, of a reason in the fact it is given for.
        """
        said = self.said if told is nodes else ()
        ways = ((told, False), (nodes, False), (said, False), (nodes, True), (self.above, False))
        for among, shifted in ways:
            found = [s for node in among for n, s in letter_axes(scope, node, shifted) if n == name]
            if found:
                return min(found)
        raise Unreadable(f"nothing says what {name} runs over")


def _ranges(nodes: tuple[f.Node, ...], around: f.Node = None) -> Ranges:
    return tuple(r for node in nodes for r in ranges_of(node, around))

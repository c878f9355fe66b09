"""What is computed of the label of each row: the logarithm of its share of a softmax, and that
share less one. Both are told by the sum of the others: no digit is lost where the share is near 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import sympy as sp

from bpgen.planning.lowering import rows
from bpgen.planning.nodes import Apply, ExpOfOthers, FlatEntries, LessLabels, MinusOthers
from bpgen.planning.views import labels_of, number_of
from bpgen.program.grammar import Assign, Expr, Gather, Node, Read, Store


class Values(rows.Values, Protocol):
    """What writes the calls; `flat_entries`: one of each row."""

    def flat_entries(self, value: Gather) -> FlatEntries | None: ...


def with_less_labels(body: Iterable[Node]) -> Iterator[Node]:
    """Statements, where a softmax and what is then taken from it at the labels are one."""
    before: Node | None = None
    for node in body:
        both = _both(before, node)
        if both is None and before is not None:
            yield before
        before = both or node
    if before is not None:
        yield before


def _both(before: Node | None, node: Node) -> Assign | None:
    if not isinstance(before, Assign) or not isinstance(node, Store) or not node.adds:
        return None
    scaled = rows.times_softmax(before.value) if isinstance(before.value, Expr) else None
    at = node.at
    if scaled is None or not isinstance(at, Gather) or labels_of(at) is None:
        return None
    times, row = scaled
    if not isinstance(at.array, Read) or at.array.name != before.name:
        return None
    if number_of(node.value) != -times:
        return None
    return Assign(before.name, LessLabels(row, at, times, row.axes))


def log_softmax_at(write: Values, at: Expr, labels: Gather, row: Read) -> None:
    """One entry of each row of a log_softmax: the others are not computed."""
    of = _Labels(write, labels, row)
    log = write.once(Apply("log1p", (of.sum_less_one(),), of.own.axes))
    picked = write.once(of.own)
    write.put(at, Apply("subtract", (Read(picked.name, at.axes), Read(log.name, at.axes)), at.axes))


def less_labels(write: Values, at: Read, value: LessLabels, row: Read) -> None:
    """A softmax less one at the labels: there, minus the others are divided by the sum of all."""
    of = _Labels(write, value.labels, row)
    own = of.own
    total = write.once(Apply("add", (of.sum_less_one(), sp.S.One), own.axes))
    share = write.once(Apply("divide", (value.times, total), own.axes))
    others, exp = of.minus_others(), of.exp_of_others()
    write.put(FlatEntries(exp, own.places, own.axes), others)
    write.put(at, Apply("multiply", (exp, share), at.axes))


class _Labels:
    """What both need of rows and their labels; `own` are the labels' entries, less the largest."""

    def __init__(self, write: Values, labels: Gather, row: Read) -> None:
        below, _ = rows.below_largest(write, row)
        own = write.flat_entries(Gather(below, labels.slots, labels.by, labels.axes))
        assert own is not None
        self.write, self.row, self.own = write, row, own

    def exp_of_others(self) -> Read:
        """exp of all but the labels' entries, in whose places anything may be put from here on."""
        value = ExpOfOthers(self.own.array, self.own.places, self.own.array.axes)
        if value not in self.write.known:
            self.write.known[value] = rows.exponentials(self.write, self.own.array)
        return self.write.known[value]

    def above(self) -> Read:
        """exp of the labels' entries, less one."""
        return self.write.once(Apply("expm1", (self.write.once(self.own),), self.own.axes))

    def minus_others(self) -> Read:
        """Minus the sum of exp of the others, which is 1 at least where the label's entry is not
        the largest: so it is taken of a row of minus infinities alone.
        """
        exp = self.exp_of_others()
        found = self.write.once(MinusOthers(exp, self.own.places, self.own.axes))
        if not rows.may_be_nothing(self.write, self.row):
            return found
        return self.write.once(Apply("minimum", (found, self.above()), self.own.axes))

    def sum_less_one(self) -> Read:
        """The sum of exp of all, less one: that of the others, if the label's is the largest."""
        both = self.above(), self.minus_others()
        return self.write.once(Apply("subtract", both, self.own.axes))

"""The likeliest reason why a claim is wrong, found by trying: nothing is told that does not make
the two sides equal.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from bpgen.check.claims.around import Around, partners
from bpgen.check.claims.judge import Judge, Side, real
from bpgen.check.claims.mistakes import TABLE, Mistake, Spelled
from bpgen.check.claims.names import Meaning, Names
from bpgen.check.claims.sides import Claim, side_of
from bpgen.check.claims.text import Line
from bpgen.check.claims.trees import Change, addends, names_in, renamed
from bpgen.check.claims.view import Reading, Unfit, View
from bpgen.check.residues.values import NotProved, OnKink
from bpgen.ir import BATCH, Equation

_FINEST = 10**6  # denominators of a factor that a claim is off by


@dataclass(frozen=True)
class Search:
    """A wrong claim, the lines that are known to be true, and the readings in which a change
    may make it right."""

    judge: Judge
    names: Names
    claim: Claim
    known: tuple[Line, ...]
    readings: tuple[Reading, ...]
    spelled: Spelled = ast.unparse

    @cached_property
    def truths(self) -> tuple[Line, ...]:
        """Those of the known lines whose right side is what is claimed of here."""
        return tuple(t for t in self.known if self._equal(self._side(t, t.right), self.claim.left))

    @cached_property
    def reading(self) -> Reading:
        """In which the claim is computed."""
        return self.readings[0]

    @cached_property
    def around(self) -> Around:
        every = (n for t in self.truths for n in names_in(t.right))
        used = dict.fromkeys(n for n in every if self.names.find(n))
        named = tuple(used) or self._same_kind()
        return Around(self.names, self._left, named, partners(self.names.network))

    @property
    def _left(self) -> Meaning:
        return self.names.meant(self.claim.name, self.claim.text)

    def _same_kind(self) -> tuple[str, ...]:
        real = [t for t in self.names.network.tensors if self.names.is_real(t)]
        return (*real, *(self.names.gradient(t, self.names.top) for t in real))

    def _side(self, line: Line, tree: ast.expr) -> Side:
        """A right side as the page has it: vectors are columns."""
        side = side_of(tree, line, self.names)
        return lambda view: side(replace(view, reading=replace(view.reading, columns=True)))

    def _equal(self, one: Side, other: Side) -> bool:
        return any(self.judge.verdict(one, other, r).right for r in self.readings)

    def reason(self) -> str:
        """The first that is found; nothing where none is."""
        return next((r for r in (*self._by_table(), *self._by_values())), "")

    def _by_table(self) -> Iterator[str]:
        tried: set[tuple[int, str]] = set()
        true = {ast.unparse(t.right) for t in self.truths}
        for mistake in TABLE:  # of several that undo one, that which makes it a line of the page
            changes = sorted(self._changes(mistake), key=lambda c: ast.unparse(c[1][2]) not in true)
            for k, (old, new, whole) in changes:
                if (k, ast.unparse(whole)) in tried:
                    continue
                tried.add((k, ast.unparse(whole)))
                if k < 0 and self._equal(self.claim.side(whole), self.claim.left):
                    yield mistake.said(old, new, self.spelled)
                if k >= 0 and self._equal(self.claim.right, self._side(self.truths[k], whole)):
                    yield mistake.said(new, old, self.spelled)

    def _changes(self, mistake: Mistake) -> Iterator[tuple[int, Change]]:
        """What undoes a mistake in the claim (-1), or makes it in each of the lines that are
        true.
        """
        trees = [(k, t.right) for k, t in enumerate(self.truths)]
        if self.claim.line is not None:
            trees.insert(0, (-1, self.claim.line.right))
        for k, tree in trees:
            for change in mistake.changes(tree, self.around):
                yield k, change

    # by what comes out

    def _by_values(self) -> Iterator[str]:
        for rule in (self._another, self._moved, self._scaled):
            yield from rule()

    def _another(self) -> Iterator[str]:
        """The right side is the gradient by what is computed next."""
        own = self._left
        if own.of is None:
            return
        for after in (e.name for e in self.names.network if own.tensor in _read(e)):
            name = self.names.gradient(after, own.of)
            tree = ast.Name(name)
            if self._equal(self.claim.right, self._side(Line("", tree, tree), tree)):
                one, other, this = (self.spelled(ast.Name(n)) for n in (after, own.tensor, name))
                yield f"a derivative: that of {one} by {other} is missing, this is {this}"

    def _moved(self) -> Iterator[str]:
        """Weights after a step of any size: what differs is proportional to the step."""
        for truth in self.truths:
            true = self._side(truth, truth.right)
            for name in names_in(truth.right):
                meaning = self.names.find(name)
                if meaning is None or not self.around.is_parameter(ast.Name(name)):
                    continue
                step = self.names.gradient(meaning.tensor, self.names.top)
                along = self._side(truth, renamed(truth.right, name, step))
                rate = self._ratio(_plus(self.claim.right, true, -1), along)
                if rate and self._equal(self.claim.right, _plus(true, along, rate)):
                    amount = ast.parse(f"{_number(abs(rate))} * {step}", mode="eval").body
                    way = ast.Sub() if rate < 0 else ast.Add()
                    moved = ast.BinOp(ast.Name(name), way, amount)
                    weights = self.spelled(ast.Name(name))
                    yield (
                        f"weights after their update: {weights} belongs where"
                        f" {self.spelled(moved)} stands"
                    )

    def _scaled(self) -> Iterator[str]:
        """All entries are off by one factor, or by the number of samples."""
        ratio = self._ratio(self.claim.right, self.claim.left)
        if not ratio:
            return
        samples = next(self.judge.points(self.reading.batch)).lengths[BATCH]
        for power in (0, 1, -1) if self.reading.batch else (0,):
            factor = ratio / Fraction(samples) ** power
            if self._equal(self.claim.right, _times(self.claim.left, factor, power)):
                yield _words(factor, power)

    def _ratio(self, one: Side, other: Side) -> Fraction | None:
        """By which number one side is a multiple of the other at a point, if it is one."""
        try:
            view = View(next(self.judge.points(self.reading.batch)), self.reading)
            pair = (np.ravel(np.asarray(side(view), object)) for side in (one, other))
            first, second = (list(map(real, a)) for a in pair)
        except (Unfit, NotProved, OnKink):
            return None
        if len(first) != len(second):
            return None
        k = int(np.argmax(np.abs(second)))
        if not (second[k] and np.isfinite(first[k] / second[k])):
            return None
        return Fraction(first[k] / second[k]).limit_denominator(_FINEST)

    def term(self) -> str:
        """Which addend differs, where all others are those of a line that is true."""
        if self.claim.line is None:
            return ""
        for truth in self.truths:
            mine, true = addends(self.claim.line.right), addends(truth.right)
            several = len(true) > 1
            for part in mine[:]:
                side = self.claim.side(part)
                same = (t for t in true if self._equal(side, self._side(truth, t)))
                if (found := next(same, None)) is not None:
                    mine.remove(part)
                    true.remove(found)
            if len(mine) == len(true) == 1 and several:
                return f"the term {self.spelled(mine[0])}: {self.spelled(true[0])} belongs there"
        return ""


def _read(equation: Equation) -> set[str]:
    return {e.name for e in equation.reads()}


def _exactly(value: Any) -> Any:
    return np.asarray(value, object)


def _plus(one: Side, other: Side, rate: Fraction | int) -> Side:
    """A side, and a multiple of another of the same shape."""

    def value(view: View) -> Any:
        first, second = _exactly(one(view)), _exactly(other(view))
        if first.shape != second.shape:
            raise Unfit("the two have different shapes")
        return first + second * rate

    return value


def _times(side: Side, factor: Fraction, power: int) -> Side:
    """A side times a number, and times or over the number of samples."""
    if not power:
        return lambda view: _exactly(side(view)) * factor
    return lambda view: _exactly(side(view)) * (factor * Fraction(view.samples) ** power)


def _words(factor: Fraction, power: int) -> str:
    """By what all entries are off: once too often by N, or once too seldom."""
    if factor == 1 and power == 1:
        return "a sum for a mean: it is to be divided by N, the number of samples"
    if factor == 1 and power == -1:
        return "a mean for a sum: it is divided by N, the number of samples, once too often"
    if power:
        return f"a factor: it is {_number(factor)} {'* N' if power > 0 else '/ N'} times as large"
    if factor == -1:
        return "a sign: all of it is to be negated"
    if factor in (2, Fraction(1, 2)):
        which = "too much" if factor == 2 else "missing"
        return f"a factor: 2 is {which}, as of the derivative of a square"
    return f"a factor: it is {_number(factor)} times what it should be"


def _number(number: Fraction) -> str:
    """A short decimal, else a fraction."""
    decimal = f"{float(number):g}"
    return decimal if Fraction(decimal) == number else str(number)

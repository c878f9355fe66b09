"""What is provably zero, of the scalars of a written-out network: definitions are put in the place
of symbols until the algebra shows it. Which ones it takes is found by values; the proof is algebra.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import sympy as sp

from bpgen.check.algebra import TooLarge, vanishes
from bpgen.check.written import TIE, Written, evaluate, mp

OPENED = 3000  # operations that an expression may grow to while definitions are opened
SPENT = 4000  # the same, for each scalar of the network, in all proofs together
LONG = 4  # addends of a sum that is solved for one of them
FORWARD = 4  # tensors of the forward pass opened while adjoints are kept


class Proofs:
    """The proofs of one run, each remembered."""

    def __init__(self, written: Written) -> None:
        self.written = written
        self.same: dict[sp.Symbol, sp.Expr] = dict(written.same)
        self.proved: dict[tuple[sp.Expr, int], bool] = {}
        shaken = np.random.default_rng(1).uniform(0.999, 1.001, len(written.values))
        self.shaken = {
            s: v * mp.mpf(f) for (s, v), f in zip(written.values.items(), shaken, strict=True)
        }
        self.shaken.update({s: self.shaken[first] for s, first in written.same.items()})
        # Inputs moved, and all that follows from them.
        self.moved = _Following(written, self.shaken, {*written.group.values()})
        self.left = SPENT * len(written.definitions)

    def zero(self, expr: sp.Expr, depth: int = 10_000) -> bool:
        """Whether the expression is provably zero where at most so many tensors' definitions are
        opened one after the other.
        """
        expr = expr.xreplace(self.same)
        if (expr, depth) not in self.proved:
            self.proved[expr, depth] = False  # also where the proof turns out too large
            self.proved[expr, depth] = self._zero(expr, depth)
        return self.proved[expr, depth]

    def merge(self, symbol: sp.Symbol, other: sp.Expr) -> None:
        """Let a scalar that was proved equal to a multiple of another be it from here on."""
        self.same[symbol] = other
        self.shaken[symbol] = evaluate(other, self.shaken)

    def _zero(self, expr: sp.Expr, depth: int) -> bool:
        if not self._perhaps(expr, self.moved):
            return False
        try:
            if vanishes(self._opened_at(expr, self._needed(expr))):
                return True
        except TooLarge:
            if self.left < 0:
                raise
        return self._one_by_one(expr, depth)

    def _one_by_one(self, expr: sp.Expr, depth: int) -> bool:
        """Whether the expression is zero where the last tensors' definitions are opened."""
        for _ in range(depth):
            if any(self._perhaps(e, self.shaken) and vanishes(e) for e in self._spellings(expr)):
                return True
            opened = self._opened(expr, self.written.definitions)
            if opened == expr:
                return False
            expr = opened
        return False

    def _needed(self, expr: sp.Expr) -> set[int]:
        """The tensors whose definitions it takes to see that the expression is zero, as few as can
        be: what remains a symbol may have any value, and the expression is zero all the same.
        """
        last, reached = self._reached(expr), list[int]()

        def first(count: int) -> set[int]:
            reached.extend(itertools.islice(last, max(count - len(reached), 0)))
            return {*reached[:count]}

        low, high = 0, 1  # the fewest of the last ones that are enough
        while len(first(high)) == high and not self._suffices(expr, first(high)):
            low, high = high, 2 * high
        high = min(high, len(reached))
        while low < high:
            middle = (low + high) // 2
            if self._suffices(expr, first(middle)):
                high = middle
            else:
                low = middle + 1
        needed = first(low)
        for group in sorted(needed):
            if self._suffices(expr, needed - {group}):
                needed.remove(group)
        return needed

    def _suffices(self, expr: sp.Expr, groups: set[int]) -> bool:
        """Whether the expression is zero by the definitions of these tensors, as values tell."""
        return self._perhaps(expr, _Following(self.written, self.shaken, groups))

    def _reached(self, expr: sp.Expr) -> Iterator[int]:
        """The tensors that an expression is made of, all the way down, the last first."""
        written, waiting, seen = self.written, list[tuple[int, str, sp.Symbol]](), set[sp.Symbol]()

        def wait(symbols: Iterable[sp.Symbol]) -> None:
            for s in symbols:
                if s in written.definitions and s not in seen:
                    seen.add(s)
                    heapq.heappush(waiting, (-written.group[s], s.name, s))

        wait(expr.free_symbols)
        while waiting:
            group = -waiting[0][0]
            yield group
            while waiting and waiting[0][0] == -group:
                wait(written.reads(heapq.heappop(waiting)[2]))

    def _opened_at(self, expr: sp.Expr, groups: set[int]) -> sp.Expr:
        """The expression with the definitions of these tensors, the last first. A long sum is not
        put in its symbol's place but solved for one addend: of sum_k g_k (x_k - mu) only one term
        grows.
        """
        which = {s for s in self.written.definitions if self.written.group[s] in groups}
        sums = {s for s in which if self._is_long_sum(s, which)}
        while any(s in which - sums for s in expr.free_symbols):
            expr = self._opened(expr, which - sums)
        solved, kept = self._solved(sorted(sums & expr.free_symbols, key=str))
        while any(s in sums - kept for s in expr.free_symbols):
            expr = self._opened(expr, sums - kept)
        return self._affordable(expr.xreplace(solved))

    def _is_long_sum(self, symbol: sp.Symbol, which: Container[sp.Symbol]) -> bool:
        """Whether a definition is a sum of many scalars, each times a number, none to be opened."""
        addends = sp.Add.make_args(self.written.definitions[symbol])
        return len(addends) >= LONG and all(
            a.as_coeff_Mul()[1].is_Symbol and a.as_coeff_Mul()[1] not in which for a in addends
        )

    def _solved(
        self, sums: list[sp.Symbol]
    ) -> tuple[dict[sp.Symbol, sp.Expr], frozenset[sp.Symbol]]:
        """Addends as what the sums and their other addends make of them, where an addend is in one
        sum alone; and the sums of which one was found.
        """
        of = {s: self.written.definitions[s].xreplace(self.same) for s in sums}
        count = Counter(x for definition in of.values() for x in definition.free_symbols)
        solved, kept = {}, set()
        for s, definition in of.items():
            alone = sorted((x for x in definition.free_symbols if count[x] == 1), key=str)
            if alone and s not in count:
                factor = definition.coeff(alone[-1])
                solved[alone[-1]] = (s - definition + factor * alone[-1]) / factor
                kept.add(s)
        return solved, frozenset(kept)

    def _spellings(self, expr: sp.Expr) -> Iterator[sp.Expr]:
        """The expression; then with forward values opened: a (1 - a) against the
        derivative at z.
        """
        for _ in range(FORWARD):
            yield expr
            try:
                opened = self._opened(expr, self.written.forward)
            except TooLarge:  # then adjoints are opened, unless the run has spent all it may
                if self.left < 0:
                    raise
                return
            if opened == expr:
                return
            expr = opened

    def _opened(self, expr: sp.Expr, which: Container[sp.Symbol]) -> sp.Expr:
        """The expression with the definitions of the last tensor among these in the place of its
        scalars.
        """
        written = self.written
        last = max((written.group[s] for s in expr.free_symbols if s in which), default=-1)
        found = {
            s: written.definitions[s]
            for s in expr.free_symbols
            if s in which and written.group[s] == last
        }
        opened = self._affordable(expr.xreplace(found))
        return written.resolve(opened).xreplace(self.same)

    def _affordable(self, expr: sp.Expr) -> sp.Expr:
        """The expression, counted, unless it is too large or the run has spent all it may."""
        size = operations(expr)
        self.left -= size
        if size > OPENED or self.left < 0:
            raise TooLarge("too large")
        return expr

    def _perhaps(self, expr: sp.Expr, values: Mapping[sp.Symbol, Any]) -> bool:
        """Numerically zero at these values: else there is no use in trying."""
        try:
            return bool(abs(evaluate(expr, values)) < TIE)
        except (ValueError, ZeroDivisionError, TypeError):
            return False


def operations(expr: sp.Expr) -> int:
    """How many operations an expression is written in; beyond `OPENED` any number."""
    found, waiting = 0, [expr]
    while waiting and found <= OPENED:
        args = waiting.pop().args
        found += max(len(args) - 1, 1) if args else 0
        waiting += args
    return found


class _Following(dict[sp.Symbol, Any]):
    """Values that are computed when they are asked for: by their definitions those of some tensors,
    and as they are given the rest.
    """

    def __init__(
        self, written: Written, given: Mapping[sp.Symbol, Any], groups: Container[int]
    ) -> None:
        self.written, self.given, self.groups = written, given, groups

    def __missing__(self, symbol: sp.Symbol) -> Any:
        """Without recursion: a network has as many definitions one after the other as layers."""
        waiting = [symbol]
        while waiting:
            last = waiting[-1]
            definition = self.written.definitions.get(last)
            if definition is None or self.written.group[last] not in self.groups:
                self[last] = self.given[last]
            elif unknown := [s for s in definition.free_symbols if s not in self]:
                waiting += unknown
                continue
            elif last not in self:
                self[last] = evaluate(definition, self)
            waiting.pop()
        return self[symbol]

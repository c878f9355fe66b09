"""What a pass costs, counted again: of each operation the values that it makes, at lengths that are
numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from math import prod

import sympy as sp

from bpgen.check.lesson.ground import Ground
from bpgen.check.lesson.reading import Reader, Table, math
from bpgen.check.page.tokens import Unreadable
from bpgen.ir import BATCH, Element, Equation, Index, Size, Term, indices_of

_LENGTHS = (3, 5, 2, 7, 11, 4)
_POINTS = 3  # sets of lengths at which a formula is compared
_PART = re.compile(r"([+-]?)\s*(\d*)\s*((?:[A-Za-z](?:\^\{\d+\})?\s*)*)")
_RATIO = re.compile(r"Of many samples, backward is ([0-9.]+) times as many operations as forward\.")
_LEARNED = re.compile(r"\$([^$]*)\$ numbers are learned")


@dataclass
class Count:
    """How many sums, products and quotients an equation takes, and values of functions."""

    equation: Equation
    lengths: Mapping[str, int]
    operations: int = 0
    functions: int = 0

    def __post_init__(self) -> None:
        by_outer: dict[object, list[tuple[sp.Expr, Term]]] = {}
        for k, term in enumerate(self.equation.terms):
            outer, inner = self._parted(term)
            alone = term.at is not None or not term.over
            by_outer.setdefault((outer, k if alone else -1), []).append((inner, term))
        for (outer, _), parts in by_outer.items():  # type: ignore[misc]
            self._bracket(outer, parts)
        own = self._size(self.equation.indices)
        whole = sum(t.at is None for t in self.equation.terms)
        self.operations += max(whole - 1, 0) * own

    def _parted(self, term: Term) -> tuple[sp.Expr, sp.Expr]:
        """What stands before a sum, and in it."""
        if not term.over:
            return term.body, sp.S.One
        if term.reduce != "sum":
            return sp.S.One, term.body
        inside = [f for f in sp.Mul.make_args(term.body) if {*indices_of(f)} & {*term.over}]
        before = [f for f in sp.Mul.make_args(term.body) if f not in inside]
        return sp.Mul(*before), sp.Mul(*inside)

    def _bracket(self, outer: sp.Expr, parts: list[tuple[sp.Expr, Term]]) -> None:
        """What stands before a bracket, times the sums in it."""
        self._made(outer)
        used, bound = {*indices_of(outer)}, set[Index]()
        for inner, term in parts:
            if term.over:
                self._summed(inner, term)
                used |= {*indices_of(inner), *term.over}
                bound |= {*term.over} - {*self.equation.indices}
        if bound and outer not in (1, -1):
            self.operations += self._size(used - bound)
        self._scattered(outer, parts)

    def _scattered(self, outer: sp.Expr, parts: list[tuple[sp.Expr, Term]]) -> None:
        """What is written at places is added to what is there."""
        for inner, term in parts:
            if term.at is not None and (term.over or len(self.equation.terms) > 1):
                speak = (i for e in (outer, inner, *term.at) for i in indices_of(e))
                self.operations += self._size({*speak} & {*self.equation.indices})

    def _summed(self, inner: sp.Expr, term: Term) -> None:
        self._made(inner)
        each = self._size({*indices_of(inner), *term.over})
        left = self._size({*indices_of(inner)} - {*term.over})
        self.operations += each - left
        if term.reduce == "logsumexp":  # the largest, less it, exp, their sum, log, it again
            self.functions += each + left
            self.operations += each - left + each + left

    def _made(self, expr: sp.Expr) -> None:
        """A formula at all values of its indices."""
        if not expr.has(Element) or isinstance(expr, Element):
            return
        here = self._size(indices_of(expr))
        inner: Iterable[sp.Expr] = expr.args
        if isinstance(expr, sp.Add):
            self.operations += here * (len(expr.args) - 1)
        elif isinstance(expr, sp.Mul):
            inner = self._product(expr, here)
        elif isinstance(expr, sp.Pow):
            self.operations += here
        else:
            self.functions += here
        for part in inner:
            self._made(part)

    def _product(self, expr: sp.Mul, here: int) -> list[sp.Expr]:
        """Factors and divisors, all numbers as one of them; a sign is none."""
        factors = [x for x in expr.args if x.has(Element)]
        number = any(not x.has(Element) and x != -1 for x in expr.args)
        below = [x.base for x in factors if isinstance(x, sp.Pow) and x.exp == -1]
        above = [x for x in factors if not (isinstance(x, sp.Pow) and x.exp == -1)]
        operands = len(factors) + number + (not above and not number)
        self.operations += here * (operands - 1)
        return [*above, *below]

    def _size(self, indices: Iterable[Index]) -> int:
        return _size((i.size for i in dict.fromkeys(indices)), self.lengths)


def _size(sizes: Iterable[Size | None], lengths: Mapping[str, int]) -> int:
    return prod(s if isinstance(s, int) else lengths[str(s)] for s in sizes)


# the tables


@dataclass
class Costs:
    """Counts of a network, at lengths of its own."""

    ground: Ground
    lengths: Mapping[str, int]
    forward: dict[str, Count] = field(init=False)
    backward: dict[str, Count] = field(init=False)

    def __post_init__(self) -> None:
        self.forward = {e.name: Count(e, self.lengths) for e in self.ground.evaluated_forward}
        self.backward = {n: Count(e, self.lengths) for n, e in self.ground.backward}

    def of(self, names: Iterable[str]) -> list[int]:
        """The columns of a layer: parameters, forward, functions, backward, kept for it."""
        names = [*names]
        there, back = ([c[n] for n in names if n in c] for c in (self.forward, self.backward))
        roles = {n: self.ground.network.tensors[n].role for n in names}
        return [
            sum(self._entries(n) for n in names if roles[n] == "param"),
            sum(c.operations for c in there),
            sum(c.functions for c in (*there, *back)),
            sum(c.operations for c in back),
            sum(self.kept.get(n, 0) for n in names if roles[n] not in _GIVEN_AGAIN),
        ]

    @cached_property
    def kept(self) -> dict[str, int]:
        """The entries of each tensor that backward reads, what stands before a recurrence's first
        step among them where it is no parameter's.
        """
        tensors, found = self.ground.network.tensors, dict[str, int]()
        starts = {
            e.name
            for e in self.ground.evaluated_forward
            for t in e.terms
            if t.at and -1 in t.at
            if any(tensors[r.name].role != "param" for r in t.body.atoms(Element))
        }
        for read in (r for _, e in self.ground.backward for r in e.reads() if r.name in tensors):
            info = tensors[read.name]
            sizes = [i.size for i in info.indices]
            found.setdefault(read.name, _size(sizes, self.lengths))
            back = str(read.indices[info.carried]) if info.carried is not None else ""
            if read.name in starts and (back == "-1" or back.endswith("- 1")):
                found[read.name] = _size(sizes, self.lengths) + _size(
                    (s for k, s in enumerate(sizes) if k != info.carried), self.lengths
                )
        return found

    def _entries(self, name: str) -> int:
        return _size((i.size for i in self.ground.network.tensors[name].indices), self.lengths)


_GIVEN_AGAIN = ("param", "target")  # to backward


def _at_lengths(ground: Ground) -> Iterator[Costs]:
    """Costs at a few sets of lengths."""
    sizes = (i.size for t in ground.network.tensors.values() for i in t.indices)
    letters = sorted({s for s in sizes if isinstance(s, str)} | {BATCH})
    for k in range(_POINTS):
        yield Costs(ground, {n: _LENGTHS[(j + k) % len(_LENGTHS)] for j, n in enumerate(letters)})


def rows(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """What is false of the row of each layer, and of all."""
    ground = reader.ground
    firsts = [reader.tensor(row[0].split(", ")[0]) for row in table.rows[:-1]]
    layers = [*_layers(ground, firsts)]
    every = [n for t in ground.network.tensors for n in [t]]
    if table.rows[-1][0] != "all":
        raise Unreadable("the last row is not of all")
    for row, names in zip(table.rows, [*layers, every], strict=True):
        for costs in _at_lengths(ground):
            meant = costs.of(names)
            have = [_value(math(cell), costs.lengths) for cell in row[1:]]
            wrong = [(h, m) for h, m in zip(have, meant, strict=True) if h != m]
            said = f"{wrong[0][0]} is printed, and it is {wrong[0][1]}" if wrong else ""
            if said:
                said += f", where {', '.join(f'{n} is {s}' for n, s in costs.lengths.items())}"
                break
        yield row[0], said


def _layers(ground: Ground, firsts: list[str]) -> Iterator[list[str]]:
    """What each row is of: values from its first to the next row's, and what they are the first to
    read.
    """
    names = [e.name for e in ground.network]
    starts = [0 if k == 0 else names.index(n) for k, n in enumerate(firsts)]
    seen: set[str] = set()
    reads = {e.name: [r.name for r in e.reads()] for e in ground.evaluated_forward}
    for begin, end in pairwise([*starts, len(names)]):
        own = names[begin:end]
        given = {n for v in own for n in reads[v] if n not in names and n not in seen}
        seen |= given
        yield [*sorted(given), *own]


def _value(text: str, lengths: Mapping[str, int]) -> int:
    """A polynomial: 12 N T - 9."""
    total, at = 0, 0
    text = text.strip()
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or found.end() == at:
            raise Unreadable(f"no formula: {text}")
        at = found.end()
        value = int(found[2] or 1)
        for letter, power in re.findall(r"([A-Za-z])(?:\^\{(\d+)\})?", found[3]):
            value *= lengths[letter] ** int(power or 1)
        total += -value if found[1] == "-" else value
    return total


def said(line: str, reader: Reader) -> str:
    """What the sentence below the table says."""
    ground = reader.ground
    every = [*ground.network.tensors]
    first = next(_at_lengths(ground))
    learned = _LEARNED.search(line)
    if learned is None or _value(learned[1], first.lengths) != first.of(every)[0]:
        return f"{first.of(every)[0]} numbers are learned"
    if found := _RATIO.search(line):
        more = Costs(ground, {**first.lengths, BATCH: first.lengths[BATCH] + 1})
        there, back = (more.of(every)[k] - first.of(every)[k] for k in (1, 3))
        return "" if f"{back / there:.2g}" == found[1] else f"{back / there:.2g} times as many"
    return ""


def batches(table: Table, reader: Reader) -> Iterator[tuple[str, str]]:
    """The operations of a step with all samples, one, or some."""
    ground = reader.ground
    every = [*ground.network.tensors]
    for row in table.rows:
        wrong = ""
        for costs in _at_lengths(ground):
            samples = 1 if row[0] == "stochastic" else costs.lengths[BATCH]
            meant = Costs(ground, {**costs.lengths, BATCH: samples}).of(every)
            letters = {**costs.lengths, "M": samples, "B": samples}
            have = _value(math(row[3]), letters)
            if have != meant[1] + meant[3]:
                wrong = f"{have} is printed, and it is {meant[1] + meant[3]}"
        yield row[0], wrong

"""A network as a graph of its tensors, read off its equations: what each is computed from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product

import sympy as sp

from bpgen.equations.substitution import read_at
from bpgen.ir import BATCH, Element, Equation, Index, Loop, Network, Term, elements
from bpgen.record import Derivation

_MOST = 2_000  # entries that the links of one equation are read off


@dataclass(frozen=True)
class Link:
    """That an entry is computed from another, and by which weight, if by one alone. Without a
    source it is a weight that is added: of a unit that is always 1.
    """

    source: str
    at: tuple[int, ...]
    to: str
    into: tuple[int, ...]
    weight: str = ""
    entry: tuple[int, ...] = ()


@dataclass(frozen=True)
class Graph:
    """The equations that a page tells of, in order."""

    derivation: Derivation
    told: tuple[Equation, ...]
    known: dict[str, list[str]] = field(default_factory=dict, compare=False)  # of reads

    @staticmethod
    def of(derivation: Derivation, numbers: Iterable[str]) -> Graph:
        told = set(numbers)
        found = (f.equation for f in derivation.printed if str(f.number) in told)
        return Graph(derivation, tuple(_of_told(e, derivation.auxiliaries) for e in found))

    @property
    def network(self) -> Network:
        return self.derivation.network

    @cached_property
    def params(self) -> set[str]:
        return {t.name for t in self.network.role("param")}

    @cached_property
    def place(self) -> dict[str, int]:
        return {e.name: k for k, e in enumerate(self.told)}

    def reads(self, equation: Equation) -> list[str]:
        """The tensors that an equation is computed from; for what stands before the first step of a
        loop, what is written there. Parameters are no part of it.
        """
        if equation.name not in self.known:
            self.known[equation.name] = self._read(equation)
        return self.known[equation.name]

    def _read(self, equation: Equation) -> list[str]:
        found: dict[str, None] = {}
        for term in equation.terms:
            if not self._is_start(equation, term):
                found.update(dict.fromkeys(self._sources(term, equation)))
        return list(found)

    def own(self, equation: Equation) -> list[str]:
        """The parameters that an equation reads."""
        names = dict.fromkeys(e.name for e in equation.reads())
        return [n for n in names if n in self.params]

    def _sources(self, term: Term, equation: Equation) -> Iterator[str]:
        for access in (e for body in term.exprs for e in elements(body)):
            if access.name in self.params:
                continue
            if access.name in self.place and self.place[access.name] >= self.place[equation.name]:
                yield from self._start(access.name)  # of the step before
            else:
                yield access.name

    def _start(self, name: str) -> Iterator[str]:
        """What is written before the first step of a loop."""
        equation = self.told[self.place[name]]
        for term in equation.terms:
            if self._is_start(equation, term):
                yield from (e.name for e in elements(term.body) if e.name not in self.params)

    def _is_start(self, equation: Equation, term: Term) -> bool:
        carried = self.network.tensors[equation.name].carried
        return carried is not None and term.at is not None and term.at[carried] == -1

    def weighs(self, equation: Equation) -> bool:
        """Whether it sums products with a parameter, as a dense layer does."""
        return any(
            t.over and self.params & {e.name for e in elements(t.body)} for t in equation.terms
        )

    def loop(self, name: str) -> Loop | None:
        return self.told[self.place[name]].loop if name in self.place else None

    # entry by entry

    def links(self, equation: Equation) -> list[Link] | None:
        """How each entry of a vector is computed from entries; None where that is not plain."""
        found: dict[Link, None] = {}
        for term in equation.terms:
            letters = [i for i in (*equation.indices, *term.over) if i.size != BATCH]
            sizes = [i.size for i in letters]
            if term.at is not None or not all(isinstance(s, int) for s in sizes):
                return None
            ranges = [range(s) for s in sizes if isinstance(s, int)]
            if sp.prod(len(r) for r in ranges) > _MOST:
                return None
            for values in product(*ranges):
                at = dict(zip(letters, map(sp.Integer, values), strict=True))
                into = tuple(int(at[i]) for i in equation.indices if i.size != BATCH)
                for addend in sp.Add.make_args(term.body):
                    found.update(dict.fromkeys(self._of_addend(addend, at, equation.name, into)))
        return list(found)

    def _of_addend(
        self, addend: sp.Expr, at: dict[Index, sp.Expr], to: str, into: tuple[int, ...]
    ) -> Iterator[Link]:
        accesses = elements(addend)
        weights = [e for e in accesses if e.name in self.params]
        read = [e for e in accesses if e.name not in self.params]
        factors = sp.Mul.make_args(addend)
        plain = len(weights) == 1 and weights[0] in factors and len(read) <= 1
        weight = weights[0] if plain else None
        named = (weight.name, next(self._entries(weight, at))) if weight is not None else ("", ())
        if not read and weight is not None and addend == weight:
            yield Link("", (), to, into, *named)
        for access in read:
            for entry in self._entries(access, at):
                yield Link(access.name, entry, to, into, *named)

    def _entries(self, access: Element, at: dict[Index, sp.Expr]) -> Iterator[tuple[int, ...]]:
        """The entries that an access reads; by a label, any."""
        axes = self.network.tensors[access.name].indices
        kept = [
            (i, a) for i, a in zip(access.indices, axes, strict=True) if a.size not in (BATCH, None)
        ]
        choices = []
        for index, axis in kept:
            value = index.xreplace(at)
            choices.append([int(value)] if value.is_Integer else list(range(int(axis.size or 1))))
        yield from product(*choices)


def _of_told(equation: Equation, auxiliaries: Mapping[str, Equation]) -> Equation:
    """An equation that reads the same tensors, and no auxiliary, for the page tells of none: what
    those are computed from are terms of its own, as of a softmax all that its log-sum-exp reads.
    """
    waiting, terms = [*equation.terms], list[Term]()
    while waiting:
        term = waiting.pop(0)
        untold = {e: sp.S.One for e in elements(term.body) if e.name in auxiliaries}
        for access in untold:
            waiting += _defining(auxiliaries[access.name], access, equation, term)
        terms.append(replace(term, body=term.body.xreplace(untold)))
    return replace(equation, terms=tuple(terms))


def _defining(
    definition: Equation, access: Element, equation: Equation, term: Term
) -> Iterator[Term]:
    """The terms of an element that a term of an equation reads, as others of that equation."""
    places = dict(zip(definition.indices, access.indices, strict=True))
    for own in definition.terms:
        here = read_at(own, places, (*equation.indices, *term.over))
        yield Term(here.body, (*term.over, *here.over), "sum", term.at)

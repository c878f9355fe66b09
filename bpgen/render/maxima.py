"""What the indicator of a maximum is of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp

from bpgen.ir import Element, Index
from bpgen.record import Derivation
from bpgen.render.reads import read_in
from bpgen.render.sample import View


@dataclass(frozen=True)
class First:
    """Which `body` gives the `largest`."""

    indices: tuple[Index, ...]
    body: sp.Expr
    largest: Element

    @cached_property
    def over(self) -> tuple[Index, ...]:
        """The indices of the maximum itself."""
        return self.indices[len(self.largest.indices) :]

    @cached_property
    def is_known(self) -> bool:
        """Whether the body as it is printed gives the values of these: each stands in what is read
        at one place, with no other that is not known. In x_i x_j, for one, they may be exchanged.
        A label says nothing by itself: it is where something stands.
        """
        every = read_in(self.body)
        read = every - {label for e in every for i in e.indices for label in read_in(i)}
        often = Counter(e.name for e in read)
        places = [i for e in read if often[e.name] == 1 for i in e.indices]
        left = {*self.over}
        while known := [p for p in places if len(p.free_symbols & left) == 1]:
            left -= {s for p in known for s in p.free_symbols}
        return not left

    def places(self, access: Element) -> tuple[sp.Expr, ...]:
        """The values of the maximum's indices, where they have to be given."""
        return () if self.is_known else access.indices[len(self.largest.indices) :]


def firsts(derivation: Derivation) -> dict[tuple[str, int], First]:
    """What each indicator of a maximum stands for, of one sample and of the batch."""
    sources = [f.source for f in derivation.forward]
    largest = {e.terms[0]: e for e in sources if e.terms[0].reduce == "max"}
    found = {}
    for equation in sources:
        if equation.terms[0].reduce != "first":
            continue
        own = largest[replace(equation.terms[0], reduce="max")]
        for view in (View(False), View(True)):
            shown, of = view.equation(equation), view.equation(own)
            known = First(shown.indices, shown.terms[0].body, of.lhs)
            found[equation.name, len(shown.indices)] = known
    return found

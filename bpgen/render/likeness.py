"""Steps that are found in the same way: the same paths and lines, in another layer's letters."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

import sympy as sp

from bpgen.ir import Element, Index, Term, element
from bpgen.record import Step
from bpgen.render.order import Order


@dataclass(frozen=True)
class Likeness:
    """Tensors by what they are and by the order of their declaration among those of a step, and
    indices without their sizes: all that another layer has differently.
    """

    order: Order

    def of(self, step: Step) -> Hashable:
        """What steps that are found in the same way have in common."""
        read = {e.name for expr in _expressions(step) for e in expr.atoms(Element)}
        tensors = sorted({self.tensor(n) for n in (*read, step.of)}, key=self._place)
        rank = {name: k for k, name in enumerate(tensors)}
        own = self.expr(element(step.equation.name, step.equation.indices), rank)
        paths = tuple(
            (self.expr(sp.Tuple(p.upstream, p.wrt, p.value), rank), _plain(p.over), _plain(p.inner))
            for p in step.paths
        )
        lines = tuple(tuple(self.term(t, rank) for t in line.terms) for line in step.lines)
        loop = step.equation.loop
        return own, paths, lines, loop and (loop.block, loop.reverse)

    def _place(self, name: str) -> tuple[bool, int]:
        """Parameters first: an input is declared before them, and what a layer computes after."""
        return name not in self.order.params, self.order.place(name)

    def tensor(self, name: str) -> str:
        """The tensor that a name is of, or is the gradient by."""
        return self.order.adjoint_of.get(name, name)

    def term(self, term: Term, rank: dict[str, int]) -> Hashable:
        at = None if term.at is None else self.expr(sp.Tuple(*term.at), rank)
        return self.expr(term.body, rank), _plain(term.over), term.reduce, at

    def expr(self, expr: sp.Basic, rank: dict[str, int]) -> sp.Basic:
        new: dict[sp.Basic, sp.Basic] = {}
        for access in sorted(expr.atoms(Element), key=lambda e: len(e.atoms(Element))):
            name = f"{rank[self.tensor(access.name)]}"
            called = f"d{name}" if access.name in self.order.adjoint_of else name
            new[access] = element(called, (i.xreplace(new) for i in access.indices))
        indices = {i: Index(i.name) for i in expr.free_symbols if isinstance(i, Index)}
        return expr.xreplace(new).xreplace(indices)


def _plain(indices: Iterable[Index]) -> tuple[Index, ...]:
    return tuple(Index(i.name) for i in indices)


def _expressions(step: Step) -> Iterator[sp.Basic]:
    for path in step.paths:
        yield from (path.upstream, path.wrt, path.value)
    for line in step.lines:
        yield from (e for t in line.terms for e in (t.body, *(t.at or ())))

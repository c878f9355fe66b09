"""Steps that are found in the same way: the same paths and lines, in another layer's letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import sympy as sp
from sympy.core.operations import LatticeOp

from bpgen.ir import Element, Equation, Index, Term, element
from bpgen.record import Step
from bpgen.render.order import Order
from bpgen.render.reads import read_in

_UNORDERED = (sp.Add, sp.Mul, LatticeOp)  # the last are max, min, and, or
Place = tuple[str, str]  # a tensor, and the block that is read


@dataclass(frozen=True)
class Likeness:
    """Tensors by what they are and by the order of their declaration among those of a step, and
    indices without their sizes: all that another layer has differently.
    """

    order: Order
    blocks: Container[str] = ()  # of which each repeated block has its own

    def of(self, step: Step) -> Hashable:
        """What steps that are found in the same way have in common."""
        left = self._left(step)
        rank = {p: k for k, p in enumerate(self.places(left, _expressions(step)))}
        loop = step.equation.loop
        block = loop.index if loop is not None and loop.block else None
        paths = tuple(
            (
                self.expr(sp.Tuple(p.upstream, p.wrt, p.value), rank),
                _plain(k for k in p.over if block is None or _name(k) != block.name),
                _plain(p.inner),
            )
            for p in step.paths
        )
        lines = tuple(tuple(self.term(t, left, rank) for t in line.terms) for line in step.lines)
        steps = None if loop is None or loop.block else loop.reverse
        return self.expr(left, rank), paths, lines, steps

    def of_equation(self, equation: Equation) -> Hashable:
        """The same of an equation."""
        rank = {p: k for k, p in enumerate(self.places_of(equation))}
        terms = (self.term(t, equation.lhs, rank) for t in equation.terms)
        return self.expr(equation.lhs, rank), tuple(terms)

    def places_of(self, of: Step | Equation) -> tuple[Place, ...]:
        """What a step or an equation names: its own tensor, and what it reads."""
        if isinstance(of, Step):
            return self.places(self._left(of), _expressions(of))
        return self.places(of.lhs, of.reads())

    def places(self, left: Element, read: Iterable[sp.Basic]) -> tuple[Place, ...]:
        """The places of elements, in an order that those of another layer have, too."""
        own = self.place(left)
        others = {self.place(e) for expr in read for e in read_in(expr)} - {own}
        return (own, *sorted(others, key=self._order))

    def _left(self, step: Step) -> Element:
        """The gradient that a step finds: of what a block is given, that of the block before."""
        name, indices = step.equation.name, step.equation.indices
        if name not in self.blocks:
            return element(name, indices)
        blocks = {t.at[0] if t.at is not None else indices[0] for t in step.equation.terms}
        return element(name, (*blocks, *indices[1:]) if len(blocks) == 1 else indices)

    def place(self, access: Element) -> Place:
        """The tensor that an element is of, or is the gradient by, and its block: a path sums over
        blocks by a letter of its own.
        """
        name = self.order.adjoint_of.get(access.name, access.name)
        return name, str(access.indices[0]).replace("_", "") if access.name in self.blocks else ""

    def _order(self, place: Place) -> tuple[bool, int, str]:
        """Parameters first: an input is declared before them, and what a layer computes after. What
        a block is given comes before all that it computes, its last declared among it.
        """
        name, block = place
        given = block.endswith("- 1")
        return name not in self.order.params, -1 if given else self.order.place(name), block

    def within(self, access: Element) -> tuple[sp.Expr, ...]:
        """The indices of an element within its block."""
        return access.indices[1:] if access.name in self.blocks else access.indices

    def term(self, term: Term, left: Element, rank: Mapping[Place, int]) -> Hashable:
        there = left if term.at is None else element(left.name, term.at)
        at = None if there == left else self.expr(sp.Tuple(*there.indices), rank)
        return self.expr(term.body, rank), _plain(term.over), term.reduce, at

    def expr(self, expr: sp.Basic, rank: Mapping[Place, int]) -> Hashable:
        """An expression as a tree, in which addends and factors have no order: sympy's is that of
        the names.
        """
        if isinstance(expr, Element):
            name, is_adjoint = rank[self.place(expr)], expr.name in self.order.adjoint_of
            return name, is_adjoint, *(self.expr(i, rank) for i in self.within(expr))
        if isinstance(expr, Index) or not expr.args:
            return Index(expr.name) if isinstance(expr, Index) else expr
        parts = [self.expr(part, rank) for part in expr.args]
        if isinstance(expr, _UNORDERED):
            return expr.func, frozenset(Counter(parts).items())
        return expr.func, *parts


def _name(index: Index) -> str:
    return str(index.name).replace("_", "")


def _plain(indices: Iterable[Index]) -> tuple[Index, ...]:
    return tuple(Index(i.name) for i in indices)


def _expressions(step: Step) -> Iterator[sp.Basic]:
    for path in step.paths:
        yield from (path.upstream, path.wrt, path.value)
    for line in step.lines:
        yield from (e for t in line.terms for e in t.exprs)

"""Level three: scalars in index notation, `sum(W[i, j] * x[j], j) + b[i]`, and the algebra they
allow.

A formula is a sum of terms (ir.Term). A product or function of what is already reduced is not a
term any more: the reduced part then becomes a tensor of its own, which the naming pass gives a
name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from bpgen.declare.declaration import here
from bpgen.declare.definition import materialise
from bpgen.declare.given import number
from bpgen.declare.symbolic import Symbolic
from bpgen.declare.terms import open_indices, summed
from bpgen.errors import NetError
from bpgen.ir import Element, Index, Reduce, Term, spoken


def fresh(size: Any, like: str = "") -> Index:
    """An index no other formula has; printed under a letter chosen later. `like`: what the user
    calls it.
    """
    return Index(f"_{next(here().indices)}{like}", size)


class Formula(Symbolic):
    """A scalar in index notation: a sum of terms, open in the indices that no term reduces."""

    def __init__(self, terms: tuple[Term, ...]) -> None:
        self.terms = summed(terms)
        self.home = here()

    def said(self) -> str:
        return "a formula"

    def _sympy_(self) -> sp.Expr:
        return self.body()

    @staticmethod
    def of(value: Any) -> Formula:
        """A number, formula or rank-0 tensor as a formula."""
        if isinstance(value, Formula):
            if value.home is not here():
                raise NetError(
                    "a formula of another net.py, or of another run of this one",
                    "write it in this net.py",
                )
            return value
        if hasattr(value, "scalar_formula"):
            formula: Formula = value.scalar_formula()
            return formula
        return Formula((Term(number(value)),))

    @property
    def plain(self) -> bool:
        return len(self.terms) == 1 and not self.terms[0].over

    @property
    def is_zero(self) -> bool:
        return self.plain and self.terms[0].body == 0

    @property
    def addends(self) -> tuple[Term, ...]:
        """Terms that may stand beside others: a maximum is a tensor of its own first."""
        if all(t.reduce == "sum" for t in self.terms):
            return self.terms
        return (Term(self.body()),)

    @property
    def free(self) -> tuple[Index, ...]:
        """Open indices, in the order in which they appear."""
        return open_indices(self.terms)

    def body(self) -> sp.Expr:
        """The one unreduced body; what is reduced becomes a tensor of its own first."""
        return self.terms[0].body if self.plain else materialise(self.terms)

    def apply(self, function: Callable[..., sp.Expr], *others: Any) -> Formula:
        """A scalar function of this formula, and of others."""
        return Formula((Term(function(self.body(), *(Formula.of(o).body() for o in others))),))

    def __add__(self, other: Any) -> Formula:
        left, right = self, Formula.of(other)
        if left.is_zero or right.is_zero:
            return right if left.is_zero else left
        return Formula(left.addends + right.addends)

    def __mul__(self, other: Any) -> Formula:
        left, right = self, Formula.of(other)
        if left.plain:
            left, right = right, left
        factor = right.body()
        if factor.has(Element) or any(t.reduce != "sum" for t in left.terms):
            return Formula((Term(left.body() * factor),))
        return Formula(tuple(t.map(lambda body: body * factor) for t in left.terms))

    def __pow__(self, other: Any) -> Formula:
        return Formula((Term(self.body() ** Formula.of(other).body()),))

    def __rpow__(self, other: Any) -> Formula:
        return Formula((Term(Formula.of(other).body() ** self.body()),))

    def __neg__(self) -> Formula:
        return self * -1

    def __pos__(self) -> Formula:
        return self

    def __abs__(self) -> Formula:
        return self.apply(sp.Abs)

    def __sub__(self, other: Any) -> Formula:
        return self + -Formula.of(other)

    def __rsub__(self, other: Any) -> Formula:
        return Formula.of(other) - self

    def __truediv__(self, other: Any) -> Formula:
        return self * Formula.of(other) ** -1

    def __rtruediv__(self, other: Any) -> Formula:
        return Formula.of(other) * self**-1

    def __matmul__(self, other: Any) -> Any:
        raise NetError(
            "@ is between two tensors, not formulas", "write the sum: sum(W[i, j] * x[j], j)"
        )

    __radd__ = __add__
    __rmul__ = __mul__
    __rmatmul__ = __matmul__


def one_by_one(word: str, given: Any) -> str:
    """How indices are given to a word, for what is none: a name in quotes, several, a range."""
    if isinstance(given, str) and given.isidentifier():
        return f'without the quotes: {word}(..., {given}), where {given} = indices("{given}")'
    several = given if isinstance(given, (tuple, list)) else ()
    if any(isinstance(g, Index) for g in several):
        names = ", ".join(str(g) for g in several if isinstance(g, Index))
        return f"each by itself, whose range is its axis: {word}(..., {names})"
    if isinstance(given, range):
        return f"the range of an index is its axis: {word}(..., j) alone"
    return 'declare them: i, j = indices("i j")'


def reduce(formula: Any, over: tuple[Any, ...], how: Reduce, word: str = "") -> Formula:
    """`how` over the named indices of a formula; `word` is the user's, where it is another."""
    for index in over:
        if not isinstance(index, Index):
            axis = isinstance(index, int) and not isinstance(formula, Formula) and how == "sum"
            raise NetError(
                f"{word or how} is over indices, not {index!r}",
                f"an axis of a tensor is said by its name: axis={index}"
                if axis
                else one_by_one(word or how, index),
            )
    formula = Formula.of(formula)
    for index in over:
        if index not in formula.free:
            raise NetError(
                f"index {spoken(index)} is not in what is summed",
                "sum over an index that the formula uses",
            )
        if over.count(index) > 1:  # a mean would be divided by its size twice
            raise NetError(f"{word or how} is over index {spoken(index)} twice", "say it once")
    bound = {k: fresh(k.size, spoken(k)) for k in over}  # no index of any other formula is captured
    apart = Formula(tuple(t.map(lambda body: body.xreplace(bound)) for t in formula.terms))
    over = tuple(bound.values())
    if how == "sum" and all(t.reduce == "sum" for t in apart.terms):
        return Formula(tuple(Term(t.body, t.over + over, "sum") for t in apart.terms))
    return Formula((Term(apart.body(), over, how),))

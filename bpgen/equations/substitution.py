"""Indices renamed, and formulas read at other places: the one module that substitutes indices, so
that none is captured.

What a term binds is apart from all that is free in it, by name: two of one name and different sizes
would read as one.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping

import sympy as sp

from bpgen.atoms import replaced
from bpgen.ir import Element, Equation, Index, Term, elements, indices_of

New = Mapping[Index, sp.Expr] | Mapping[sp.Expr, sp.Expr] | Mapping[Index, Index]


def unlike(index: Index, taken: Container[str]) -> Index:
    """The index under a name that is not taken: its own, or one of bpgen's."""
    name = str(index.name)
    while name in taken:
        name = f"_{name}"
    return index if name == index.name else Index(name, index.size)


def all_unlike(over: Iterable[Index], taken: Iterable[str]) -> dict[Index, Index]:
    """Each of the indices that a term binds, under a name that neither another of them has nor is
    taken.
    """
    names, found = set(taken), dict[Index, Index]()
    for index in over:
        found[index] = unlike(index, names)
        names.add(str(found[index].name))
    return found


def read_at(term: Term, places: New, beside: Iterable[sp.Expr] = ()) -> Term:
    """The term with its free indices at other places. What it binds stays its own: an index that a
    place speaks of is not captured, nor one of what will stand beside the term's body.
    """
    at = {i: e for i, e in dict(places).items() if i not in term.over}
    speaking = replaced(sp.Tuple(*term.exprs, *beside), at)
    free = {i for e in (*at.values(), *beside) for i in indices_of(e)}
    free |= {i for i in indices_of(speaking) if i not in term.over}
    return bound_as(term, all_unlike(term.over, (str(i.name) for i in free)), at)


def bound_as(term: Term, bound: Mapping[Index, Index], free: New | None = None) -> Term:
    """The term with other names for what it binds, and other places for what is free, all at
    once.
    """
    new: dict[sp.Basic, sp.Basic] = {**(free or {}), **bound}
    return Term(
        replaced(term.body, new),
        tuple(new.get(k, k) for k in term.over),
        term.reduce,
        None if term.at is None else tuple(replaced(e, new) for e in term.at),
    )


def with_elements(
    expr: sp.Basic,
    change: Callable[[Element, tuple[sp.Expr, ...]], Element],
    new: Mapping[sp.Basic, sp.Basic] | None = None,
) -> sp.Basic:
    """The expression with other elements, from the inside of gathers out: each is changed with its
    indices as they are by then. `new` is what else is replaced.
    """
    found = dict(new or {})
    for access in sorted(elements(expr), key=lambda e: len(elements(e))):
        found[access] = change(access, tuple(i.xreplace(found) for i in access.indices))
    return expr.xreplace(found)


def renamed(equation: Equation, old: Index, new: Index) -> Equation:
    """The equation with another index on its left side, apart from all others there."""
    others = all_unlike((i for i in equation.indices if i != old), {str(new.name)})
    left = {**others, old: new}
    terms = tuple(read_at(t, left, left.values()) for t in equation.terms)
    return Equation(equation.name, tuple(left[i] for i in equation.indices), terms, equation.loop)

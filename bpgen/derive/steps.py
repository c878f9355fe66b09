"""What an adjoint receives in a loop: at each step, at the step before, and at its ends."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

import sympy as sp

from bpgen.ir import Element, Equation, Index, Loop, Term


@dataclass(frozen=True)
class Received:
    """What an adjoint receives at one step of a loop, or at its own indices."""

    at: tuple[sp.Expr, ...] | None
    equation: Equation


def stepwise(adjoint: Equation, back: Loop, members: Container[str]) -> Equation:
    """An adjoint within the reversed loop: what a step passes on to the step before is written
    there at that step, not summed over all. `members` are the adjoints of the loop.
    """

    def term(t: Term) -> Term:
        if t.at is None or not any(e.name in members for e in t.body.atoms(Element)):
            return t
        step = next((k for k in t.over for e in t.at if e == k - 1), None)
        new: dict[sp.Expr, sp.Expr] = {} if step is None else {step: back.index}
        return Term(
            t.body.xreplace(new),
            tuple(k for k in t.over if k != step),
            t.reduce,
            tuple(e.xreplace(new) for e in t.at),
        )

    return Equation(adjoint.name, adjoint.indices, tuple(map(term, adjoint.terms)), back)


def by_place(adjoint: Equation, carried: int | None) -> list[Received]:
    """What is written at each step, as if it were the equation's own: the algebra is the same."""
    found: dict[tuple[sp.Expr, ...] | None, list[Term]] = {}
    for term in adjoint.terms:
        place = None
        if term.at is not None and carried is not None:
            own = (*term.at[:carried], adjoint.indices[carried], *term.at[carried + 1 :])
            apart = term.at[carried].free_symbols & {*term.over}  # at several steps at once
            place = term.at if own == adjoint.indices and not apart else None
        here = term if place is None else replace(term, at=None)
        found.setdefault(place, []).append(here)
    parts = []
    for place, terms in found.items():
        indices = adjoint.indices
        if place is not None and carried is not None and not place[carried].has(Index):
            indices = (*indices[:carried], *indices[carried + 1 :])  # at one step only
        parts.append(Received(place, replace(adjoint, indices=indices, terms=tuple(terms))))
    return parts

"""What one step of a loop writes, piece by piece: each after all that it reads of the same step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy as sp

from bpgen.equations.affine import disjoint
from bpgen.ir import Element, Equation, Index, Term

Place = tuple[sp.Expr, ...]


def pieces(equation: Equation) -> list[Equation]:
    """The equation in parts, each with what it writes at one place."""
    found: dict[Place | None, list[Term]] = {}
    for term in equation.terms:
        found.setdefault(term.at, []).append(term)
    return [replace(equation, terms=tuple(terms)) for terms in found.values()]


def place(piece: Equation) -> Place:
    """Where a piece is written."""
    return piece.terms[0].at or piece.indices


def writes(piece: Equation, access: Element, step: Index) -> bool:
    """Whether a piece writes, in one step, what is read there."""
    return piece.name == access.name and not disjoint(place(piece), access.indices, {step})


def needs(parts: Sequence[Equation], step: Index) -> list[set[int]]:
    """Of each piece those of the same step that write what it reads."""
    return [
        {k for access in reader.reads() for k, p in enumerate(parts) if writes(p, access, step)}
        for reader in parts
    ]


def in_order(parts: Sequence[Equation], step: Index) -> list[int]:
    """The pieces of one step, by their numbers, each after what it needs and otherwise as they
    stand; those that need each other, and what needs them, are left out.
    """
    waiting = dict(enumerate(needs(parts, step)))
    done: list[int] = []
    while (ready := next((k for k, of in waiting.items() if not of), None)) is not None:
        done.append(ready)
        del waiting[ready]
        for of in waiting.values():
            of.discard(ready)
    return done

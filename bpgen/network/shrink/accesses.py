"""The accesses of an equation, and how their indices run over an axis."""

from __future__ import annotations

import sympy as sp

from bpgen.equations.affine import Affine
from bpgen.ir import Element, Equation, Index, Term, element, extent, length


def accesses(equation: Equation) -> list[Element]:
    """Every access of an equation, those at which it is written included."""
    places = [equation.indices, *(t.at for t in equation.terms if t.at is not None)]
    return [*dict.fromkeys([*(element(equation.name, p) for p in places), *equation.reads()])]


def running(form: Affine | None) -> list[Index]:
    return [i for i, _ in form.steps] if form is not None else []


def is_at_the_end(place: int, size: int) -> bool:
    """Whether a fixed place is counted from the end of its axis, as that of the last block is."""
    return 2 * place >= size


def is_whole(form: Affine, axis: Index, carried: bool) -> bool:
    """Whether one index runs over the whole axis: as it is, backwards, or a step behind."""
    if len(form.steps) != 1 or form.steps[0][0].size != axis.size:
        return False
    step, last = form.steps[0][1], length(axis.size) - 1
    starts = {1: (0, -1 if carried else 0), -1: (last,)}
    return any(sp.expand(form.start - s) == 0 for s in starts.get(step, ()))


def is_mean(term: Term) -> bool:
    """A sum, or its negative, divided by the number of its addends, a whole number."""
    count = extent(k.size for k in term.over)
    mean = bool(term.over) and term.reduce == "sum" and count.is_Integer
    return mean and abs(term.body.as_coeff_Mul()[0]) * count == 1

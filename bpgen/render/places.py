"""Where an equation writes: as one statement for every element, or as several, each at its own
place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import sympy as sp

from bpgen.equations.affine import Affine, affine, disjoint
from bpgen.ir import BATCH, Element, Equation, Index, Size, Term, element, extent, length

At = tuple[sp.Expr, ...]
Axes = Mapping[str, tuple[Size, ...]]


@dataclass(frozen=True)
class Statement:
    """`left = right`, for all values of the indices of the left side, which are the right side's
    own.
    """

    left: Element
    right: Equation
    # Of several: whether what no statement speaks of is 0.
    elsewhere: bool = False
    first: bool = False  # it stands before the first step of a recurrence


def open_indices(exprs: Iterable[sp.Expr]) -> tuple[Index, ...]:
    """The indices in accesses, in order, those within gathers included."""
    found: dict[Index, None] = {}
    for expr in exprs:
        inside = (s for s in expr.free_symbols if isinstance(s, Index))
        found.update(dict.fromkeys(sorted(inside, key=lambda i: i.name)))
    return tuple(found)


def is_plain(expr: sp.Expr) -> bool:
    """An index as it is, a place, or what is gathered."""
    return isinstance(expr, (Index, Element)) or expr.is_Integer is True


def fits(access: Element, axes: Axes) -> bool:
    """Whether an element's plain indices run over the whole of their axes."""
    return all(not isinstance(i, Index) or i.size in (s, BATCH) for i, s in along(access, axes))


def along(access: Element, axes: Axes) -> list[tuple[sp.Expr, Size]]:
    """The indices of an element with the sizes of their axes, the last first; an element of one
    sample has fewer.
    """
    return list(zip(access.indices[::-1], axes.get(access.name, ())[::-1], strict=False))


def determined(accesses: Iterable[sp.Expr], wanted: Iterable[Index]) -> bool:
    """Whether an element is reached by no more than one choice of the wanted indices."""
    forms = [form for form in map(_form, accesses) if form is not None]
    left, before = set(wanted), -1
    while left and before != len(left):
        before = len(left)
        for form in forms:
            steps = [(i, abs(step)) for i, step in form.steps if i in left]
            if _apart(steps):
                left -= {i for i, _ in steps}
    return not left


def _form(expr: sp.Expr) -> Affine | None:
    return None if expr.has(Element) else affine(expr)


def _apart(steps: list[tuple[Index, int]]) -> bool:
    """Whether each step is longer than all that the shorter ones reach."""
    reach: sp.Expr = sp.S.Zero
    for index, step in sorted(steps, key=lambda s: s[1]):
        if not (step - reach).is_positive:
            return False
        reach += step * (length(index.size) - 1)
    return True


def statements(equation: Equation, axes: Axes, carried: int | None = None) -> list[Statement]:
    """The equation at each of the places where its terms are written, where no two of these meet;
    else as it is. Along a `carried` axis, counted from the last, a place may lie before the first
    step.
    """
    whole = [Statement(equation.lhs, equation)]
    at = [t.at if t.at is not None else tuple(equation.indices) for t in equation.terms]
    places: dict[At, list[Term]] = {}
    for place, term in zip(at, equation.terms, strict=True):
        places.setdefault(place, []).append(term)
    every = [e for place in places for e in place]
    if all(map(is_plain, every)) or any(e.has(Element) for e in every):
        return whole
    if not all(determined(p, open_indices(p)) for p in places):
        return whole
    if not all(disjoint(one, other) for one, other in combinations(places, 2)):
        return whole
    rest = extent(axes[equation.name][-len(equation.indices) :]) - sum(
        _steps_told(p, carried) for p in places
    )
    return [
        Statement(element(equation.name, p), _right(equation, p, terms), sp.expand(rest) != 0)
        for p, terms in sorted(places.items(), key=lambda found: _start(found[0]))
    ]


def _steps_told(place: At, carried: int | None) -> sp.Expr:
    """How many elements a place is, but for those before the first step: of a place that begins
    there, what its other axes leave open.
    """
    every = open_indices(place)
    form = _form(place[carried]) if carried is not None else None
    if form is None or form.lowest != -1:
        return extent(i.size for i in every)
    there = {i for i, _ in form.steps}
    return extent(i.size for i in every) - extent(i.size for i in every if i not in there)


def _start(place: At) -> tuple[int, ...]:
    """Where a place begins: the order in which places are shown."""
    starts = [form.start if (form := _form(e)) is not None else sp.S.Zero for e in place]
    return tuple(int(s) if s.is_Integer else 1 for s in starts)


def _right(equation: Equation, place: At, terms: list[Term]) -> Equation:
    """What is written at one place."""
    free = open_indices(place)
    inner = (Term(t.body, tuple(k for k in t.over if k not in free), t.reduce) for t in terms)
    return Equation(equation.name, free, tuple(inner), equation.loop)

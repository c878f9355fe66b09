"""Recurrences as a page shows them: the gradient at a step depends on the step after, and an
element stands before the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from bpgen.equations.affine import affine
from bpgen.equations.letters import lettered
from bpgen.ir import Element, Equation, Index, Term, element
from bpgen.record import Equality, Path
from bpgen.render.places import Axes, Statement, along, open_indices

Carried = Mapping[str, int]  # the axis of each recurrence, counted from the last


def before(place: sp.Expr) -> Index | None:
    """k, where the place is k - 1: what a step passes on to the step before."""
    found = [i for i in open_indices((place,)) if place == i - 1]
    return found[0] if found else None


def from_after(
    equation: Equation, carried: Carried, axes: Axes, adjoints: frozenset[str]
) -> Equation:
    """The equation with what comes from the step after written as such: dh[t] = ... dz[t + 1].

    What is beyond the last step is 0. Where no adjoint says so, the step is summed over instead,
    and its place stays.
    """
    axis = carried.get(equation.name)
    if axis is None:
        return equation
    own, terms = equation.indices[axis], []
    for term in equation.terms:
        step = before(term.at[axis]) if term.at is not None else None
        if term.at is None or step is None:
            terms.append(term)
        elif _vanishes(term.body, step, axes, adjoints):
            new: dict[sp.Expr, sp.Expr] = {step: own + 1}
            at = tuple(e.xreplace(new) for e in term.at)
            over = tuple(k for k in term.over if k != step)
            terms.append(Term(term.body.xreplace(new), over, term.reduce, at))
        else:
            over = tuple(k for k in term.over if k != step)
            new = {step: Index(f"_{step.name}", step.size)}
            at = tuple(e.xreplace(new) for e in term.at)
            terms.append(Term(term.body.xreplace(new), (*over, new[step]), term.reduce, at))
    return lettered(replace(equation, terms=tuple(terms)))


def _vanishes(body: sp.Expr, step: Index, axes: Axes, adjoints: frozenset[str]) -> bool:
    """Whether every addend has an adjoint of this step as a factor, and there are no more steps."""
    if isinstance(body, sp.Add):
        return all(_vanishes(a, step, axes, adjoints) for a in body.args)
    if isinstance(body, sp.Mul):
        return any(_vanishes(a, step, axes, adjoints) for a in body.args)
    return isinstance(body, Element) and body.name in adjoints and _ends(body, step, axes)


def _ends(access: Element, step: Index, axes: Axes) -> bool:
    """Whether the element is read at the step, along an axis that ends where the steps end."""
    return any(i == step and s == step.size for i, s in along(access, axes))


def start_and_steps(
    equation: Equation, carried: Carried, axes: Axes
) -> tuple[Statement | None, Equation]:
    """What stands before the first step, if anything does, and the equation of the steps."""
    axis = carried.get(equation.name)
    if axis is None:
        return None, equation
    own = equation.indices[axis]
    at_first = [t for t in (_first(t, axis, equation, axes) for t in equation.terms) if t]
    rest = tuple(t for t in equation.terms if t.at is None or t.at[axis] != -1)
    rest = tuple(replace(t, at=None) if t.at == equation.indices else t for t in rest)
    steps = replace(equation, terms=rest or (Term(sp.S.Zero),))
    if not at_first:
        return None, steps
    place = list[sp.Expr](equation.indices)
    place[axis] = sp.Integer(-1)
    free = tuple(i for i in equation.indices if i != own)
    right = Equation(equation.name, free, tuple(at_first))
    return Statement(element(equation.name, place), right, first=True), steps


def zero(equation: Equation, carried: Carried) -> Statement:
    """That what stands before the first step is 0."""
    axis = carried[equation.name]
    place = list[sp.Expr](equation.indices)
    free = tuple(i for i in equation.indices if i != place[axis])
    place[axis] = sp.Integer(-1)
    right = Equation(equation.name, free, (Term(sp.S.Zero),))
    return Statement(element(equation.name, place), right, first=True)


def looks_ahead(equation: Equation, carried: Carried, axes: Axes) -> bool:
    """Whether the gradient at a step is given by that of the step after."""
    axis = carried.get(equation.name)
    return axis is not None and any(
        t.at is not None and _is_ahead(t, equation.indices[axis], axes) for t in equation.terms
    )


def _is_ahead(term: Term, own: Index, axes: Axes) -> bool:
    """Whether a term comes from the step after: it reads that of an axis that has no more steps,
    and holds before the first step too.
    """
    accesses = term.body.atoms(Element)
    return any(i == own + 1 and s == own.size for e in accesses for i, s in along(e, axes))


def _first(term: Term, axis: int, equation: Equation, axes: Axes) -> Term | None:
    """What a term writes before the first step."""
    if term.at is None:
        return None
    place, own = term.at[axis], equation.indices[axis]
    form = affine(place) if not place.has(Element) else None
    if place == own:
        if not _is_ahead(term, own, axes):
            return None
        new: dict[sp.Expr, sp.Expr] = {own: sp.Integer(-1)}
    elif form is None or form.lowest != -1:
        return None
    else:  # its lowest is reached once
        new = {i: sp.Integer(0) for i, step in form.steps if step > 0}
        if len(new) < len(form.steps):
            return None
    at = tuple(e.xreplace(new) for e in (*term.at[:axis], *term.at[len(term.at) + axis + 1 :]))
    over = tuple(k for k in term.over if k not in new)
    left = tuple(i for i in equation.indices if i != own)
    return Term(term.body.xreplace(new), over, term.reduce, None if at == left else at)


def grouped(
    paths: list[Path], left: tuple[Index, ...], carried: Carried, axes: Axes
) -> list[list[Path]]:
    """The paths through one equation, those from different steps of it apart."""
    axis = carried.get(paths[0].wrt.name)
    if axis is not None:
        paths = [p for p in paths if p.wrt.indices[axis] != -1]
    mine = carried.get(paths[0].upstream.name) if paths else None
    first = [p for p in paths if mine is not None and p.upstream.indices[mine] == -1]
    rest = [p for p in paths if p not in first]
    parts = _apart(rest, axis, left[axis], axes) if axis is not None else [rest]
    return [part for part in (*parts, first) if part]


def _apart(paths: list[Path], axis: int, own: Index, axes: Axes) -> list[list[Path]]:
    shifted = [_shifted(p, axis, own, axes) for p in paths]
    for places in zip(*(p.upstream.indices for p in shifted), strict=True):
        offsets = [sp.expand(e - own) for e in places if not e.has(Element)]
        if len(offsets) == len(paths) and all(o.is_Integer for o in offsets):
            parts: dict[sp.Expr, list[Path]] = {}
            for offset, path in zip(offsets, shifted, strict=True):
                parts.setdefault(offset, []).append(path)
            return list(parts.values())
    return [paths]


def _shifted(path: Path, axis: int, own: Index, axes: Axes) -> Path:
    """The path from the step after, where it is read at the step before."""
    step = before(path.wrt.indices[axis])
    if step is None or not _ends(path.upstream, step, axes):
        return path
    new: dict[sp.Expr, sp.Expr] = {step: own + 1}
    reasons = tuple(
        Equality(tuple(e.xreplace(new) for e in r.chain), r.prime) for r in path.reasons
    )
    over, inner = (tuple(k for k in ks if k != step) for ks in (path.over, path.inner))
    up, wrt, value = (e.xreplace(new) for e in (path.upstream, path.wrt, path.value))
    return Path(up, wrt, value, over, reasons, inner)

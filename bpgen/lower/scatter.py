"""Terms written at an access: as one array of another shape, as slices added place by place, or as
a scatter-add through whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from bpgen.affine import affine, digits
from bpgen.contraction import Group, groups
from bpgen.ir import BATCH, Element, Equation, Index, element
from bpgen.lower.access import Operand, gathered, gathered_at, read
from bpgen.lower.contract import valued
from bpgen.lower.printer import ATOM, Text
from bpgen.lower.scope import Scope
from bpgen.lower.views import shape_of


@dataclass(frozen=True)
class Scatter:
    """What is added at one access, for every value of `loops`: `place` is a subscripted array; or,
    where elements may be met more than once, what np.add.at needs, which adds to `array`.
    """

    place: str
    value: Text
    loops: tuple[Index, ...] = ()
    array: str = ""
    at: tuple[sp.Expr, ...] = ()


def whole(equation: Equation, scope: Scope) -> Operand | None:
    """The right-hand side as a reshape, where its one term fills every element once."""
    found = groups(equation)
    if len(found) != 1 or found[0].at is None or scope.fixed:
        return None
    axes: list[Index] = []
    for expr, index in zip(found[0].at, equation.indices, strict=True):
        size = index.size
        if isinstance(expr, Index) and expr.size == size:
            axes.append(expr)
        elif isinstance(size, int) and digits(expr, size):
            axes += digits(expr, size) or ()
        else:
            return None
    spoken = found[0].outer.free_symbols.union(*(s.body.free_symbols for s in found[0].sums))
    if len(set(axes)) < len(axes) or not spoken.issuperset(axes):
        return None
    text, binding = valued(found[0], tuple(axes), scope)
    value = Operand(text, tuple(axes), binding == ATOM).bracketed()
    return Operand(f"{value}.reshape{shape_of(list(equation.indices))}", equation.indices)


def scatters(equation: Equation, scope: Scope) -> list[Scatter]:
    """What is added at accesses, term by term."""
    return [_scatter(equation, g, scope) for g in groups(equation) if g.at is not None]


def _scatter(equation: Equation, group: Group, scope: Scope) -> Scatter:
    at = group.at or ()
    new = _loop_names(_loops(at, scope), scope)
    at = tuple(e.xreplace(new) for e in at)
    group = Group(
        group.outer.xreplace(new),
        tuple(
            replace(
                s,
                factors=tuple(f.xreplace(new) for f in s.factors),
                over=tuple(new.get(k, k) for k in s.over),
            )
            for s in group.sums
        ),
        at,
    )
    loops = tuple(new.values())
    inner = replace(scope, fixed=scope.fixed | set(loops))
    target = element(equation.name, at)
    if any(isinstance(e, Element) for e in at):
        open_ = (_open(e, inner) for e in at)
        alone = {free[0] for free in open_ if len(free) == 1}
        text, axes = gathered(target, inner)
        array = inner.array(target)
        place, repeated = f"{array}[{text}]", not alone.issuperset(axes)
        if repeated:
            places, axes = gathered_at(target, inner, slices=False)
            places = ["slice(None)" if p == ":" else p for p in places]
            place = places[0] if len(places) == 1 else f"({', '.join(places)})"
        return Scatter(place, valued(group, axes, inner), loops, array if repeated else "", at)
    view = read(target, inner)
    place = view.text if view.text.endswith("]") else f"{view.text}[...]"
    return Scatter(place, valued(group, view.axes, inner), loops, "", at)


def _loops(at: tuple[sp.Expr, ...], scope: Scope) -> list[Index]:
    """The indices to loop over, so that one is left to run through each axis: the longest."""
    found: list[Index] = []
    if any(isinstance(e, Element) for e in at):
        return found  # whole numbers say every place at once
    for expr in at:
        free = _open(expr, scope)
        free.sort(key=lambda i: (i.size == BATCH, isinstance(i.size, str), i.size), reverse=True)
        found += free[1:]
    return list(dict.fromkeys(found))


def _open(expr: sp.Expr, scope: Scope) -> list[Index]:
    """The indices of a shifted or strided access that have no value here."""
    form = affine(expr)
    return [i for i, _ in form.steps if i not in scope.fixed] if form is not None else []


def _loop_names(loops: list[Index], scope: Scope) -> dict[sp.Expr, Index]:
    """The loop variables: the indices' own letters, where no array has that name."""
    taken = {*scope.tensors, *(i.name for i in scope.fixed)}
    new: dict[sp.Expr, Index] = {}
    for index in loops:
        name = next(c for c in (index.name, *"uvrsijklpqw") if c not in taken)
        taken.add(name)
        new[index] = Index(name, index.size)
    return new

"""Terms written at an access: one array of another shape, values added place by place, or a
scatter-add through whole numbers.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import sympy as sp

from bpgen.equations.affine import digits, disjoint
from bpgen.equations.contraction import Group, groups
from bpgen.equations.letters import free_letters
from bpgen.equations.pieces import Place
from bpgen.equations.substitution import bound_as
from bpgen.ir import Element, Equation, Index, Term, element, indices_of
from bpgen.program.grammar import Expr, Gather, Join, Loop, Node, ScatterAdd, Store
from bpgen.raising.access import array_of, gathered, longest_first, read, slots_of
from bpgen.raising.scope import Scope
from bpgen.raising.terms import valued


def reshaped(equation: Equation, scope: Scope) -> Expr | None:
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
    return Join(valued(found[0], tuple(axes), scope), equation.indices)


def added(
    equation: Equation, scope: Scope, before: Collection[Place] | None = None
) -> tuple[Node, ...]:
    """The statements that add values at their places, term by term. `before` are the places that
    have been written: elsewhere a value is the first, and is assigned. None: any may have been.
    """
    statements: list[Node] = []
    written = list(before or ())
    for term in equation.terms:
        if term.at is not None:
            loops = _loop_names(_loops(term.at, scope), term, scope)
            (group,) = groups(replace(equation, terms=(bound_as(term, loops),)))
            at = group.at or ()
            first = before is not None and all(disjoint(at, other) for other in written)
            there = element(equation.name, at)
            statements.append(_added_there(there, group, tuple(loops.values()), scope, first))
            written.append(at)
    return tuple(statements)


def _added_there(
    target: Element, group: Group, loops: tuple[Index, ...], scope: Scope, first: bool
) -> Node:
    """The statement that adds a value at its place, in loops over the indices that have a value
    there. `first`: nothing else is written there.
    """
    inner = replace(scope, fixed=scope.fixed | set(loops))
    place: Expr = read(target, inner)
    if isinstance(place, Gather) and not _once_each(target.indices, place, inner):
        many = gathered(array_of(target, inner), slots_of(target, inner), inner, slices=False)
        return ScatterAdd(many, valued(group, many.axes, inner))
    value = valued(group, place.axes, inner)
    store = Store(place, value, adds=bool(loops) or not first)
    return Loop(loops, (store,)) if loops else store


def _once_each(at: tuple[sp.Expr, ...], place: Gather, scope: Scope) -> bool:
    """Whether no element is met twice: every axis is also read along it alone."""
    open_ = (scope.open(e) for e in at)
    alone = {free[0] for free in open_ if len(free) == 1}
    return alone.issuperset(place.axes)


def _loops(at: tuple[sp.Expr, ...], scope: Scope) -> list[Index]:
    """The indices to loop over, so that one is left to run through each axis: the longest."""
    found: list[Index] = []
    if any(isinstance(e, Element) for e in at):
        return found  # whole numbers say every place at once
    for expr in at:
        found += longest_first(scope.open(expr))[1:]
    return list(dict.fromkeys(found))


def _loop_names(loops: list[Index], term: Term, scope: Scope) -> dict[Index, Index]:
    """The loop variables: the indices' own letters, where neither the module nor another index of
    the term has that name.
    """
    others = {i for e in (*term.exprs, *term.over) for i in indices_of(e)}
    fixed = scope.fixed | (others - {*loops})
    taken = {*scope.taken, *(str(i.name) for i in fixed)}
    new: dict[Index, Index] = {}
    for index in loops:
        name = next(free_letters((str(index.name), *"uvrsijklpqw"), taken))
        taken.add(name)
        new[index] = Index(name, index.size)
    return new

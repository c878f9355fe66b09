"""Terms as what a good engineer sees in them: products of arrays, sums along axes, means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import sympy as sp

from bpgen.equations.contraction import Group, Sum, factored, groups, uses
from bpgen.ir import Equation, Index, length
from bpgen.program.contractions import is_product
from bpgen.program.grammar import LAST, NOTHING, SUMMED, Axes, Contract, Expr, Reduce, Total
from bpgen.raising.elementwise import mapped, operand
from bpgen.raising.scope import Scope

_Factors = list[tuple[sp.Expr, frozenset[Index]]]


def raised(equation: Equation, scope: Scope) -> Expr:
    """The right-hand side, but for what is written at other places; its axes are those of the left,
    or fewer where it is the same along others.
    """
    open_ = tuple(i for i in equation.indices if i not in scope.fixed)
    found = factored(equation)
    if found is None:
        return _added(groups(equation), _varying(groups(equation), open_), scope)
    inside = sorted(groups(found.inside), key=lambda g: bool(g.sums))
    beside = groups(found.beside)
    own = {*_varying((*inside, *beside), open_), *found.outer.free_symbols}
    axes = tuple(i for i in open_ if i in own)
    bracket = mapped(found.outer * LAST, axes, scope, {LAST: _added(inside, axes, scope)})
    if not beside:
        return bracket
    return Total(tuple(_group(g, axes, scope) for g in beside), axes, bracket)


def _added(parts: Iterable[Group], axes: Axes, scope: Scope) -> Expr:
    """Groups added up."""
    addends = tuple(_group(g, axes, scope) for g in parts if g.at is None)
    if not addends:
        return NOTHING
    return addends[0] if len(addends) == 1 else Total(addends, axes)


def _varying(parts: Iterable[Group], axes: Axes) -> Axes:
    """Those of the axes along which groups vary."""
    own = set().union(*(_depends_on(g) for g in parts if g.at is None))
    return tuple(i for i in axes if i in own)


def _depends_on(group: Group) -> set[sp.Symbol]:
    """The indices that a group's value depends on; those of a sum's own are not among the left
    side's.
    """
    inside = (
        s.body.free_symbols - (set() if s.reduce == "first" else set(s.over)) for s in group.sums
    )
    return set().union(group.outer.free_symbols, *inside)


def valued(group: Group, axes: Axes, scope: Scope) -> Expr:
    """The value of a scatter: the indices of its address are not summed here but by adding
    there.
    """
    outer, sums = group.outer, []
    for s in group.sums:
        over = tuple(k for k in s.over if k not in axes and k not in scope.fixed)
        if over:
            sums.append(Sum(s.factors, over, s.reduce))
        else:
            outer = outer * s.body
    return _group(Group(outer, tuple(sums)), axes, scope)


def _group(group: Group, axes: Axes, scope: Scope) -> Expr:
    """outer * (sum + sum)."""
    if not group.sums:
        return mapped(group.outer, axes, scope)
    mean = _mean(group, axes, scope)
    if mean is not None:
        return mean
    sums = tuple(_sum(s, axes, scope) for s in group.sums)
    return _times(group.outer, sums[0] if len(sums) == 1 else Total(sums, axes), axes, scope)


def _times(outer: sp.Expr, inner: Expr, axes: Axes, scope: Scope) -> Expr:
    return inner if outer == 1 else mapped(outer * SUMMED, axes, scope, {SUMMED: inner})


def _mean(group: Group, axes: Axes, scope: Scope) -> Expr | None:
    """A sum divided by the number of its addends is a mean, over what they vary with."""
    s = group.sums[0]
    if len(group.sums) > 1 or s.reduce != "sum":
        return None
    lengths = [length(k.size) for k in s.over]
    count = sp.Mul(*lengths)
    outer = group.outer * count
    if count in (1, 2) or abs(outer.as_coeff_Mul()[0]) != 1 or outer.has(*lengths):
        return None
    kept, over = uses(s.body, axes), uses(s.body, s.over)
    factors = _merged(_with_axes(s.factors, (*kept, *over)), frozenset.__eq__)
    if len(factors) != 1 or not over:
        return None
    array = operand(factors[0], (*kept, *over), scope)
    return _times(outer, Reduce("mean", array, over, kept), axes, scope)


def _sum(s: Sum, axes: Axes, scope: Scope) -> Expr:
    """A sum, or the largest or first of the largest, over indices."""
    idle = tuple(k for k in s.over if k not in s.body.free_symbols)
    if idle and s.reduce == "sum":  # what is the same at each of its places
        return _repeated(s, idle, axes, scope)
    kept = tuple(i for i in uses(s.body, axes) if i not in s.over)
    every = (*kept, *s.over)
    if s.reduce != "sum":
        left = every if s.reduce == "first" else kept
        return Reduce(s.reduce, operand(s.body, every, scope), s.over, left)
    factors = _few(_merged(_with_axes(s.factors, every), frozenset.__eq__), every)
    arrays = tuple(operand(f, every, scope) for f in factors)
    if is_product(arrays, s.over, kept):
        return Contract(arrays, s.over, kept)
    whole = _merged(_with_axes(factors, every), frozenset.__le__)
    if len(whole) == 1:
        return Reduce("sum", operand(whole[0], every, scope), s.over, kept)
    return Contract(arrays, s.over, kept)


def _few(factors: list[sp.Expr], every: Axes) -> list[sp.Expr]:
    """Two factors, if they come to two where one is multiplied by another that has its axes."""
    while len(factors) > 2:
        fewer = _merged(_with_axes(factors, every), frozenset.__le__)
        if len(fewer) == len(factors):
            break
        factors = fewer
    return factors


def _repeated(s: Sum, idle: Axes, axes: Axes, scope: Scope) -> Expr:
    """A sum over indices that its body does not use: so many times the body, summed over others."""
    times = sp.Mul(*(length(k.size) for k in idle if k.size is not None))
    rest = tuple(k for k in s.over if k not in idle)
    if not rest:
        return operand(times * s.body, uses(s.body, axes), scope)
    once = _sum(replace(s, over=rest), axes, scope)
    return mapped(times * SUMMED, once.axes, scope, {SUMMED: once})


def _with_axes(factors: Iterable[sp.Expr], every: Axes) -> _Factors:
    return [(f, frozenset(uses(f, every))) for f in factors]


def _merged(
    factors: _Factors, into: Callable[[frozenset[Index], frozenset[Index]], bool]
) -> list[sp.Expr]:
    """Factors multiplied together where the axes of one go `into` those of another: the operands of
    a contraction.
    """
    operands: _Factors = []
    for factor, axes in sorted(factors, key=lambda f: -len(f[1])):
        for k, (other, theirs) in enumerate(operands):
            if into(axes, theirs):
                operands[k] = (other * factor, theirs)
                break
        else:
            operands.append((factor, axes))
    return [factor for factor, _ in operands]

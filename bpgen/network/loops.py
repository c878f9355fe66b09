"""Recurrences: equations that need each other's step before, gathered into loops in the order in
which one step computes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy as sp
from sympy.utilities.iterables import strongly_connected_components

from bpgen.affine import affine
from bpgen.errors import NetError
from bpgen.ir import Equation, Index, Loop, TensorInfo, Term

Cycle = dict[str, Equation]


def looped(equations: list[Equation], tensors: dict[str, TensorInfo]) -> tuple[Equation, ...]:
    """The equations, each after all that it reads; those of a recurrence as one loop."""
    if all(t.carried is None for t in tensors.values()):
        return tuple(equations)
    by_name = {e.name: e for e in equations}
    arcs = [
        (e.name, r)
        for e in equations
        for r in dict.fromkeys(x.name for x in e.reads())
        if r in by_name
    ]
    arcs += _of_blocks(equations, tensors)
    place = {name: k for k, name in enumerate(by_name)}
    ordered: list[Equation] = []
    for names in strongly_connected_components((list(by_name), arcs)):
        cycle = {name: by_name[name] for name in sorted(names, key=place.__getitem__)}
        if len(cycle) > 1 or (names[0], names[0]) in arcs:
            ordered += _loop(cycle, tensors)
        else:
            ordered += cycle.values()
    return tuple(ordered)


def _of_blocks(
    equations: list[Equation], tensors: Mapping[str, TensorInfo]
) -> list[tuple[str, str]]:
    """All of a block belongs to its loop, whether or not the next block needs it."""
    arcs: list[tuple[str, str]] = []
    within: list[str] = []
    for equation in equations:
        info = tensors[equation.name]
        if info.block and info.carried is not None:  # what it carries ends a block
            arcs += [arc for n in within for arc in ((n, info.name), (info.name, n))]
            within = []
        elif info.block:
            within.append(info.name)
    return arcs


def _loop(cycle: Cycle, tensors: dict[str, TensorInfo]) -> list[Equation]:
    """One step of a recurrence, as equations of one loop."""
    carried = [n for n in cycle if tensors[n].carried is not None]
    if not carried:
        raise NetError(
            f"{' and '.join(cycle)} are defined by each other",
            "a recurrence is declared: h = recurrent(...), then h[t, i] = ...",
        )
    block = tensors[carried[0]].block
    if block and len(carried) > 1:
        raise NetError(
            f"{carried[-1]} is a recurrence within a repeated block",
            "write the recurrent layers one after the other",
        )
    along = (
        {n: e.indices[0] for n, e in cycle.items()} if block else _steps(cycle, carried[0], tensors)
    )
    first = cycle[carried[0]].indices[tensors[carried[0]].carried or 0]
    index = Index(first.name if not first.name.startswith("_") else "t", first.size)
    loop = Loop(carried[0], index, block=block)
    made = []
    for name in _order(cycle, along):
        equation = _renamed(cycle[name], along[name], index)
        made.append(replace(equation, loop=loop))
        tensors[name] = replace(tensors[name], indices=equation.indices)
    return made


def _steps(cycle: Cycle, start: str, tensors: Mapping[str, TensorInfo]) -> dict[str, Index]:
    """The index of each equation that counts the steps: that of the recurrence, handed on from
    what is read to what reads it.
    """
    along = {start: cycle[start].indices[tensors[start].carried or 0]}
    waiting = [start]
    while waiting:
        known = waiting.pop()
        axis = cycle[known].indices.index(along[known])
        for name, equation in cycle.items():
            for access in (e for e in equation.reads() if e.name == known):
                form = affine(access.indices[axis])
                shift = None if form is None or len(form.steps) != 1 else form.start
                index = None if form is None or not form.steps else form.steps[0][0]
                if index not in equation.indices or shift not in (0, -1):
                    raise NetError(
                        f"{name} and {known} need each other at {access}",
                        "a recurrence reads its own step and the one before, h[t] and h[t - 1]",
                    )
                if name not in along:
                    along[name] = index
                    waiting.append(name)
    return along


def _order(cycle: Cycle, along: Mapping[str, Index]) -> list[str]:
    """The equations of one step, each after what it reads of the same step."""
    needs = {
        name: {e.name for e in equation.reads() if e.name in cycle and along[name] in e.indices}
        for name, equation in cycle.items()
    }
    done: list[str] = []
    while len(done) < len(cycle):
        ready = next((n for n in cycle if n not in done and needs[n] <= {*done}), None)
        if ready is None:
            raise NetError(
                f"{' and '.join(n for n in cycle if n not in done)} need each other in one step",
                "read the step before: h[t - 1]",
            )
        done.append(ready)
    return done


def _renamed(equation: Equation, own: Index, index: Index) -> Equation:
    """The equation with the loop's index in place of its own."""
    other = {i: Index(f"{i.name}_", i.size) for i in _every(equation) if i.name == index.name}
    new: dict[sp.Expr, sp.Expr] = {**other, own: index}

    def term(t: Term) -> Term:
        at = None if t.at is None else tuple(e.xreplace(new) for e in t.at)
        return Term(t.body.xreplace(new), tuple(new.get(k, k) for k in t.over), t.reduce, at)

    left = tuple(new.get(i, i) for i in equation.indices)
    return Equation(equation.name, left, tuple(map(term, equation.terms)))


def _every(equation: Equation) -> set[Index]:
    return {*equation.indices, *(k for t in equation.terms for k in t.over)}

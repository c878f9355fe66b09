"""Mistakes on the way back through time, made again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sympy as sp

from bpgen.check.entrywise.order import axis
from bpgen.check.lesson.ground import Array, Ground
from bpgen.check.lesson.wrong import Mistaken, Site
from bpgen.check.page.tokens import Unreadable
from bpgen.ir import Element, Equation, Index, Loop, element

Timed = dict[str, tuple[int, Loop]]


def _members(ground: Ground) -> dict[str, Equation]:
    """The equations of recurrences."""
    looped = (e for e in ground.network if e.loop is not None and not e.loop.block)
    return {e.name: e for e in looped}


def _timed(ground: Ground) -> Timed:
    """The axis of steps of each tensor that has one: of recurrences, of what they read at their own
    step, and of what reads them step by step.
    """
    members = _members(ground)
    found = {n: (axis(e), _loop(e)) for n, e in members.items()}
    for e in members.values():
        for read in e.reads():
            if read.name not in found and _loop(e).index in read.indices:
                found[read.name] = read.indices.index(_loop(e).index), _loop(e)
    for e in (e for e in ground.network if e.loop is None):
        for read in e.reads():
            if read.name in members and e.name not in found:
                step = read.indices[axis(members[read.name])]
                if step in e.indices:
                    found[e.name] = e.indices.index(step), _loop(members[read.name])
    return found


def _loop(equation: Equation) -> Loop:
    assert equation.loop is not None
    return equation.loop


def _at_step(site: Site, timed: Timed) -> tuple[Array, int] | None:
    """The step of each entry, and that to which the way back comes last; None where a parameter is
    not told of steps.
    """
    if site.equation.name not in timed or not site.is_of_parameter:
        return None
    k, loop = timed[site.equation.name]
    step = (site.term.at or site.equation.indices)[k]
    if not isinstance(step, Index):
        if step.is_Integer:
            return None  # what stands before the first step
        raise Unreadable(f"{site.equation.name} is written at {step}")
    last = site.evaluation.size(step.size) - 1 if loop.reverse else 0
    return site.entries.grid.leaf(step, int), last


def _masked(keep: Callable[[Array, int], Any]) -> Callable[[Ground], Mistaken]:
    """What parameters are told of some steps alone."""

    def mistake(ground: Ground) -> Mistaken:
        timed = _timed(ground)

        def mistaken(site: Site) -> Array:
            found = _at_step(site, timed)
            return site.slope if found is None else site.slope * keep(*found)

        return mistaken

    return mistake


last_step_alone = _masked(lambda step, last: step == last)
a_step_short = _masked(lambda step, last: step != last)


def stopped(ground: Ground) -> Mistaken:
    members = _members(ground)

    def mistaken(site: Site) -> Array:
        one, other = (members.get(n) for n in (site.equation.name, site.access.name))
        if one is None or other is None or one.loop != other.loop:
            return site.slope
        here = (site.term.at or one.indices)[axis(one)]
        return site.slope if site.access.indices[axis(other)] == here else 0.0

    return mistaken


def too_late(ground: Ground) -> Mistaken:
    members, timed = _members(ground), _timed(ground)

    def mistaken(site: Site) -> Array:
        if _at_step(site, timed) is None:
            return site.slope
        k, loop = timed[site.equation.name]
        now = (site.term.at or site.equation.indices)[k]

        def late(e: Element) -> sp.Expr:
            if e.name not in members or members[e.name].loop != loop:
                return e
            j = axis(members[e.name])
            return element(e.name, (*e.indices[:j], now, *e.indices[j + 1 :]))

        own, inner = site.within()
        body = inner.term.body.xreplace({e: late(e) for e in inner.term.body.atoms(Element)})
        return own * replace(inner, term=replace(inner.term, body=body)).slope

    return mistaken

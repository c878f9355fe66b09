"""The paths by which the loss hears of a tensor, in the letters of its step."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from bpgen.ir import Element, Equation, Index, Term
from bpgen.letters import lettered
from bpgen.record import Equality, Path, Step
from bpgen.render.sample import View


@dataclass(frozen=True)
class Way:
    """A path as this view shows it, in letters."""

    upstream: Element
    wrt: Element
    value: sp.Expr
    over: tuple[Index, ...]
    reasons: tuple[Equality, ...]


def ways(step: Step, left: tuple[Index, ...], view: View) -> list[Way]:
    """The paths of a step; those of one factor are one way."""
    merged: dict[tuple[sp.Expr, sp.Expr], Way] = {}
    for path in step.paths:
        way = _way(path, left, view)
        before = merged.get((way.upstream, way.wrt))
        if before is not None:
            way = Way(
                way.upstream,
                way.wrt,
                before.value + way.value,
                way.over,
                before.reasons + way.reasons,
            )
        merged[way.upstream, way.wrt] = way
    return list(merged.values())


def _way(path: Path, left: tuple[Index, ...], view: View) -> Way:
    """The path in letters, all its expressions renamed together."""
    chains = [sp.Tuple(*(view.expr(e) for e in r.chain)) for r in path.reasons]
    bundle = sp.Tuple(*(view.expr(e) for e in (path.upstream, path.wrt, path.value)), *chains)
    free = {s for s in sp.Tuple(*bundle.args[:2]).free_symbols if isinstance(s, Index)} - set(left)
    over = tuple(sorted(free, key=lambda k: (k.size != "N", k.name)))
    term = lettered(Equation("", left, (Term(bundle, over),))).terms[0]
    upstream, wrt, value, *said = term.body.args
    reasons = tuple(Equality(tuple(c), r.prime) for c, r in zip(said, path.reasons, strict=True))
    return Way(upstream, wrt, value, term.over, reasons)

"""Largest and softmax of what a mask keeps: max over j <= t of z_tj."""

from __future__ import annotations

import sympy as sp
from sympy.utilities.iterables import sift

from bpgen.functions import at_most, masked

Bounds = tuple[tuple[sp.Expr, sp.Expr], ...]  # each pair in order: one at most the other


def conditions(mask: sp.Expr) -> tuple[Bounds, sp.Expr]:
    """Those of a mask that are about indices, and the factor that is not."""
    mine, others = sift(sp.Mul.make_args(mask), lambda f: isinstance(f, at_most), binary=True)
    return tuple((f.args[0], f.args[1]) for f in sorted(mine, key=str)), sp.Mul(*others)


def kept(body: sp.Expr) -> tuple[sp.Expr, Bounds]:
    """What is masked and the conditions under which it is kept, where all are about indices."""
    if not isinstance(body, masked):
        return body, ()
    bounds, given = conditions(body.args[1])
    return (body.args[0], bounds) if given == 1 else (body, ())

"""Largest and softmax of what a mask keeps: max over j <= t of z_tj."""

from __future__ import annotations

import sympy as sp

from bpgen.functions import at_most, masked

Bounds = tuple[tuple[sp.Expr, sp.Expr], ...]  # each pair in order: one at most the other


def kept(body: sp.Expr) -> tuple[sp.Expr, Bounds]:
    """What is masked and the conditions under which it is kept, where these are about indices."""
    if not isinstance(body, masked):
        return body, ()
    z, mask = body.args
    factors = sp.Mul.make_args(mask)
    if not all(isinstance(f, at_most) for f in factors):
        return body, ()
    return z, tuple((f.args[0], f.args[1]) for f in sorted(factors, key=str))

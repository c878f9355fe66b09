"""A bell over what the normal distribution has beyond: both may be 0 in floats."""

from __future__ import annotations

import sympy as sp

from bpgen.derive.exponentials import without
from bpgen.derive.squares import square
from bpgen.functions import bell, erfc, erfc_hazard


def bell_over_erfc(expr: sp.Expr) -> sp.Expr | None:
    """exp(-u^2) / erfc(u) by the hazard rate; over erfc(u) erfc(-u), whose sum is 2, by both"""
    factors = expr.args if isinstance(expr, sp.Mul) else ()
    below = [f for f in factors if f.is_Pow and isinstance(f.base, erfc) and f.exp.is_negative]
    for part in factors if below else ():
        for over in below:
            u = over.base.args[0]
            if over.exp.is_Integer and _exponent(part) == -(u**2):
                rest, other = without(expr, part, over) * over.base ** (over.exp + 1), 1 / erfc(-u)
                if other in factors:
                    both = erfc_hazard(u) + erfc_hazard(-u)
                    return without(rest, other) * sp.sqrt(sp.pi) / 4 * both
                return rest * sp.sqrt(sp.pi) / 2 * erfc_hazard(u)
    return None


def _exponent(factor: sp.Expr) -> sp.Expr | None:
    """That of a bell, as a number times a square."""
    if isinstance(factor, bell):
        return -factor.args[1] * factor.args[0] ** 2
    found = square(-factor.args[0]) if isinstance(factor, sp.exp) else None
    return -found[0] * found[1] ** 2 if found is not None else None

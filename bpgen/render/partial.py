"""d(of)/d(wrt) as a factor of the chain rule: a symbol that substitutes like any other
expression.
"""

from __future__ import annotations

import sympy as sp


class Partial(sp.Expr):
    """The partial derivative of one element by another, unevaluated."""

    is_commutative = True
    is_real = True

    @property
    def of(self) -> sp.Expr:
        return self.args[0]

    @property
    def wrt(self) -> sp.Expr:
        return self.args[1]


class Immediate(Partial):
    """The derivative by what the formula itself mentions, where `of` depends on `wrt` in other ways
    too.
    """

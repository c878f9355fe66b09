"""The elementary functions: which are written in others, and the slope of each operation."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp

from bpgen.check.residues.scalar import Arithmetic, Scalar

ODD = ("atan", "asinh", "erf")
AT_ZERO = {"exp": Fraction(1), "cos": Fraction(1), **dict.fromkeys(("sin", *ODD), Fraction(0))}


def _half(tape: Arithmetic, x: Scalar, sign: int) -> Any:
    """(exp(x) + sign exp(-x)) / 2."""
    over = tape.call("exp", -x)
    return (tape.call("exp", x) + sign * over) / 2


WRITTEN: dict[str, Callable[..., Any]] = {
    "tanh": lambda tape, x: 1 - 2 / (1 + tape.call("exp", 2 * x)),
    "sinh": lambda tape, x: _half(tape, x, -1),
    "cosh": lambda tape, x: _half(tape, x, 1),
    "tan": lambda tape, x: tape.call("sin", x) / tape.call("cos", x),
    "expm1": lambda tape, x: tape.call("exp", x) - 1,
    "log1p": lambda tape, x: tape.call("log", 1 + x),
    "erfc": lambda tape, x: 1 - tape.call("erf", x),
    "sqrt": lambda tape, x: tape.power(x, tape.number(Fraction(1, 2))),
    "Abs": lambda tape, x: abs(x),
    "sign": lambda tape, x: tape.number(Fraction(tape.compare(x, tape.zero))),
}

# What each argument receives of the adjoint g of a scalar y: nothing else here knows calculus.
SLOPES: dict[str, Callable[[Scalar, Scalar], tuple[Any, ...]]] = {
    "+": lambda y, g: (g, g),
    "-": lambda y, g: (g, -g),
    "*": lambda y, g: (g * y.args[1], g * y.args[0]),
    "/": lambda y, g: (g / y.args[1], -(g * y) / y.args[1]),
    "^": lambda y, g: (g * y.number * y.args[0] ** (y.number - 1),),
    "exp": lambda y, g: (g * y,),
    "log": lambda y, g: (g / y.args[0],),
    "sin": lambda y, g: (g * y.tape.call("cos", y.args[0]),),
    "cos": lambda y, g: (-g * y.tape.call("sin", y.args[0]),),
    "atan": lambda y, g: (g / (1 + y.args[0] ** 2),),
    "asinh": lambda y, g: (g / (1 + y.args[0] ** 2) ** Fraction(1, 2),),
    "erf": lambda y, g: (
        g * y.tape.constant(2 / sp.sqrt(sp.pi)) * y.tape.call("exp", -(y.args[0] ** 2)),
    ),
}

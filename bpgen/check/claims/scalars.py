"""The scalar functions that a claim may call, by what they mean, and their derivatives."""

from __future__ import annotations

import re
from collections.abc import Callable

import sympy as sp

from bpgen import functions as f

_SLOPE = re.compile(r"(?:d_?(?P<one>\w+)|(?P<two>\w+?)_(?:prime|derivative|grad|slope))")
_LEAK = sp.Rational(1, 100)  # the slope of leaky_relu where none is given

SCALAR: dict[str, Callable[..., sp.Expr]] = {
    **{
        name: row.definition or row.function
        for name, row in f.ROWS.items()
        if not row.elementary and name != "Abs"
    },
    **{"abs": sp.Abs, "absolute": sp.Abs, "arctan": sp.atan, "arcsinh": sp.asinh},
    **{
        "arsinh": sp.asinh,
        "sqrt": sp.sqrt,
        "square": lambda z: z**2,
        "reciprocal": lambda z: 1 / z,
    },
    **{"negative": lambda z: -z, "power": lambda z, k: z**k, "identity": lambda z: z},
    "silu": lambda z: z * f.sigmoid(z),
    "swish": lambda z: z * f.sigmoid(z),
    "gelu": lambda z: z * f.normal_cdf(z),
    "mish": lambda z: z * sp.tanh(f.softplus(z)),
    "leaky_relu": lambda z, slope=_LEAK: f.leaky_relu(z, slope),
    "elu": lambda z, a=sp.S.One: f.elu(z, a),
}


def slope_of(name: str) -> str | None:
    """The scalar function whose derivative a name is: sigmoid of sigmoid_prime, or of dsigmoid."""
    found = _SLOPE.fullmatch(name)
    of = (found["one"] or found["two"]) if found else None
    return of if of in SCALAR and name not in SCALAR else None


def definition(name: str) -> Callable[..., sp.Expr]:
    """The meaning of a scalar function, or of its derivative."""
    of = slope_of(name)
    if of is None:
        return SCALAR[name]
    row = f.ROWS.get(of)
    stated = row.derivatives[0] if row is not None and row.derivatives else None
    return stated or (lambda z, *rest: sp.diff(SCALAR[of](z, *rest), z))

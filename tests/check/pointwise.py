"""Modules of one scalar function each, `s = f(w x + b)`, spelled as a good engineer would
in numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp
from networks import doors, n, network, tensor
from sympy.codegen.cfunctions import expm1, log1p

from bpgen.functions import ROWS, leaky_relu, relu, sigmoid, softplus
from bpgen.ir import Equation, Index, Network, Term, element

TEMPLATE = """
import numpy as np

SHAPES = {{"W": (2,), "b": (2,)}}
INPUTS = {{"x": (2,)}}
TARGETS = {{}}
INTEGERS = {{}}


def init(rng=None, dtype=np.float64):
    rng = np.random.default_rng(rng)
    return {{"W": rng.standard_normal(2).astype(dtype), "b": np.zeros(2, dtype)}}


def forward(params, x):
    W, b = _params(params)
    x = _array("x", x, INPUTS["x"], W.dtype)
    z = W * x + b
    s = {forward}
    return s, {{"x": x, "z": z, "s": s}}


def backward(params, cache, d_s, inputs=False):
    _cache(cache)
    W, _ = _params(params)
    d_s = _array("d_s", d_s, (2,), W.dtype, len(cache["x"]))
    x, z, s = cache["x"], cache["z"], cache["s"]
    dz = d_s * ({derivative})
    grads = {{"W": (dz * x).sum(axis=0), "b": dz.sum(axis=0)}}
    if inputs:
        grads["x"] = dz * W
    return grads


{helpers}

{doors}
"""


@dataclass(frozen=True)
class Case:
    """A function's definition, its numpy, and its derivative's numpy in terms of z and s."""

    define: Any
    forward: str
    derivative: str
    raw: bool = False  # the function is kept in the equation; otherwise its definition is

    def source(self) -> str:
        helpers = "\n".join(row.helper for row in ROWS.values())
        return TEMPLATE.format(
            forward=self.forward, derivative=self.derivative, helpers=helpers, doors=doors()
        )

    def network(self) -> Network:
        i = Index("i", 2)
        z = element("W", (i,)) * element("x", (n, i)) + element("b", (i,))
        equations = [
            Equation("z", (n, i), (Term(z),)),
            Equation("s", (n, i), (Term(self.define(element("z", (n, i)))),)),
        ]
        given = [tensor("x", "input", 2), tensor("W", "param", 2), tensor("b", "param", 2)]
        return network("pointwise", given, equations, ("s",), None)


C = "0.7978845608028654"
CASES = {
    "sigmoid": Case(sigmoid, "sigmoid(z)", "s * (1 - s)"),
    "tanh": Case(sp.tanh, "np.tanh(z)", "1 - s**2"),
    "softplus": Case(softplus, "softplus(z)", "sigmoid(z)"),
    "silu": Case(lambda z: z * sigmoid(z), "z * sigmoid(z)", "sigmoid(z) + s * (1 - sigmoid(z))"),
    "mish": Case(
        lambda z: z * sp.tanh(softplus(z)),
        "z * np.tanh(softplus(z))",
        "np.tanh(softplus(z)) + z * sigmoid(z) * (1 - np.tanh(softplus(z))**2)",
    ),
    "gelu": Case(
        lambda z: z * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (z + sp.Rational("0.044715") * z**3))) / 2,
        f"0.5 * z * (1 + np.tanh({C} * (z + 0.044715 * z**3)))",
        f"0.5 * (1 + np.tanh({C} * (z + 0.044715 * z**3))) + 0.5 * z * {C} * (1 + 0.134145 * z**2)"
        f" * (1 - np.tanh({C} * (z + 0.044715 * z**3))**2)",
    ),
    "gaussian": Case(lambda z: sp.exp(-(z**2) / 2), "np.exp(-0.5 * z**2)", "-z * s"),
    "halves": Case(
        lambda z: sp.exp(z / 2) + sp.exp(z / 3),
        "np.exp(z / 2) + np.exp(z / 3)",
        "0.5 * np.exp(0.5 * z) + np.exp(z / 3) / 3",
    ),
    "root": Case(lambda z: 1 / sp.sqrt(z**2 + 1), "1 / np.sqrt(z**2 + 1)", "-z * s**3"),
    "power": Case(
        lambda z: (z**2 + 1) ** sp.Rational(3, 2), "(z**2 + 1) ** 1.5", "3 * z * np.sqrt(z * z + 1)"
    ),
    "relu": Case(relu, "np.maximum(z, 0)", "(z > 0)"),
    "leaky": Case(
        lambda z: leaky_relu(z, sp.Rational(1, 100)), "leaky_relu(z, 0.01)", "leaky_step(z, 0.01)"
    ),
    "elu": Case(
        lambda z: sp.Piecewise((z, z > 0), (expm1(z), True)),
        "np.where(z > 0, z, np.expm1(np.minimum(z, 0)))",
        "np.where(z > 0, 1, s + 1)",
    ),
    "abs": Case(sp.Abs, "np.abs(z)", "np.sign(z)"),
    "sin": Case(sp.sin, "np.sin(z)", "np.cos(z)"),
    "tan": Case(sp.tan, "np.tan(z)", "1 + s**2"),
    "squares": Case(lambda z: sp.sin(z) ** 2, "np.sin(z)**2", "2 * np.sin(z) * np.cos(z)"),
    "arctan": Case(sp.atan, "np.arctan(z)", "1 / (1 + z**2)"),
    "arsinh": Case(sp.asinh, "np.arcsinh(z)", "1 / np.sqrt(1 + z**2)"),
    "sinh": Case(
        lambda z: sp.sinh(z) + sp.cosh(2 * z),
        "np.sinh(z) + np.cosh(2 * z)",
        "np.cosh(z) + 2 * np.sinh(2 * z)",
    ),
    "log1p": Case(lambda z: log1p(z**2), "np.log1p(z**2)", "2 * z / (1 + z**2)"),
    "log of product": Case(
        lambda z: sp.log((1 + sp.exp(z)) * (2 + z**2) * sp.exp(-z)),
        "softplus(-z) + np.log(2 + z**2)",
        "2 * z / (2 + z**2) - sigmoid(-z)",
    ),
    "root two": Case(
        lambda z: z**2 / sp.sqrt(2), "z**2 * 0.7071067811865476", "1.4142135623730951 * z"
    ),
    "softsign": Case(
        lambda z: z / (1 + sp.Abs(z)), "z / (1 + np.abs(z))", "1 / (1 + np.abs(z)) ** 2"
    ),
}

"""What is put together of pieces, each with its convention at the kink."""

from __future__ import annotations

import sympy as sp
from sympy.codegen.cfunctions import expm1

from bpgen.functions import helpers
from bpgen.functions.row import FunctionRow, function, positive

relu = function("relu")
step = function("step")
leaky_relu = function("leaky_relu")
leaky_step = function("leaky_step")
elu = function("elu")
elu_slope = function("elu_slope")
clip = function("clip")
inside = function("inside")
hard_sigmoid = function("hard_sigmoid")
huber = function("huber")

TABLE = (
    FunctionRow(
        relu,
        "relu",
        lambda z: positive(z, z, sp.S.Zero),
        (lambda z: step(z),),
        kink=True,
        call="np.maximum({0}, 0)",
    ),
    FunctionRow(
        step,
        r"\mathbb{1}_{>0}",
        lambda z: positive(z, sp.S.One, sp.S.Zero),
        (lambda z: sp.S.Zero,),
        helpers.STEP,
        kink=True,
        convention="relu'(0) = 0",
        mask="({0} > 0)",
        unchanged_by="relu",
    ),
    FunctionRow(
        leaky_relu,
        "lrelu",
        lambda z, s: positive(z, z, s * z),
        (lambda z, s: leaky_step(z, s), lambda z, s: z * (1 - step(z))),
        helpers.LEAKY_RELU,
        kink=True,
    ),
    FunctionRow(
        leaky_step,
        "lrelu'",
        lambda z, s: positive(z, sp.S.One, s),
        (lambda z, s: sp.S.Zero, lambda z, s: 1 - step(z)),
        helpers.LEAKY_STEP,
        kink=True,
        convention="lrelu'(0) is the slope of the negative side",
    ),
    FunctionRow(
        elu,
        "elu",
        lambda z, a: positive(z, z, a * (sp.exp(z) - 1)),
        (lambda z, a: elu_slope(z, a), lambda z, a: expm1(-relu(-z))),
        helpers.ELU,
        kink=True,
    ),
    FunctionRow(
        elu_slope,
        "elu'",
        lambda z, a: positive(z, sp.S.One, a * sp.exp(z)),
        (lambda z, a: elu_slope(z, a) - step(z), lambda z, a: sp.exp(-relu(-z)) * (1 - step(z))),
        helpers.ELU_SLOPE,
        kink=True,
        convention="elu'(0) is s, the slope of the negative side",
        text="elu'",
    ),
    FunctionRow(
        clip,
        "clip",
        lambda z, low, high: sp.Min(sp.Max(z, low), high),
        (
            lambda z, low, high: inside(z, low, high),
            lambda z, low, high: 1 - step(z - low),
            lambda z, low, high: step(z - high),
        ),
        kink=True,
        call="np.minimum(np.maximum({0}, {1}), {2})",
    ),
    FunctionRow(
        inside,
        "inside",
        lambda z, low, high: positive(z - low, positive(high - z, sp.S.One, sp.S.Zero), sp.S.Zero),
        (lambda z, low, high: sp.S.Zero,) * 3,
        helpers.INSIDE,
        kink=True,
        convention="clip' is 0 at both ends",
        mask="(({0} > {1}) & ({0} < {2}))",
    ),
    FunctionRow(
        hard_sigmoid,
        "hardsigmoid",
        lambda z: sp.Min(sp.Max(z + 3, 0), 6) / 6,
        (lambda z: inside(z, -3, 3) / 6,),
        helpers.HARD_SIGMOID,
        kink=True,
    ),
    FunctionRow(
        huber,
        "huber",
        lambda z, d: sp.Piecewise((z**2 / 2, sp.Abs(z) <= d), (d * (sp.Abs(z) - d / 2), True)),
        (lambda z, d: clip(z, -d, d), lambda z, d: relu(sp.Abs(z) - d)),
        helpers.HUBER,
    ),
)

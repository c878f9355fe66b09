"""What is put together of pieces, each with its convention at the kink."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.codegen.cfunctions import expm1

from bpgen.functions import helpers
from bpgen.functions.row import Convention, FunctionRow, function, positive

relu = function("relu")
step = function("step")
leaky_relu = function("leaky_relu")
leaky_step = function("leaky_step")
elu = function("elu")
elu_slope = function("elu_slope")
clip = function("clip")
within = function("within")
hard_tanh = function("hard_tanh")
inside = function("inside")
hard_sigmoid = function("hard_sigmoid")
huber = function("huber")
maximum = function("maximum")
minimum = function("minimum")
heaviside = function("heaviside")

_OF_THE_LEFT = "${at_0}$ is ${s}$, the slope of the negative side"
_TIES = Convention("max and min of two that are equal have the slope 1/2 along each")


def _cases(*cases: tuple[Any, Any], otherwise: Any) -> sp.Expr:
    """Cases as they are written: sympy would turn what is compared, and join what is equal."""
    return sp.Piecewise(*cases, (otherwise, sp.true), evaluate=False)


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
        conventions=(Convention("${at_0} = 0$", "relu"),),
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
        conventions=(Convention(_OF_THE_LEFT, "leaky_relu"),),
        slope_of="leaky_relu",
        text="leaky_relu'",
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
        conventions=(Convention(_OF_THE_LEFT, "elu"),),
        slope_of="elu",
        text="elu'",
    ),
    FunctionRow(
        clip,
        "clip",
        lambda z, low, high: _cases((low, z < low), (high, z > high), otherwise=z),
        (
            lambda z, low, high: within(z, low, high),
            lambda z, low, high: step(low - z),
            lambda z, low, high: step(z - high),
        ),
        kink=True,
        call="np.minimum(np.maximum({0}, {1}), {2})",
    ),
    FunctionRow(
        within,
        "within",
        lambda z, low, high: _cases((0, z < low), (0, z > high), otherwise=1),
        (lambda z, low, high: sp.S.Zero,) * 3,
        helpers.WITHIN,
        kink=True,
        conventions=(Convention("${slope}$ is 1 at both ends", "clip"),),
        mask="(({0} >= {1}) & ({0} <= {2}))",
    ),
    FunctionRow(  # the same numbers, and at the ends another slope
        hard_tanh,
        "hardtanh",
        lambda z, low, high: _cases((low, z <= low), (high, z >= high), otherwise=z),
        (
            lambda z, low, high: inside(z, low, high),
            lambda z, low, high: 1 - step(z - low),
            lambda z, low, high: 1 - step(high - z),
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
        conventions=tuple(
            Convention("${slope}$ is 0 at both ends", of) for of in ("hard_tanh", "hard_sigmoid")
        ),
        mask="(({0} > {1}) & ({0} < {2}))",
    ),
    FunctionRow(
        hard_sigmoid,
        "hardsigmoid",
        lambda z: _cases((0, z <= -3), (1, z >= 3), otherwise=(z + 3) / 6),
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
    FunctionRow(
        maximum,
        r"\max",
        lambda y, z: sp.Max(y, z),
        (lambda y, z: heaviside(y - z), lambda y, z: heaviside(z - y)),
        call="np.maximum({0}, {1})",
        text="max",
    ),
    FunctionRow(
        minimum,
        r"\min",
        lambda y, z: sp.Min(y, z),
        (lambda y, z: heaviside(z - y), lambda y, z: heaviside(y - z)),
        call="np.minimum({0}, {1})",
        text="min",
    ),
    FunctionRow(
        heaviside,
        "H",
        lambda z: _cases((1, z > 0), (sp.S.Half, sp.Eq(z, 0)), otherwise=0),
        (lambda z: sp.S.Zero,),
        helpers.HEAVISIDE,
        conventions=(_TIES,),
        text="H",
    ),
)


def larger(one: sp.Expr, other: sp.Expr) -> sp.Expr:
    """The larger of two; beside 0 it is relu, whose slope at 0 is the one that is expected."""
    return relu(one + other) if 0 in (one, other) else maximum(one, other)


def smaller(one: sp.Expr, other: sp.Expr) -> sp.Expr:
    """The smaller of two."""
    return -relu(-one - other) if 0 in (one, other) else minimum(one, other)

"""What sympy and numpy both have."""

from __future__ import annotations

import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p

from bpgen.functions.logistic import log_cosh, sigmoid
from bpgen.functions.row import Convention, FunctionRow

TABLE = (
    FunctionRow(sp.exp, r"\exp", risk="overflows", call="np.exp({0})"),
    FunctionRow(sp.log, r"\log", call="np.log({0})"),
    FunctionRow(
        sp.tanh,
        r"\tanh",
        derivatives=(lambda z: 1 - sp.tanh(z) ** 2,),
        complement=lambda z: 2 * sigmoid(-2 * z),
        odd=True,
        risk="saturates",
        reused=True,
        call="np.tanh({0})",
    ),
    FunctionRow(sp.sin, r"\sin", call="np.sin({0})"),
    FunctionRow(sp.cos, r"\cos", risk="saturates", call="np.cos({0})"),
    FunctionRow(sp.tan, r"\tan", call="np.tan({0})"),
    FunctionRow(sp.sinh, r"\sinh", risk="overflows", call="np.sinh({0})"),
    FunctionRow(
        sp.cosh, r"\cosh", risk="overflows", logarithm=lambda z: log_cosh(z), call="np.cosh({0})"
    ),
    FunctionRow(sp.atan, r"\arctan", text="arctan", call="np.arctan({0})"),
    FunctionRow(sp.asinh, "arsinh", text="arsinh", call="np.arcsinh({0})"),
    FunctionRow(expm1, "expm1", lambda z: sp.exp(z) - 1, exact=True, call="np.expm1({0})"),
    FunctionRow(log1p, "log1p", lambda z: sp.log(1 + z), exact=True, call="np.log1p({0})"),
    FunctionRow(sp.Abs, "abs", kink=True, derivatives=(sp.sign,), text="abs", call="np.abs({0})"),
    FunctionRow(
        sp.sign,
        "sign",
        derivatives=(lambda z: sp.S.Zero,),
        kink=True,
        conventions=(Convention("|·|'(0) = 0", "Abs"),),
        call="np.sign({0})",
    ),
)

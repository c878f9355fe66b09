"""What sympy and numpy both have."""

from __future__ import annotations

import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p

from bpgen.functions.logistic import log_cosh, sigmoid
from bpgen.functions.row import FunctionRow

TABLE = (
    FunctionRow(sp.exp, "np.exp({0})", r"\exp", risk="overflows"),
    FunctionRow(sp.log, "np.log({0})", r"\log"),
    FunctionRow(
        sp.tanh,
        "np.tanh({0})",
        r"\tanh",
        derivatives=(lambda z: 1 - sp.tanh(z) ** 2,),
        complement=lambda z: 2 * sigmoid(-2 * z),
        odd=True,
        risk="saturates",
        reused=True,
    ),
    FunctionRow(sp.sin, "np.sin({0})", r"\sin"),
    FunctionRow(sp.cos, "np.cos({0})", r"\cos"),
    FunctionRow(sp.tan, "np.tan({0})", r"\tan"),
    FunctionRow(sp.sinh, "np.sinh({0})", r"\sinh", risk="overflows"),
    FunctionRow(
        sp.cosh, "np.cosh({0})", r"\cosh", risk="overflows", logarithm=lambda z: log_cosh(z)
    ),
    FunctionRow(sp.atan, "np.arctan({0})", r"\arctan", text="arctan"),
    FunctionRow(sp.asinh, "np.arcsinh({0})", "arsinh", text="arsinh"),
    FunctionRow(expm1, "np.expm1({0})", "expm1", lambda z: sp.exp(z) - 1, exact=True),
    FunctionRow(log1p, "np.log1p({0})", "log1p", lambda z: sp.log(1 + z), exact=True),
    FunctionRow(
        sp.Abs,
        "np.abs({0})",
        "abs",
        kink=True,
        derivatives=(sp.sign,),
        text="abs",
    ),
    FunctionRow(
        sp.sign,
        "np.sign({0})",
        "sign",
        derivatives=(lambda z: sp.S.Zero,),
        kink=True,
        convention="|·|'(0) = 0",
    ),
)

"""The logistic function and what is made of exponentials: their logarithms and shares."""

from __future__ import annotations

import sympy as sp
from sympy.codegen.cfunctions import expm1

from bpgen.functions import helpers
from bpgen.functions.row import FunctionRow, function

sigmoid = function("sigmoid")
softplus = function("softplus")
log_softplus = function("log_softplus")
softplus_rate = function("softplus_rate")
log_add_exp = function("log_add_exp")
share = function("share")
log1mexp = function("log1mexp")
log1mexpexp = function("log1mexpexp")
log1mexpexp_slope = function("log1mexpexp_slope")
log_cosh = function("log_cosh")
sech = function("sech")


def _share(y: sp.Expr, z: sp.Expr) -> sp.Expr:
    """What exp(y) is of exp(y) + exp(z): beside a number, which has no precision of its own, a
    function of the other alone.
    """
    return sigmoid(y - z) if y.is_number or z.is_number else share(y, z)


TABLE = (
    FunctionRow(
        sigmoid,
        r"\sigma",
        lambda z: 1 / (1 + sp.exp(-z)),
        (lambda z: sigmoid(z) * (1 - sigmoid(z)),),
        helpers.SIGMOID,
        text="σ",
        complement=lambda z: sigmoid(-z),
        logarithm=lambda z: -softplus(-z),
        risk="saturates",
        reused=True,
    ),
    FunctionRow(
        softplus,
        r"\zeta",
        lambda z: sp.log(1 + sp.exp(z)),
        (lambda z: sigmoid(z),),
        helpers.SOFTPLUS,
        text="ζ",
        logarithm=lambda z: log_softplus(z),
    ),
    FunctionRow(
        log_softplus,
        r"\log\zeta",
        lambda z: sp.log(softplus(z)),
        (lambda z: softplus_rate(z),),
        helpers.LOG_SOFTPLUS,
        numeric=True,
        elementary=True,
    ),
    FunctionRow(
        softplus_rate,
        "softplusrate",
        lambda z: sigmoid(z) / softplus(z),
        (lambda z: softplus_rate(z) * (1 - sigmoid(z) - softplus_rate(z)),),
        helpers.SOFTPLUS_RATE,
        numeric=True,
        elementary=True,
    ),
    FunctionRow(
        log_add_exp,
        "logaddexp",
        lambda y, z: sp.log(sp.exp(y) + sp.exp(z)),
        (lambda y, z: _share(y, z), lambda y, z: _share(z, y)),
        helpers.LOG_ADD_EXP,
        numeric=True,
        text="logaddexp",
    ),
    FunctionRow(
        share,
        "share",
        lambda y, z: 1 / (1 + sp.exp(z - y)),
        (lambda y, z: share(y, z) * share(z, y), lambda y, z: -share(y, z) * share(z, y)),
        helpers.SHARE,
        numeric=True,
    ),
    FunctionRow(
        log1mexp,
        "log1mexp",
        lambda z: sp.log(1 - sp.exp(z)),
        (lambda z: sp.exp(z) / expm1(z),),
        helpers.LOG1MEXP,
        numeric=True,
        elementary=True,
    ),
    FunctionRow(
        log1mexpexp,
        "log1mexpexp",
        lambda z: sp.log(1 - sp.exp(-sp.exp(z))),
        (lambda z: log1mexpexp_slope(z),),
        helpers.LOG1MEXPEXP,
        numeric=True,
        elementary=True,
    ),
    FunctionRow(
        log1mexpexp_slope,
        "log1mexpexp'",
        lambda z: sp.exp(z) / (sp.exp(sp.exp(z)) - 1),
        (lambda z: log1mexpexp_slope(z) * (1 - sp.exp(z) - log1mexpexp_slope(z)),),
        helpers.LOG1MEXPEXP_SLOPE,
        numeric=True,
        elementary=True,
    ),
    FunctionRow(
        log_cosh,
        r"\log\cosh",
        lambda z: sp.log(sp.cosh(z)),
        (lambda z: sp.tanh(z),),
        helpers.LOG_COSH,
        text="log cosh",
    ),
    FunctionRow(
        sech,
        "sech",
        lambda z: 1 / sp.cosh(z),
        (lambda z: -sech(z) * sp.tanh(z),),
        helpers.SECH,
        risk="saturates",
    ),
)

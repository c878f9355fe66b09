"""Products that are 0 where their first factor is, whatever the other."""

from __future__ import annotations

import sympy as sp
from sympy.codegen.cfunctions import log1p

from bpgen.functions import helpers
from bpgen.functions.row import FunctionRow, function

xlogx = function("xlogx")
xlogy = function("xlogy")
xlog1py = function("xlog1py")
zero_times = function("zero_times")
zero_over = function("zero_over")

TABLE = (
    FunctionRow(
        xlogx,
        "xlogx",
        lambda z: z * sp.log(z),
        (lambda z: 1 + sp.log(z),),
        helpers.XLOGX,
    ),
    FunctionRow(
        xlogy,
        "xlogy",
        lambda z, y: z * sp.log(y),
        (lambda z, y: sp.log(y), lambda z, y: z / y),
        helpers.XLOGY,
    ),
    FunctionRow(
        xlog1py,
        "xlog1py",
        lambda z, y: z * sp.log(1 + y),
        (lambda z, y: log1p(y), lambda z, y: z / (1 + y)),
        helpers.XLOG1PY,
    ),
    FunctionRow(
        zero_times,
        "zerotimes",
        lambda z, y: z * y,
        (lambda z, y: y, lambda z, y: z),
        helpers.ZERO_TIMES,
        elementary=True,
    ),
    FunctionRow(
        zero_over,
        "zeroover",
        lambda z, y: z / y,
        (lambda z, y: 1 / y, lambda z, y: -zero_over(z, y) / y),
        helpers.ZERO_OVER,
        elementary=True,
    ),
)

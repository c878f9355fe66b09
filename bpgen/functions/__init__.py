"""What bpgen knows of each scalar function: one row, whatever prints, lowers, differentiates or
proves it. `row` is the grammar of a row; each family of functions has a file.
"""

from __future__ import annotations

import sympy as sp

from bpgen.functions import (
    choices,
    elementary,
    error_function,
    logistic,
    mixtures,
    normal,
    nothing,
    pieces,
    squares,
)
from bpgen.functions.choices import at_most, masked, unless, unless_slope
from bpgen.functions.logistic import (
    log1mexp,
    log1mexpexp,
    log1mexpexp_slope,
    log_add_exp,
    log_cosh,
    log_softplus,
    sech,
    share,
    sigmoid,
    softplus,
    softplus_rate,
)
from bpgen.functions.mixtures import log_mixture, mixture_share, over_mixture
from bpgen.functions.normal import (
    bell,
    erf,
    erfc,
    erfc_hazard,
    log_erfc,
    normal_cdf,
    normal_cdf_tanh,
    normal_pdf,
    normal_pdf_tanh,
)
from bpgen.functions.nothing import xlog1py, xlogx, xlogy, zero_over, zero_times
from bpgen.functions.pieces import (
    clip,
    elu,
    elu_slope,
    hard_sigmoid,
    hard_tanh,
    heaviside,
    huber,
    inside,
    larger,
    leaky_relu,
    leaky_step,
    maximum,
    minimum,
    relu,
    smaller,
    step,
    within,
)
from bpgen.functions.row import ROWS, Convention, FunctionRow, Named, by_name
from bpgen.functions.squares import cauchy, hypotenuse, hypotenuse_excess, log_squares, over_squares

__all__ = [
    "NOTHING",
    "ROWS",
    "SHARED",
    "Convention",
    "FunctionRow",
    "Named",
    "at_most",
    "bell",
    "by_name",
    "cauchy",
    "clip",
    "complement",
    "defined",
    "elu",
    "elu_slope",
    "erf",
    "erfc",
    "erfc_hazard",
    "hard_sigmoid",
    "hard_tanh",
    "heaviside",
    "huber",
    "hypotenuse",
    "hypotenuse_excess",
    "inside",
    "is_elementary",
    "larger",
    "leaky_relu",
    "leaky_step",
    "log1mexp",
    "log1mexpexp",
    "log1mexpexp_slope",
    "log_add_exp",
    "log_cosh",
    "log_erfc",
    "log_mixture",
    "log_softplus",
    "log_squares",
    "masked",
    "maximum",
    "minimum",
    "mixture_share",
    "normal_cdf",
    "normal_cdf_tanh",
    "normal_pdf",
    "normal_pdf_tanh",
    "on_paper",
    "over_mixture",
    "over_squares",
    "relu",
    "row",
    "sech",
    "share",
    "sigmoid",
    "smaller",
    "softplus",
    "softplus_rate",
    "step",
    "unless",
    "unless_slope",
    "within",
    "xlog1py",
    "xlogx",
    "xlogy",
    "zero_over",
    "zero_times",
]

_TABLE = (
    *elementary.TABLE,
    *logistic.TABLE,
    *pieces.TABLE,
    *nothing.TABLE,
    *normal.TABLE,
    *squares.TABLE,
    *mixtures.TABLE,
    *choices.TABLE,
)
_IN_CODE = {row.function: row.definition for row in _TABLE if row.elementary}
ROWS.update({row.name: row for row in _TABLE})

NOTHING = tuple(row.function for row in nothing.TABLE)  # 0 where their first argument is
SHARED = {**error_function.SHARED, **squares.SHARED}  # what the helpers call


def row(call: sp.Expr) -> FunctionRow | None:
    """The row of a call such as `tanh(z)`, or None where bpgen does not know the function."""
    found = ROWS.get(type(call).__name__)
    return found if found is not None and isinstance(call, found.function) else None


def is_elementary(call: sp.Expr) -> bool:
    """Whether only code has a name for what is applied."""
    found = row(call)
    return found is not None and found.elementary


def defined(call: sp.Expr) -> sp.Expr:
    """A call, as its function's definition."""
    known = ROWS[type(call).__name__].definition
    return known(*call.args) if known is not None else call


def complement(expr: sp.Expr) -> sp.Expr | None:
    """1 less a function, or a multiple of that, as a function of its own: 1 - sigmoid(u) is
    sigmoid(-u), 1 + tanh(u) is 2 sigmoid(2 u), erf(u) - 1 is -erfc(u); and 2 - erfc(u) is erfc(-u).
    """
    if not isinstance(expr, sp.Add) or len(expr.args) != 2:
        return None
    number, rest = expr.primitive()
    turned = row(2 - rest)
    if turned is not None and turned.complement is not None:
        (u,) = (2 - rest).args
        if (less := row(turned.complement(u))) is not None and less.odd:
            return number * turned.function(-u)
    for whole, sign in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        call = sign * (1 - whole * rest)
        known = row(call)
        if known is not None and known.complement is not None and (sign == 1 or known.odd):
            return whole * number * known.complement(sign * call.args[0])
    return None


def on_paper(expr: sp.Expr) -> sp.Expr:
    """An expression without the functions that only code has a name for."""
    if not expr.has(*_IN_CODE):
        return expr
    for function, definition in _IN_CODE.items():
        if expr.has(function):
            expr = expr.replace(function, definition)
    return expr

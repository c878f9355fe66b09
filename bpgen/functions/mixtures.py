"""Sums of two weights, each times what may be too small for a number: their logarithm, and what is
divided by them.
"""

from __future__ import annotations

import sympy as sp

from bpgen.functions.logistic import sigmoid, softplus
from bpgen.functions.row import FunctionRow, function

log_mixture = function("log_mixture")
mixture_share = function("mixture_share")
over_mixture = function("over_mixture")

LOG_MIXTURE = '''
def log_mixture(w: np.ndarray, y: np.ndarray, v: np.ndarray, z: np.ndarray) -> np.ndarray:
    """log(w * exp(y) + v * exp(z)), which is found however small both are."""
    larger = np.maximum(np.where(w == 0, z, y), np.where(v == 0, y, z))
    larger = np.where(larger == -np.inf, 0, larger)
    high, low = np.exp(np.minimum(y - larger, 0)), np.exp(np.minimum(z - larger, 0))
    return np.asarray(larger + np.log(w * high + v * low))
'''
MIXTURE_SHARE = '''
def mixture_share(w: np.ndarray, y: np.ndarray, v: np.ndarray, z: np.ndarray) -> np.ndarray:
    """w * exp(y) / (w * exp(y) + v * exp(z)), and 0 where w is; nothing overflows."""
    larger = np.maximum(np.where(w == 0, z, y), np.where(v == 0, y, z))
    larger = np.where(larger == -np.inf, 0, larger)
    high, low = np.exp(np.minimum(y - larger, 0)), np.exp(np.minimum(z - larger, 0))
    return np.asarray(w * high / (w * high + v * low))
'''
OVER_MIXTURE = '''
def over_mixture(
    x: np.ndarray, w: np.ndarray, y: np.ndarray, v: np.ndarray, z: np.ndarray
) -> np.ndarray:
    """exp(x) / (w * exp(y) + v * exp(z)), which is found however small all are."""
    larger = np.maximum(np.where(w == 0, z, y), np.where(v == 0, y, z))
    larger = np.where(larger == -np.inf, 0, larger)
    high, low = np.exp(np.minimum(y - larger, 0)), np.exp(np.minimum(z - larger, 0))
    return np.asarray(np.exp(x - larger) / (w * high + v * low))
'''


def _raised(u: sp.Expr) -> sp.Expr:
    """exp(u); of what is less a softplus as the sigmoid that it is."""
    product, rest = sp.S.One, sp.S.Zero
    for addend in sp.Add.make_args(u):
        number, call = addend.as_coeff_Mul()
        if isinstance(call, softplus) and number.is_Integer and number.is_negative:
            product *= sigmoid(-call.args[0]) ** -number
        else:
            rest += addend
    return product * sp.exp(rest)


TABLE = (
    FunctionRow(
        log_mixture,
        r"\operatorname{logmixture}",
        lambda w, y, v, z: sp.log(w * _raised(y) + v * _raised(z)),
        (
            lambda w, y, v, z: over_mixture(y, w, y, v, z),
            lambda w, y, v, z: mixture_share(w, y, v, z),
            lambda w, y, v, z: over_mixture(z, w, y, v, z),
            lambda w, y, v, z: mixture_share(v, z, w, y),
        ),
        LOG_MIXTURE,
        numeric=True,
        elementary=True,
    ),
    FunctionRow(
        mixture_share,
        r"\operatorname{mixtureshare}",
        lambda w, y, v, z: w * _raised(y) / (w * _raised(y) + v * _raised(z)),
        (
            lambda w, y, v, z: over_mixture(y, w, y, v, z) * mixture_share(v, z, w, y),
            lambda w, y, v, z: mixture_share(w, y, v, z) * mixture_share(v, z, w, y),
            lambda w, y, v, z: -mixture_share(w, y, v, z) * over_mixture(z, w, y, v, z),
            lambda w, y, v, z: -mixture_share(w, y, v, z) * mixture_share(v, z, w, y),
        ),
        MIXTURE_SHARE,
        numeric=True,
        elementary=True,
    ),
    FunctionRow(
        over_mixture,
        r"\operatorname{overmixture}",
        lambda x, w, y, v, z: _raised(x) / (w * _raised(y) + v * _raised(z)),
        (
            lambda x, *of: over_mixture(x, *of),
            lambda x, w, y, v, z: -over_mixture(x, w, y, v, z) * over_mixture(y, w, y, v, z),
            lambda x, w, y, v, z: -over_mixture(x, w, y, v, z) * mixture_share(w, y, v, z),
            lambda x, w, y, v, z: -over_mixture(x, w, y, v, z) * over_mixture(z, w, y, v, z),
            lambda x, w, y, v, z: -over_mixture(x, w, y, v, z) * mixture_share(v, z, w, y),
        ),
        OVER_MIXTURE,
        numeric=True,
        elementary=True,
    ),
)

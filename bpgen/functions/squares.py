"""Sums of two squares r^2 + z^2, neither of which overflows: roots, logarithms and quotients."""

from __future__ import annotations

import sympy as sp

from bpgen.functions.row import FunctionRow, function

hypotenuse = function("hypotenuse")
cauchy = function("cauchy")
hypotenuse_excess = function("hypotenuse_excess")
over_squares = function("over_squares")
log_squares = function("log_squares")

HYPOTENUSE = '''
def hypotenuse(z: np.ndarray, r: np.ndarray | float) -> np.ndarray:
    """sqrt(r**2 + z**2); no square overflows."""
    longer, ratio = _sides(z, r)
    return np.asarray(longer * np.sqrt(1 + ratio * ratio))
'''
EXCESS = '''
def hypotenuse_excess(z: np.ndarray, r: np.ndarray | float) -> np.ndarray:
    """sqrt(r**2 + z**2) - r for r above 0, to the digits of z; no square overflows."""
    longer, ratio = _sides(z, r)
    return np.asarray(z * (z / (r + longer * np.sqrt(1 + ratio * ratio))))
'''
CAUCHY = '''
def cauchy(z: np.ndarray, r: np.ndarray | float) -> np.ndarray:
    """1 / (r**2 + z**2); no square overflows."""
    longer, ratio = _sides(z, r)
    return np.asarray(1 / longer / longer / (1 + ratio * ratio))
'''
OVER_SQUARES = '''
def over_squares(z: np.ndarray, r: np.ndarray | float) -> np.ndarray:
    """z / (r**2 + z**2); no square overflows."""
    longer, ratio = _sides(z, r)
    return np.asarray(z / longer / longer / (1 + ratio * ratio))
'''
LOG_SQUARES = '''
def log_squares(z: np.ndarray, r: np.ndarray | float) -> np.ndarray:
    """log(r**2 + z**2); no square overflows."""
    longer, ratio = _sides(z, r)
    return np.asarray(2 * np.log(longer) + np.log1p(ratio * ratio))
'''
SHARED = {
    "_sides": '''
def _sides(z: np.ndarray, r: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """The longer of two sides, each by its size, and what the other is in units of it."""
    r = np.asarray(r, np.result_type(z, r))
    one, other = np.maximum(z, -z), np.maximum(r, -r)
    longer = np.maximum(one, other)
    return longer, np.minimum(one, other) / np.where(longer == 0, 1, longer)
'''
}

TABLE = (
    FunctionRow(
        hypotenuse,
        r"\operatorname{hypotenuse}",
        lambda z, r: sp.sqrt(r**2 + z**2),
        (lambda z, r: z / hypotenuse(z, r), lambda z, r: r / hypotenuse(z, r)),
        HYPOTENUSE,
        numeric=True,
        elementary=True,
    ),
    FunctionRow(
        hypotenuse_excess,
        r"\operatorname{excess}",
        lambda z, r: sp.sqrt(r**2 + z**2) - r,
        (
            lambda z, r: z / hypotenuse(z, r),
            lambda z, r: -hypotenuse_excess(z, r) / hypotenuse(z, r),
        ),
        EXCESS,
        numeric=True,
        elementary=True,
    ),
    FunctionRow(
        cauchy,
        r"\operatorname{cauchy}",
        lambda z, r: 1 / (r**2 + z**2),
        (lambda z, r: -2 * z * cauchy(z, r) ** 2, lambda z, r: -2 * r * cauchy(z, r) ** 2),
        CAUCHY,
        numeric=True,
        elementary=True,
    ),
    FunctionRow(
        over_squares,
        r"\operatorname{oversquares}",
        lambda z, r: z / (r**2 + z**2),
        (
            lambda z, r: cauchy(z, r) - 2 * over_squares(z, r) ** 2,
            lambda z, r: -2 * r * cauchy(z, r) * over_squares(z, r),
        ),
        OVER_SQUARES,
        numeric=True,
        elementary=True,
    ),
    FunctionRow(
        log_squares,
        r"\operatorname{logsquares}",
        lambda z, r: sp.log(r**2 + z**2),
        (lambda z, r: 2 * over_squares(z, r), lambda z, r: 2 * r * cauchy(z, r)),
        LOG_SQUARES,
        numeric=True,
        elementary=True,
    ),
)

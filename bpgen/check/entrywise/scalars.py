"""The scalar functions, on arrays of real or of complex numbers whose imaginary parts are steps.

A number x + iyh with a tiny h carries a derivative y: what is analytic continues it by itself. Real
parts decide wherever a function has several regions; what numpy knows of real numbers only is
continued to first order.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp
from sympy.codegen.cfunctions import expm1

from bpgen import functions
from bpgen.check.entrywise.longer import elementwise

Call = Callable[..., Any]
ENDLESS = 1e60  # beyond what a complex step tells from infinity, as the slope of a root at 0
STEEP = 1e75  # such a slope: times 0 it is 0
_FEW = 4  # factors whose product rounds hardly more often than their power


def _continued(value: Call, slope: Call) -> Call:
    """f(x) + iy f'(x) of x + iy, from the two functions of real numbers."""

    def of(z: Any) -> Any:
        x = np.real(z)
        return value(x) + 1j * (np.imag(z) * slope(x)) if np.iscomplexobj(z) else value(x)

    return of


def _no_number(*like: Any) -> Any:
    """Neither a value nor a slope."""
    return complex(np.nan, np.nan) if any(map(np.iscomplexobj, like)) else np.nan


def _where_positive(call: Call, at_least: Call = np.greater_equal) -> Call:
    """A function that is none of negative numbers, although it is one of complex ones."""

    def of(z: Any) -> Any:
        if not np.iscomplexobj(z):
            return call(z)
        return np.where(at_least(np.real(z), 0), call(z), _no_number(z))

    return of


def _bell(sign: int) -> Call:
    """The slope of erf, with pi of the numbers that it is asked of."""
    return lambda x: sign * 2 * np.exp(-(x**2)) / np.sqrt(4 * np.arctan(np.ones_like(x)))


def _sigmoid(z: Any) -> Any:
    positive = np.real(z) > 0
    small = np.exp(np.where(positive, -z, z))
    return np.where(positive, 1, small) / (1 + small)


def _softplus(z: Any) -> Any:
    positive = np.real(z) > 0
    return np.where(positive, z, 0) + np.log1p(np.exp(np.where(positive, -z, z)))


def _absolute(z: Any) -> Any:
    return z * np.sign(np.real(z))


def _outer(is_outer: Call) -> Call:
    """The larger or the smaller of two; where they are equal, with half of the slope of each."""

    def of(a: Any, b: Any) -> Any:
        one, other = np.real(a), np.real(b)
        chosen = np.where(is_outer(one, other) | np.isnan(a), a, b)
        if not np.iscomplexobj(chosen):
            return chosen
        return chosen + np.where(one == other, 1j * (np.imag(b) - np.imag(a)) / 2, 0)

    return of


def compared(call: Call) -> Call:
    """1 where a comparison holds, 0 where it does not, nan where there is nothing to compare."""

    def of(a: Any, b: Any) -> Any:
        a, b = np.real(a), np.real(b)
        return np.where(np.isnan(a) | np.isnan(b), np.nan, call(a, b))

    return of


def chosen(*slots: Any) -> Any:
    """The first case whose condition holds: of a case, a condition, a case, a condition, ..."""
    none = value = _no_number(*slots)
    for case, condition in zip(slots[-2::-2], slots[-1::-2], strict=True):
        value = np.where(np.isnan(condition), none, np.where(condition, case, value))
    return value


def raised(*addends: Any) -> Any:
    """e^(a + b): 0 where one is minus infinity, whatever the others: of nothing, a softmax is 0."""
    total = summed(*addends)
    value = np.exp(total)
    if not np.isnan(value).any():
        return value
    return np.where(reduce(np.logical_or, (np.isneginf(np.real(a)) for a in addends)), 0, value)


def summed(*addends: Any) -> Any:
    """The smaller arrays first: fewer operations are on all entries."""
    return reduce(np.add, sorted(addends, key=np.size))


def multiplied(*factors: Any) -> Any:
    return reduce(np.multiply, sorted(factors, key=np.size))


def _masked(z: Any, keep: Any) -> Any:
    return np.where(np.real(keep) != 0, z, -np.inf)


def _times_log(z: Any, y: Any) -> Any:
    """z log y, which is 0 where both are 0."""
    return np.where((np.real(z) == 0) & (np.real(y) == 0), 0, z * log(y))


def _zero_times(z: Any, y: Any) -> Any:
    """z y, which is 0 where z is 0 and y has no end."""
    return np.where((np.real(z) == 0) & ~np.isfinite(y), 0, z * y)


def _zero_over(z: Any, y: Any) -> Any:
    """z / y, which is 0 where both are 0."""
    return np.where((np.real(z) == 0) & (np.real(y) == 0), 0, z / y)


def power(base: Any, exponent: Any) -> Any:
    """base^exponent for real exponents that differ from entry to entry; 0 to what is positive is 0,
    with the slope 0 above the exponent 1, and one without end below.
    """
    positive = np.real(base) > 0
    value = np.exp(exponent * np.log(np.where(positive, base, 1)))
    none = _no_number(base, exponent)
    above = np.real(exponent) - 1
    slope = np.where(above > 0, 0, np.where(above < 0, STEEP, 1))
    at_zero = np.where(above > -1, 1j * np.imag(base) * slope if np.iscomplexobj(none) else 0, none)
    return np.where(positive, value, np.where(np.real(base) == 0, at_zero, none))


def whole_power(exponent: int) -> Call:
    """z^n of a fixed whole number n: a few factors are multiplied, which takes a hundredth of the
    time of numpy's power.
    """
    size = abs(exponent)

    def of(z: Any) -> Any:
        value = reduce(np.multiply, [z] * size) if size <= _FEW else z**size
        return value if exponent > 0 else 1 / value

    return of


log = _where_positive(np.log)
root = _where_positive(np.sqrt)

# By the name of a sympy function. A row of bpgen's table that is not here is its definition.
CALLS: dict[str, Call] = {
    "exp": np.exp,
    "log": log,
    "log1p": _where_positive(np.log1p, lambda x, _: x >= -1),
    "expm1": np.expm1,
    "tanh": _continued(np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "sin": np.sin,
    "cos": np.cos,
    "tan": _continued(np.tan, lambda x: 1 + np.tan(x) ** 2),
    "sinh": np.sinh,
    "cosh": np.cosh,
    "atan": _continued(np.arctan, lambda x: 1 / (1 + x**2)),
    "asinh": _continued(np.arcsinh, lambda x: 1 / np.sqrt(1 + x**2)),
    "erf": _continued(elementwise(math.erf, "erf"), _bell(1)),
    "erfc": _continued(elementwise(math.erfc, "erfc"), _bell(-1)),
    "Abs": _absolute,
    "sign": lambda z: np.sign(np.real(z)),
    "Max": lambda *a: reduce(_outer(np.greater_equal), a),
    "Min": lambda *a: reduce(_outer(np.less_equal), a),
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "masked": _masked,
    "xlogx": lambda z: _times_log(z, z),
    "xlogy": _times_log,
    "xlog1py": lambda z, y: _times_log(z, 1 + y),
    "zero_times": _zero_times,
    "zero_over": _zero_over,
    "And": lambda *a: reduce(np.minimum, a),
    "Or": lambda *a: reduce(np.maximum, a),
    "Not": lambda a: 1 - a,
}

# Spelt so that what is small keeps its digits, where the table's definition subtracts from one, and
# so that what is large does not overflow.
DEFINITIONS: dict[str, Call] = {
    "log1mexp": lambda z: sp.log(-expm1(z)),
    "log_cosh": lambda z: z + functions.softplus(-2 * z) - sp.log(2),
    "normal_cdf": lambda z: functions.erfc(-z / sp.sqrt(2)) / 2,
    "normal_cdf_tanh": lambda z: functions.sigmoid(
        sp.sqrt(8 / sp.pi) * (z + sp.Rational("0.044715") * z**3)
    ),
}

COMPARISONS: dict[str, Call] = {
    "StrictGreaterThan": compared(np.greater),
    "GreaterThan": compared(np.greater_equal),
    "StrictLessThan": compared(np.less),
    "LessThan": compared(np.less_equal),
    "Equality": compared(np.equal),
    "Unequality": compared(np.not_equal),
}


def defined(call: sp.Expr) -> sp.Expr | None:
    """What a function of bpgen's table means in others, or None where there is nothing to say."""
    known = functions.row(call)
    spelt = DEFINITIONS.get(type(call).__name__) or (known.definition if known else None)
    return spelt(*call.args) if spelt is not None else None

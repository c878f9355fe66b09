"""Spellings that people write, from 1e-300 to 1e300 of both signs: value and gradient of each by
mpmath with 50 digits, wherever these are finite, no value nan and none overflown on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

from bpgen.check.exact import exact
from bpgen.emit import emit
from bpgen.load import declared_by
from tests.conftest import emitted
from tests.few import one_in

SIZES = (
    *(1e-300, 1e-200, 1e-160, 1e-100, 1e-30, 1e-16, 1e-9, 1e-5, 1e-3, 0.1, 0.5, 1.3, 3.3, 5.7),
    *(9.0, 16.5, 27.9, 28.1, 40.0, 100.0, 350.0, 700.0, 750.0, 1e3, 1e5, 1e9, 1e16, 1e30, 1e100),
    *(1e150, 1e160, 1e200, 1e300),
)
DIGITS = 50
ROUNDINGS = 64


@dataclass(frozen=True)
class Known:
    """Value and slope. `positive`: of positive numbers only."""

    value: Callable[[mpf], mpf]
    slope: Callable[[mpf], mpf]
    positive: bool = False


def _erfcx(z: mpf) -> mpf:
    """exp(z^2) erfc(z) for z above 0."""
    if z < 100:
        return mp.exp(z * z) * mp.erfc(z)
    total = term = mpf(1)
    for k in range(1, 20):
        term *= -(2 * k - 1) / (2 * z * z)
        total += term
    return total / (z * mp.sqrt(mp.pi))


def _log_erfc(z: mpf) -> mpf:
    return mp.log(_erfcx(z)) - z * z if z > 0 else mp.log1p(-mp.erf(max(z, mpf(-100))))


def _hazard(z: mpf) -> mpf:
    """2 exp(-z^2) / (sqrt(pi) erfc(z))."""
    scaled = 2 / mp.sqrt(mp.pi)
    if z > 0:
        return scaled / _erfcx(z)
    return scaled * mp.exp(-(max(z, mpf(-100)) ** 2)) / mp.erfc(max(z, mpf(-100)))


def _softplus(z: mpf) -> mpf:
    return max(z, mpf(0)) + mp.log1p(mp.exp(-min(abs(z), mpf(10) ** 6)))


def _sigmoid(z: mpf) -> mpf:
    return 1 / (1 + mp.exp(-max(z, mpf(-(10**6)))))


def _log_log(z: mpf) -> mpf:
    """log(1 - exp(-exp z))."""
    return z if z < -200 else mp.log(-mp.expm1(-mp.exp(min(z, mpf(9)))))


def _log_log_slope(z: mpf) -> mpf:
    e = mp.exp(min(z, mpf(9)))
    return mpf(1) if z < -200 else e * mp.exp(-e) / -mp.expm1(-e)


def _gumbel(z: mpf) -> mpf:
    """exp(z - exp z)."""
    z = min(max(z, mpf(-2000)), mpf(9))
    return mp.exp(z - mp.exp(z))


def _log_softplus_slope(z: mpf) -> mpf:
    return mpf(1) if z < -200 else _sigmoid(z) / _softplus(z)


def log_of(c: Any, k: Any = 1) -> Known:
    """log(c + k z^2)."""
    c, k = mpf(c), mpf(k)
    return Known(lambda z: mp.log(c + k * z * z), lambda z: 2 * k * z / (c + k * z * z))


def root_less(c: int, times: int = 1) -> Known:
    """sqrt(c^2 + z^2) - c."""

    def root(z: mpf) -> mpf:
        return mp.sqrt(c * c + z * z)

    return Known(lambda z: times * z * z / (root(z) + c), lambda z: times * z / root(z))


LOG_SOFTPLUS = Known(lambda z: z if z < -200 else mp.log(_softplus(z)), _log_softplus_slope)
LOG_ERFC = Known(_log_erfc, lambda z: -_hazard(z))
LOG_ERFC_OPPOSITE = Known(lambda z: _log_erfc(-z), lambda z: _hazard(-z))
LOG_LOG = Known(_log_log, _log_log_slope)
ON_ONE_LINE = {
    "log(erfc(x))": LOG_ERFC,
    "log(1 - erf(x))": LOG_ERFC,
    "log(1 + erf(x))": LOG_ERFC_OPPOSITE,
    "log((1 + erf(x))/2)": Known(lambda z: _log_erfc(-z) - mp.log(2), LOG_ERFC_OPPOSITE.slope),
    "log(1 - exp(-exp(x)))": LOG_LOG,
    "exp(-exp(x))": Known(lambda z: mp.exp(-mp.exp(min(z, mpf(9)))), lambda z: -_gumbel(z)),
    "exp(-exp(-x))": Known(lambda z: mp.exp(-mp.exp(min(-z, mpf(9)))), lambda z: _gumbel(-z)),
    "exp(x - exp(x))": Known(_gumbel, lambda z: -mp.expm1(min(z, mpf(9))) * _gumbel(z)),
    "log(exp(x) - 1)": Known(
        lambda z: z + mp.log(-mp.expm1(-z)), lambda z: -1 / mp.expm1(-z), positive=True
    ),
    "log(3*exp(x) - 3*exp(-x))": Known(
        lambda z: mp.log(3) + z + mp.log(-mp.expm1(-2 * z)),
        lambda z: -1 - 2 / mp.expm1(-2 * z),
        positive=True,
    ),
    "log(softplus(x))": LOG_SOFTPLUS,
    "log(log(1 + exp(x)))": LOG_SOFTPLUS,
    "log(1 + x**2)": log_of(1),
    "log(2 + x**2)": log_of(2),
    "log(x**2 + 1e-8)": log_of("1e-8"),
    "log(5 + 3*x**2)": log_of(5, 3),
    "log(1 + x**2/4)": log_of(1, "0.25"),
    "sqrt(2 + 3*x**2)": Known(
        lambda z: mp.sqrt(2 + 3 * z * z), lambda z: 3 * z / mp.sqrt(2 + 3 * z * z)
    ),
    "x/sqrt(2 + 3*x**2)": Known(
        lambda z: z / mp.sqrt(2 + 3 * z * z), lambda z: 2 / mp.sqrt(2 + 3 * z * z) ** 3
    ),
    "sqrt(1 + x**2) - 1": root_less(1),
    "2 - sqrt(4 + x**2)": root_less(2, -1),
    "3*sqrt(1 + x**2/9) - 3": root_less(3),
    "x**2/(1 + x**2)": Known(lambda z: z * z / (1 + z * z), lambda z: 2 * z / (1 + z * z) ** 2),
    "x/(2 + x**2)": Known(lambda z: z / (2 + z * z), lambda z: (2 - z * z) / (2 + z * z) ** 2),
    "log(sigmoid(x)*sigmoid(2*x))": Known(
        lambda z: -_softplus(-z) - _softplus(-2 * z),
        lambda z: _sigmoid(-z) + 2 * _sigmoid(-2 * z),
    ),
    "1 - erf(x)": Known(
        lambda z: mp.erfc(min(max(z, mpf(-100)), mpf(100))),
        lambda z: -2 / mp.sqrt(mp.pi) * mp.exp(-(min(abs(z), mpf(100)) ** 2)),
    ),
}
LOG_ODDS = Known(lambda z: z, lambda z: mpf(1))
BY_NAMES = {
    "p = sigmoid(x)\nu = log(p/(1 - p))": LOG_ODDS,
    "p = sigmoid(x)\nq = 1 - p\nu = log(p) - log(q)": LOG_ODDS,
    "a = erfc(x)\nu = log(a)": LOG_ERFC,
    "a = erf(x)\nb = 1 - a\nu = log(b)": LOG_ERFC,
    "e = exp(x)\np = 1 - exp(-e)\nu = log(p)": LOG_LOG,
    "a, b = sigmoid(x), sigmoid(2*x)\np = a*b\nu = log(p)": ON_ONE_LINE[
        "log(sigmoid(x)*sigmoid(2*x))"
    ],
}


def points(known: Known, dtype: type) -> list[float]:
    signs = (1,) if known.positive else (1, -1)
    limits = np.finfo(dtype)
    return [s * v for v in SIZES for s in signs if float(limits.tiny) <= v <= float(limits.max)]


def right(known: Known, module: Any, dtype: type) -> None:
    """Where the value has an end in this precision: to 64 roundings, or one of 1 where it has
    digits enough for that.
    """
    limits = np.finfo(dtype)
    for point in points(known, dtype):
        x = np.array([[point]], dtype)
        with np.errstate(all="ignore"):
            output, cache = module.forward({}, x)
            slope = module.backward({}, cache, np.ones_like(output), inputs=True)["x"][0, 0]
        assert slope.dtype == output.dtype == dtype
        with mp.workdps(DIGITS):
            z = mpf(float(x[0, 0]))
            for found, true in ((output[0, 0], known.value(z)), (slope, known.slope(z))):
                if abs(true) < float(limits.max):
                    assert np.isfinite(found), (point, true)
                    allowed = ROUNDINGS * float(limits.eps) * abs(true) + float(limits.tiny)
                    near = 2 * float(limits.eps) if abs(point) < 1e3 else 0
                    assert abs(mpf(float(found)) - true) <= max(allowed, near), (point, true)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("spelled", one_in(3, [*ON_ONE_LINE]))
def test_on_one_line(spelled: str, dtype: type) -> None:
    net = f"from bpgen import *\nx = input(1)\nu = {spelled}\noutput(u)\n"
    right(ON_ONE_LINE[spelled], emitted(net), dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("lines", BY_NAMES)
def test_by_names(lines: str, dtype: type) -> None:
    net = f"from bpgen import *\nx = input(1)\n{lines}\noutput(u)\n"
    right(BY_NAMES[lines], emitted(net), dtype)


TWO_SIDES = {
    "sqrt(a**2 + b**2)": (
        lambda a, b: mp.sqrt(a * a + b * b),
        lambda a, b: a / mp.sqrt(a * a + b * b),
    ),
    "log(a**2 + b**2)": (lambda a, b: mp.log(a * a + b * b), lambda a, b: 2 * a / (a * a + b * b)),
    "log(exp(2*b) + a**2)": (
        lambda a, b: mp.log(mp.exp(2 * b) + a * a),
        lambda a, b: 2 * a / (mp.exp(2 * b) + a * a),
    ),
    "log(1 + a**2 + b**2)": (
        lambda a, b: mp.log(1 + a * a + b * b),
        lambda a, b: 2 * a / (1 + a * a + b * b),
    ),
}


@pytest.mark.parametrize("spelled", TWO_SIDES)
def test_of_two_values(spelled: str) -> None:
    """Neither square overflows; both may be far from 1, and from one another."""
    value, slope = TWO_SIDES[spelled]
    module = emitted(f"from bpgen import *\na, b = input(), input()\nu = {spelled}\noutput(u)\n")
    sizes = (1e-200, 1e-160, 1e-8, 0.75, 3.0, 300.0)
    for a in (*sizes, 1e160, 1e200):
        for b in sizes if "exp" in spelled else (*sizes, 1e160, 1e200):
            x, y = np.array([-a]), np.array([b])
            output, cache = module.forward({}, x, y)
            da = module.backward({}, cache, np.ones(1), inputs=True)["a"][0]
            with mp.workdps(800):
                for found, true in ((output[0], value), (da, slope)):
                    exactly = true(mpf(-a), mpf(b))
                    if 1e-300 < abs(exactly) < 1e300:
                        allowed = max(1e-14 * abs(exactly), 5e-16 * (a < 1e3 and b < 1e3))
                        assert abs(mpf(float(found)) - exactly) <= allowed, (a, b)


LESS = {
    "1 - cos(x)": lambda z: 1 - mp.cos(z),
    "1 - c": lambda z: 1 - mp.cos(z),
    "3*cos(2*x) - 3 + x**2": lambda z: 3 * mp.cos(2 * z) - 3 + z * z,
    "cosh(x) - 1": lambda z: mp.cosh(z) - 1,
    "sqrt(1 + x**2) - 1": lambda z: mp.sqrt(1 + z * z) - 1,
    "x - 3*sqrt(4 + x**2/9) + 6": lambda z: z - 3 * mp.sqrt(4 + z * z / 9) + 6,
    "0.3 - 0.3*cosh(x/4)": lambda z: (1 - mp.cosh(z / 4)) * 3 / 10,
}


@pytest.mark.parametrize("spelled", LESS)
def test_what_a_cosine_or_a_root_is_less_by_keeps_its_digits(spelled: str) -> None:
    module = emitted(f"from bpgen import *\nx = input(1)\nc = cos(x)\nu = {spelled}\noutput(u)\n")
    for point in (1e-150, -1e-30, 1e-9, -1e-4, 0.3, 2.5, -40.0, 600.0):
        with mp.workdps(400):
            true = LESS[spelled](mpf(point))
            (found,) = module.forward({}, np.array([[point]]))[0][0]
            assert abs(mpf(float(found)) - true) <= 1e-13 * abs(true), point


@pytest.mark.parametrize(
    "spelled", one_in(7, ["1/sqrt(5 + 7*x**2)", "1/(0.7 + x**2)**2", *ON_ONE_LINE])
)
def test_the_module_is_proved(spelled: str) -> None:
    """The numbers that the functions take, roots among them, are those of the formula."""
    net = declared_by(
        f"from bpgen import *\nx, w = input(2), param(2)\nu = w*{spelled}\noutput(u)\n"
    )
    rows = exact(emit(net), net)
    assert all(row.ok for row in rows), rows


def test_a_norm_of_two_at_zero() -> None:
    """As of any norm, its gradient is 0 there."""
    module = emitted(
        "from bpgen import *\na, b = input(), input()\nu = sqrt(a**2 + b**2)\noutput(u)\n"
    )
    output, cache = module.forward({}, np.zeros(1), np.zeros(1))
    grads = module.backward({}, cache, np.ones(1), inputs=True)
    assert [output.tolist(), grads["a"].tolist(), grads["b"].tolist()] == [[0], [0], [0]]

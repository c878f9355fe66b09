"""Value and derivative of every function that bpgen knows, and of spellings that people use, over
numbers from 1e-320 to 1e150 of both signs: how many points are wrong, by mpmath.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from mpmath import mp, mpf

from tests.conftest import emitted
from tests.networks.operation import F, torch

SIZES = (
    *(1e-320, 1e-308, 1e-300, 1e-200, 1e-100, 1e-45, 1e-30, 1e-20, 1e-16, 1e-12, 1e-9, 1e-8, 1e-6),
    *(1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 2.1, 2.9, 3.3, 5.0, 5.7, 7.0, 9.0),
    *(
        12.0,
        13.7,
        16.5,
        18.0,
        20.5,
        26.3,
        28.0,
        36.0,
        37.5,
        40.0,
        88.0,
        100.0,
        104.0,
        350.0,
        700.0,
        710.0,
    ),
    *(745.0, 750.0, 1e3, 1e4, 1e5, 1e8, 1e15, 1e16, 1e20, 1e38, 1e50, 1e100, 1e150),
)
GRID = tuple(s * v for v in SIZES for s in (1.0, -1.0))
ROUNDINGS = 16


@dataclass(frozen=True)
class Row:
    """A function as net.py has it, its true value, and what people write with PyTorch.

    `positive`: of positive numbers only. `absolute`: a textbook form is kept on purpose, such as
    a(1 - a), whose error is one unit roundoff of 1 and not of the value.
    """

    call: str
    true: Callable[[mpf], mpf]
    torch: Callable[[Any], Any]
    positive: bool = False
    absolute: bool = False


def _clamped(z: mpf, low: Any, high: Any) -> mpf:
    return min(max(z, mpf(low)), mpf(high))


def _logistic(z: mpf) -> mpf:
    return 1 / (1 + mp.exp(-z))


def _softplus(z: mpf) -> mpf:
    """Of large numbers too, where exp(z) has more digits than can be kept."""
    return max(z, mpf(0)) + mp.log1p(mp.exp(-abs(z)))


def _tanh_gelu(z: mpf) -> mpf:
    return z * _logistic(2 * mp.sqrt(2 / mp.pi) * (z + mpf("0.044715") * z**3))


def _normal_cdf(z: mpf) -> mpf:
    return mp.erfc(-_clamped(z, -1000, 1000) / mp.sqrt(2)) / 2


def _log_cosh(z: mpf) -> mpf:
    return abs(z) + mp.log1p(mp.exp(-2 * abs(z))) - mp.log(2)


def _elu(z: mpf, a: Any) -> mpf:
    return z if z > 0 else mpf(a) * mp.expm1(z)


_SELU = mpf("1.0507009873554804934193349852946"), mpf("1.6732632423543772848170429916717")


def _hard_swish(z: mpf) -> mpf:
    return z * _clamped(z + 3, 0, 6) / 6


KNOWN = (
    Row("exp({})", mp.exp, lambda z: torch.exp(z)),
    Row("log({})", mp.log, lambda z: torch.log(z), positive=True),
    Row("sqrt({})", mp.sqrt, lambda z: torch.sqrt(z), positive=True),
    Row("sin({})", mp.sin, lambda z: torch.sin(z)),
    Row("cos({})", mp.cos, lambda z: torch.cos(z)),
    Row("sinh({})", mp.sinh, lambda z: torch.sinh(z)),
    Row("cosh({})", mp.cosh, lambda z: torch.cosh(z)),
    Row("tanh({})", mp.tanh, lambda z: torch.tanh(z), absolute=True),
    Row("arctan({})", mp.atan, lambda z: torch.atan(z)),
    Row("arsinh({})", mp.asinh, lambda z: torch.asinh(z)),
    Row("abs({})", abs, lambda z: torch.abs(z)),
    Row("erf({})", lambda z: mp.erf(_clamped(z, -1000, 1000)), lambda z: torch.erf(z)),
    Row("erfc({})", lambda z: mp.erfc(_clamped(z, -1000, 1000)), lambda z: torch.erfc(z)),
    Row("sigmoid({})", _logistic, lambda z: torch.sigmoid(z), absolute=True),
    Row("softplus({})", _softplus, lambda z: F.softplus(z)),
    Row("relu({})", lambda z: max(z, mpf(0)), lambda z: F.relu(z)),
    Row("leaky_relu({})", lambda z: z if z > 0 else z / 100, lambda z: F.leaky_relu(z)),
    Row("elu({}, 0.75)", lambda z: _elu(z, 0.75), lambda z: F.elu(z, 0.75)),
    Row("selu({})", lambda z: _SELU[0] * _elu(z, _SELU[1]), lambda z: F.selu(z)),
    Row("gelu({})", lambda z: z * _normal_cdf(z), lambda z: F.gelu(z)),
    Row('gelu({}, "tanh")', _tanh_gelu, lambda z: F.gelu(z, approximate="tanh"), absolute=True),
    Row("silu({})", lambda z: z * _logistic(z), lambda z: F.silu(z), absolute=True),
    Row("mish({})", lambda z: z * mp.tanh(_softplus(z)), lambda z: F.mish(z), absolute=True),
    Row("relu6({})", lambda z: _clamped(z, 0, 6), lambda z: F.relu6(z)),
    Row("hard_tanh({})", lambda z: _clamped(z, -1, 1), lambda z: F.hardtanh(z)),
    Row("hard_sigmoid({})", lambda z: _clamped(z + 3, 0, 6) / 6, lambda z: F.hardsigmoid(z)),
    Row("hard_swish({})", _hard_swish, lambda z: F.hardswish(z)),
    Row("log_cosh_loss({}, zero)", _log_cosh, lambda z: torch.log(torch.cosh(z))),
    Row(
        "huber({}, zero, 0.5)",
        lambda z: z * z / 2 if abs(z) <= 0.5 else (abs(z) - mpf("0.25")) / 2,
        lambda z: F.huber_loss(z, torch.zeros_like(z), reduction="none", delta=0.5),
    ),
    Row(
        "binary_cross_entropy_with_logits({}, zero)",
        _softplus,
        lambda z: F.binary_cross_entropy_with_logits(z, torch.zeros_like(z), reduction="none"),
    ),
)
NAIVE = (
    Row("log(1 + exp({}))", _softplus, lambda z: torch.log(1 + torch.exp(z))),
    Row("exp({}) - 1", mp.expm1, lambda z: torch.exp(z) - 1),
    Row("log(cosh({}))", _log_cosh, lambda z: torch.log(torch.cosh(z))),
    Row(
        "{0}/(1 + exp(-{0}))",
        lambda z: z * _logistic(z),
        lambda z: z / (1 + torch.exp(-z)),
        absolute=True,
    ),
    Row("1/(1 + exp(-{}))", _logistic, lambda z: 1 / (1 + torch.exp(-z)), absolute=True),
    Row("sqrt(1 + {}**2)", lambda z: mp.sqrt(1 + z * z), lambda z: torch.sqrt(1 + z**2)),
    Row(
        "1 - tanh({})**2",
        lambda z: mp.sech(z) ** 2,
        lambda z: 1 - torch.tanh(z) ** 2,
        absolute=True,
    ),
    Row(
        "log(1 - tanh({})**2)",
        lambda z: -2 * _log_cosh(z),
        lambda z: torch.log(1 - torch.tanh(z) ** 2),
        absolute=True,
    ),
    Row("1/cosh({})", mp.sech, lambda z: 1 / torch.cosh(z)),
    Row("{0}*log({0})", lambda z: z * mp.log(z), lambda z: z * torch.log(z), positive=True),
    Row("log(1 + {})", mp.log1p, lambda z: torch.log(1 + z), positive=True),
    Row(
        "-log(sigmoid({}))",
        lambda z: _softplus(-z),
        lambda z: -torch.log(torch.sigmoid(z)),
    ),
    Row("2/(exp({0}) + exp(-{0}))", mp.sech, lambda z: 2 / (torch.exp(z) + torch.exp(-z))),
    Row(
        "exp({0})/(1 + exp({0}))**2",
        lambda z: _logistic(z) * _logistic(-z),
        lambda z: torch.exp(z) / (1 + torch.exp(z)) ** 2,
        absolute=True,
    ),
    Row(
        "exp({0})/(exp({0}) + exp(-{0}))",
        lambda z: _logistic(2 * z),
        lambda z: torch.exp(z) / (torch.exp(z) + torch.exp(-z)),
        absolute=True,
    ),
    Row(
        "(exp({0}) - exp(-{0}))/(exp({0}) + exp(-{0}))",
        mp.tanh,
        lambda z: (torch.exp(z) - torch.exp(-z)) / (torch.exp(z) + torch.exp(-z)),
        absolute=True,
    ),
)
ROWS = KNOWN + NAIVE


@dataclass(frozen=True)
class Count:
    """Of a row's points, for value and derivative: worse than 16 roundings; not finite, or with a
    warning, where the answer is finite.
    """

    worse: int
    broken: int
    at: tuple[str, ...] = ()


def points(row: Row, dtype: type) -> Any:
    with np.errstate(over="ignore", under="ignore"):
        z = np.array(GRID, dtype)
    z = z[np.isfinite(z) & (z != 0)]
    return z[z > 0] if row.positive else z


def _digits(z: float) -> int:
    """Of mpmath: of a square of z, and of what a step that is tiny beside z changes of it; from 10 on of
    an exp(-z) that float64 still holds, beside 1.
    """
    return 500 if abs(z) > 10 else 100 + int(-2.5 * math.log10(min(abs(z), 1)))


def true(row: Row, z: float) -> tuple[mpf, mpf]:
    """Value and derivative."""
    with mp.workdps(_digits(z)):
        x = mpf(z)
        h = min(abs(x), 1) * mpf(10) ** -40
        slope = (row.true(x + h) - row.true(x - h)) / (2 * h)
        return +row.true(x), +slope


def ours(row: Row, z: Any) -> Iterator[tuple[float, float]]:
    """By the emitted module; nan where numpy warns."""
    call = row.call.replace("{}", "{0}").format("z")
    source = f"from bpgen import *\nz = input(1)\na = {call}\noutput(a)\n"
    if "zero" in call:  # a loss, beside any output
        source = (
            "from bpgen import *\nz, zero = input(1), target(1)\na = relu(z)\noutput(a)\n"
            f"L = loss({call})\n"
        )
    module = emitted(source)
    for x in z:
        yield _at(module, np.array([[x]]))


def _at(module: Any, x: Any) -> tuple[float, float]:
    """Value and derivative."""
    zero = np.zeros_like(x)
    has_loss = hasattr(module, "loss")
    with np.errstate(all="ignore"):
        output, cache = module.forward({}, x)

    def value() -> Any:
        return module.loss({}, x, zero) if has_loss else module.forward({}, x)[0][0, 0]

    def slope() -> Any:
        seed = zero if has_loss else np.ones_like(output)
        return module.backward({}, cache, seed, inputs=True)["z"][0, 0]

    return _unless_warned(value), _unless_warned(slope)


def _unless_warned(compute: Callable[[], Any]) -> float:
    try:
        with np.errstate(all="raise", under="ignore"):
            return float(compute())
    except FloatingPointError:
        return float("nan")


def theirs(row: Row, z: Any) -> Iterator[tuple[float, float]]:
    """By PyTorch."""
    for x in z:
        t = torch.tensor([x], requires_grad=True)
        value = row.torch(t)
        (slope,) = torch.autograd.grad(value.sum(), t)
        yield float(value.detach()[0]), float(slope[0])


def counted(row: Row, dtype: type, found: Iterator[tuple[float, float]]) -> Count:
    worse, broken, at = 0, 0, []
    for z, both in zip(points(row, dtype), found, strict=True):
        for what, value, exact in zip(
            ("value", "slope"), both, exactly(row, float(z)), strict=True
        ):
            verdict = judged(value, exact, dtype, row.absolute)
            worse += verdict == "worse"
            broken += verdict == "broken"
            at += [f"{what} at {z}: {value}, not {mp.nstr(exact, 17)}"] if verdict else []
    return Count(worse, broken, tuple(at))


_EXACT: dict[tuple[str, float], tuple[mpf, mpf]] = {}


def exactly(row: Row, z: float) -> tuple[mpf, mpf]:
    if (row.call, z) not in _EXACT:
        _EXACT[row.call, z] = true(row, z)
    return _EXACT[row.call, z]


def judged(value: float, exact: mpf, dtype: type, absolute: bool) -> str:
    """Nothing where a number is right to 16 units in the last place."""
    limits = np.finfo(dtype)
    if abs(exact) > float(limits.max):
        return ""
    if not np.isfinite(value):
        return "broken"
    unit = max(float(limits.eps) * abs(exact), mpf(float(limits.smallest_subnormal)))
    allowed = max(ROUNDINGS * unit, mpf(float(limits.eps)) if absolute else mpf(0))
    return "worse" if abs(mpf(value) - exact) > allowed else ""

"""The table of functions: every stated derivative is the derivative of the definition, every helper
its value.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from mpmath import mp, mpf

import bpgen
from bpgen.check.page.proof import prove_page
from bpgen.derive import derive
from bpgen.functions import ROWS, SHARED, FunctionRow
from bpgen.functions.error_function import FAR, NEAR
from bpgen.load import declared_by
from bpgen.render import render
from tests.conftest import emitted, module_of
from tests.few import few, one_in

Z = sp.Symbol("z", real=True)
BPGEN = Path(bpgen.__file__).parent
STATED = [r for r in ROWS.values() if r.derivatives]
# A slope, or the ends of a range; a weight and an exponent.
CONSTANTS = (sp.Rational(1, 4), sp.Integer(2), sp.Rational(3, 2), sp.Rational(1, 3))


def arguments(row: FunctionRow) -> tuple[sp.Symbol, ...]:
    return sp.symbols("z s t r q", real=True)[: row.arity]


@pytest.mark.parametrize("row", few(STATED, lambda row: row in STATED[2::10]), ids=lambda r: r.name)
def test_stated_derivative_is_that_of_the_definition(row: FunctionRow) -> None:
    symbols = arguments(row)
    meaning = row.definition(*symbols) if row.definition else row.function(*symbols)
    assert len(row.derivatives) == len(symbols)
    for symbol, stated in zip(symbols, row.derivatives, strict=True):
        written = stated(*symbols)
        for known in reversed(ROWS.values()):
            if known.definition:
                written = written.replace(known.function, known.definition)
        difference = sp.diff(meaning, symbol) - written
        for z in (sp.Rational(-7, 2), sp.Rational(-1, 7), sp.Rational(2, 9), 1, 5):
            if row is ROWS["xlogx"] and z < 0:
                continue
            value = difference.subs(dict(zip(symbols, (z, *CONSTANTS), strict=False))).doit()
            assert sp.simplify(value.rewrite(sp.exp)) == 0


@pytest.mark.parametrize("column", ["complement", "logarithm"])
def test_a_column_of_another_function_is_equal_to_the_definition(column: str) -> None:
    """1 less the function, or its logarithm, as its row has it: at points by 40 digits."""
    rows = [row for row in ROWS.values() if getattr(row, column) is not None]
    assert len(rows) > 3
    z = sp.Symbol("z", real=True)
    for row in rows:
        told = _elementary(getattr(row, column)(z))
        plain = _elementary(row.function(z))
        meant = 1 - plain if column == "complement" else sp.log(plain)
        for at in (sp.Rational(-7, 2), sp.Rational(-1, 7), sp.Rational(2, 9), sp.S(1), sp.S(5)):
            assert abs(sp.N((told - meant).subs(z, at), 40)) < 1e-35, (row.name, at)


def _elementary(expr: sp.Expr) -> sp.Expr:
    for known in reversed(ROWS.values()):
        if known.definition:
            expr = expr.replace(known.function, known.definition)
    return expr


def test_what_is_odd_is_odd() -> None:
    z = sp.Symbol("z", real=True)
    odd = [row.function for row in ROWS.values() if row.odd]
    assert [_elementary(f(z) + f(-z)) for f in odd] == [0] * len(odd)


GRID = [
    s * v
    for v in (1e-320, 1e-300, 1e-20, 1e-8, 0.3, 1.0, 7.0, 36.0, 100.0, 710.0, 1e5, 1e150)
    for s in (1, -1)
]


def log_erfc(z: mpf) -> mpf:
    """By its asymptotic series where erfc would take too many digits."""
    if z < 1000:
        return mp.log(mp.erfc(max(z, mpf(-1000))))
    return -z * z - mp.log(z * mp.sqrt(mp.pi)) + mp.log(_erfc_series(z))


def erfc_hazard(z: mpf) -> mpf:
    if z < 1000:
        return 2 * mp.exp(-(max(z, mpf(-1000)) ** 2)) / (mp.sqrt(mp.pi) * mp.erfc(max(z, -1000)))
    return 2 * z / _erfc_series(z)


def _erfc_series(z: mpf) -> mpf:
    total = term = mpf(1)
    for k in range(1, 40):
        term *= -(2 * k - 1) / (2 * z * z)
        total += term
    return total


def log1mexpexp(z: mpf) -> mpf:
    if z < -1000:
        return z
    return mp.log(-mp.expm1(-mp.exp(z))) if z < 8.5 else mpf(0)


def softplus(z: mpf) -> mpf:
    return max(z, mpf(0)) + mp.log1p(mp.exp(-abs(z)))


def gelu_argument(z: mpf) -> mpf:
    z = min(max(z, -1000), 1000)
    return 2 * mp.sqrt(2 / mp.pi) * (z + mpf("0.044715") * z**3)


# A call of each row, and its true value by mpmath.
CALLS = {
    "sigmoid(z)": lambda z: 1 / (1 + mp.exp(-z)) if abs(z) <= 1e5 else mpf(z > 0),
    "softplus(z)": lambda z: mp.log(1 + mp.exp(z)) if abs(z) <= 1e5 else max(z, mpf(0)),
    "step(z)": lambda z: mpf(z > 0),
    "relu(z)": lambda z: max(z, mpf(0)),
    "elu(z, 0.75)": lambda z: z if z > 0 else mpf("0.75") * mp.expm1(max(z, -1000)),
    "elu_slope(z, 0.75)": lambda z: mpf(1) if z > 0 else mpf("0.75") * mp.exp(max(z, -1000)),
    "clip(z, -0.5, 7)": lambda z: min(max(z, mpf("-0.5")), mpf(7)),
    "hard_tanh(z, -0.5, 7)": lambda z: min(max(z, mpf("-0.5")), mpf(7)),
    "inside(z, -1, 0.5)": lambda z: mpf(-1 < z < 0.5),
    "within(z, -1, 1)": lambda z: mpf(-1 <= z <= 1),
    "maximum(z, 0.5)": lambda z: max(z, mpf("0.5")),
    "minimum(z, -0.5)": lambda z: min(z, mpf("-0.5")),
    "heaviside(z)": lambda z: (mpf(z > 0) + mpf(z >= 0)) / 2,
    "huber(z, 0.5)": lambda z: z * z / 2 if abs(z) <= 0.5 else (abs(z) - mpf("0.25")) / 2,
    "xlogx(z)": lambda z: z * mp.log(z),
    "erf(z)": lambda z: mp.erf(min(max(z, -1000), 1000)),
    "erfc(z)": lambda z: mp.erfc(min(max(z, -1000), 1000)),
    "normal_cdf(z)": lambda z: mp.ncdf(min(max(z, -1000), 1000)),
    "normal_pdf(z)": lambda z: mp.npdf(min(max(z, -1000), 1000)),
    "normal_cdf_tanh(z)": lambda z: 1 / (1 + mp.exp(-gelu_argument(z))),
    "hard_sigmoid(z)": lambda z: min(max(z + 3, mpf(0)), mpf(6)) / 6,
    "hypotenuse(z, 1)": lambda z: mp.sqrt(1 + z * z),
    "hypotenuse(z, 0.5)": lambda z: mp.sqrt(mpf("0.25") + z * z),
    "hypotenuse(z, 1e6)": lambda z: mp.sqrt(mpf("1e12") + z * z),
    "hypotenuse_excess(z, 1)": lambda z: z * z / (mp.sqrt(1 + z * z) + 1),
    "hypotenuse_excess(z, 1e6)": lambda z: z * z / (mp.sqrt(mpf("1e12") + z * z) + 10**6),
    "cauchy(z, 1)": lambda z: 1 / (1 + z * z),
    "cauchy(z, 0.5)": lambda z: 1 / (mpf("0.25") + z * z),
    "over_squares(z, 1)": lambda z: z / (1 + z * z),
    "over_squares(z, 0.5)": lambda z: z / (mpf("0.25") + z * z),
    "log_squares(z, 1)": lambda z: mp.log1p(z * z),
    "log_squares(z, 3)": lambda z: mp.log(9 + z * z),
    "log_erfc(z)": log_erfc,
    "erfc_hazard(z)": erfc_hazard,
    "log1mexpexp(z)": log1mexpexp,
    "log1mexpexp_slope(z)": lambda z: (
        mp.exp(z - mp.exp(z)) / -mp.expm1(-mp.exp(z)) if -1000 < z < 9 else mpf(z < 0)
    ),
    "log_softplus(z)": lambda z: z if z < -1000 else mp.log(softplus(min(z, mpf(10) ** 200))),
    "softplus_rate(z)": lambda z: mpf(1) if z < -1000 else 1 / (1 + mp.exp(-z)) / softplus(z),
    "bell(z, 1)": lambda z: mp.exp(-(min(max(z, -1000), 1000) ** 2)),
    "bell(z, 0.5)": lambda z: mp.exp(-(min(max(z, -1000), 1000) ** 2) / 2),
}

# The argument is rounded before exp magnifies the rounding, or the value goes through 0.
ROUGH = ("normal_cdf_tanh(z)", "log1mexpexp(z)", "log1mexpexp_slope(z)", "log_softplus(z)")


def called(call: str) -> Callable[[np.ndarray], np.ndarray]:
    """A call of a row as an emitted module makes it."""
    name, given = call[:-1].split("(")
    shared = "".join(SHARED.values()) if ROWS[name].numeric else ""
    text = ROWS[name].numpy.format(*given.split(", "))
    source = f"import numpy as np\n{ROWS[name].helper}{shared}\ndef f(z):\n    return {text}\n"
    return module_of(source).f


def within(call: str, z: np.ndarray, times: float, digits: int) -> None:
    """Assert that no value is further from the true one than some roundings; where that underflows,
    than the least normal number (in a textbook form, than one rounding of 1).
    """
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        values = called(call)(z)
    assert values.dtype == z.dtype
    limits = np.finfo(z.dtype)
    with mp.workdps(digits):
        for value, point in zip(values, z, strict=True):
            true = CALLS[call](mpf(float(point)))
            error = abs(mpf(float(value)) - true)
            allowed = times * float(limits.eps) * abs(true)
            least = float(limits.eps if call in ROUGH else limits.tiny)
            assert error <= max(allowed, least), (float(point), float(value))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_value_is_exact_and_finite(call: str, dtype: type) -> None:
    with np.errstate(over="ignore", under="ignore"):
        z = np.array(GRID, dtype)
    within(call, z[np.isfinite(z) & ((z > 0) | (call != "xlogx(z)"))], 16, digits=400)


NUMERIC = [call for call in CALLS if ROWS[call.split("(")[0]].numeric]


@pytest.mark.parametrize("call", one_in(5, [call for call in NUMERIC if call not in ROUGH]))
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_an_approximation_is_four_roundings_off_at_most(call: str, dtype: type) -> None:
    rng = np.random.default_rng(0)
    tiny = 10.0 ** rng.uniform(-30, 0, 100)
    z = [rng.uniform(-40, 40, 600), rng.uniform(-6, 6, 600), rng.uniform(-1.2, 1.2, 600), tiny]
    ends = [-40, -28, -1, -0.71, -0.5, 0, 0.5, 0.71, 1, 28, 40]
    within(call, np.concatenate([*z, -tiny, ends]).astype(dtype), 4, digits=60)


@pytest.mark.parametrize("call", one_in(6, NUMERIC))
def test_an_approximation_continues_to_complex_numbers(call: str) -> None:
    z = np.concatenate([np.linspace(-6, 6, 49), [-27.0, 1e-8, 27.0, 1e150]])
    slopes = called(call)(z + 1e-20j).imag / 1e-20
    with mp.workdps(400):
        true = [float(mp.diff(CALLS[call], mpf(x))) for x in z]
    digits = 1e-10 if call == "softplus_rate(z)" else 1e-11  # numpy's log1p of complex numbers
    assert slopes == pytest.approx(true, rel=digits, abs=1e-300)


# A quotient of infinities, or the logarithm of 0.
NOT_AT_INFINITY = (
    *("over_squares(z, 1)", "over_squares(z, 0.5)", "log_erfc(z)", "erfc_hazard(z)"),
    *("hypotenuse_excess(z, 1)", "hypotenuse_excess(z, 1e6)"),
)


@pytest.mark.parametrize("call", NUMERIC)
def test_not_a_number_stays_none(call: str) -> None:
    ends = {
        "erf(z)": (-1, 1),
        "erfc(z)": (2, 0),
        "normal_cdf(z)": (0, 1),
        "normal_pdf(z)": (0, 0),
        "normal_cdf_tanh(z)": (0, 1),
        "hypotenuse(z, 1)": (np.inf, np.inf),
        "hypotenuse(z, 0.5)": (np.inf, np.inf),
        "hypotenuse(z, 1e6)": (np.inf, np.inf),
        "log_squares(z, 1)": (np.inf, np.inf),
        "log_squares(z, 3)": (np.inf, np.inf),
        "cauchy(z, 1)": (0, 0),
        "cauchy(z, 0.5)": (0, 0),
        "log1mexpexp(z)": (-np.inf, 0),
        "log1mexpexp_slope(z)": (1, 0),
        "log_softplus(z)": (-np.inf, np.inf),
        "softplus_rate(z)": (1, 0),
        "bell(z, 1)": (0, 0),
        "bell(z, 0.5)": (0, 0),
    }
    if call in NOT_AT_INFINITY:
        assert np.isnan(called(call)(np.array([np.nan])))
        return
    values = called(call)(np.array([np.nan, -np.inf, np.inf]))
    assert np.isnan(values[0])
    assert tuple(values[1:]) == ends[call]


def test_coefficients_of_the_error_function() -> None:
    with mp.workdps(60):
        near = interpolated(lambda u: mp.erf(mp.sqrt(u)) / mp.sqrt(u), len(NEAR), mpf(0), mpf(1))
        ends = mpf(-7) / 9, mpf(3) / 4  # (z - 4) / (z + 4) at 1/2 and 28
        far = interpolated(lambda q: scaled_erfc(4 * (1 + q) / (1 - q)), len(FAR), *ends)
    assert near == NEAR
    assert far == FAR


def scaled_erfc(z: mpf) -> mpf:
    return (1 + 2 * z) * mp.exp(z * z) * mp.erfc(z)


def interpolated(
    function: Callable[[mpf], mpf], count: int, low: mpf, high: mpf
) -> tuple[float, ...]:
    """The coefficients of the polynomial through `count` Chebyshev nodes, that of the highest power
    first.
    """
    nodes = [mp.cos(mp.pi * (2 * k + 1) / (2 * count)) for k in range(count)]
    nodes = [(low + high) / 2 + (high - low) / 2 * node for node in nodes]
    powers = mp.matrix([[node ** (count - 1 - k) for k in range(count)] for node in nodes])
    return tuple(map(float, mp.lu_solve(powers, mp.matrix([function(node) for node in nodes]))))


def test_the_tails_of_gelu_keep_their_digits() -> None:
    module = emitted("from bpgen import *\nx = input(4)\na = gelu(x)\noutput(a)\n")
    x = np.array([[-30.0, -10.0, -1e150, 1e150]])
    a, cache = module.forward({}, x)
    dx = module.backward({}, cache, np.ones((1, 4)), inputs=True)["x"]
    for k, z in enumerate((mpf(-30), mpf(-10))):
        assert a[0, k] == pytest.approx(float(z * mp.ncdf(z)), rel=2e-15)
        assert dx[0, k] == pytest.approx(float(mp.ncdf(z) + z * mp.npdf(z)), rel=2e-15)
    assert a[0, 2:].tolist() == [0, 1e150]
    assert dx[0, 2:].tolist() == [0, 1]


TIES = "max and min of two that are equal have the slope 1/2 along each"


@pytest.mark.parametrize(
    ("call", "convention"),
    [
        ("relu(x)", "relu'(0) = 0"),
        ("abs(x)", "|·|'(0) = 0"),
        ("leaky_relu(x)", "leaky_relu'(0, s) is s, the slope of the negative side"),
        ("elu(x)", "elu'(0, s) is s, the slope of the negative side"),
        ("relu6(x)", "hard_tanh' is 0 at both ends"),
        ("hard_swish(x)", "hard_sigmoid' is 0 at both ends"),
        ("clip(x, 0, 1)", "clip' is 1 at both ends"),
        ("maximum(x, 1 - x)", TIES),
        ("min(x, x[0], 0.5)", TIES),
    ],
)
def test_the_convention_at_a_kink_is_printed(call: str, convention: str) -> None:
    network = declared_by(f"from bpgen import *\nx = input(3)\na = {call}\noutput(a)\n")
    assert f"By convention, {convention}." in render(derive(network), fmt="text")


def test_a_kink_is_told_in_the_name_and_the_letters_of_the_page() -> None:
    """s is a tensor, and so is lrelu; a slope that is learned is of no relu."""
    network = declared_by(
        "from bpgen import *\nx, lrelu = input(3), param(3)\ns, t = elu(x + lrelu), leaky_relu(x)\n"
        "a = prelu(t)\noutput(a + s)\n"
    )
    page = render(derive(network), fmt="latex")
    assert r"$\operatorname{elu}(z, v) = " in page
    assert r"By convention, $\operatorname{elu}'(0, v)$ is $v$, the slope of the negative" in page
    assert r"$\operatorname{leaky\_relu}'(z, v) = " in page
    assert r"By convention, $\operatorname{leaky\_relu}'(0, v)$ is $v$, the slope" in page
    assert "relu}'(0) = 0" not in page
    assert prove_page(page, network).ok


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_of_a_mixture_nothing_overflows_or_is_lost(dtype: type) -> None:
    """Where weights are 0, and exponents apart or far below 0."""
    given = [np.array(v, dtype) for v in ([0.0, 1.0, 0.25], [9e3, -8e3, -3e3], [1.0, 0.0, 0.5])]
    far = np.array([-5e3, 700.0, -2.5e3], dtype)
    expected = {
        "log_mixture": [-5e3, -8e3, -2.5e3 + np.log(0.5)],
        "mixture_share": [0, 1, 0],
        "over_mixture": [1, 1, 2],
    }
    for name, values in expected.items():
        all_ = [np.array([-5e3, -8e3, -2.5e3], dtype)] if name == "over_mixture" else []
        text = ROWS[name].numpy.format(*"abcde")
        source = f"import numpy as np\n{ROWS[name].helper}\ndef f({', '.join('abcde'[: ROWS[name].arity])}):\n    return {text}\n"
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            found = module_of(source).f(*all_, *given, far)
        assert found.dtype == dtype
        np.testing.assert_allclose(found, values, rtol=4 * np.finfo(dtype).eps, atol=1e-30)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_label_left_out(dtype: type) -> None:
    z, label = np.array([-1.5, np.inf, 3.0], dtype), np.array([0, 2, 1])
    for name, expected in (("unless", [-1.5, 0, 3]), ("unless_slope", [1, 0, 1])):
        text = ROWS[name].numpy.format("z", "label", "2")
        source = f"import numpy as np\n{ROWS[name].helper}\ndef f(z, label):\n    return {text}\n"
        values = module_of(source).f(z, label)
        assert values.dtype == dtype
        assert values.tolist() == expected


def test_nothing_is_nothing_in_xlogx() -> None:
    assert called("xlogx(z)")(np.array([0.0, 1.0, -0.0])).tolist() == [0, 0, 0]


def test_no_helper_calls_a_value_as_a_function_is_called() -> None:
    """A module has several helpers, and a name of theirs is a function or a value, not both."""
    helpers = [*filter(None, (row.helper for row in ROWS.values())), *SHARED.values()]
    for text in helpers:
        nodes = [*ast.walk(ast.parse(text))]
        stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        given = {n.arg for n in nodes if isinstance(n, ast.arg)}
        assert not (stored | given) & {*ROWS, *SHARED}

"""The table of functions: every stated derivative is the derivative of the definition, every helper
its value.
"""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from mpmath import mp, mpf

from bpgen.functions import ROWS, Row
from tests.conftest import module_of

STATED = [r for r in ROWS.values() if r.derivatives]


def arguments(row: Row) -> tuple[sp.Symbol, ...]:
    return tuple(sp.Symbol(name, real=True) for name in "zs"[: len(row.derivatives)])


@pytest.mark.parametrize("row", STATED, ids=lambda r: r.name)
def test_stated_derivative_is_that_of_the_definition(row: Row) -> None:
    symbols = arguments(row)
    meaning = row.definition(*symbols) if row.definition else row.function(*symbols)
    for symbol, stated in zip(symbols, row.derivatives, strict=True):
        written = stated(*symbols)
        for known in reversed(ROWS.values()):
            if known.definition:
                written = written.replace(known.function, known.definition)
        difference = sp.diff(meaning, symbol) - written
        for z in (-3, sp.Rational(-1, 7), sp.Rational(2, 9), 5):
            value = difference.subs(
                {symbols[0]: z, sp.Symbol("s", real=True): sp.Rational(1, 4)}
            ).doit()
            assert sp.simplify(value.rewrite(sp.exp)) == 0


GRID = [
    s * v
    for v in (1e-320, 1e-300, 1e-20, 1e-8, 0.3, 1.0, 7.0, 36.0, 100.0, 710.0, 1e5, 1e150)
    for s in (1, -1)
]


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "step", "relu"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_value_is_exact_and_finite(name: str, dtype: type) -> None:
    row = ROWS[name]
    m = module_of(
        f"import numpy as np\n{row.helper}\ndef f(z):\n    return {row.numpy.format('z')}\n"
    )
    with np.errstate(over="ignore", under="ignore"):
        z = np.array(GRID, dtype)
    z = z[np.isfinite(z)]
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        values = m.f(z)
    assert values.dtype == dtype
    tiny = float(np.finfo(dtype).tiny)
    with mp.workdps(400):
        for value, point in zip(values, z, strict=True):
            true = _true(name, mpf(float(point)))
            assert abs(mpf(float(value)) - true) <= max(
                16 * float(np.finfo(dtype).eps) * abs(true), tiny
            )


def _true(name: str, z: mpf) -> mpf:
    if name == "relu":
        return max(z, mpf(0))
    if name == "step":
        return mpf(z > 0)
    if abs(z) > 1e5:  # 400 digits hold exp(1e5), not exp(1e150)
        return mpf(z > 0) * (1 if name == "sigmoid" else z)
    return 1 / (1 + mp.exp(-z)) if name == "sigmoid" else mp.log(1 + mp.exp(z))

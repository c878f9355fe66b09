"""A safe spelling is found whatever its intermediates are called: value and gradient of each by
mpmath with 1,500 digits, in two precisions, every numpy warning an error; and the page says which
spelling is evaluated.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

from bpgen.check.exact import exact
from bpgen.derive import derive
from bpgen.emit import emit
from bpgen.load import declared_by
from bpgen.render import render
from tests.conftest import declared, derived, emitted, written
from tests.few import one_in
from tests.named_spellings import CASES, Case, log_sum, sigmoid

DIGITS = 1500
ON_ONE_LINE = {
    "log(exp(1) + exp(x))": lambda z: mp.log(mp.e + mp.exp(z)),
    "log(exp(x + 1) + exp(1))": lambda z: mp.log(mp.exp(z + 1) + mp.e),
    "log(2 + exp(x) + exp(2*x))": lambda z: mp.log(2 + mp.exp(z) + mp.exp(2 * z)),
    "exp(x)/(1 + exp(x) + exp(2*x))": lambda z: 1 / (1 + mp.exp(z) + mp.exp(-z)),
    "1/(3 + exp(x) + exp(-x))": lambda z: 1 / (3 + mp.exp(z) + mp.exp(-z)),
    "1/sqrt(1 + exp(x))": lambda z: 1 / mp.sqrt(1 + mp.exp(z)),
    "log(1 - exp(-x**2))": lambda z: mp.log(1 - mp.exp(-(z**2))),
    "(exp(x)/2 - exp(-x)/2)/(exp(x)/2 + exp(-x)/2)": mp.tanh,
    "log((1 + exp(x))**2)": lambda z: 2 * mp.log(1 + mp.exp(z)),
    "log((1 + exp(x))*(2 + exp(-x)))": lambda z: mp.log(1 + mp.exp(z)) + mp.log(2 + mp.exp(-z)),
    "sqrt(sigmoid(x))": lambda z: mp.sqrt(sigmoid(z)),
}


def ran(case: Case, x: Any) -> tuple[Any, Any]:
    """The loss, or the sum of the outputs, and its gradient."""
    m = emitted(f"from bpgen import *\n{case.net}\n")
    targets = [] if case.target is None else [case.target]
    targets = [t.astype(x.dtype) if t.dtype.kind == "f" else t for t in targets]
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        output, cache = m.forward({}, x)
        loss = m.loss({}, x, *targets) if hasattr(m, "loss") else output.sum()
        seeds = targets if hasattr(m, "loss") else [np.ones_like(output)]
        return loss, m.backward({}, cache, *seeds, inputs=True)["x"][0]


def right(case: Case, point: Any, dtype: type) -> None:
    x = np.array([point], dtype)
    loss, slopes = ran(case, x)
    eps, tiny = float(np.finfo(dtype).eps), float(np.finfo(dtype).tiny)
    with mp.workdps(DIGITS):
        z = [mpf(float(v)) for v in x[0]]
        value = case.true(z)
        # An argument of exp is rounded: so many roundings of the value as it is large.
        size = 4 + max(abs(float(v)) for v in point)
        assert abs(loss - value) <= size * eps * abs(value) + tiny
        for k, slope in enumerate(slopes):
            h = mpf(10) ** -300
            true = (case.true([v + h * (j == k) for j, v in enumerate(z)]) - value) / h
            allowed = size * eps * abs(true) + tiny
            assert abs(mpf(float(slope)) - true) <= max(allowed, 0 if case.relative else 2 * eps)
    assert slopes.dtype == dtype


@pytest.mark.parametrize("name", one_in(13, [*CASES]))
def test_through_names(name: str) -> None:
    case = CASES[name]
    for point in case.points:
        right(case, point, np.float64)
        right(case, [v / 10 for v in point], np.float32)


@pytest.mark.parametrize("spelled", one_in(2, [*ON_ONE_LINE]))
def test_on_one_line(spelled: str) -> None:
    case = Case(
        f"x = input(1)\na = {spelled}\noutput(a)",
        lambda z: ON_ONE_LINE[spelled](z[0]),
        ([1000.0], [-1000.0], [0.25]),
    )
    for point in case.points:
        right(case, point, np.float64)
        right(case, [v / 10 for v in point], np.float32)


SQUARES = {
    "log(x**2)": lambda z: mp.log(z**2),
    "log(3*x**4*exp(-x/9))": lambda z: mp.log(3 * z**4) - z / 9,
    "log(1 + x**2)": lambda z: mp.log(1 + z**2),
    "log(1 + 4*x**2)": lambda z: mp.log(1 + 4 * z**2),
    "sqrt(3 + x**2)": lambda z: mp.sqrt(3 + z**2),
    "sqrt(1/1024 + x**2)": lambda z: mp.sqrt(mpf(1) / 1024 + z**2),
    "sqrt(4 + 9*x**2)": lambda z: mp.sqrt(4 + 9 * z**2),
    "x/(3 + x**2)": lambda z: z / (3 + z**2),
    "x/sqrt(1/16 + x**2)": lambda z: z / mp.sqrt(mpf(1) / 16 + z**2),
}


@pytest.mark.parametrize("spelled", one_in(3, [*SQUARES]))
@pytest.mark.parametrize(("dtype", "far"), [(np.float64, 1e200), (np.float32, 3e19)])
def test_no_square_overflows_or_vanishes(spelled: str, dtype: type, far: float) -> None:
    case = Case(
        f"x = input(1)\na = {spelled}\noutput(a)", lambda z: SQUARES[spelled](z[0]), (), None, True
    )
    for point in (far, -far, 1 / far, 1e-5, 3.0, -0.25):
        right(case, [point], dtype)


@pytest.mark.parametrize("name", one_in(8, [n for n in CASES if "one line" not in n]))
def test_the_page_says_what_is_evaluated(name: str) -> None:
    assert "evaluated" in render(derived(f"from bpgen import *\n{CASES[name].net}\n"), fmt="text")


def test_what_is_plain_stays_as_it_is_written() -> None:
    """No name is looked through where nothing is gained."""
    for net in (
        "x = input(2)\ns = exp(x/2)\nL = loss(sum(s**2 - 1 - x)/2)",
        "x = input(2)\na = exp(x[0])\nb = exp(x[1])\nr = tensor(a*b)\noutput(r)",
        "x = input(2)\na = tanh(x)\nb = sigmoid(x)\nh = (1 - b)*a + b*x\noutput(h)",
        "x, y = input(2), target(2)\na = sigmoid(x)\nL = loss(sum((a - y)**2))",
        "x = input(2)\ne = exp(x)\nh = 3*e + x\noutput(h)",
    ):
        network = declared_by(f"from bpgen import *\n{net}\n")
        assert all(f.evaluated == f.equation for f in derive(network).forward)


def test_logarithms_of_what_may_be_minus_infinity() -> None:
    """As the steps of CTC and of a CRF have them: what is not reached adds nothing."""
    inf = float("inf")
    for net, x, value, slope in (
        ("a = log(exp(x[0]) + exp(x[1]))", [-inf, 1.0], 1.0, [0, 1]),
        ("a = log(exp(x[0]) + exp(x[1]))", [-inf, -inf], -inf, [0, 0]),
        ("a = log(exp(x[0]) + exp(x[1]) + exp(x[2]))", [-inf, 2.0, -inf], 2.0, [0, 1, 0]),
        ("a = log(exp(x[0]) + exp(x[1]) + exp(x[2]))", [-inf] * 3, -inf, [0, 0, 0]),
        ("a = log(1 + exp(x[0]))", [-inf], 0.0, [0]),
    ):
        case = Case(f"x = input({len(x)})\n{net}\nb = tensor(a)\noutput(b)", log_sum, ())
        for dtype in (np.float64, np.float32):
            found, slopes = ran(case, np.array([x], dtype))
            assert found == value
            assert slopes.tolist() == slope


def test_what_the_user_asks_for_is_computed() -> None:
    """The named exponentials are outputs too where net.py says so."""
    net = replace(CASES["exp, its sum, and the label"]).net + "\noutput(e, p)"
    m = emitted(f"from bpgen import *\n{net}\n")
    (e, p), _ = m.forward({}, np.array([[1.0, 2.0, -1.0]]))
    np.testing.assert_allclose(e[0], np.exp([1, 2, -1]), rtol=1e-15)
    np.testing.assert_allclose(p[0], e[0] / e.sum(), rtol=1e-15)


@pytest.mark.parametrize("name", one_in(9, [n for n in CASES if "tanh" not in n or "two" in n]))
def test_the_spelling_is_proved_to_be_the_same(name: str) -> None:
    """Exactly, from the network as it is written; of log cosh the numbers have to do."""
    source = f"from bpgen import *\n{CASES[name].net}\n"
    rows = exact(written(source), declared(source))
    assert rows
    assert all(row.ok for row in rows), rows


RECURRENCE = """t, i, j = indices("t i j")
x = input(4, 3)
h, e, p = recurrent(4, 3), recurrent(4, 3), recurrent(4, 3)
e[t, i] = exp(h[t - 1, i] + x[t, i])
p[t, i] = e[t, i] / sum(e[t, j], j)
h[t, i] = p[t, i] * x[t, i]
output(h)"""
BLOCKS = """x = input(3)
def block(h):
    W = param(3, 3)
    z = W @ h
    e = exp(z)
    p = e / sum(e)
    b = 1 - sigmoid(p)
    return h + p * b
z = repeat(3, block, x)
output(z)"""


def _softmax(z: Any) -> Any:
    e = np.exp(z - z.max())
    return e / e.sum()


@pytest.mark.parametrize("net", [RECURRENCE, BLOCKS])
def test_within_recurrences_and_repeated_blocks(net: str) -> None:
    network = declared_by(f"from bpgen import *\n{net}\n")
    rows = exact(emit(network), network)
    assert rows
    assert all(row.ok for row in rows), rows
    m, rng = emitted(f"from bpgen import *\n{net}\n"), np.random.default_rng(0)
    x = 900 * rng.normal(size=(1, *m.INPUTS["x"]))
    params = m.init(0)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        output, cache = m.forward(params, x)
        grads = m.backward(params, cache, np.ones_like(output), inputs=True)
    assert all(np.isfinite(g).all() for g in grads.values())
    h, true = (np.zeros(3), []) if net is RECURRENCE else (x[0], [])
    if net is RECURRENCE:
        for row in x[0]:
            h = _softmax(h + row) * row
            true.append(h)
    else:
        for W in params["W"]:
            p = _softmax(W @ h)
            h = h + p / (1 + np.exp(p))
        true = h
    np.testing.assert_allclose(output[0], true, rtol=1e-13)


@pytest.mark.parametrize("z", ["5 * h", "param(3) * h + param(3)", "param(3) - h"])
def test_a_multiple_of_a_value_in_a_safe_spelling_has_its_name(z: str) -> None:
    """The logit of the label is read as z[y], and so the gradient by z is p - e[y], not p."""
    made = derived(
        "from bpgen import *\nx, y = input(3), label(3)\n"
        f"h = tanh(param(3) * x)\nz = {z}\np = softmax(z)\nL = loss(categorical_cross_entropy(p, y))\n"
    )
    (step,) = (s for s in made.steps if s.of == "z")
    assert sorted(p.upstream.name for p in step.paths) == ["ell", "s"]

"""0 log 0, 0 / 0, 0 times minus infinity, and what starts at minus infinity: value and gradient are
finite where they exist, with every numpy warning an error, in two precisions.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from bpgen.check.exact import exact
from bpgen.emit import emit
from bpgen.load import declared_by
from bpgen.render import render
from tests.conftest import derived, emitted

INF = float("inf")
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def eps(dtype: type) -> float:
    return float(np.finfo(dtype).eps)


def ran(net: str, *given: Any, dtype: type = np.float64, **params: Any) -> tuple[Any, Any]:
    """The loss, or the output, of a batch of one, and the gradients."""
    m = emitted(f"from bpgen import *\n{net}\n")
    given = tuple(np.array([x], dtype) for x in given)
    targets = given[len(m.INPUTS) :]
    params = {name: np.array(p, dtype) for name, p in params.items()}
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        output, cache = m.forward(params, *given[: len(m.INPUTS)])
        if hasattr(m, "loss"):
            return m.loss(params, *given), m.backward(params, cache, *targets, inputs=True)
        grads = m.backward(params, cache, np.ones_like(output), inputs=True)
    assert all(g.dtype == dtype for g in (output, *grads.values()))
    return output[0].tolist(), grads


SURE = ([0.0, 1.0, 0.0], [0.0, 1.0, 0.0])


@DTYPES
@pytest.mark.parametrize(
    ("net", "given", "loss", "slope"),
    [
        ("q, y = input(3), one_hot(3)\nL = loss(categorical_cross_entropy(q, y))", SURE, 0, -1),
        ("q, y = input(3), target(3)\nL = loss(kl_divergence(q, y))", SURE, 0, -1),
        ("q, y = input(3), target(3)\nL = loss(-sum(y*log(q)))", SURE, 0, -1),
        (
            "q, y = input(3), one_hot(3)\nh = relu(q)\np = h/sum(h)\nr = log(p)\n"
            "L = loss(-sum(y*r))\noutput(p)",
            ([0.0, 1.0, 0.0], [0.0, 1.0, 0.0]),
            0,
            0,
        ),
    ],
)
def test_a_cross_entropy_of_probabilities_that_are_0(
    net: str, given: Any, loss: float, slope: float, dtype: type
) -> None:
    found, grads = ran(net, *given, dtype=dtype)
    assert found == loss
    assert grads["q"].tolist() == [[0, slope, 0]]


@DTYPES
def test_binary_cross_entropy_of_0_and_1(dtype: type) -> None:
    net = "q, y = input(2), target(2)\nL = loss(binary_cross_entropy(q, y))"
    loss, grads = ran(net, [0.0, 1.0], [0.0, 1.0], dtype=dtype)
    assert loss == 0
    assert grads["q"].tolist() == [[1, -1]]


MASKED = np.log(1 + np.exp(1)), np.array([0, -1 / (1 + np.exp(-1)), 1 / (1 + np.exp(-1))])
ENTROPY = 0.5822031088882179, 0.19661193324148185  # of sigmoid(1), and its slope


@DTYPES
@pytest.mark.parametrize(
    "loss",
    [
        "categorical_cross_entropy_with_logits(masked(z, k), y)",
        "categorical_cross_entropy(softmax(masked(z, k)), y)",
        "-sum(y*log_softmax(masked(z, k)))",
    ],
)
def test_masked_logits_under_a_cross_entropy(loss: str, dtype: type) -> None:
    net = f"z, k, y = input(3), input(3), one_hot(3)\nL = loss({loss})"
    found, grads = ran(net, [1.0, 2.0, 3.0], [0.0, 1.0, 1.0], [0.0, 1.0, 0.0], dtype=dtype)
    assert found == pytest.approx(MASKED[0], rel=4 * eps(dtype))
    assert grads["z"][0] == pytest.approx(MASKED[1], rel=4 * eps(dtype))


@DTYPES
def test_logits_that_are_minus_infinity(dtype: type) -> None:
    net = "z, y = input(3), one_hot(3)\nL = loss(categorical_cross_entropy_with_logits(z, y))"
    loss, grads = ran(net, [-INF, 2.0, 3.0], [0.0, 1.0, 0.0], dtype=dtype)
    assert loss == pytest.approx(MASKED[0], rel=4 * eps(dtype))
    assert grads["z"][0] == pytest.approx(MASKED[1], rel=4 * eps(dtype))


@DTYPES
def test_the_entropy_of_what_a_mask_keeps(dtype: type) -> None:
    net = "z, k = input(3), input(3)\np = softmax(masked(z, k))\nL = loss(-sum(p*log(p)))"
    loss, grads = ran(net, [1.0, 2.0, 3.0], [0.0, 1.0, 1.0], dtype=dtype)
    assert loss == pytest.approx(ENTROPY[0], rel=8 * eps(dtype))
    slopes = [0, ENTROPY[1], -ENTROPY[1]]
    assert grads["z"][0] == pytest.approx(slopes, rel=16 * eps(dtype))


NORMS = {
    "r = sqrt(sum(x**2))\noutput(r)": (0, 0),
    "S = sum(x**2)\nr = sqrt(S)\noutput(r)": (0, 0),
    "h = 3*x\nr = sqrt(sum(h**2))\noutput(r)": (0, 0),
    "r = sqrt(sum(x**2))\nh = r + sum(x)\noutput(h)": (0, 1),
    "r = sqrt(sum(x**2))\nh = 2*r + sum(x**2) + 1\noutput(h)": (1, 0),
    "r = sqrt(sum(x**2))\ne = exp(-r)\noutput(e)": (1, 0),
    "r = sqrt(sum(x**2))\ne = exp(-r**2)\noutput(e)": (1, 0),
    "e = exp(-sum(x**2))\nh = tensor(e)\noutput(h)": (1, 0),
    "r = sqrt(sum(relu(x)**2))\noutput(r)": (0, 0),
    "r = tensor(sqrt(x[0]**2 + x[1]**2))\noutput(r)": (0, 0),
}


@DTYPES
@pytest.mark.parametrize("net", NORMS)
def test_the_slope_of_a_norm_at_0_is_0(net: str, dtype: type) -> None:
    value, slope = NORMS[net]
    found, grads = ran(f"x = input(3)\n{net}", [0.0, 0.0, 0.0], dtype=dtype)
    assert found == value
    assert grads["x"].tolist() == [[slope] * 3]


@DTYPES
@pytest.mark.parametrize(
    "net",
    [
        "t, i, j = indices('t i j')\nx = input(2, 3)\nh = recurrent(2, 3)\n"
        "h[t, i] = x[t, i] + sqrt(sum(h[t - 1, j]**2, j))\noutput(h)",
        "t, i, j = indices('t i j')\nx = input(2, 3)\nh, r = recurrent(2, 3), recurrent(2)\n"
        "r[t] = sqrt(sum(h[t - 1, j]**2, j))\nh[t, i] = x[t, i] + r[t]\noutput(h)",
    ],
)
def test_the_slope_of_a_norm_of_the_step_before_is_0_at_0(net: str, dtype: type) -> None:
    found, grads = ran(net, [[0.0] * 3] * 2, dtype=dtype)
    assert found == [[0] * 3] * 2
    assert grads["x"].tolist() == [[[1] * 3] * 2]
    found, grads = ran(net, [[3.0, 0.0, 4.0], [0.0] * 3], dtype=dtype)
    assert found == [[3, 0, 4], [5] * 3]
    first = 1 + 3 * np.array([3, 0, 4]) / 5
    np.testing.assert_allclose(grads["x"][0], [first, [1] * 3], rtol=4 * eps(dtype))


@DTYPES
def test_the_slope_of_a_norm_within_a_block_is_0_at_0(dtype: type) -> None:
    net = (
        "x = input(3)\ndef block(h):\n    r = sqrt(sum(h**2))\n    return r*h + 2*h\n"
        "z = repeat(3, block, x)\noutput(z)"
    )
    found, grads = ran(net, [0.0, 0.0, 0.0], dtype=dtype)
    assert found == [0, 0, 0]
    assert grads["x"].tolist() == [[8, 8, 8]]


@DTYPES
@pytest.mark.parametrize("between", ["(x - z)**2", "d**2"])
def test_the_distance_of_equal_points(between: str, dtype: type) -> None:
    net = f"x, z = input(3), input(3)\nd = x - z\nr = sqrt(sum({between}))\noutput(r)"
    found, grads = ran(net, [1.0, 2.0, 0.1], [1.0, 2.0, 0.1], dtype=dtype)
    assert found == 0
    assert grads["x"].tolist() == grads["z"].tolist() == [[0, 0, 0]]
    found, grads = ran(net, [4.0, 2.0, 0.0], [1.0, -2.0, 0.0], dtype=dtype)
    assert found == 5
    np.testing.assert_allclose(grads["x"][0], [0.6, 0.8, 0], rtol=4 * eps(dtype))
    np.testing.assert_allclose(grads["z"][0], [-0.6, -0.8, 0], rtol=4 * eps(dtype))


def test_the_page_says_what_is_taken() -> None:
    def page(net: str) -> str:
        return render(derived(f"from bpgen import *\n{net}\n"), fmt="text")

    norm = page("x = input(3)\nr = sqrt(sum(x**2))\noutput(r)")
    assert "By convention, the gradient of a norm is 0 where the norm is." in norm
    sure = page("q, y = input(3), one_hot(3)\nL = loss(categorical_cross_entropy(q, y))")
    assert "0 times a logarithm is 0, and so is 0 over 0." in sure
    mask = page(
        "q, k, v = input(3, 2), input(3, 2), input(3, 2)\nm = input(3, 3)\n"
        "a = attention(q, k, v, m)\noutput(a)"
    )
    assert "Where a mask keeps nothing, a softmax is 0, and no gradient passes." in mask


@DTYPES
def test_powers_of_0(dtype: type) -> None:
    net = "x, b = input(), input()\nh = x**b\noutput(h)"
    for b, slope in ((2.0, 0), (1.0, 1), (3.5, 0)):
        found, grads = ran(net, 0.0, b, dtype=dtype)
        assert (found, grads["x"].tolist(), grads["b"].tolist()) == (0, [slope], [0])
    found, grads = ran(net, 3.0, 2.0, dtype=dtype)
    assert found == 9
    assert grads["x"] == pytest.approx([6], rel=4 * eps(dtype))
    assert grads["b"] == pytest.approx([9 * np.log(3)], rel=4 * eps(dtype))
    for power, slope in (("2.0", 0), ("1.5", 0), ("1", 1)):
        found, grads = ran(f"x = input()\nh = 3*x**{power}\noutput(h)", 0.0, dtype=dtype)
        assert (found, grads["x"].tolist()) == (0, [3 * slope])


START = "x, s = input(4, 3), input(3)\nt, i, j, r = indices('t i j r')\nh = recurrent(4, 3)\n"
CRF = (
    START + "A = param(3, 3)\nh[-1, r] = s[r]\n"
    "h[t, j] = log(sum(exp(h[t - 1, i] + A[i, j]), i)) + x[t, j]\n"
    "e = tensor(h[3, j], j)\nL = loss(logsumexp(e))"
)
CTC = (
    START + "h[-1, r] = s[r]\nh[t, 0] = h[t - 1, 0] + x[t, 0]\n"
    "h[t, 1] = log(exp(h[t - 1, 1]) + exp(h[t - 1, 0])) + x[t, 1]\n"
    "h[t, 2] = log(exp(h[t - 1, 2]) + exp(h[t - 1, 1])) + x[t, 2]\n"
    "L = loss(-tensor(h[3, 2]))"
)


def log_of_paths(x: Any, moves: Any, last: tuple[int, ...]) -> Any:
    """log of the sum over paths from state 0 to one of the last, by writing out every path."""
    total = 0.0
    for path in product(range(3), repeat=len(x)):
        steps = list(zip((0, *path), path, strict=False))
        if path[-1] in last and all(move in moves for move in steps):
            score = sum(moves[move] for move in steps) + sum(x[t, b] for t, b in enumerate(path))
            total = total + np.exp(score)
    return np.log(total)


@DTYPES
@pytest.mark.parametrize("name", ["crf", "ctc"])
def test_recurrences_that_start_at_minus_infinity(name: str, dtype: type) -> None:
    rng = np.random.default_rng(0)
    x, A = rng.normal(size=(4, 3)), rng.normal(size=(3, 3))
    start = [0.0, -INF, -INF]
    if name == "crf":
        loss, grads = ran(CRF, x, start, dtype=dtype, A=A)
    else:
        loss, grads = ran(CTC, x, start, dtype=dtype)

    def true(x: Any) -> Any:
        if name == "crf":
            return log_of_paths(x, dict(np.ndenumerate(A)), (0, 1, 2))
        return -log_of_paths(x, dict.fromkeys(((0, 0), (0, 1), (1, 1), (1, 2), (2, 2)), 0), (2,))

    tolerance = 1e-12 if dtype is np.float64 else 1e-5
    assert loss == pytest.approx(true(x), rel=tolerance)
    for t, k in np.ndindex(4, 3):
        step = np.zeros((4, 3), complex)
        step[t, k] = 1e-30j
        slope = true(x + step).imag / 1e-30
        assert grads["x"][0, t, k] == pytest.approx(slope, rel=tolerance, abs=tolerance)
    assert all(np.isfinite(g).all() for g in grads.values())


@pytest.mark.parametrize(
    "net",
    [
        "y = relu(masked(1, x))",
        "y = exp(masked(sp.Rational(2, 3), x))*x",
        "y = tensor(sum(exp(masked(0, at_most(u, t)))*x[u], u), t)",
    ],
)
def test_a_mask_of_numbers_has_the_precision_of_the_inputs(net: str) -> None:
    m = emitted(
        "import sympy as sp\nfrom bpgen import *\nx = input(3)\nt, u = indices('t u', size=3)\n"
        f"{net}\noutput(y)\n"
    )
    for dtype in (np.float32, np.float64):
        y, cache = m.forward({}, np.ones((2, 3), dtype))
        assert y.dtype == dtype
        assert m.backward({}, cache, np.ones_like(y), inputs=True)["x"].dtype == dtype


@pytest.mark.parametrize(
    "net",
    [
        "x, b = input(), input()\nh = x**b\noutput(h)",
        "x, z = input(3), input(3)\nr = sqrt(sum((x - z)**2))\noutput(r)",
        "q, y = input(3), one_hot(3)\nL = loss(categorical_cross_entropy(q, y))",
        "z, k = input(3), input(3)\np = softmax(masked(z, k))\nL = loss(-sum(p*log(p)))",
    ],
)
def test_what_is_0_is_proved_to_be_the_same_elsewhere(net: str) -> None:
    network = declared_by(f"from bpgen import *\n{net}\n")
    rows = exact(emit(network), network)
    assert rows
    assert all(row.ok for row in rows), rows

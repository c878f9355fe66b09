"""Claims of one's own derivation: right ones in any spelling, wrong ones with their reason, and
nothing told that is not so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bpgen.check.claims import Answer, Court
from bpgen.check.claims.grid import NoGrid
from bpgen.check.claims.judge import Judge
from bpgen.check.claims.points import Exact, Numbers, drawn
from bpgen.check.claims.view import COLUMNS, VECTORS, View
from bpgen.claims import answered, court_of
from bpgen.cli import main
from bpgen.derive import derive
from bpgen.errors import NetError
from bpgen.load import declared_by
from bpgen.render import render
from bpgen.render.style import Style
from tests.conftest import ROOT
from tests.few import one_in

TOY = (ROOT / "examples" / "toy_2_2_1.py").read_text()
ATTENTION = (ROOT / "examples" / "attention_weights.py").read_text()
DEEP = """from bpgen import *
x = input(2)
y = target(2)
h = x
for _ in range(3):
    h = dense(h, 2, tanh)
z = dense(h, 2)
L = loss(half_squared_error(z, y))
"""
CLASSIFIER = """from bpgen import *
x = input(4)
y = label(3)
W1, b1 = param(2, 4), param(2)
W2, b2 = param(3, 2), param(3)
z1 = W1 @ x + b1
a1 = relu(z1)
z2 = W2 @ a1 + b2
p = softmax(z2)
L = loss(categorical_cross_entropy(p, y) + 0.01 * l2())
"""
CHAIN = """from bpgen import *
x = input()
y = target()
w1, w2 = param(), param()
a1 = w1 * x
yhat = w2 * a1
C = loss((yhat - y) ** 2)
"""
RECURRENT = """from bpgen import *
t, i, j = indices("t i j")
x = input("T", 2)
y = target(2)
W, U = param(2, 2), param(2, 2)
h = recurrent("T", 2)
h[t, i] = tanh(sum(W[i, j] * x[t, j], j) + sum(U[i, j] * h[t - 1, j], j))
L = loss(squared_error(last(h), y))
"""
CONVOLUTION = """from bpgen import *
o, p, u = indices("o p u")
x = input(5)
y = target(2, 3)
K, b = param(2, 3), param(2)
z = tensor(sum(K[o, u] * x[p + u], u) + b[o], o, p)
a = tanh(z)
L = loss(squared_error(a, y))
"""
CENTRED = """from bpgen import *
n = samples()
i = indices("i")
x = input(2)
y = target(2)
W = param(2, 2)
z = W @ x
mu = tensor(mean(z[n, i], n), i)
c = tensor(z[n, i] - mu[i], n, i)
L = loss(squared_error(c, y))
"""
SKIP = """from bpgen import *
x = input(2, 2)
y = target(4)
z = flatten(x)
u = reshape(z, 4)
a = tanh(u)
h = a + z
L = loss(squared_error(h, y))
"""
MASKED = """from bpgen import *
x = input(3)
keep = input(3)
y = target(3)
W = param(3, 3)
z = W @ x
p = softmax(masked(z, keep))
L = loss(squared_error(p, y))
"""
BLOCKS = """from bpgen import *
x = input(2)
y = target(2)


def block(x):
    u = dense(x, 2, tanh)
    return x + u


h = repeat(3, block, x)
w = param(2)
yhat = w * h
L = loss(squared_error(yhat, y))
"""
GATE = (ROOT / "examples" / "gate.py").read_text()


@cache
def court(source: str) -> Court:
    return court_of(declared_by(source))


def answer(source: str, claim: str) -> Answer:
    (found,) = court(source).answers(claim)
    return found


RIGHT = [
    (TOY, "delta1 = (W2.T @ delta2) * a1 * (1 - a1)"),
    (TOY, "delta1 = a1 * (W2.T @ delta2) - (W2.T @ delta2) * a1**2"),
    (TOY, "delta1 = delta2 * W2[0] * a1 * (1 - a1)"),
    (TOY, "delta1 = (delta2 @ W2) * sigmoid_prime(z1)"),
    (TOY, "delta1 = np.diag(a1 * (1 - a1)) @ W2.T @ delta2"),
    (TOY, "δ1 = np.einsum('ji,j->i', W2, δ2) * np.exp(-z1) / (1 + np.exp(-z1)) ** 2"),
    (TOY, "delta1[i] = sum(W2[j, i] * delta2[j], j) * a1[i] * (1 - a1[i])"),
    (TOY, "delta1[0] = W2[0, 0] * delta2[0] * a1[0] * (1 - a1[0])"),
    (TOY, "dL/dW2 = np.outer(delta2, a1)"),
    (TOY, "dL_dW2 = delta2 @ a1.T"),
    (TOY, "grad_W2 = delta2[:, None] * a1[None, :]"),
    (TOY, "dx = delta1 @ W1"),
    (TOY, "z1 = b1 + W1.dot(x)"),
    (TOY, "L = np.square(a2 - y).sum() / 2"),
    (TOY, "da2 = -(y - a2)"),
    (TOY, r"\delta^{[1]} = (W^{[2]\top} \delta^{[2]}) \odot a^{[1]} \odot (1 - a^{[1]})"),
    (TOY, r"\delta^{(1)} = (W^{(2)T} \delta^{(2)}) \circ \sigma'(z^{(1)})"),
    (TOY, r"\delta^{[1]}_i = a^{[1]}_i (1 - a^{[1]}_i) \sum_j W^{[2]}_{ji} \delta^{[2]}_j"),
    (TOY, r"\delta^{[1]}_1 = W^{[2]}_{11} \delta^{[2]}_1 a^{[1]}_1 (1 - a^{[1]}_1)"),
    (TOY, r"$\frac{\partial L}{\partial W^{[2]}_{ij}} = \delta^{[2]}_i a^{[1]}_j$"),
    (TOY, r"\ell = \frac{1}{2} \lVert a^{[2]} - y \rVert^2"),
    (CLASSIFIER, "delta2 = softmax(z2) - one_hot(y)"),
    (CLASSIFIER, "delta2[i] = p[i] - (i == y)"),
    (CLASSIFIER, "delta1 = (W2.T @ delta2) * (a1 > 0)"),
    (CLASSIFIER, "delta1 = where(z1 > 0, W2.T @ delta2, 0)"),
    (CLASSIFIER, "dW2 = outer(delta2, a1) + W2 / 50"),
    (CLASSIFIER, "ell = logsumexp(z2) - z2[y]"),
    (CLASSIFIER, "ell = -log_softmax(z2)[y]"),
    (CLASSIFIER, "a1 = max(z1, 0)"),
    (CLASSIFIER, "a1[i] = relu(z1[i])"),
    (CLASSIFIER, "delta1 = (W2.T @ delta2) * np.maximum(np.sign(z1), 0)"),
    (CLASSIFIER, "L = -log(p[y]) + 0.01 * (sum(W1**2) + sum(W2**2))"),
    (CLASSIFIER, r"\delta^{[2]} = p - e_y"),
    (CLASSIFIER, r"\delta^{[1]} = (W^{[2]\top} \delta^{[2]}) \odot \mathbf{1}[z^{[1]} > 0]"),
    (ATTENTION, "delta = (diag(p) - outer(p, p)) @ dp"),
    (ATTENTION, "delta = p * (dp - dot(dp, p))"),
    (CHAIN, "dw1 = 2 * (yhat - y) * w2 * x"),
    (CHAIN, "dC/dw2 = 2 * (w2 * w1 * x - y) * w1 * x"),
    (RECURRENT, "dU[i, j] = sum(dh[t, i] * (1 - h[t, i]**2) * h[t - 1, j], t)"),
    (RECURRENT, "h[t, i] = tanh(sum(W[i, j] * x[t, j], j) + sum(U[i, j] * h[t - 1, j], j))"),
    (CONVOLUTION, "dK[o, u] = sum(delta[o, p] * x[p + u], p)"),
    (CONVOLUTION, "db = delta.sum(axis=1)"),
    (RECURRENT, "L = sum((h[T - 1] - y) ** 2)"),
    (GATE, "dU = outer(dh * tanh(z1) * g * (1 - g), x)"),
]


@pytest.mark.parametrize(("net", "claim"), one_in(2, RIGHT), ids=[c for _, c in RIGHT])
def test_right_in_another_spelling(net: str, claim: str) -> None:
    found = answer(net, claim)
    assert (found.right, found.verdict.exact, found.reason) == (True, True, "")


_ROWS, _COLUMNS = (f"of a batch, a sample in each {way}" for way in ("row", "column"))
_OWN = ", deltas those of its own loss"
_OF_MEAN = ", deltas those of the mean, 1/N in them"
BATCHES = [
    (TOY, "dW2 = delta2.T @ a1", _ROWS + _OF_MEAN),
    (TOY, "delta2 = (a2 - y) * a2 * (1 - a2) / N", _ROWS + _OF_MEAN),
    (TOY, "db1 = delta1.sum(axis=0)", _ROWS + _OF_MEAN),
    (TOY, "L = mean(np.sum((a2 - y)**2, axis=1)) / 2", _ROWS),
    (TOY, "dW2[i, j] = sum(delta2[n, i] * a1[n, j], n)", _ROWS + _OF_MEAN),
    (TOY, "dW2[i, j] = mean(delta2[n, i] * a1[n, j], n)", _ROWS + _OWN),
    (
        TOY,
        "dW2 = delta2.T @ a1 / len(x)",
        _ROWS + _OWN,
    ),
    (
        TOY,
        "dW2 = 1/N * delta2 @ a1.T",
        _COLUMNS + _OWN,
    ),
    (
        TOY,
        "db2 = sum(delta2, axis=1, keepdims=True) / x.shape[1]",
        _COLUMNS + _OWN,
    ),
    (CENTRED, "delta = dc - mean(dc, axis=0)", _ROWS),
]


@pytest.mark.parametrize(("net", "claim", "reading"), BATCHES, ids=[c for _, c, _ in BATCHES])
def test_right_of_a_batch(net: str, claim: str, reading: str) -> None:
    found = answer(net, claim)
    assert found.right and found.verdict.exact
    assert found.verdict.reading.words == reading


WRONG = [
    (
        TOY,
        "delta1 = (W2 @ delta2) * a1 * (1 - a1)",
        "a transpose: W2.T belongs where W2 stands",
    ),
    (
        TOY,
        "dx = W1 @ delta1",
        "a transpose: W1.T belongs where W1 stands",
    ),
    (TOY, "delta1 = W2.T @ delta2", "the derivative of the activation: a1 * (1 - a1) is missing"),
    (
        TOY,
        "delta1 = (W2.T @ delta2) * a1",
        "the derivative of the activation: 1 - a1 is missing",
    ),
    (
        TOY,
        "delta1 = (W2.T @ delta2) * sigmoid(z1)",
        "the activation for its derivative: sigmoid_prime(z1) belongs where sigmoid(z1) stands",
    ),
    (
        TOY,
        "delta1 = (W2.T @ delta2) * sigmoid(a1) * (1 - sigmoid(a1))",
        "before or after the activation: z1 belongs where a1 stands",
    ),
    (TOY, "delta2 = (y - a2) * a2 * (1 - a2)", "a sign: a2 - y belongs where y - a2 stands"),
    (TOY, "delta1 = (W2.T @ delta2) * a1 * (1 + a1)", "a sign: 1 - a1 belongs where 1 + a1 stands"),
    (
        TOY,
        "dW2 = -outer(delta2, a1)",
        "a sign: outer(delta2, a1) belongs where -outer(delta2, a1) stands",
    ),
    (TOY, "delta2 = 2 * (a2 - y) * a2 * (1 - a2)", "a factor: 2 is too much"),
    (CHAIN, "dyhat = yhat - y", "a factor: 2 is missing, as of the derivative of a square"),
    (
        TOY,
        "dW2 = ((a2 - y) * a2 * (1 - a2)).T @ a1",
        "a sum for a mean: it is to be divided by N, the number of samples",
    ),
    (
        TOY,
        "delta1 = ((W2 - 0.1 * dW2).T @ delta2) * a1 * (1 - a1)",
        "weights after their update: W2 belongs where W2 - 0.1 * dW2 stands",
    ),
    (
        TOY,
        "delta1 = ((W2 - eta * dW2).T @ delta2) * a1 * (1 - a1)",
        "weights after their update: W2 belongs where W2 - eta * dW2 stands",
    ),
    (TOY, "da1 = -(delta2 @ W2)", "a sign: delta2 @ W2 belongs where -(delta2 @ W2) stands"),
    (TOY, "db2 = sum(delta2, axis=0) * N", "a factor: N is too much"),
    (TOY, "z1 = W1 @ x", "the bias: b1 is missing"),
    (TOY, "db1 = delta2", "another gradient: delta1 belongs where delta2 stands"),
    (
        TOY,
        "dW2 = outer(a1, delta2)",
        "the order of a product: outer(delta2, a1) belongs where outer(a1, delta2) stands",
    ),
    (TOY, "dW1 = outer(delta1, a1)", "another tensor: x belongs where a1 stands"),
    (TOY, "z2 = W2 @ z1 + b2", "before or after the activation: a1 belongs where z1 stands"),
    (
        TOY,
        "z1 = W1 * x + b1",
        "the kind of product: W1 @ x belongs where W1 * x stands",
    ),
    (
        TOY,
        r"\delta^{[1]} = W^{[2]\top} \delta^{[2]}",
        r"the derivative of the activation: a^{[1]} \odot (1 - a^{[1]}) is missing",
    ),
    (
        TOY,
        r"\delta^{[1]}_1 = W^{[2]}_{12} \delta^{[2]}_1 a^{[1]}_1 (1 - a^{[1]}_1)",
        r"an index: W^{[2]}_{11} belongs where W^{[2]}_{12} stands",
    ),
    (CLASSIFIER, "dW2 = outer(delta2, a1)", "the penalty: 0.02 * W2 is missing"),
    (
        CLASSIFIER,
        "dW2 = outer(delta2, a1) + 0.01 * W2",
        "the term 0.01 * W2: 0.02 * W2 belongs there",
    ),
    (CLASSIFIER, "delta2 = p", "a term: -one_hot(y) is missing"),
    (
        CLASSIFIER,
        "delta1 = W2.T @ delta2",
        "the derivative of the activation: z1 > 0 is missing",
    ),
    (
        CLASSIFIER,
        "delta2 = -one_hot(y) / p[y]",
        "a derivative: that of p by z2 is missing, this is dp",
    ),
    (
        RECURRENT,
        "dU[i, j] = sum(dh[t, i] * (1 - h[t, i]**2) * h[t, j], t)",
        "an index: h[t - 1, j] belongs where h[t, j] stands",
    ),
    (CONVOLUTION, "delta = da * (1 - a)", "a power: a[o, p] ** 2 belongs where a[o, p] stands"),
    (CENTRED, "delta = dc", "a term: -(1 / N * sum(dc[m, i], m)) is missing"),
]


@pytest.mark.parametrize(("net", "claim", "reason"), one_in(2, WRONG), ids=[c for _, c, _ in WRONG])
def test_wrong_with_its_reason(net: str, claim: str, reason: str) -> None:
    found = answer(net, claim)
    assert (found.right, found.reason) == (False, reason)


def test_of_each_of_equal_layers_the_true_line_is_known() -> None:
    """The page tells them once, in letters; a claim is of one of them."""
    found = answer(DEEP, "delta3 = (W4.T @ delta) * (1 + h**2)")
    assert found.true == "true is delta3 = W4.T @ delta * (1 - h ** 2)"
    found = answer(DEEP, "delta2 = (W3.T @ delta3) * (1 + a2**2)")
    assert "W3.T @ delta3 * (1 - a2 ** 2)" in found.true


@pytest.mark.parametrize(
    "claim",
    [
        "delta1 = -(W2.T @ delta2)",
        "delta1 = (W2.T @ delta2) * a1 + x",
        "delta1 = x * a1 * delta2",
        "dW1 = outer(delta1, a1) * 3",
        "delta1 = (W2.T @ delta2) * z1 * (1 - a1) / 3",
    ],
)
def test_what_is_wrong_in_two_ways_has_no_reason(claim: str) -> None:
    found = answer(TOY, claim)
    assert (found.right, found.reason) == (False, "")


@pytest.mark.parametrize(
    "claim",
    [
        r"\delta^{[1]} = W^{[2]\top} \delta^{[2]\top} \odot \mathbf{1}[z^{[1]} > 0]",
        r"\frac{\partial L}{\partial W^{[2]}} = \delta^{[2]} \odot a^{[1]\top} + 0.02 W^{[2]}",
        "delta1 = (W2.T @ delta2.T) * (a1 > 0)",
    ],
)
def test_a_transpose_counts_where_vectors_are_columns(claim: str) -> None:
    with_kinks = answer(CLASSIFIER, claim)
    assert not with_kinks.right


def test_a_line_of_another_shape_is_refused() -> None:
    with pytest.raises(NetError, match="the right side has the shape 2x1, the left one 4x1"):
        answer(CLASSIFIER, r"\frac{\partial L}{\partial x} = W^{[2]\top} \delta^{[2]}")


def test_a_line_that_holds_on_one_side_of_a_kink_is_refused() -> None:
    one = CLASSIFIER.replace("param(2, 4), param(2)", "param(1, 4), param(1)").replace(
        "param(3, 2)", "param(3, 1)"
    )
    for seed in range(6):
        judge = Court(declared_by(one), {"delta1": "z1", "delta2": "z2"}, str, seed)
        (found,) = judge.answers("delta1 = W2.T @ delta2")
        assert not found.right


def test_a_number_that_fits_at_the_drawn_point_is_refused() -> None:
    point = next(Judge(declared_by(TOY), 0).points(False))
    value = point.stored("x")[0, 0].value
    found = answer(TOY, f"x[0] = {int(value * 2**20)} / {2**20}")
    assert not found.right


def test_a_decision_that_goes_one_way_only_is_no_proof() -> None:
    found = answer(TOY, "da2 = where(a2 < 2, a2 - y, 0)")
    assert found.right and not found.verdict.exact


def test_slopes_are_evaluated_by_the_page_reader() -> None:
    slope = r"\frac{\partial a^{[1]}_{i}}{\partial z^{[1]}_{i}} = "
    found = answer(TOY, slope + r"a^{[1]}_{i}(1 - a^{[1]}_{i})")
    assert (found.right, found.verdict.exact) == (True, False)
    assert not answer(TOY, slope + r"a^{[1]}_{i}(1 + a^{[1]}_{i})").right


def test_vectors_of_each_sample_are_read_as_on_the_page() -> None:
    of_batch = r"\frac{\partial L}{\partial W^{[2]}} = "
    delta = r"(a^{[2]}_n - y_n) \odot a^{[2]}_n \odot (1 - a^{[2]}_n)"
    found = answer(TOY, of_batch + rf"\frac{{1}}{{N}} \sum_n {delta} a^{{[1]\top}}_n")
    assert (found.right, found.verdict.reading.words) == (True, "of a batch")
    for factor in (r"\frac{1}{2}", r"\frac{1}{3}", ""):
        assert not answer(TOY, of_batch + rf"{factor} \sum_n {delta} a^{{[1]\top}}_n").right


_DW2, _DB1 = (rf"\frac{{\partial L}}{{\partial {p}}} = " for p in ("W^{[2]}", "b^{[1]}"))
_SLOPE = r"a^{[2]}_n \odot (1 - a^{[2]}_n)"
OF_EACH_SAMPLE = {  # by whose deltas are meant
    _DW2 + r"\frac{1}{N} \sum_n \delta^{[2]}_n a^{[1]\top}_n": _OWN,
    _DW2 + r"\frac{1}{N} \sum_{n=1}^{N} \delta^{[2]}_n a^{[1]\top}_n": _OWN,
    _DW2 + r"\sum_{n=1}^N \delta^{[2]}_n a^{[1]\top}_n": _OF_MEAN,
    _DB1 + r"\frac{1}{N} \sum_n \delta^{[1]}_n": _OWN,
    _DB1 + r"\sum_n \delta^{[1]}_n": _OF_MEAN,
    rf"\delta^{{[2]}}_n = \frac{{1}}{{N}} (a^{{[2]}}_n - y_n) \odot {_SLOPE}": _OF_MEAN,
    r"\frac{\partial L}{\partial z^{[2]}_n} = \frac{1}{N} \delta^{[2]}_n": _OWN,
}


@pytest.mark.parametrize("claim", one_in(3, [*OF_EACH_SAMPLE]))
def test_deltas_of_each_sample_are_with_their_share_of_the_mean_or_without(claim: str) -> None:
    found = answer(TOY, claim)
    assert found.right
    assert found.verdict.reading.words == "of a batch" + OF_EACH_SAMPLE[claim]


@pytest.mark.parametrize(
    "claim",
    one_in(
        3,
        [
            _DW2 + r"\frac{1}{2} \sum_n \delta^{[2]}_n a^{[1]\top}_n",
            _DW2 + r"N \sum_n \delta^{[2]}_n a^{[1]\top}_n",
            _DW2 + r"\frac{1}{N^2} \sum_n \delta^{[2]}_n a^{[1]\top}_n",
            _DB1 + r"\frac{2}{N} \sum_n \delta^{[1]}_n",
            rf"\delta^{{[2]}}_n = N (a^{{[2]}}_n - y_n) \odot {_SLOPE}",
            r"\frac{\partial L}{\partial z^{[2]}_n} = N \delta^{[2]}_n",
            "delta2 = N * (a2 - y) * a2 * (1 - a2)",
            "dW2 = N * delta2.T @ a1",
        ],
    ),
)
def test_a_factor_of_the_number_of_samples_is_not_1(claim: str) -> None:
    """Of one sample it would be."""
    found = answer(TOY, claim)
    assert not found.right and not found.verdict.unfit


def test_a_number_of_samples_is_no_argument_of_what_is_of_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("def delta2(a2, y, N):\n    return N * (a2 - y) * a2 * (1 - a2)\n")
    assert not answer(TOY, str(path)).right


@pytest.mark.parametrize("source", [TOY, CLASSIFIER, SKIP, RECURRENT, CENTRED, GATE])
def test_gradients_at_exact_points_are_those_of_complex_steps(source: str) -> None:
    network = declared_by(source)
    exact, numbers = drawn(network, 2, 0), drawn(network, 2, 0, numbers=True)
    assert isinstance(exact, Exact) and isinstance(numbers, Numbers)
    for name, info in network.tensors.items():
        if info.bound is None and not info.sums_to_one:
            found = [float(v.value) for v in exact.gradient(name, network.loss or "").ravel()]
            meant = np.ravel(numbers.gradient(name, network.loss or ""))
            np.testing.assert_allclose(found, meant, rtol=1e-4, atol=1e-5)


def test_what_is_equal_has_a_gradient_of_its_own() -> None:
    assert answer(SKIP, "du = dh * (1 - a**2)").right
    assert answer(SKIP, "dz = dh + du").right
    assert not answer(SKIP, "dz = du").right


def test_large_networks_are_looked_at_by_numbers() -> None:
    wide = TOY.replace("param(2, 2), param(2)", "param(400, 2), param(400)").replace(
        "param(1, 2)", "param(1, 400)"
    )
    found = answer(wide, "delta1 = (W2.T @ delta2) * a1 * (1 - a1)")
    assert (found.right, found.verdict.exact, found.verdict.points) == (True, False, 8)
    assert answer(
        wide, "a1 = z1 * sigmoid(z1) / silu(z1) * sigmoid(z1) + relu(z1) - relu(z1)"
    ).right
    wrong = answer(wide, "delta1 = (W2.T @ delta2) * a1")
    assert wrong.reason == "the derivative of the activation: 1 - a1 is missing"


def test_vectors_lie_as_the_reading_says() -> None:
    point = next(Judge(declared_by(TOY), 0).points(False))
    names = court(TOY).names
    shapes = [np.shape(View(point, r).value(names.meant("a1", ""))) for r in (VECTORS, COLUMNS)]
    assert shapes == [(2,), (2, 1)]


REFUSED = {
    "delta1 = W3.T @ delta2": "the network has no W3\n  did you mean W2?",
    "delta1": "a claim says that two sides are equal\n"
    '  write it as "delta1 = (W2.T @ delta2) * a1 * (1 - a1)"',
    "delta1 = delta1": "both sides are the same\n  say what it is made of",
    "delta1 = (W2.T @ delta2": "syntax error in '(W2.T @ delta2': '(' was never closed\n"
    '  write it as "delta1 = (W2.T @ delta2) * a1 * (1 - a1)"',
    "delta1 + 1 = a1": "delta1 + 1 is no gradient and no value of the network\n"
    '  one name stands on the left: write it as "delta1 = (W2.T @ delta2) * a1 * (1 - a1)"',
    "delta1 = __import__('os').getcwd()": "no function that a claim may call is getcwd\n"
    "  write it out in + - * / ** @ and exp, log",
    "delta1 = [a for a in a1]": "[a for a in a1] cannot stand in a claim\n"
    "  it is made of + - * / ** @ .T and functions",
    "delta1 = a1.__class__": ".__class__ cannot stand in a claim\n  it may have T, shape",
    "delta1 = sigmod(z1)": "no function that a claim may call is sigmod\n  did you mean sigmoid?",
    "delta1 = sum(a1, dtype=3)": "dtype= cannot stand in a claim\n  it may have axis, keepdims",
    "delta1 = 'a'": None,
    "delta1 = da1 * da1/dW1": "da1/dW1 is no derivative of the loss\n"
    "  write it out: a1 * (1 - a1), or sigmoid_prime(z1)",
    "delta1 = x @ W2": "x @ W2 has the shapes 2 and 1x2\n"
    "  true is delta1 = W2.T @ delta2 * a1 * (1 - a1)",
    "delta1 = ones(10**9)": None,
    "delta1 = eye(10**6) @ a1": None,
    "delta1 = a1 ** 99": None,
    r"\delta^{[1]} = \foo": None,
    "delta1[i] = a1[k]": None,
}


@pytest.mark.parametrize("claim", REFUSED)
def test_nonsense_is_refused(claim: str) -> None:
    with pytest.raises(NetError) as error:
        answer(TOY, claim)
    assert error.value.place == f'claim "{claim}"'
    if REFUSED[claim] is not None:
        assert f"{error.value.fact}\n  {error.value.remedy}" == REFUSED[claim]


def test_a_label_has_no_gradient() -> None:
    with pytest.raises(NetError, match="y holds whole numbers, and has no gradient"):
        answer(CLASSIFIER, "dy = p")


def test_what_stands_outside_of_repeat() -> None:
    assert answer(BLOCKS, "dyhat = 2 * (yhat - y)").right
    with pytest.raises(NetError, match="h is of a block that is repeated"):
        answer(BLOCKS, "dw = dyhat * h")


def test_masks_are_drawn_of_ones_and_zeros() -> None:
    assert answer(MASKED, "delta = p * (dp - dot(dp, p))").right
    assert answer(MASKED, "delta = p * (dp - dot(dp, p)) * keep").right
    assert not answer(MASKED, "delta = p * (dp - dot(dp, p)) / keep").right


def test_large_networks_are_looked_at_at_smaller_sizes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bpgen.claims.LARGE", 0)
    path = tmp_path / "net.py"
    path.write_text(
        TOY.replace("param(2, 2), param(2)", "param(9, 2), param(9)").replace(
            "param(1, 2)", "param(1, 9)"
        )
    )
    said = str(answered(str(path), ["da1 = W2.T @ delta2"]))
    assert "\nlooked at at smaller sizes: the same equations with shorter axes\n" in said
    with pytest.raises(NetError, match="9 is a size of the network"):
        answered(str(path), ["a1 = sigmoid(z1) / 9"])
    with pytest.raises(NetError, match="looked at at smaller sizes, without index 8"):
        answered(str(path), [r"a^{[1]}_8 = \sigma(z^{[1]}_8)"])


PROGRAM = '''"""Gradients by hand."""
import numpy as np
from numpy import exp


def sigma(z):
    return 1 / (1 + exp(-z))


def delta2(z2, y):
    a = sigma(z2)
    return (a - y) * a * (1 - a)


def delta1(W2, delta2, a1):
    return (W2.T @ delta2) * a1


def backward(params, cache, y):
    a1, a2, N = cache["a1"], cache["a2"], len(y)
    d2 = (a2 - y) * a2 * (1 - a2) / N
    params["W2"] -= 0.5 * (d2.T @ a1)
    d1 = (d2 @ params["W2"]) * a1 * (1 - a1)
    return {"W2": d2.T @ a1, "db2": d2.sum(axis=0), "dW1": d1.T @ cache["x"]}
'''


def test_functions_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "grads.py"
    path.write_text(PROGRAM)
    found = court(TOY).answers(str(path))
    assert [a.text.removeprefix(f"{path}: ") for a in found] == [
        "delta2",
        "delta1",
        "backward's W2",
        "backward's db2",
        "backward's dW1",
    ]
    assert [a.right for a in found] == [True, False, True, True, False]
    assert all(a.verdict.exact for a in found if a.right)
    assert found[1].reason == "the derivative of the activation: 1 - a1 is missing"
    assert found[4].reason == ("weights after their update: W2 belongs where W2 - 0.5 * dW2 stands")


def test_functions_that_need_floats_are_looked_at_by_numbers(tmp_path: Path) -> None:
    path = tmp_path / "grads.py"
    path.write_text("import math\ndef da2(a2, y):\n    return [math.fsum([a2[0], -y[0]])]\n")
    (found,) = court(TOY).answers(str(path))
    assert (found.right, found.verdict.exact, found.verdict.points) == (True, False, 8)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(x): return x", "no function is named like a gradient"),
        ("def delta1(q): return q", "the network has no q"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def delta1(:", "syntax error"),
        ("def backward(params): return 3", "backward returns no dict"),
        ("def backward(params): return {'q': 3}", "the network has no q"),
        ("def delta1(x): return x.nothing", "AttributeError"),
    ],
)
def test_files_that_claim_nothing(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "grads.py"
    path.write_text(text + "\n")
    with pytest.raises(NetError, match=said):
        court(TOY).answers(str(path))


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(NetError, match=r"nowhere.py cannot be read: No such file or directory"):
        court(TOY).answers("nowhere.py")


def test_functions_of_any_size(tmp_path: Path) -> None:
    path = tmp_path / "grads.py"
    text = "from numpy import exp\n\ndef a1(z1):\n    return 1 / (1 + exp(-z1))\n"
    path.write_text(text + "\ndef L(a2, y, N):\n    return ((a2 - y) ** 2).sum() / 2 / N\n")
    found = court(TOY).answers(str(path))
    assert [(a.right, a.verdict.exact) for a in found] == [(True, True), (True, True)]


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(TOY)
    right, wrong = "da1 = W2.T @ delta2", "da1 = W2 @ delta2"
    both = CliRunner().invoke(main, ["check", "net.py", "--claim", right, "--claim", wrong])
    assert (both.exit_code, both.stderr) == (1, "")
    assert both.stdout == (
        "net.py\n"
        "da1 = W2.T @ delta2\n"
        "  equal, exactly (of one sample)\n"
        "da1 = W2 @ delta2\n"
        "  not equal: W2 @ delta2 has the shapes 1x2 and 1\n"
        "  likeliest reason, a transpose: W2.T belongs where W2 stands\n"
        "  true is da1 = W2.T @ delta2\n"
        "the claims alone were looked at: `bpgen check net.py` proves the module and the page\n"
    )
    assert CliRunner().invoke(main, ["check", "net.py", "--claim", right]).exit_code == 0
    refused = CliRunner().invoke(main, ["check", "net.py", "--claim", "da1 = q"])
    assert (refused.exit_code, refused.stdout) == (2, "")


def test_claims_are_not_of_a_module() -> None:
    with pytest.raises(NetError, match="claims are of a network"):
        answered(str(ROOT / "generated" / "toy_2_2_1.py"), ["da1 = x"])


LETTERED = [
    (CONVOLUTION, "dK[o, u] = sum(delta[o, p] * x[p + u], p)"),
    (CONVOLUTION, "dK[o, u] = sum(delta[o, p] * x[p], p)"),
    (CONVOLUTION, "dK[o, u] = sum(delta[o, p] * x[p + 2*u], p)"),  # beyond the end
    (RECURRENT, "dU[i, j] = sum(dh[t, i] * (1 - h[t, i]**2) * h[t - 1, j], t)"),
    (RECURRENT, "dU[i, j] = sum(dh[t + 1, i] * (1 - h[t, i]**2) * h[t, j], t)"),
    (RECURRENT, "h[t, i] = tanh(sum(W[i, j] * x[t, j], j) + sum(U[i, j] * h[t - 1, j], j))"),
    (TOY, "delta1[i] = sum(W2[j, i] * delta2[j], j) * a1[i] * (1 - a1[i])"),
    (TOY, "delta1[i] = sum(W2[j, i] * delta2[j], j) * a1[i] ** i"),
    (
        TOY,
        "delta1[i] = delta2[0] * W2[0, i] * sigmoid(z1[i]) * sigmoid(-z1[i]) * (1 + i) / (i + 1)",
    ),
    (TOY, "delta1[i] = mean(W2[j, i] * delta2[j] * np.exp(b2[j]), j) / (i + 1)"),
    (TOY, "dW2[i, j] = sum(delta2[n, i] * a1[n, j], n)"),
    (CLASSIFIER, "delta1[i] = sum(delta2[j] * W2[j, i], j) * (z1[i] > 0)"),
    (CLASSIFIER, "delta1[i] = sum(delta2[j] * W2[j, i], j) * relu_prime(z1[i])"),
    (CLASSIFIER, "dW2[i, j] = delta2[i] * sum(W1[j, i] * x[i], i)"),
]


@pytest.mark.parametrize(("net", "claim"), one_in(2, LETTERED))
def test_all_places_at_once_are_each_place(
    net: str, claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is computed of a line in index letters is what each place of them gives."""

    def answers() -> list[str]:
        try:
            return [str(a) for a in court_of(declared_by(net)).answers(claim)]
        except NetError as error:
            return [str(error)]

    def none(*_: object) -> None:
        raise NoGrid

    found = answers()
    monkeypatch.setattr("bpgen.check.claims.evaluate.at_once", none)
    assert answers() == found


TWO = """from bpgen import *
x = input(3)
y = target(3)
a, W = param(3), param(3, 3)
a1 = W @ x + a
L = loss(squared_error(a1, y))
"""
# Right lines as they are written on paper.
PAPER = [
    (TOY, r"\delta_1 = (W_2^T \delta_2) \odot a_1 \odot (1 - a_1)"),
    (TOY, r"\delta_{1} = (W_{2}^{\top} \delta_{2}) \odot a_{1} \odot (1 - a_{1})"),
    (TOY, r"\delta^{(1)} = (W^{(2)\top} \delta^{(2)}) \odot a^{(1)} \odot (1 - a^{(1)})"),
    (TOY, r"\delta_{1,i} = a_{1,i} (1 - a_{1,i}) \sum_j W_{2,ji} \delta_{2,j}"),
    (TOY, r"\frac{\partial L}{\partial W_{1,ij}} = \delta_{1,i} x_j"),
    (TOY, r"\frac{dL}{dW_1} = \delta_1 x^\mathsf{T}"),
    (TOY, r"\partial L/\partial W_1 = \delta_1 x^T"),
    (TOY, r"\delta_1 = {W_2}^T \delta_2 \odot a_1 \odot (1 - a_1)"),
    (TOY, r"\nabla_{W_1} L = \delta_1 x^T"),
    (TOY, r"\nabla_{W^{[1]}} \mathcal{L} = \delta^{[1]} x^\top"),
    (TOY, "dL/dW1 = delta1 x^T"),
    (TOY, "dL/dW_1 = delta_1 x^T"),
    (TOY, "z_1 = W_1 x + b_1"),
    (TOY, "δ_1 = (W_2^T δ_2) * a_1 * (1 - a_1)"),
    (TOY, "L = 1/2 sum((a2 - y)^2)"),
    (CLASSIFIER, r"\delta_2 = p - e_y"),
    (CLASSIFIER, r"\delta_2 = \frac{\partial L}{\partial z_2} = p - e_y"),
]


@pytest.mark.parametrize(("net", "claim"), one_in(2, PAPER), ids=[c for _, c in PAPER])
def test_layers_and_products_as_on_paper(net: str, claim: str) -> None:
    found = answer(net, claim)
    assert (found.right, found.verdict.exact, found.reason) == (True, True, "")


@pytest.mark.parametrize(
    ("source", "layers"),
    one_in(4, [*product([TOY, CLASSIFIER, TWO], ["brackets", "parentheses", "plain"])]),
)
def test_what_derive_prints_is_true_however_layers_are_written(source: str, layers: str) -> None:
    page = render(
        derive(declared_by(source)), fmt="latex", steps="short", style=Style(layers=layers)
    )
    told = page.partition("\\section{Over the batch}")[0]
    rows = re.findall(r"^.*&=.*\\tag.*$", told, re.MULTILINE)
    assert len(rows) > 4
    assert [r for r in rows if not answer(source, r).right] == []


def test_the_same_line_of_a_wrong_sign_is_not_equal() -> None:
    for net, claim in PAPER:
        left, _, right = claim.partition("=")
        assert not answer(net, f"{left} = -({right.rpartition('=')[2]})").right


STRANGERS = {
    r"\delta^{[1]} = W^{[7]} x": r"the network has no W^{[7]}; it has W^{[1]}, W^{[2]}",
    r"\delta_1 = W_7 x": r"the network has no W_{7}; it has W^{[1]}, W^{[2]}",
    r"\delta^{[3]} = a^{[2]} - y": (
        r"the network has no \delta^{[3]}; it has \delta^{[1]}, \delta^{[2]}"
    ),
    r"\delta_1 = q_{1}": "the network has no q_{1}; did you mean z^{[1]}?",
    r"\nabla_{W_3} L = \delta_1 x^T": "the network has no W_{3}; it has W^{[1]}, W^{[2]}",
    r"\partial L/\partial W = \delta_1 x^T": "the network has no W; it has W^{[1]}, W^{[2]}",
    r"\frac{\partial a_{1,i}}{\partial z_{1,i}} = 1 - q_{1,i}": (
        "the network has no q_{1}; did you mean z^{[1]}?"
    ),
    "dL/dW1 = delta3 x^T": "the network has no delta3; did you mean delta2?",
    "delta_3 = W_2 x": "the network has no delta_3; did you mean delta2?",
    r"W^{[1]}_{9,9} = 1": (
        "index 9 is out of range: W^{[1]} has the shape 2x2; indices count from 1, or from 0"
    ),
    r"\frac{\partial a_{1,9}}{\partial z_{1,9}} = 1": (
        "index 9 is out of range: a^{[1]} has the shape 2; indices count from 1, or from 0"
    ),
    r"W_{1,1,1,1} = 1": "W^{[1]} has 2 indices, not 3; an index is one letter or digit",
    r"\delta_{1,x} = 1": (
        "x is a tensor of the network, and no index; let another letter be the index"
    ),
}


@pytest.mark.parametrize("claim", STRANGERS)
def test_what_the_network_lacks_is_refused(claim: str) -> None:
    with pytest.raises(NetError) as error:
        answer(TOY, claim)
    assert f"{error.value.fact}; {error.value.remedy}" == STRANGERS[claim]
    assert error.value.place == f'claim "{claim}"'


def test_blocks_that_are_not_there() -> None:
    for claim in (r"w^{(7)} = \hat{y}", r"W^{(7)} x = h", r"h^{(9)} = x", r"u^{(7)} = x"):
        with pytest.raises(NetError):
            answer(BLOCKS, claim)


def test_a_number_below_is_a_layer_or_an_index() -> None:
    layer, entry = ", where a number below is a layer", ", where it is an index"
    assert answer(TWO, r"a^{[1]} = W x + a").verdict.reading.words == "of one sample"
    slope = r"\frac{\partial L}{\partial a_1} = 2 (a^{[1]}_1 - y_1)"
    assert answer(TWO, slope).verdict.reading.words == "of one sample"
    for claim, said in (
        (r"\frac{\partial L}{\partial a_1} = 2 (a_1 - y)", layer),
        (r"a_1 = W x + \frac{1}{2} (a + a)", layer),
        (r"\frac{\partial L}{\partial a_1} = 2 (\sum_j W_{1j} x_j + a_1 - y_1)", entry),
    ):
        found = answer(TWO, claim)
        assert (found.right, found.verdict.reading.words) == (True, "of one sample" + said)
    assert not answer(TWO, r"\frac{\partial L}{\partial a_1} = a_1 - y").right


def _with_strangers(claim: str) -> Iterator[str]:
    """A claim with each of its names in turn for one that no network has."""
    if "\\" in claim:
        one = r"(?<![\\a-zA-Z])[WabxyzphL](?![a-zA-Z])|\\delta|(?<=\[)\d(?=\])"
    else:
        one = r"\b(?:delta|da|dW|db|W|b|a|z)\d\b|\b[xyp]\b"
    for found in re.finditer(one, claim):
        other = "7" if found[0].isdigit() else r"\Omega" if "\\" in claim else "Q7"
        yield f"{claim[: found.start()]}{other} {claim[found.end() :]}"


@pytest.mark.parametrize("claims", [RIGHT, PAPER, [(TOY, w[1]) for w in WRONG if w[0] is TOY]])
def test_a_claim_with_an_unknown_name_is_never_judged(claims: list[tuple[str, str]]) -> None:
    judged = []
    count = 0
    for net, claim in claims:
        for stranger in _with_strangers(claim):
            count += 1
            try:
                judged += [str(a) for a in court(net).answers(stranger)]
            except NetError:
                continue
    assert count > 20 and judged == []


def test_every_side_of_a_chain_is_judged() -> None:
    assert answer(CLASSIFIER, r"\delta^{[2]} = \frac{\partial L}{\partial z^{[2]}} = p - e_y").right
    assert not answer(CLASSIFIER, r"\delta^{[2]} = 7 = p - e_y").right
    assert not answer(CLASSIFIER, r"\delta^{[2]} = e_y - p = p - e_y").right


def test_numbers_beside_letters_may_count_from_one() -> None:
    line = r"\delta^{[1]}_i = (W^{[2]}_{%di} \delta^{[2]}_%d + W^{[2]}_{%di} \delta^{[2]}_%d)"
    two = TOY.replace("param(1, 2), param(1)", "param(2, 2), param(2)").replace(
        "target(1)", "target(2)"
    )
    line += r" a^{[1]}_i (1 - a^{[1]}_i)"
    assert answer(two, line % (0, 0, 1, 1)).right
    found = answer(two, line % (1, 1, 2, 2))
    assert found.right
    assert not answer(two, line % (1, 1, 1, 1)).right


# in the notation of the claim, and what is right in it

RELU = """from bpgen import *
x, y = input(3), target(2)
W1, b1, W2, b2 = param(4, 3), param(4), param(2, 4), param(2)
z1 = W1 @ x + b1
a1 = tanh(z1)
z2 = W2 @ a1 + b2
a2 = relu(z2)
L = loss(half_squared_error(a2, y))
"""
_BACK = r"(W^{[2]\top} \delta^{[2]}) \odot "
ON_PAPER = [
    rf"\delta^{{[1]}} = {_BACK} (1 - \tanh^2(z^{{[1]}}))",
    rf"\delta^{{[1]}} = {_BACK} \left(1 - \tanh^{{2}}\left(z^{{[1]}}\right)\right)",
    r"\delta^{[1]}_i = (1 - \tanh^2 z^{[1]}_i) \sum_k W^{[2]}_{ki} \delta^{[2]}_k",
    r"a^{[2]}_i = \begin{cases} z^{[2]}_i & z^{[2]}_i > 0 \\ 0 & \text{otherwise} \end{cases}",
    r"a^{[2]}_i = \begin{cases} z^{[2]}_i, & \text{if } z^{[2]}_i \geq 0 \\ 0, & \text{else.} \end{cases}",
    r"\delta^{[2]}_i = \begin{cases} a^{[2]}_i - y_i & z^{[2]}_i > 0 \\ 0 & z^{[2]}_i \leq 0 \end{cases}",
    r"\delta^{[2]}_i = \begin{cases} 0 & 0 \ge z^{[2]}_i \\ a^{[2]}_i - y_i & z^{[2]}_i > 0 \end{cases}",
    r"\partial z^{[2]}_i / \partial a^{[1]}_j = W^{[2]}_{ij}",
    r"\frac{\partial a^{[1]}_i}{\partial z^{[1]}_j} = \delta_{ij} (1 - (a^{[1]}_i)^2)",
    r"\frac{\partial a^{[1]}_i}{\partial z^{[1]}_j} = (1 - \tanh^2(z^{[1]}_i)) \mathbf{1}[i = j]",
    r"\frac{\partial z^{[2]}_i}{\partial z^{[1]}_j} = W^{[2]}_{ij} (1 - (a^{[1]}_j)^2)",
]


@pytest.mark.parametrize("claim", ON_PAPER)
def test_right_as_on_paper(claim: str) -> None:
    assert answer(RELU, claim).right


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        (
            rf"\delta^{{[1]}} = {_BACK} (1 + \tanh^2(z^{{[1]}}))",
            r"a sign: 1 - \tanh(z^{[1]})^{2} belongs where 1 + \tanh(z^{[1]})^{2} stands",
        ),
        (
            r"\delta^{[2]}_i = \begin{cases} y_i - a^{[2]}_i & z^{[2]}_i > 0 \\ 0 & \text{otherwise}"
            r" \end{cases}",
            r"a sign: a^{[2]}_{i} - y_{i} belongs where y_{i} - a^{[2]}_{i} stands",
        ),
        (
            r"\partial z^{[2]}_i / \partial a^{[1]}_j = W^{[2]}_{ji}",
            r"an index: W^{[2]}_{ij} belongs where W^{[2]}_{ji} stands",
        ),
        (
            r"\partial z^{[2]}_i / \partial a^{[1]}_j = -W^{[2]}_{ij}",
            "a sign: all of it is to be negated",
        ),
        (
            r"\frac{\partial L}{\partial W^{[2]}} = a^{[1]} \delta^{[2]\top}",
            r"the order of a product: \delta^{[2]} \, a^{[1]\top} belongs where"
            r" a^{[1]} \, \delta^{[2]\top} stands",
        ),
    ],
)
def test_wrong_as_on_paper_with_its_reason(claim: str, reason: str) -> None:
    found = answer(RELU, claim)
    assert (found.right, found.reason) == (False, reason)


def test_delta_of_two_indices_is_kroneckers_where_the_networks_has_one() -> None:
    net = """from bpgen import *
x, y = input(2), label(3)
W = param(3, 2)
z = W @ x
p = softmax(z)
L = loss(-log(p[y]))
"""
    assert answer(net, r"\delta_i = p_i - \mathbf{1}[i = y]").right
    assert answer(net, r"\frac{\partial p_i}{\partial z_j} = p_i (\delta_{ij} - p_j)").right
    assert not answer(net, r"\frac{\partial p_i}{\partial z_j} = p_j (1 - p_i)").right


def test_of_two_steps_that_are_moved_the_one_is_told_that_the_page_has() -> None:
    """delta[t+1] h[t] is delta[t] h[t-1], too: but it is h that is of another step."""
    net = """from bpgen import *
x, y = input("T", 2), target(1)
h = rnn(x, 3)
yhat = dense(last(h), 1)
L = loss(half_squared_error(yhat, y))
"""
    found = answer(net, "dU1[i, j] = sum(delta1[t, i] * h[t, j], t)")
    assert found.reason == "an index: h[t - 1, j] belongs where h[t, j] stands"


def test_cases_that_leave_something_out_are_no_cases() -> None:
    claim = r"a^{[2]}_i = \begin{cases} z^{[2]}_i & z^{[2]}_i > 0 \\ 0 & z^{[2]}_i < -1 \end{cases}"
    with pytest.raises(NetError, match="it cannot be read"):
        answer(RELU, claim)


@pytest.mark.parametrize(
    ("net", "claim"),
    [
        (RELU, r"\delta^{[1]} = W^{[2]\top} \delta^{[2]}"),
        (RELU, r"\delta^{[2]} = a^{[2]} - y"),
        (RELU, r"\frac{\partial L}{\partial W^{[2]}} = a^{[1]} \delta^{[2]\top}"),
        (CLASSIFIER, r"\delta^{[2]} = p"),
        (CLASSIFIER, r"\delta^{[1]} = W^{[2]\top} \delta^{[2]}"),
        (TOY, r"\delta^{[1]} = W^{[2]\top} \delta^{[2]}"),
    ],
)
def test_what_is_told_to_be_true_can_be_claimed(net: str, claim: str) -> None:
    found = answer(net, claim)
    assert not found.right
    true = re.sub(r"^true(?: of one sample)? is ", "", found.true)
    assert true.startswith(claim.split(" = ")[0])
    assert answer(net, true).right

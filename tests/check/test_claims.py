"""Claims of one's own derivation: right ones in any spelling, wrong ones with their reason, and
nothing told that is not so.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bpgen.check.claims import Court
from bpgen.check.claims.judge import Judge
from bpgen.check.claims.points import Exact, Numbers, drawn
from bpgen.check.claims.view import COLUMNS, VECTORS, View
from bpgen.errors import NetError
from bpgen.load import declared_by
from tests.check.claimed import (
    ATTENTION,
    CENTRED,
    CHAIN,
    CLASSIFIER,
    CODED,
    CONVOLUTION,
    DEEP,
    GATE,
    RECURRENT,
    SKIP,
    TOY,
    answer,
    court,
)
from tests.few import one_in

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


@pytest.mark.parametrize(
    ("claim", "name"),
    [
        ("dx = 1 * dx", "dx"),
        ("dx[i] = dx[i] + 0", "dx"),
        (r"\delta^{[1]} = 1 \delta^{[1]}", "delta1"),
    ],
)
def test_what_stands_on_both_sides_is_told(claim: str, name: str) -> None:
    found = answer(TOY, claim)
    assert found.right
    assert f"{name} stands on both sides: say what it is made of" in str(found)


def test_a_batch_is_read_where_one_sample_would_fit() -> None:
    """Of a square W a product of two vectors is a number, to which a matrix may be added."""
    net = (
        "from bpgen import *\nx, y = input(3), target(3)\nh = dense(x, 3)\n"
        "L = loss(squared_error(h, y) + 0.1 * l2())\n"
    )
    found = answer(net, "dW1 = dh.T @ x + 0.2 * W1")
    assert found.right and found.verdict.reading.batch
    assert not answer(net, "dW1 = dh.T @ x + 0.1 * W1").right


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
    # no penalty, though weights are in it: a gradient that comes back, and a part of a value
    (CODED, "dmu = 2*mu + ds*w", "a term: delta is missing"),
    (CODED, "s = dot(w, mu)", "a term: sum(w ** 2) is missing"),
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


@pytest.mark.parametrize(("net", "claim", "reason"), one_in(4, WRONG), ids=[c for _, c, _ in WRONG])
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
    one_in(
        3,
        [
            r"\delta^{[1]} = W^{[2]\top} \delta^{[2]\top} \odot \mathbf{1}[z^{[1]} > 0]",
            r"\frac{\partial L}{\partial W^{[2]}} = \delta^{[2]} \odot a^{[1]\top} + 0.02 W^{[2]}",
            "delta1 = (W2.T @ delta2.T) * (a1 > 0)",
        ],
    ),
)
def test_a_transpose_counts_where_vectors_are_columns(claim: str) -> None:
    with_kinks = answer(CLASSIFIER, claim)
    assert not with_kinks.right


@pytest.mark.slow
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


@pytest.mark.slow
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

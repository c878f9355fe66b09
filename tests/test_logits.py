"""Softmax, its logarithm and the cross-entropies where logits share a large number, differ by one,
or are minus infinity: value and gradient by mpmath, every numpy warning an error.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

from tests.conftest import emitted

ROWS = (
    [1e4, 1e4 + 1, 1e4 + 2, 1e4 + 3],
    [1e8, 1e8, 1e8, 1e8],
    [-1e4, 1e4, 3.0, -2.0],
    [10.0, 0.0, 0.0, -3.0],  # a sure answer: the loss is small, and all its digits count
    [30.0, 0.5, 0.25, -1.0],
)
LABEL = "y = label(4)\n"
ONE_HOT = "y = one_hot(4)\n"
LOSSES = {
    "with logits, a label": LABEL + "L = loss(categorical_cross_entropy_with_logits(z, y))",
    "with logits, one hot": ONE_HOT + "L = loss(categorical_cross_entropy_with_logits(z, y))",
    "softmax, then a label": LABEL + "p = softmax(z)\nL = loss(categorical_cross_entropy(p, y))",
    "softmax, then one hot": ONE_HOT + "p = softmax(z)\nL = loss(categorical_cross_entropy(p, y))",
    "log_softmax, then a label": LABEL + "h = log_softmax(z)\nL = loss(-h[y])",
    "logsumexp, less the logit": LABEL + "L = loss(logsumexp(z) - z[y])",
    "divergence": ONE_HOT + "L = loss(kl_divergence_with_logits(z, y))",
}


def ran(net: str, *given: Any, **params: Any) -> tuple[Any, Any, dict[str, Any]]:
    """Output, loss or None, and the gradients, of a batch of one."""
    m = emitted(f"from bpgen import *\n{net}\n")
    inputs, targets = given[: len(m.INPUTS)], given[len(m.INPUTS) :]
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        output, cache = m.forward(params, *inputs)
        loss = m.loss(params, *given) if hasattr(m, "loss") else None
        seeds = targets if loss is not None else [np.ones_like(output)]
        return output, loss, m.backward(params, cache, *seeds, inputs=True)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", LOSSES)
def test_no_digit_of_a_cross_entropy_is_lost(name: str, dtype: type) -> None:
    eps = float(np.finfo(dtype).eps)
    for row in ROWS:
        for label in range(4):
            z = np.array([row], dtype)
            is_label = LOSSES[name].startswith(LABEL)
            y = np.array([label]) if is_label else np.eye(4, dtype=dtype)[[label]]
            _, loss, grads = ran("z = input(4)\n" + LOSSES[name], z, y)
            with mp.workdps(50):
                logits = [mpf(float(v)) for v in z[0]]
                s = mp.log(mp.fsum(map(mp.exp, logits)))
                assert abs(loss - (s - logits[label])) <= 4 * eps * (s - logits[label])
                for k, slope in enumerate(grads["z"][0]):
                    assert abs(mpf(float(slope)) - (mp.exp(logits[k] - s) - (k == label))) <= eps
            assert grads["z"].dtype == dtype


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_log_softmax_far_from_0(dtype: type) -> None:
    z = np.array([[1e4, 1e4 + 1, 1e4 + 2, 1e4 + 3]], dtype)
    h, _, _ = ran("z = input(4)\nh = log_softmax(z)\noutput(h)", z)
    true = [-3.4401896985611953, -2.4401896985611953, -1.4401896985611953, -0.4401896985611953]
    np.testing.assert_allclose(h[0], true, rtol=4 * np.finfo(dtype).eps)
    assert h.dtype == dtype


@pytest.mark.parametrize("net", ["logsumexp(log_softmax(z))", "logsumexp(2 * log_softmax(z))"])
def test_a_log_softmax_within_a_log_sum_exp(net: str) -> None:
    """The axes of both rows were one index, and no module came."""
    z = np.array([[1e4, 1e4 + 1, 1e4 + 3]])
    m = emitted(f"from bpgen import *\nz = input(3)\no = {net}\noutput(o)\n")
    output, cache = m.forward({}, z)
    p, factor = np.exp(z - 1e4) / np.sum(np.exp(z - 1e4)), 2 if "2" in net else 1
    np.testing.assert_allclose(output, np.log(np.sum(p**factor, axis=1)), atol=1e-12)
    slope = factor * (p**factor / np.sum(p**factor) - p)
    np.testing.assert_allclose(
        m.backward({}, cache, output**0, inputs=True)["z"], slope, atol=1e-12
    )


def test_a_log_sum_exp_that_is_small() -> None:
    """log(1 + exp(-20)), of which 1 + exp(-20) in float32 keeps nothing."""
    s, _, grads = ran("z = input(2)\ns = logsumexp(z)\noutput(s)", np.float32([[0, -20]]))
    assert s[0] == pytest.approx(np.log1p(np.exp(-20)), rel=1e-6)
    assert grads["z"][0] == pytest.approx([1, np.exp(-20)], rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_minus_infinity_in_every_place(dtype: type) -> None:
    """The sum of exp is 0: its logarithm is minus infinity, and nothing passes through it."""
    z = np.full((1, 3), -np.inf, dtype)
    s, _, grads = ran("z = input(3)\ns = logsumexp(z)\noutput(s)", z)
    assert s.tolist() == [-np.inf]
    assert grads["z"].tolist() == [[0, 0, 0]]
    p, _, grads = ran("z = input(3)\np = softmax(z)\noutput(p)", z)
    assert p.tolist() == grads["z"].tolist() == [[0, 0, 0]]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_attention_that_may_look_at_nothing(dtype: type) -> None:
    """A row of the mask that is all 0: the answer is 0 there, and nothing is learned through it."""
    rng = np.random.default_rng(0)
    q, k, v = (rng.normal(size=(1, 3, 2)).astype(dtype) for _ in range(3))
    mask = np.array([[[1, 1, 0], [0, 0, 0], [1, 0, 1]]], dtype)
    net = "q, k, v = input(3, 2), input(3, 2), input(3, 2)\nmask = input(3, 3)\n"
    y, _, grads = ran(f"{net}a = attention(q, k, v, mask)\noutput(a)", q, k, v, mask)
    scores = np.where(mask[0] == 1, q[0] @ k[0].T / np.sqrt(2), -np.inf)[[0, 2]]
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(y[0][[0, 2]], p @ v[0], rtol=2e-6)
    assert y[0, 1].tolist() == grads["q"][0, 1].tolist() == [0, 0]
    np.testing.assert_allclose(grads["v"][0], p.sum(0)[:, None] * np.ones((3, 2)), rtol=2e-6)
    assert np.isfinite(grads["k"]).all()

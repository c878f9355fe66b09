"""Numbers that others worked out by hand and printed, from the emitted modules."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.conftest import ROOT, emitted, example

WORKED = json.loads((ROOT / "tests" / "data" / "worked_examples.json").read_text())


def array(value: object) -> np.ndarray:
    return np.array(value, float)


def test_linear_chain() -> None:
    w, m = WORKED["linear_chain"], example("linear_chain")
    params = {"w1": array(w["w1"]), "w2": array(w["w2"])}
    x, y = array([w["x"]]), array([w["y"]])
    yhat, cache = m.forward(params, x)
    grads = m.backward(params, cache, y)
    assert cache["a1"] == [w["a1"]]
    assert yhat == [w["yhat"]]
    assert grads["w2"] == w["dC/dw2"]
    assert grads["w1"] == w["dC/dw1"]
    rate = w["learning_rate"]
    assert params["w2"] - rate * grads["w2"] == pytest.approx(w["w2_after"], rel=1e-15)
    assert params["w1"] - rate * grads["w1"] == pytest.approx(w["w1_after"], rel=1e-15)


def test_relu_neuron() -> None:
    w, m = WORKED["relu_neuron"], example("relu_neuron")
    params = {"w": array(w["w"]), "b": array(w["b"])}
    x, y = array([w["x"]]), array([w["y"]])
    a, cache = m.forward(params, x)
    loss, grads = m.loss_and_grad(params, x, y)
    assert cache["z"] == [w["z"]]
    assert a == [w["a"]]
    assert loss == w["L"]
    assert grads["w"] == w["dL/dw"] == w["dL/da"] * w["da/dz"] * w["dz/dw"]
    assert grads["b"] == w["dL/db"]


def test_single_neuron() -> None:
    w, m = WORKED["single_neuron"], example("single_neuron")
    params, x, y = {"w": array(w["w"])}, array([w["x"]]), array([w["y"]])
    loss, grads = m.loss_and_grad(params, x, y)
    assert m.forward(params, x)[0] == [w["yhat"]]
    assert loss == w["L"]
    assert grads["w"] == w["dL/dw"]
    assert params["w"] - w["learning_rate"] * grads["w"] == pytest.approx(w["w_after"], rel=1e-15)


def test_toy_2_2_1() -> None:
    w, m = WORKED["toy_2_2_1"], example("toy_2_2_1")
    params = {name: array(w[name]) for name in ("W1", "b1", "W2", "b2")}
    x, y = array([w["x"]]), array([[w["y"]]])
    a2, cache = m.forward(params, x)
    loss, grads = m.loss_and_grad(params, x, y)
    printed = {"abs": 1e-8, "rel": 0}  # eight decimals are printed
    assert cache["a1"][0] == pytest.approx(w["a1"], **printed)
    assert a2[0, 0] == pytest.approx(w["yhat"], **printed)
    assert loss == pytest.approx(w["L"], rel=1e-14)
    assert grads["b2"] == pytest.approx(w["delta2"], **printed)
    assert grads["b1"] == pytest.approx(w["delta1"], **printed)
    assert grads["W2"] == pytest.approx(array(w["dW2"]), **printed)
    assert grads["W1"] == pytest.approx(array(w["dW1"]), **printed)
    for after, held in (("after_one_step", ()), ("after_one_step_biases_held", ("b1", "b2"))):
        stepped = {
            n: p if n in held else p - w["learning_rate"] * grads[n] for n, p in params.items()
        }
        assert m.forward(stepped, x)[0][0, 0] == pytest.approx(w[after]["yhat"], **printed)
        assert m.loss(stepped, x, y) == pytest.approx(w[after]["L"], rel=1e-14)


def test_multilabel_facts() -> None:
    """delta at the output is (a - y) / N; of a hidden layer (W^T delta) a (1 - a); biases are not
    regularised.
    """
    m = example("multilabel")
    rng = np.random.default_rng(0)
    params = {name: rng.standard_normal(shape) for name, shape in m.SHAPES.items()}
    x, y = rng.standard_normal((6, 3)), rng.integers(0, 2, (6, 2)).astype(float)
    a2, cache = m.forward(params, x)
    grads = m.backward(params, cache, y)
    delta2 = (a2 - y) / 6
    delta1 = np.stack(
        [[sum(params["W2"][k, i] * d[k] for k in range(2)) for i in range(4)] for d in delta2]
    )
    delta1 *= cache["a1"] * (1 - cache["a1"])
    assert grads["b2"] == pytest.approx(delta2.sum(0), rel=1e-12)
    assert grads["b1"] == pytest.approx(delta1.sum(0), rel=1e-12)
    assert grads["W2"] == pytest.approx(delta2.T @ cache["a1"] + 0.1 * params["W2"], rel=1e-12)
    assert grads["W1"] == pytest.approx(delta1.T @ x + 0.1 * params["W1"], rel=1e-12)


def test_no_error_no_gradient() -> None:
    m = example("toy_2_2_1")
    params, x = m.init(0), np.array([[0.5, 0.9]])
    a2, cache = m.forward(params, x)
    assert all((g == 0).all() for g in m.backward(params, cache, a2, inputs=True).values())


def test_saturated_sigmoid_passes_nearly_nothing_and_never_nan() -> None:
    m = example("toy_2_2_1")
    params = {n: np.full(s, 500.0) for n, s in m.SHAPES.items()}
    grads = m.loss_and_grad(params, np.ones((1, 2)), np.zeros((1, 1)))[1]
    assert all(np.isfinite(g).all() and np.abs(g).max() < 1e-100 for g in grads.values())


@pytest.mark.parametrize(("factor", "left"), [(0.3, 0.0081), (3.0, 81.0)])
def test_four_factors_vanish_or_explode(factor: float, left: float) -> None:
    chain = (
        "from bpgen import *\nx = input()\nw = param()\na4 = w * (w * (w * (w * x)))\noutput(a4)\n"
    )
    m = emitted(chain)
    params = {"w": np.array(factor)}
    _, cache = m.forward(params, np.ones(1))
    assert m.backward(params, cache, np.ones(1), inputs=True)["x"][0] == pytest.approx(
        left, rel=1e-14
    )

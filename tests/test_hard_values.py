"""Networks where a textbook's arithmetic breaks: everything equal, everything saturated, nothing
left; each with every numpy warning an error.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.conftest import emitted

Array = Any


def ran(net: str, x: Array, *targets: Array, **params: Array) -> tuple[Array, float, Array]:
    """Output, loss (or the sum of the outputs) and the input's gradient of one sample."""
    module = emitted(f"from bpgen import *\n{net}\n")
    params = {**module.init(0), **params}
    x, *targets = (np.array([a]) for a in (x, *targets))
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        output, cache = module.forward(params, x)
        has_loss = hasattr(module, "loss")
        loss = module.loss(params, x, *targets) if has_loss else output.sum()
        given = targets if has_loss else [np.ones_like(output)]
        grads = module.backward(params, cache, *given, inputs=True)
    return output[0], loss, grads["x"][0]


@pytest.mark.parametrize("value", [0.0, 3.0, -1e300])
def test_pools_of_what_is_all_equal(value: float) -> None:
    """Of equal ones the first is the largest, as in PyTorch."""
    x = np.full((1, 2, 4), value)
    for word, gradient in (
        ("max_pool2d(x, 2)", [[1, 0, 1, 0], [0, 0, 0, 0]]),
        ("avg_pool2d(x, 2)", np.full((2, 4), 0.25)),
        ("global_avg_pool(x)", np.full((2, 4), 0.125)),
    ):
        output, _, dx = ran(f"x = input(1, 2, 4)\na = {word}\noutput(a)", x)
        assert np.all(output == value)
        assert np.array_equal(dx[0], gradient)


@pytest.mark.parametrize("value", [0.0, 1e300, -1e300])
def test_one_element_is_certain(value: float) -> None:
    for word, expected, slope in (
        ("softmax(x)", [1], [0]),
        ("log_softmax(x)", [0], [0]),
        ("logsumexp(x)", value, [1]),
    ):
        output, _, dx = ran(f"x = input(1)\na = {word}\noutput(a)", [value])
        assert np.array_equal(output, expected)
        assert np.array_equal(dx, slope)


def test_attention_over_one_element_is_that_element() -> None:
    net = "x = input('T', 4)\na = multi_head_attention(x, heads=2)\noutput(a)"
    for size in (1.0, 1e150):
        output, _, dx = ran(net, size * np.ones((1, 4)))
        assert np.isfinite(output).all()
        assert np.isfinite(dx).all()


@pytest.mark.parametrize("word", ["lstm", "gru", "rnn"])
def test_saturated_gates_pass_next_to_nothing(word: str) -> None:
    x = 1e4 * np.array([[1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    output, _, dx = ran(f"x = input('T', 2)\na = {word}(x, 3)\noutput(a)", x)
    assert np.abs(output).max() <= 3  # of a cell that adds one at each of three steps
    assert np.abs(dx).max() < 1e-15


def test_gates_saturate_at_any_size() -> None:
    for x, output in ((1e300, 1e300), (-1e300, 0.0)):
        for word in ("silu", "gelu", "mish", "hard_swish"):
            found, _, dx = ran(f"x = input(1)\na = {word}(x)\noutput(a)", [x])
            assert (found[0], dx[0]) == (output, output / 1e300)


CERTAIN = [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("net", "loss", "slope"),
    [
        ("q = softmax(x)\noutput(q)\nL = loss(-sum(q*log(q)))", 0, [0, 0, 0]),
        ("a = 2*x\noutput(a)\nL = loss(categorical_cross_entropy_with_logits(x, y))", 0, [0, 0, 0]),
        ("q = softmax(x)\noutput(q)\nL = loss(-sum(y*log(q)))", 0, [0, 0, 0]),
        ("q = softmax(x)\noutput(q)\nL = loss(sum(y*log(y) - y*log(q)))", 0, [0, 0, 0]),
        ("q = softmax(x)\noutput(q)\nL = loss(sum(y*log(y/q)))", 0, [0, 0, 0]),
        ("q = softmax(x)\noutput(q)\nL = loss(kl_divergence(q, y))", 0, [0, 0, 0]),
        ("q = sigmoid(x)\noutput(q)\nL = loss(binary_cross_entropy(q, y))", 0, [0, 0, 0]),
        ("q = sigmoid(x)\noutput(q)\nL = loss(sum(y*log(y/q) + (1-y)*log((1-y)/(1-q))))", 0, None),
    ],
)
def test_nothing_is_lost_on_what_is_certain(net: str, loss: float, slope: Array) -> None:
    """Probabilities that are exactly 0 and 1, as predictions and as targets."""
    y = "" if "y" not in net else "y = target(3)\n"
    given = [CERTAIN] if y else []
    _, found, dx = ran(f"x = input(3)\n{y}{net}", [-2000.0, 2000.0, -2000.0], *given)
    assert found == loss
    assert slope is None or np.abs(dx - slope).max() == 0


def test_the_entropy_of_an_input_that_is_0() -> None:
    """Its value is right; its slope is infinite, and numpy says so."""
    module = emitted("from bpgen import *\nx = input(3)\na = x*log(x)\noutput(a)\n")
    with np.errstate(all="raise"):
        output, cache = module.forward({}, np.array([CERTAIN]))
    assert output.tolist() == [[0, 0, 0]]
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        grads = module.backward({}, cache, np.ones((1, 3)), inputs=True)
    assert grads["x"].tolist() == [[-np.inf, 1, -np.inf]]


@pytest.mark.parametrize("word", ["layer_norm", "rms_norm", "batch_norm"])
def test_a_norm_of_one_value_throughout(word: str) -> None:
    """Divided by the root of eps: large, and finite."""
    _, _, dx = ran(f"x = input(3)\na = {word}(x)\noutput(a)", [0.0, 0.0, 0.0])
    assert np.isfinite(dx).all()


def test_a_small_number_is_not_lost_beside_large_ones() -> None:
    """The eps of a distance, in float32, where the two are equal."""
    net = "x = input(3)\na = 2*x\noutput(a)\nL = loss(triplet(a, 2*x, -x, margin=50))"
    module = emitted(f"from bpgen import *\n{net}\n")
    x = np.array([[1.0, -0.7, 0.3]])
    found = [module.loss_and_grad({}, x.astype(t)) for t in (np.float32, np.float64)]
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-6)
    slopes = [
        module.backward({}, module.forward({}, a)[1], inputs=True)["x"]
        for a in (x.astype(np.float32), x)
    ]
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-5)


def test_a_spelling_within_a_spelling() -> None:
    """tanh of tanh of z, written out in exponentials."""
    tanh = "((exp({0}) - exp(-{0}))/(exp({0}) + exp(-{0})))".format
    output, _, dx = ran(f"x = input(3)\na = {tanh(tanh('x'))}\noutput(a)", [1e4, -1e4, 0.0])
    assert output == pytest.approx([np.tanh(1), -np.tanh(1), 0])
    assert dx.tolist() == [0, 0, 1]

"""The logarithm of a mixture whose parts may both be 0 in floats, by the logarithms of the parts."""

from __future__ import annotations

import numpy as np
import pytest

from bpgen.check.whole import check_module
from bpgen.emit import emit
from bpgen.load import declared_by
from tests.conftest import emitted

OF_ONE = "from bpgen import *\nx, y, w = input(), target(), param()\nz = w * x\n"
SPELLED = {
    "in one line": "L = loss(-log(y * sigmoid(z) + (1 - y) * (1 - sigmoid(z))))\n",
    "by names": "p = sigmoid(z)\nq = 1 - p\nL = loss(-log(y * p + (1 - y) * q))\n",
    "in a product": "p = sigmoid(z)\nL = loss(-log(2 * p * y + 2 * (1 - p) * (1 - y)) + log(2))\n",
}
OF_TWO = (
    "from bpgen import *\nx, u, w = input(2), input(), param()\np, s = softmax(w * x), sigmoid(w * u)\n"
    "L = loss(-log(s * p[0] + 0.5 * (1 - s) * p[1]))\n"
)


@pytest.mark.parametrize("lines", SPELLED.values(), ids=SPELLED)
def test_far_out_it_is_the_cross_entropy(lines: str) -> None:
    module = emitted(OF_ONE + lines)
    for z in (-800.0, -40.0, -0.3, 40.0, 800.0):
        for y in (0.0, 1.0):
            with np.errstate(over="raise", invalid="raise", divide="raise"):
                loss, grads = module.loss_and_grad({"w": np.array(z)}, np.ones(1), np.array([y]))
            sign = 1 - 2 * y
            assert loss == pytest.approx(np.logaddexp(0, sign * z), rel=1e-13, abs=1e-15)
            slope = sign * np.exp(-np.logaddexp(0, -sign * z))
            assert grads["w"] == pytest.approx(slope, rel=1e-13, abs=1e-300)


@pytest.mark.parametrize("y", [-0.2, 1.3])
@pytest.mark.parametrize("lines", SPELLED.values(), ids=SPELLED)
def test_weights_may_be_negative(lines: str, y: float) -> None:
    """As long as there is a logarithm."""
    module, z = emitted(OF_ONE + lines), 0.1
    p = 1 / (1 + np.exp(-z))
    mixed = y * p + (1 - y) * (1 - p)
    loss, grads = module.loss_and_grad({"w": np.array(z)}, np.ones(1), np.array([y]))
    assert loss == pytest.approx(-np.log(mixed), rel=1e-13)
    assert grads["w"] == pytest.approx((1 - 2 * y) * p * (1 - p) / mixed, rel=1e-13)


def test_of_probabilities_that_both_vanish() -> None:
    module = emitted(OF_TWO)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, grads = module.loss_and_grad(
            {"w": np.array(1.0)}, np.array([[0, 2e3]]), np.array([900.0])
        )
    assert loss == pytest.approx(900 + np.log(2), rel=1e-13)  # of -2,000 and -900 the larger
    assert grads["w"] == pytest.approx(900, rel=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("net", [*(OF_ONE + lines for lines in SPELLED.values()), OF_TWO])
def test_it_is_proved(net: str) -> None:
    network = declared_by(net)
    assert check_module(emit(network), network).ok

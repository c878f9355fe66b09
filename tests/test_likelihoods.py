"""Likelihoods as statistics spells them, at ordinary values and far out."""

from __future__ import annotations

import numpy as np
import pytest

from bpgen.check.exact import exact
from bpgen.check.whole import check_module
from bpgen.emit import emit
from bpgen.errors import NetError
from bpgen.load import declared_by
from tests.conftest import derived, emitted, written
from tests.few import one_in

PROBIT = """from bpgen import *
x, y, b = input(), target(), param()
p = (1 + erf(b * x / sqrt(2))) / 2
L = loss(-(y * log(p) + (1 - y) * log(1 - p)))
"""
MILLS = """from bpgen import *
x, y, b = input(), target(), param()
eta = b * x
h = exp(-eta**2 / 2) / sqrt(2 * pi) / (erfc(-eta / sqrt(2)) / 2)
L = loss((y - h)**2 / 2)
"""
SURVIVAL = """from bpgen import *
x, t, d, b, s = input(2), target(), target(), param(2), param()
w = (log(t) - dot(b, x)) / exp(s)
S = 1 / (1 + exp(w))
f = exp(w) / (exp(s) * (1 + exp(w)) ** 2)
L = loss(-(d * log(f) + (1 - d) * log(S)))
"""


ORDINAL = """from bpgen import *
x, y, b, c, d = input(), one_hot(3), param(), param(), param()
eta = b * x
P1, P2 = sigmoid(c - eta), sigmoid(c + exp(d) - eta)
L = loss(-(y[0] * log(P1) + y[1] * log(P2 - P1) + y[2] * log(1 - P2)))
"""
TUKEY = """from bpgen import *
x, y, b = input(), target(), param()
u = clip((y - b * x) / 4.685, -1, 1)
L = loss(4.685**2 / 6 * (1 - (1 - u**2) ** 3))
"""
GAIN = """from bpgen import *
g, r = input(2), param(2)
L = loss(-sum((2**g - 1) / log2(1 + exp(r))))
"""


@pytest.mark.parametrize("far", one_in(2, [-1e3, -40.0, 40.0, 1e3]))
def test_an_ordinal_logit_far_from_its_thresholds(far: float) -> None:
    """The middle of three classes, whose probability is a difference that comes to 0 in floats."""
    module, y = emitted(ORDINAL), np.array([[0.0, 1, 0]])
    params = {"b": np.array(far), "c": np.array(-0.5), "d": np.array(0.0)}
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, grads = module.loss_and_grad(params, np.ones(1), y)
    beyond = np.logaddexp(0, far - 0.5) + np.logaddexp(0, -0.5 - far)  # of both thresholds
    assert loss == pytest.approx(beyond - np.log1p(-np.exp(-1.0)), rel=1e-13)
    assert grads["b"] == pytest.approx(np.sign(far), rel=1e-13)


@pytest.mark.parametrize("far", [-1e3, -40.0, -0.5, 40.0, 1e3])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_a_probit_by_the_name_of_its_probability(far: float, y: float) -> None:
    """What is a density over a probability is found where both are 0."""
    module = emitted(PROBIT)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        _, grads = module.loss_and_grad({"b": np.array(far)}, np.ones(1), np.array([y]))
    z = far if y == 0 else -far  # the hazard at z, which beyond 30 is z + 1 / z - 2 / z**3
    hazard = z + 1 / z - 2 / z**3 if z > 30 else {-0.5: 0.509160, 0.5: 1.141078}.get(z, 0.0)
    assert grads["b"] == pytest.approx(hazard * (1 - 2 * y), rel=1e-5, abs=1e-15)


def test_the_ratio_of_mills() -> None:
    module = emitted(MILLS)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, grads = module.loss_and_grad({"b": np.array(-1e3)}, np.ones(1), np.zeros(1))
    assert loss == pytest.approx((1e3 + 1e-3) ** 2 / 2, rel=1e-9)
    assert grads["b"] == pytest.approx(-1e3, rel=1e-5)


@pytest.mark.parametrize("net", [ORDINAL, TUKEY, GAIN])
def test_they_are_proved_exactly(net: str) -> None:
    network = declared_by(net)
    assert all(row.ok for row in exact(emit(network), network))


@pytest.mark.slow
@pytest.mark.parametrize("net", [PROBIT, MILLS, SURVIVAL, ORDINAL, TUKEY, GAIN])
def test_they_are_proved(net: str) -> None:
    network = declared_by(net)
    assert check_module(emit(network), network).ok


def test_what_backward_alone_reads_of_a_target_is_computed_there() -> None:
    """S is read by the slope of f, and the loss has the logarithm of S instead."""
    assert "    S = sigmoid(-w)\n" in written(SURVIVAL).split("def backward")[1]


def test_a_length_that_targets_alone_have() -> None:
    """As of a trajectory from a start: forward is not given it, and the derivation is told."""
    net = """from bpgen import *
t = indices("t")
x0, y, k = input(), target("T"), param()
u = recurrent("T")
u[-1] = x0
u[t] = u[t - 1] - 0.1 * k * u[t - 1]
L = loss(mean((u - y)**2))
"""
    assert derived(net).steps
    with pytest.raises(NetError) as raised:
        written(net)
    assert str(raised.value) == (
        "net: forward computes u, of the length T that targets alone have, and is given no targets"
        '\n  let an input have it, such as the length of each step: h = input("T")'
    )


def test_a_logarithm_of_the_batch_lifts_no_precision() -> None:
    """Of the mean of probabilities the entropy has the logarithm of N, a number of no type."""
    net = """from bpgen import *
n, k = samples(), indices("k")
x, w = input(3), param(3)
p = softmax(w * x)
m = tensor(mean(p[n, k], n), k)
L = loss(sum(m * log(m)))
"""
    params, x = {"w": np.ones(3, np.float32)}, np.ones((2, 3), np.float32)
    _, grads = emitted(net).loss_and_grad(params, x)
    assert "np.log(N).item()" in written(net) and grads["w"].dtype == np.float32

"""Likelihoods as statistics spells them, at ordinary values and far out."""

from __future__ import annotations

import numpy as np
import pytest

from bpgen.check.whole import check_module
from bpgen.emit import emit
from bpgen.errors import NetError
from bpgen.load import declared_by
from tests.conftest import derived, emitted, written

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


@pytest.mark.slow
@pytest.mark.parametrize("net", [PROBIT, MILLS, SURVIVAL])
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

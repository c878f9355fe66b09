"""What is written at some places, and read at others: each entry has the gradient of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bpgen.check.agreement import difference
from bpgen.emit import emit
from bpgen.load import declared_by
from tests.conftest import module_of

HEAD = """from bpgen import *
j, q, k = indices("j", size=2), indices("q", size=3), indices("k", size=4)
m = samples()
"""
NOTHING = """
x, w = input(), param()
u = zeros(4)
u[0] = x * w
L = loss(u[3] + w)
"""
ROWS = """
x, w = input(), param()
u = zeros(4, 2)
u[0, j] = x * w
L = loss(u[3, 1] + u[0, 1] ** 2)
"""
OF_SAMPLES = """
x, w = input(), param()
v = x + w
u = zeros(7)
u[q] = sum(v[m], m)
L = loss(u[5])
"""
PART = """
x = input(3)
h = recurrent(4)
h[k] = tanh(x[1] + h[k - 1])
g = tensor(tanh(sum(h[q] * x[0], q)))
L = loss(g)
"""
WINDOWS = """
x = input(3)
h = recurrent(4)
h[k] = tanh(x[1] + h[k - 1])
g = recurrent(4)
g[k] = tanh(sum(h[j + q] * x[0], j, q) + g[k - 1])
L = loss(sum(g[k], k))
"""


def gradients(net: str, x: Any, params: dict[str, Any]) -> dict[str, Any]:
    module = module_of(emit(declared_by(HEAD + net)))
    _, cache = module.forward(params, x)
    found: dict[str, Any] = module.backward(params, cache, inputs=True)
    return found


X = np.array([0.3, -0.8])
W = {"w": np.array(0.7)}


def test_an_entry_that_nothing_is_written_at_passes_nothing_on() -> None:
    found = gradients(NOTHING, X, W)
    assert found["w"] == 1 and found["x"].tolist() == [0, 0]


def test_of_several_entries_each_passes_on_its_own() -> None:
    found = gradients(ROWS, X, W)
    np.testing.assert_allclose(found["w"], np.mean(2 * X**2 * 0.7), rtol=1e-14)
    np.testing.assert_allclose(found["x"], 2 * X * 0.7**2 / 2, rtol=1e-14)


def test_nor_does_it_where_samples_are_summed() -> None:
    found = gradients(OF_SAMPLES, X, W)
    assert found["w"] == 0 and found["x"].tolist() == [0, 0]


def by_hand(x: Any) -> Any:
    """The mean of PART's loss."""
    h, total = 0 * x[:, 1], 0 * x[:, 1]
    for _ in range(3):
        h = np.tanh(x[:, 1] + h)
        total = total + h
    return np.mean(np.tanh(total * x[:, 0]))


def test_a_recurrence_that_is_read_at_some_of_its_steps() -> None:
    x = np.array([[0.3, -0.8, 1.1], [0.9, 0.2, -0.4]])
    found = gradients(PART, x, {})["x"]
    for at in np.ndindex(x.shape):
        moved = x.astype(complex)
        moved[at] += 1e-30j
        assert abs(found[at] - np.imag(by_hand(moved)) / 1e-30) < 1e-15, at


@pytest.mark.parametrize("net", [NOTHING, ROWS, OF_SAMPLES, PART, WINDOWS])
def test_modules_are_what_their_equations_say(net: str) -> None:
    network = declared_by(HEAD + net)
    assert difference(emit(network), network) is None

"""Claims of the derivatives of a vector by a vector: a matrix, a row for each entry of the one."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from bpgen.check.claims import Answer, Court
from bpgen.check.claims.points import Exact, Numbers, drawn
from bpgen.commands.claims import court_of
from bpgen.errors import NetError
from bpgen.load import declared_by
from tests.few import one_in

NET = """from bpgen import *
x = input(2)
y = label(4)
W1, b1 = param(3, 2), param(3)
W2, b2 = param(4, 3), param(4)
z1 = W1 @ x + b1
a1 = tanh(z1)
z2 = W2 @ a1 + b2
p = softmax(z2)
L = loss(categorical_cross_entropy(p, y))
"""
RECURRENT = """from bpgen import *
t = indices("t")
x = input(4)
y = target()
w, u = param(), param()
h = recurrent(4)
h[t] = tanh(w * x[t] + u * h[t - 1])
L = loss(squared_error(last(h), y))
"""


@cache
def court(source: str) -> Court:
    return court_of(declared_by(source))


def answer(claim: str, source: str = NET) -> Answer:
    (found,) = court(source).answers(claim)
    return found


RIGHT = [
    "da1/dz1 = diag(1 - a1**2)",
    "da1/dz1 = np.diag(tanh_prime(z1))",
    "dz2/da1 = W2",
    "dz2/dx = W2 @ diag(1 - a1**2) @ W1",
    "dp/dz2 = diag(p) - outer(p, p)",
    "dz1/db1 = eye(3)",
    "delta1 = da1 @ da1/dz1",
    "da1_dz1[i, j] = (1 - a1[i]**2) * (i == j)",
    r"\frac{\partial a^{[1]}}{\partial z^{[1]}} = \operatorname{diag}(1 - (a^{[1]})^2)",
    r"\frac{\partial z^{[2]}}{\partial z^{[1]}} = W^{[2]} \operatorname{diag}(\tanh'(z^{[1]}))",
    r"\frac{\partial p}{\partial z^{[2]}} = \operatorname{diag}(p) - p p^\top",
    r"\partial z_2/\partial a_1 = W_2",
    r"\frac{\partial z^{[l]}}{\partial a^{[l-1]}} = W^{[l]}, \quad l = 1, \dots, L",
]


@pytest.mark.parametrize("claim", RIGHT)
def test_right(claim: str) -> None:
    found = answer(claim)
    assert (found.right, found.verdict.exact) == (True, True)


WRONG = {
    "da1/dz1 = 1 - a1**2": "a diagonal: diag(1 - a1 ** 2) belongs where 1 - a1 ** 2 stands",
    "dz2/da1 = W2.T": "a transpose: W2 belongs where W2.T stands",
    "dp/dz2 = diag(p) + outer(p, p)": (
        "a sign: diag(p) - outer(p, p) belongs where diag(p) + outer(p, p) stands"
    ),
    r"\frac{\partial a^{[1]}}{\partial z^{[1]}} = 1 - (a^{[1]})^2": (
        r"a diagonal: \operatorname{diag}(1 - (a^{[1]})^{2}) belongs where 1 - (a^{[1]})^{2} stands"
    ),
    "dp/dz2 = diag(p)": "",
    "delta1 = da1 * da1/dz1": (
        "the kind of product: da1 @ da1_dz1 belongs where da1 * da1_dz1 stands"
    ),
    "dz2/dx = W2 @ W1": "",
}


@pytest.mark.parametrize("claim", one_in(2, [*WRONG]))
def test_wrong_with_its_reason(claim: str) -> None:
    found = answer(claim)
    assert (found.right, found.reason) == (False, WRONG[claim])


def test_they_are_differences_of_what_the_network_computes() -> None:
    network = declared_by(NET)
    exact, numbers = drawn(network, 1, 0), drawn(network, 1, 0, numbers=True)
    assert isinstance(exact, Exact) and isinstance(numbers, Numbers)
    w1, b1, w2, b2 = (np.asarray(numbers.stored(n), float) for n in ("W1", "b1", "W2", "b2"))
    x = np.asarray(numbers.stored("x")[0], float)

    def softmaxed(x: np.ndarray) -> np.ndarray:
        z = w2 @ np.tanh(w1 @ x + b1) + b2
        return np.exp(z) / np.exp(z).sum()

    step = 1e-6 * np.eye(2)
    meant = np.stack([(softmaxed(x + d) - softmaxed(x - d)) / 2e-6 for d in step], axis=1)
    for point in (exact, numbers):
        entries = np.vectorize(lambda e: float(getattr(e, "value", e)))(point.jacobian("x", "p"))
        np.testing.assert_allclose(entries, meant, rtol=1e-5, atol=1e-7)


REFUSED = {
    "da1/dz1 = W2 @ x": "it has a row for each entry of a1, a column for each of z1",
    "dz1/dW1 = x": "write it out: a1 * (1 - a1), or sigmoid_prime(z1)",
    "dy/dz1 = x": "write it out: a1 * (1 - a1), or sigmoid_prime(z1)",
}


@pytest.mark.parametrize("claim", REFUSED)
def test_what_is_no_matrix_is_refused(claim: str) -> None:
    with pytest.raises(NetError) as error:
        answer(claim)
    assert error.value.remedy == REFUSED[claim]


def test_of_the_steps_of_a_recurrence_entries_are_claimed() -> None:
    with pytest.raises(NetError, match="dh/dx is no derivative of the loss"):
        answer("dh/dx = diag(w * (1 - h**2))", RECURRENT)

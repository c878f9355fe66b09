"""Sums of shares are 1: what a softmax that is computed leaves of the gradients of entropies."""

from __future__ import annotations

import numpy as np
import pytest

from bpgen.check.exact import exact
from bpgen.emit import emit
from bpgen.load import declared_by
from bpgen.render import render
from tests.conftest import derived, emitted
from tests.few import one_in

OF_TWO = "from bpgen import *\nx, g = input(3), input(3)\nz, w = dense(g, 4), dense(x, 4)\np, q = softmax(z), softmax(w)\n"
TEACHER = OF_TWO + "L = loss(-sum(p * log(q)))\n"
DIVERGENCE = OF_TWO + "L = loss(sum(p * log(p / q)))\n"
OF_A_TARGET = "from bpgen import *\nx, t = input(3), target(4)\nq = softmax(dense(x, 4))\nL = loss(-sum(t * log(q)))\n"
MASKED = (
    OF_TWO.replace("softmax(z)", "softmax(masked(z, keep))").replace(
        "x, g", "keep = input(4)\nx, g"
    )
    + "L = loss(-sum(p * log(q)))\n"
)


def adjoint(source: str, of: str) -> str:
    """The right side of an adjoint, as the terminal prints it."""
    text = render(derived(source), fmt="text", steps="short")
    (line,) = (row for row in text.splitlines() if row.strip().startswith(f"{of} = "))
    return line.split(" = ")[1].rsplit("(", 1)[0].strip()


def test_a_student_is_taught_by_the_difference() -> None:
    assert adjoint(TEACHER, "∂ℓ/∂w") == "q − p"


def test_of_a_divergence_the_one_cancels() -> None:
    assert adjoint(DIVERGENCE, "∂ℓ/∂w") == "q − p"
    text = render(derived(DIVERGENCE), fmt="text", steps="short")
    assert "pᵢ · (log(pᵢ/qᵢ) − Σ[j] pⱼ log(pⱼ/qⱼ))" in text


@pytest.mark.parametrize(
    "source, said",
    [(OF_A_TARGET, "qᵢ · Σ[j] tⱼ − tᵢ"), (MASKED, "qᵢ · Σ[j] pⱼ − pᵢ")],
    ids=["a target", "a mask"],
)
def test_what_need_not_be_shares_is_added_up(source: str, said: str) -> None:
    """Numbers that are given, and a softmax of which a mask may leave nothing."""
    assert said in render(derived(source), fmt="text", steps="short")


@pytest.mark.parametrize("source", one_in(3, [TEACHER, DIVERGENCE, MASKED]))
def test_they_are_exact(source: str) -> None:
    network = declared_by(source)
    assert all(row.ok for row in exact(emit(network), network))


OF_A_PARAMETER = "from bpgen import *\nx, w = input(3), param(4)\nz = dense(x, 4)\np, q = softmax(z), softmax(w)\nL = loss(-sum(p * log(q)))\n"


def test_of_shares_that_all_samples_share_too() -> None:
    """Far out as well, where a share is 0: it was a sum over samples divided by it."""
    assert adjoint(OF_A_PARAMETER, "∂ℓ/∂w") == "q − p"
    module, rng = emitted(OF_A_PARAMETER), np.random.default_rng(0)
    w = np.array([900.0, 0.0, -900.0, 1.0])
    params = {"w": w, "W1": rng.normal(size=(4, 3)), "b1": rng.normal(size=4)}
    x = rng.normal(size=(5, 3))
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        _, grads = module.loss_and_grad(params, x)
    z = x @ params["W1"].T + params["b1"]
    p = np.exp(z - np.logaddexp.reduce(z, axis=1)[:, None])
    assert grads["w"] == pytest.approx(np.exp(w - np.logaddexp.reduce(w)) - p.mean(0), rel=1e-12)

"""Sums of shares are 1: what a softmax that is computed leaves of the gradients of entropies."""

from __future__ import annotations

import pytest

from bpgen.check.exact import exact
from bpgen.emit import emit
from bpgen.load import declared_by
from bpgen.render import render
from tests.conftest import derived

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


@pytest.mark.parametrize("source", [TEACHER, DIVERGENCE, MASKED])
def test_they_are_exact(source: str) -> None:
    network = declared_by(source)
    assert all(row.ok for row in exact(emit(network), network))

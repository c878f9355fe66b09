"""Focal losses: (1 - p)^g beside log p. What the page calls the spelling that is differentiated is
what was differentiated, so that each of its lines is true; and the loss is the mean of what its
equation computes.
"""

from __future__ import annotations

import pytest

from bpgen.functions import ROWS
from bpgen.gates.page import refuse_false
from bpgen.render import render
from tests.conftest import derived, written
from tests.few import one_in

SIGMOID = """from bpgen import *
x, y = input(3), target()
w, b = param(3), param()
p = sigmoid(dot(w, x) + b)
"""
SOFTMAX = """from bpgen import *
x, y = input(3), label(4)
W, b = param(4, 3), param(4)
p = softmax(W @ x + b)
"""
TANH = SIGMOID.replace("p = sigmoid", "a = tanh")
TWO_CLASSES = SIGMOID + "L = loss(-(y*(1 - p)**2*log(p) + (1 - y)*p**2*log(1 - p)))\n"
LOSSES = {
    "two classes": TWO_CLASSES,
    "1 - p under a name": SIGMOID + "q = 1 - p\nL = loss(-(y*q**2*log(p) + (1 - y)*p**2*log(q)))",
    "1 - p under a name, and without": SIGMOID
    + "q = 1 - p\nL = loss(-(y*(1 - p)**2*log(p) + (1 - y)*p**2*log(q)))",
    "an exponent that is no whole number": SIGMOID
    + "L = loss(-(y*(1 - p)**2.5*log(p) + (1 - y)*p**2.5*log(1 - p)))",
    "an exponent that is learned": SIGMOID
    + "g = param()\nL = loss(-(y*(1 - p)**g*log(p) + (1 - y)*p**g*log(1 - p)))",
    "the sum under a name, twice": SIGMOID
    + "c = y*(1 - p)**2*log(p) + (1 - y)*p**2*log(1 - p)\nL = loss(-2*c)",
    "quotients": SIGMOID + "L = loss(y*p/(1 - p) + (1 - y)*(1 - p)**3/p)",
    "tanh, and 1 less its square": TANH
    + "L = loss(-(y*(1 - a**2)**2*log(1 + a) + (1 - y)*(1 - a)**2*log(1 - a)))",
    "several classes": SOFTMAX + "L = loss(-((1 - p[y])**2*log(p[y])))",
    "several classes, the label's under a name": SOFTMAX
    + "c = tensor(p[y])\nL = loss(-((1 - c)**2*log(c)))",
}


@pytest.mark.parametrize("net", one_in(5, [*LOSSES.values()]), ids=LOSSES)
def test_every_line_is_true(net: str) -> None:
    for notation in ("matrix", "index"):
        assert not refuse_false(derived(net), notation, "short", "net.py")


@pytest.mark.parametrize("net", one_in(5, [*LOSSES.values()]), ids=LOSSES)
def test_the_loss_is_the_mean_of_its_equation(net: str) -> None:
    assert "\n    L = ell.mean()\n" in written(net)


def test_the_spelling_that_is_differentiated() -> None:
    page = render(derived(TWO_CLASSES), fmt="text", steps="short")
    assert "differentiated, as y σ(−z)² ζ(−z) + (1 − y) p² ζ(z)" in page
    assert "since log(1 − p) = −ζ(z)   and log(p) = −ζ(−z)   and p = σ(z)" in page
    assert "∂⁺L" not in page


def test_a_cube_is_a_product_of_what_is_there_and_no_function_is_called_twice() -> None:
    """numpy multiplies six times as fast as it takes a cube; a sigmoid costs more than both."""
    module = written(TWO_CLASSES)
    assert "+ p * p**2 * (1 - y)\n" in module
    assert "- y * sigmoid(-z) ** 3\n" in module


def test_a_ratio_that_is_0_where_its_numerator_is_is_printed_as_a_ratio() -> None:
    """What 0 over 0 is, is said once; nothing of it cancels."""
    page = render(derived(LOSSES["quotients"]), fmt="text", steps="short")
    assert "∂ℓ/∂p = y/σ(−z) − (1 − y) σ(−z)³/p²  " in page
    assert page.count("0 times a logarithm is 0, and so is 0 over 0.") == 1


@pytest.mark.parametrize("net", one_in(6, [*LOSSES.values()]), ids=LOSSES)
def test_no_name_that_only_code_has_is_printed(net: str) -> None:
    for notation in ("matrix", "index"):
        page = render(derived(net), fmt="text", notation=notation)
        assert [r.name for r in ROWS.values() if r.elementary and r.name in page] == []

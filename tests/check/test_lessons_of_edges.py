"""What a lesson says at kinks, of what is 0, and of what rounding leaves, is computed."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import pytest
from lessons import Page, drawn, false, of_values

from bpgen.check.lesson import false_numbers
from bpgen.emit import emitted
from bpgen.gates.lesson import ground_of
from bpgen.lesson import sections
from bpgen.render import render
from bpgen.worked import Example, worked
from bpgen.worked.drawn import at_drawn
from tests.conftest import derived, of_example
from tests.few import one_in


@cache
def _at_kinks() -> Page:
    derivation = derived(
        "from bpgen import *\nx, y = input(2), target(2)\n"
        "h = dense(dense(dense(x, 2, relu), 2, leaky_relu), 2, elu)\n"
        "z = maximum(dense(h, 2), h)\nb = hard_tanh(z)\na = clip(b, -0.5, 0.5)\nL = loss(squared_error(a, y))\n"
    )
    return drawn(derivation)


@cache
def _near_the_start() -> Page:
    """A network in which nothing saturates."""
    derivation = derived(
        "from bpgen import *\nx, y, w = input(), target(), param()\nL = loss((w * x - y) ** 2)"
    )
    return drawn(derivation)


def test_what_is_said_to_be_next_to_nothing_is_compared() -> None:
    before = re.search(r"the largest gradient is (\S+), and was", _near_the_start()[0])
    assert before is not None and not false_numbers(*_near_the_start())[1]
    after = "less than a ten-billionth of what it was"
    assert false(_near_the_start(), "Edge cases", before[1], after)


_LRELU = r"\operatorname{lrelu}"
_AT_RELU = r"at the kink of $\operatorname{relu}$"
_WRONG_AT_KINKS = [
    (f"${_LRELU}'(0, s)$ is $s$, the slope of the negative side", f"${_LRELU}'(0) = 0$"),
    (f"${_LRELU}'(0, s)$ is $s$, the", f"${_LRELU}'(0, u)$ is $v$, the"),
    ("'$ is 0 at both ends", "'(0, s)$ is $s$, the slope of the negative side"),
    ("clip}'$ is 1 at both ends", "clip}'(0) = 0$"),
    ("clip}'$ is 1 at both ends", "relu}'$ is 1 at both ends"),
    (_AT_RELU, _AT_RELU.replace("relu", "elu")),
    (_AT_RELU, _AT_RELU.replace("relu", "softplus")),
    ("a convention: from the left and the right it differs", "there is none"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), _WRONG_AT_KINKS)
def test_what_is_said_at_a_kink_is_computed(before: str, after: str) -> None:
    """An elu whose s is 1 has none."""
    assert f"at the kink of ${_LRELU}$" in _at_kinks()[0]
    assert r"at the kink of $\operatorname{elu}$" not in _at_kinks()[0]
    assert not false_numbers(*_at_kinks())[1]
    assert false(_at_kinks(), "Edge cases", before, after)


def test_a_loss_falls_however_large_other_values_are() -> None:
    """tanh(x[1]) is 1, and a rounding of x[1] moves no loss."""
    of_one = of_values(
        "x, y, w = input(2), target(), param()\na = w * x[0] + tanh(x[1])\n"
        "L = loss(half_squared_error(a, y))\n",
        {"x": [0.01, 1e9], "y": 1.02, "w": 1.0},
        1000.0,
    )
    falls, nothing = "& the loss falls", "& nothing is learned"
    assert nothing not in of_one[0]
    assert not false_numbers(*of_one)[1]
    assert false(of_one, "The length of the step", falls, nothing)


def test_what_values_that_cancel_leave_is_no_fall() -> None:
    """A loss of 1e-11 as the difference of two numbers near 75, of which two digits are known."""
    latex, _ = of_values(
        "x, y, W = input(2), label(2), param(2, 2)\n"
        "L = loss(categorical_cross_entropy_with_logits(W @ x, y))\n",
        {"x": [30.0, 20.0], "y": 1, "W": [[1.0, 1.0], [1.5, 1.5]]},
        0.1,
    )
    assert latex.count("& nothing is learned") == 3


@cache
def _exact_step() -> Page:
    """A step that leads to the target: what is left of the loss is rounding."""
    derivation = derived(
        "from bpgen import *\nx, y, w = input(), target(), param()\na = w * x\n"
        "L = loss((a - y)**2 / 2)\n"
    )
    given = {"x": 0.7, "y": 30.0, "w": 3.0}
    made = worked(derivation, emitted(derivation), Example(given, 1 / 0.7**2))
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    return page, ground_of(derivation, made, 4)


@pytest.mark.parametrize(
    ("left", "right"),
    [(r"1.2 \cdot 10^{-29}", True), (r"3.2 \cdot 10^{-24}", False), (r"1.2 \cdot 10^{-11}", False)],
)
def test_next_to_nothing_is_what_rounding_leaves(left: str, right: bool) -> None:
    """Of a loss of 388 before the step."""
    latex, ground = _exact_step()
    assert false_numbers(latex, ground)[1] == []
    row = next(line for line in latex.splitlines() if line.startswith("$2.041$ & "))
    cells = row.split(" & ")
    other = " & ".join([cells[0], f"${left}$", *cells[2:]])
    assert (false((latex, ground), "The length of the step", row, other) == []) is right


@cache
def _dead() -> Page:
    """Of the hidden layer nothing passes: its gradients are 0, and not without the derivative."""
    return of_values(
        "x, y, W, V, c = input(2), target(1), param(2, 2), param(1, 2), param(1)\n"
        "z = W @ x\na = relu(z)\nL = loss(half_squared_error(V @ a + c, y))\n",
        {"x": [1, 2], "y": [0], "W": [[-1, 0], [0, -1]], "V": [[1, 2]], "c": [0.5]},
        0.5,
    )


def test_a_mistake_may_be_wrong_where_the_gradient_is_0() -> None:
    latex, ground = _dead()
    assert not false_numbers(latex, ground)[1]
    row = next(line for line in latex.splitlines() if line.startswith("the derivative of the"))
    assert "partial W}" in row and "& it is 0 &" in row


@pytest.mark.parametrize(
    ("before", "after"),
    [("& it is 0 &", "& $0$ &"), ("partial W}", "partial V}"), ("partial W}", "partial c}")],
)
def test_what_is_0_is_not_said_of_another(before: str, after: str) -> None:
    latex, _ = _dead()
    row = next(line for line in latex.splitlines() if line.startswith("the derivative of the"))
    assert false(_dead(), "Classic mistakes", row, row.replace(before, after))


def test_a_right_gradient_is_not_the_most_wrong() -> None:
    latex, _ = _dead()
    row = next(line for line in latex.splitlines() if line.startswith("the bias:"))
    number = row.split(" & ")[2]
    assert false(_dead(), "Classic mistakes", row, row.replace(number, "it is 0"))


def test_one_number_is_learned() -> None:
    latex, ground = of_values(
        "x, w = input(), param()\nL = loss((w * x - 1) ** 2)\n", {"x": 2.0, "w": 1.0}, 0.1
    )
    assert "$1$ number is learned" in latex and not false_numbers(latex, ground)[1]


@cache
def _of_one_unit() -> Page:
    derivation = of_example("relu_neuron")
    return drawn(derivation)


@pytest.mark.parametrize(
    ("page", "before", "after"),
    one_in(
        3,
        [
            (_of_one_unit, "$z$ is below 0: the branch", "$z$ is above 0: the branch"),
            (_of_one_unit, "whose derivative is $0$.", "whose derivative is $1$."),
            (_of_one_unit, "$z$ is below 0: the branch", "$a$ is below 0: the branch"),
            (_at_kinks, "is above 0 at 2 of 2", "is above 0 at 1 of 2"),
            (_at_kinks, "is above 0 at 2 of 2", "is above 0 at 2 of 3"),
            (_at_kinks, "these numbers: the bias; a term.", "these numbers: the bias; a sign."),
        ],
    ),
)
def test_a_sentence_on_branches_and_on_what_has_no_effect_is_computed(
    page: Callable[[], Page], before: str, after: str
) -> None:
    latex, ground = page()
    assert before in latex
    assert not false_numbers(latex, ground)[1]
    (wrong,) = false_numbers(latex.replace(before, after, 1), ground)[1]
    assert not wrong.unread


def test_a_loss_that_begins_at_0_and_falls_does_not_fall_slowly() -> None:
    derivation = derived(
        "from bpgen import *\nx, w, v = input(), param(), param(init='zeros')\nL = loss(v * w * x)\n"
    )
    made = at_drawn(derivation)
    assert made is not None and made.values["L"] == 0
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    assert "the loss falls slowly" not in page
    assert not false_numbers(page, ground_of(derivation, made, 4))[1]

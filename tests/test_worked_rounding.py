"""Examples in which values cancel: what rounding decides is 0, or is not told."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from bpgen.check.lesson import Ground, false_numbers
from bpgen.emit import emitted
from bpgen.errors import NetError
from bpgen.gates.lesson import ground_of
from bpgen.lesson import sections
from bpgen.render import render
from bpgen.worked import Example, Worked, worked
from tests.conftest import derived
from tests.few import one_in

LINE = "x, y, w, b = input(2), target(1), param(1, 2), param(1)\nz = w @ x + b\n"
TO_ONE = "W, x = param(3, 2), input(2)\nL = loss(log(sum(softmax(W @ x))))\n"
TWO = """x, y, W, v, b = input(2), target(2), param(2, 2), param(2, 2), param(2)
z = v @ tanh(W @ x) + b
L = loss(half_squared_error(z, y))
"""
# z is y less (0.01, 0.005), and the second unit of tanh hears -0.1 * 0.01 + 0.2 * 0.005.
HIDDEN = np.tanh(np.array([[0.1, 0.2], [0.3, -0.4]]) @ [1, 2])
V = np.array([[0.3, 0.1], [0.7, -0.2]])
BESIDE = {
    "x": [1, 2],
    "y": V @ HIDDEN + 0.3 + [0.01, 0.005],
    "W": [[0.1, 0.2], [0.3, -0.4]],
    "v": V,
    "b": [0.3, 0.3],
}


@cache
def _page(net: str, values: tuple[tuple[str, object], ...]) -> tuple[str, Ground, Worked]:
    derivation = derived(f"from bpgen import *\n{net}")
    made = worked(derivation, emitted(derivation), Example(dict(values), 0.5))
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    return page, ground_of(derivation, made, 4), made


def _lesson(net: str, **values: object) -> tuple[str, Ground, Worked]:
    def fixed(value: object) -> object:
        return tuple(map(fixed, value)) if isinstance(value, (list, np.ndarray)) else value

    return _page(net, tuple((n, fixed(v)) for n, v in values.items()))


@pytest.mark.parametrize(
    ("net", "values"),
    [
        (TO_ONE, {"x": [1.1, 2.3], "W": [[2.5, 0.3], [0.7, 0.9], [0.1, 0.7]]}),
        (
            f"{LINE}p = sigmoid(z)\nL = loss(binary_cross_entropy(p, y))\n",
            {"x": [1, 2], "y": [1], "w": [[6.9, 6.9]], "b": [0.3]},
        ),
        (
            f"{LINE}L = loss(half_squared_error(z, y))\n",
            {"x": [1, 2], "y": [0.3], "w": [[1e-17, 1e-17]], "b": [0.3]},
        ),
        (
            f"{LINE}L = loss(half_squared_error(sigmoid(z), y))\n",  # of 1 - a no digit is left
            {"x": [1, 2], "y": [0.3], "w": [[50, 50]], "b": [0.3]},
        ),
    ],
)
def test_a_gradient_without_digits_is_not_told(net: str, values: dict[str, object]) -> None:
    with pytest.raises(NetError, match=r"values cancel in dL/d[wW], and rounding decides"):
        _lesson(net, **values)


def test_an_entry_that_rounding_decides_stays() -> None:
    page, ground, made = _lesson(TWO, **BESIDE)
    assert np.all(made.slopes["W"][0] != 0)
    assert np.all(made.slopes["W"][1] == 0)
    assert "& negative or 0 & 2 grow, 2 stay" in page
    assert false_numbers(page, ground)[1] == []


@pytest.mark.parametrize(
    "said",
    one_in(
        2,
        [
            "of both signs & 2 grow, 2 stay",
            "positive or 0 & 2 grow, 2 stay",
            "zero & all stay",
            "negative or 0 & 2 grow, 1 stays",
            "negative or 0 & 1 grows, 3 stay",
            "negative or 0 & 2 fall, 2 stay",
        ],
    ),
)
def test_what_is_sure_is_not_forgiven(said: str) -> None:
    page, ground, _ = _lesson(TWO, **BESIDE)
    wrong = page.replace("negative or 0 & 2 grow, 2 stay", said, 1)
    assert any("W" in w.line for w in false_numbers(wrong, ground)[1])


def test_a_gradient_that_is_nearly_gone_has_no_mistakes() -> None:
    """Of p - 1 four digits are right, and no mistake's effect of a part in ten thousand."""
    net = LINE.replace("(1", "(3").replace("target(3)", "label(3)")
    values = {"x": [1, 2], "y": 0, "w": [[25, 0], [0, 0], [0, 0]], "b": [0, 0, 0]}
    loss = "L = loss(categorical_cross_entropy_with_logits(z, y))\n"
    page, ground, _ = _lesson(f"{net}{loss}", **values)
    assert "Classic mistakes" not in page
    assert false_numbers(page, ground)[1] == []


def test_a_target_that_is_the_output_is_a_rounding_of_it() -> None:
    net = f"{LINE}p = sigmoid(z)\nL = loss(binary_cross_entropy(p, y))\n"
    page, ground, _ = _lesson(net, x=[1, 2], y=[1], w=[[4.6, 4.6]], b=[0.3])
    assert "every gradient is exactly 0" in page
    assert false_numbers(page, ground)[1] == []
    wrong = page.replace("the largest gradient $0$", r"the largest gradient $2 \cdot 10^{-11}$", 1)
    assert false_numbers(wrong, ground)[1]


def test_nothing_explodes_from_0() -> None:
    """An example that is right already: each gradient is 0, and far away it is none's multiple."""
    net = f"{LINE}L = loss(half_squared_error(relu(z), y))\n"
    page, ground, _ = _lesson(net, x=[1, 2], y=[5], w=[[1, 2]], b=[0])
    assert "explodes" not in page
    assert false_numbers(page, ground)[1] == []
    assert false_numbers(page.replace("nothing is nan", "nothing is nan; it explodes"), ground)[1]

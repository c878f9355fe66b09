"""Planned convolutions and maxima: windows in the order of their product, the first of the largest."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from bpgen.check.agreement import difference
from bpgen.emit import FAST, emit
from bpgen.load import declared_by
from bpgen.planning.rewriting import windows
from bpgen.targets.numpy import workspace
from tests.conftest import module_of

HEAD = "from bpgen import *\n"
CONV = (
    HEAD
    + "x, y = input(2, 9, 8), label(3)\n"
    + "h = relu(conv2d(relu(conv2d(x, 3, 2)), 4, 3))\n"
    + "z = dense(flatten(max_pool2d(h, 2)), 3)\n"
    + "L = loss(categorical_cross_entropy_with_logits(z, y))\n"
)


def planned(net: str) -> str:
    return emit(declared_by(net), FAST)


def test_a_product_leaves_channels_last_and_finds_windows_in_its_order() -> None:
    text = planned(CONV)
    assert "z1 = np.empty((N, 8, 7, 3), dtype).transpose(0, 3, 1, 2)" in text
    assert "np.empty((N, 6, 5, 3, 3, 3), dtype).transpose(0, 5, 1, 2, 3, 4)" in text  # n p q u v c
    assert "np.maximum(windows(" not in text  # of each place once
    assert difference(text, declared_by(CONV)) is None


def test_memory_in_another_order_than_statements_speak_of_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A product is then written into a copy, and lost."""
    made = workspace._made
    monkeypatch.setattr(workspace, "_made", lambda buffer: made(replace(buffer, order=())))
    assert difference(planned(CONV), declared_by(CONV)) is not None


@pytest.mark.parametrize(
    ("pool", "left"), [("max_pool2d(w * x, 2)", "2, 2"), ("max_pool2d(w * x, 3, stride=1)", "2, 3")]
)
def test_of_equal_ones_the_first_takes_the_gradient(pool: str, left: str) -> None:
    net = f"{HEAD}x, c, w = input(1, 4, 5), target(1, {left}), param()\nL = loss(sum({pool} * c))\n"
    plain, fast = module_of(emit(declared_by(net))), module_of(planned(net))
    rng = np.random.default_rng(0)
    x = rng.integers(2, size=(32, 1, 4, 5)).astype(float)  # nearly every maximum is a tie
    params, c = {"w": np.array(1.0)}, rng.integers(-9, 9, size=(32, *plain.TARGETS["c"])) + 0.5
    for module in (plain, fast):
        _, cache = module.forward(params, x)
        module.found = module.backward(params, cache, c, inputs=True)
    assert np.array_equal(plain.found["x"], fast.found["x"])


def test_padding_that_is_never_the_largest() -> None:
    """Where all of a window is minus infinity, or equal, the masks are still one a window."""
    net = HEAD + "x, c = input(1, 4, 4), target(1, 3, 3)\nw = param()\n"
    net += "L = loss(sum(max_pool2d(w * x, 2, padding=1) * c))\n"
    assert difference(planned(net), declared_by(net)) is None


def test_a_factor_that_is_undefined_beside_the_windows_is_not_moved() -> None:
    """1 / x of a place that no window reaches is never asked for."""
    net = HEAD + "x, c = input(8), target(3)\nw = param(2)\ni, j = indices('i j')\nz = tensor("
    net += "sum(w[j] * log(x[3 * i + j]), j), i)\nL = loss(sum(z * c))\n"
    module = module_of(planned(net))
    x = np.array([[1.0, 2.0, 0.0, 4.0, 5.0, 0.0, 7.0, 8.0]])
    with np.errstate(all="raise"):
        _, cache = module.forward({"w": np.ones(2)}, x)
        dx = module.backward({"w": np.ones(2)}, cache, np.ones((1, 3)), inputs=True)["x"]
    assert np.allclose(dx, [[1, 1 / 2, 0, 1 / 4, 1 / 5, 0, 1 / 7, 1 / 8]])


def test_what_is_multiplied_after_adding_is_wrong_if_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert difference(planned(CONV), declared_by(CONV)) is None
    kept = windows._after_adding
    monkeypatch.setattr(windows, "_after_adding", lambda *given: kept(*given)[:1])
    assert difference(planned(CONV), declared_by(CONV)) is not None


def test_what_is_padded_stands_as_what_is_padded_with_it_and_windows_are_copied_once() -> None:
    net = CONV.replace(
        "conv2d(relu(conv2d(x, 3, 2)), 4, 3)", "conv2d(relu(conv2d(x, 3, 2)), 4, 3, padding=1)"
    )
    text = planned(net)
    assert "u1 = np.empty((N, 10, 9, 3), dtype).transpose(0, 3, 1, 2)" in text
    assert "w2[...] = windows(u1, (3, 3), (2, 3))\n" in text
    assert text.count("windows(u1") == 2  # of forward, and of the step; backward reads the copy
    assert difference(text, declared_by(net)) is None


def test_what_is_the_same_along_an_axis_is_not_copied_along_it() -> None:
    """A bias, and all else that an array is broadcast by, where samples are large."""
    assert "z1 += b1[:, None, None]" in planned(CONV.replace("9, 8", "12, 11"))


def test_a_sum_that_belongs_into_a_part_of_an_array_is_a_product_too() -> None:
    """Of grouped convolutions; summed as it stands in memory, then written where it belongs."""
    net = CONV.replace("conv2d(x, 3, 2)", "conv2d(relu(conv2d(x, 6, 2)), 6, 2, groups=6)")
    text = planned(net)
    assert re.search(r"dK2\[:, 0\] = t\d+\.transpose\(2, 0, 1\)", text)
    backward = text.split("def backward")[1].split("\ndef ")[0]
    assert "np.add.reduce(t" not in backward
    assert difference(text, declared_by(net)) is None


RECURRENT = (
    f"{HEAD}t, i, p, q = indices('t i p q')\nx, c = input(3), target(4, 2)\nU = param(3, 3)\n"
    "h = recurrent(4, 3)\nh[t, i] = tanh(x[i] + sum(U[i, q] * h[t - 1, q], q))\n"
    "v = tensor(sum(tanh(h[t, i + p]), p), t, i)\nL = loss(sum(v[t, i] * c[t, i], t, i))\n"
)
ALONE = (
    f"{HEAD}w, x, y = param(5), input(5), target()\nL = loss(squared_error(max(w) * max(x), y))\n"
)


@pytest.mark.parametrize(
    "net", [RECURRENT.replace("p q')", "p q')\np = indices('p', size=2)"), ALONE]
)
def test_windows_of_a_recurrence_and_the_largest_of_one_row(net: str) -> None:
    """A recurrence stores what stands before its first step; of one row no array is left."""
    assert difference(planned(net), declared_by(net)) is None

"""loss_and_grad of planned modules: what the loss and its gradients share is computed once."""

from __future__ import annotations

import re
from functools import cache
from types import ModuleType

import numpy as np
import pytest

from bpgen.check.agreement import difference
from bpgen.emit import FAST, emit
from bpgen.load import declared_by
from tests.conftest import module_of
from tests.few import one_in

HEAD = "from bpgen import *\n"
CLASSES = f"{HEAD}x, y = input(3), label(4)\nz = dense(dense(x, 5, relu), 4)\n"
LOGITS = f"{CLASSES}L = loss(categorical_cross_entropy_with_logits(z, y))\n"
ASIDE = LOGITS.replace("L =", "p = tanh(z)\noutput(p)\nL =")
PROBABILITIES = f"{CLASSES}p = softmax(z)\nL = loss(categorical_cross_entropy(p, y))\n"
IGNORED = f"{CLASSES}L = loss(categorical_cross_entropy(softmax(z), y, ignore=1))\n"
TOKENS = (
    f'{HEAD}x, y = input("T", 3), label(4, "T")\nz = dense(x, 4)\n'
    "L = loss(categorical_cross_entropy_with_logits(z, y))\n"
)
SHAPED = (  # a gradient that is the same along an axis has the shape of what is kept
    f"{HEAD}i, j = indices('i j')\nx = input(3)\nw = param(3, 3)\nh = w @ x\n"
    "s = tensor(sum(x[j], j))\nr = tensor(h[i] * s, i)\nL = loss(sum(r[i], i))\n"
)
BLOCKS = (
    f"{HEAD}x, y = input(3), target(3)\n"
    "L = loss(half_squared_error(repeat(3, lambda h: dense(h, 3, tanh), x), y))\n"
)


STEPS = (
    f'{HEAD}x, y = input("T", 2), target(3)\nL = loss(half_squared_error(last(lstm(x, 3)), y))\n'
)


@cache
def planned(net: str) -> str:
    return emit(declared_by(net), FAST)


def together(net: str) -> str:
    """The text of loss_and_grad."""
    return planned(net).split("def loss_and_grad")[1].split("\ndef ")[0]


def module(net: str) -> ModuleType:
    return module_of(planned(net))


@pytest.mark.parametrize(
    "net", one_in(2, [LOGITS, PROBABILITIES, ASIDE, IGNORED, TOKENS, SHAPED, BLOCKS, STEPS])
)
def test_is_what_its_equations_say(net: str) -> None:
    assert difference(planned(net), declared_by(net)) is None


@pytest.mark.parametrize("net", [LOGITS, PROBABILITIES, TOKENS])
def test_exponentials_and_largest_of_a_row_are_found_once(net: str) -> None:
    for found_once in ("np.exp(", ".argmax(", "np.log1p(", 'casting="unsafe"'):
        assert together(net).count(found_once) == 1
    assert "forward(" not in together(net)


def test_what_forward_computes_only_to_return_it_is_not_computed() -> None:
    assert ") p[n,i] =" in planned(ASIDE).split("def loss")[0]
    assert ") p[n,i] =" not in together(ASIDE)


def test_steps_forward_and_back_are_one_function() -> None:
    headings = re.findall(r"# (\(.*), step by step: (.*)", together(STEPS))
    assert [order for _, order in headings] == ["t = 0 .. T - 1", "t = T - 1 .. 0"]
    assert "forward(" not in together(STEPS) and "cache" not in together(STEPS)


def test_what_is_kept_is_no_more_in_a_cache() -> None:
    assert 'cache["h"].shape' in planned(SHAPED).split("def backward")[1].split("\ndef ")[0]
    assert "h.shape" in together(SHAPED) and "cache" not in together(SHAPED)


def test_several_blocks_are_gone_through_by_the_functions_of_each() -> None:
    assert "_, cache = forward(" in together(BLOCKS)


@pytest.mark.parametrize("net", [LOGITS, PROBABILITIES, TOKENS])
def test_it_needs_no_memory_of_its_own(net: str) -> None:
    memory = planned(net).split("def _memory_of_loss_and_grad")[1].split("\ndef ")[0]
    assert "np.empty(" not in memory
    donated = re.findall(r'made\["\w+"\]\[\d+\]', memory)
    assert len(donated) == len({*donated}) > 5


def test_its_own_arrays_are_turned_once_and_those_that_come_in_at_each_call() -> None:
    assert not re.findall(r"\w+\[:, None\]|delta\w*\.T", together(LOGITS))
    assert "x.dot(W1.T, z1)" in together(LOGITS)
    assert "    delta_T = delta.T\n" in planned(LOGITS)
    assert "delta.T.dot(a1, dW2)" in planned(LOGITS)  # backward is read more than it is run


@pytest.mark.parametrize("kind", ["uint8", "int32", "uint64"])
def test_labels_may_be_whole_numbers_of_any_kind(kind: str) -> None:
    of = module(LOGITS)
    rng = np.random.default_rng(0)
    params, x, y = of.init(rng), rng.normal(size=(6, 3)), rng.integers(4, size=(6, 2))[:, 0]
    value, grads = of.loss_and_grad(params, x, y)
    meant = {name: np.copy(g) for name, g in grads.items()}
    again, grads = of.loss_and_grad(params, x, y.astype(kind))
    assert again == value
    assert all(np.array_equal(grads[name], g) for name, g in meant.items())


@pytest.mark.parametrize(
    ("logits", "label", "loss"),
    [
        ([50.0, 0.0, -1.0, -800.0], 0, np.log1p(np.exp(-50.0) + np.exp(-51.0))),
        ([0.0, 0.0, -50.0, -800.0], 1, np.log1p(1 + np.exp(-50.0))),
        ([7.0, 7.0, 7.0, 7.0], 3, np.log(4.0)),
        ([1000.0, 0.0, 0.0, -1000.0], 3, 2000.0),
    ],
)
def test_a_small_loss_keeps_its_digits_and_a_large_one_does_not_overflow(
    logits: list[float], label: int, loss: float
) -> None:
    of = module(LOGITS)
    params = {name: np.zeros(shape) for name, shape in of.SHAPES.items()}
    params["b2"] = np.array(logits)
    value, grads = of.loss_and_grad(params, np.ones((1, 3)), np.array([label]))
    assert value == pytest.approx(loss, rel=1e-15)
    assert value == of.loss(params, np.ones((1, 3)), np.array([label]))
    share = np.exp(params["b2"] - max(logits))
    meant = share / share.sum() - np.eye(4)[label]
    assert grads["b2"] == pytest.approx(meant, rel=1e-15, abs=1e-16)

"""C: backward gives the loss beside its gradients, and exponentials that both need are taken once.
`difference` asks of every network that all functions give one loss; see `test_c` for which.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bpgen.compiled import difference
from bpgen.compiled.library import compiler
from bpgen.emit import WITH_PYTHON, files_of
from tests.conftest import declared, derived, module_of
from tests.few import few
from tests.nets_in_c import HEAD

WITH_LOGITS = (
    "x, y = input(3), label(4)\nL = loss(categorical_cross_entropy_with_logits(dense(x, 4), y))\n"
)
OF_SOFTMAX = "x, y = input(3), label(4)\nL = loss(categorical_cross_entropy(dense(x, 4, softmax), y) + l2())\n"
AT_EACH_STEP = (
    'x, y = input("T", 3), label(4, "T")\nt, i = indices("t i")\n'
    "z = dense(x, 4)\nL = loss(mean(log(sum(exp(z[t, i]), i)) - z[t, y[t]], t))\n"
)
OF_HALVES = (
    "x, y = input(3), label(4)\nz = dense(x, 4)\n"
    "L = loss(categorical_cross_entropy(softmax(z / 2), y))\n"
)
IGNORED = (  # a factor of the gradients asks for the sum before they do, and an addend after
    "x, y = input(3), label(4)\n"
    "L = loss(categorical_cross_entropy_with_logits(dense(x, 4), y, ignore=1))\n"
)
OF_TWO = (  # exponentials of another array than the loss's
    "x, y = input(3), label(4)\nz = dense(x, 4)\np = softmax(2 * z)\n"
    "L = loss(categorical_cross_entropy_with_logits(z, y) + sum(p**2))\n"
)


def _functions(net: str) -> dict[str, str]:
    """The text of each function of the network."""
    text = files_of(derived(HEAD + net), "c")[".c"]
    found = re.findall(r"^\w+ net_(\w+)\((.*?^)}", text, re.MULTILINE | re.DOTALL)
    return dict(found)


def _exponentials(made: dict[str, str]) -> list[int]:
    """In how many places each of the three takes them."""
    assert "return L;" in made["backward"]
    return [made[name].count("M(exp)(") for name in ("forward", "loss", "backward")]


@pytest.mark.parametrize("net", few([WITH_LOGITS, OF_HALVES, AT_EACH_STEP], WITH_LOGITS.__eq__))
def test_a_loss_and_its_gradients_take_the_same(net: str) -> None:
    assert _exponentials(_functions(net)) == [0, 1, 1]


def test_those_of_an_output_are_taken_forward() -> None:
    assert _exponentials(_functions(OF_SOFTMAX)) == [1, 0, 0]


@pytest.mark.slow
def test_what_comes_later_in_a_statement_finds_the_sum() -> None:
    assert _exponentials(_functions(IGNORED)) == [0, 1, 2]


@pytest.mark.slow
def test_of_another_array_it_takes_its_own() -> None:
    assert _exponentials(_functions(OF_TWO)) == [1, 1, 1]


def test_a_parameter_moves_as_early_as_before() -> None:
    """What the loss reads of it is read before its gradient is there."""
    moved = _functions(OF_SOFTMAX)["backward_descend"]
    assert moved.index("real L = ") < moved.index("add(params->")


@pytest.mark.slow
@pytest.mark.skipif(compiler() is None, reason="there is no C compiler")
@pytest.mark.parametrize("net", [WITH_LOGITS, OF_SOFTMAX, AT_EACH_STEP, OF_HALVES, IGNORED, OF_TWO])
def test_all_functions_give_one_loss(net: str) -> None:
    network = declared(HEAD + net)
    assert difference(files_of(derived(HEAD + net), "c"), network) is None


# What is wrong, and of which function it is said.
WRONG = {
    "the loss alone": ("return L;", "return L + 1;", "net_loss"),
    "a sum without its largest": ("s += k;", "s += 0;", ""),
    "a sum that is told otherwise": ("log_sum[n] = ", "log_sum[n] = 1 + ", ""),
}


@pytest.mark.slow
@pytest.mark.skipif(compiler() is None, reason="there is no C compiler")
@pytest.mark.parametrize("kind", WRONG)
def test_another_loss_is_found(kind: str) -> None:
    before, after, named = WRONG[kind]
    texts = dict(files_of(derived(HEAD + WITH_LOGITS), "c"))
    assert before in texts[".c"]
    texts[".c"] = texts[".c"].replace(before, after, 1)
    found = difference(texts, declared(HEAD + WITH_LOGITS))
    assert found is not None and named in found.what


@pytest.mark.slow
@pytest.mark.skipif(compiler() is None, reason="there is no C compiler")
def test_a_target_of_the_loss_alone_is_given_to_backward(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C reads it there for the loss, whether or not a gradient does."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    net = HEAD + "x, y = input(3), target(2)\nL = loss(sum(dense(x, 2)) - sum(y**2))\n"
    module = module_of(files_of(derived(net), WITH_PYTHON)[".py"])
    params, x, y = module.init(0), np.ones((4, 3)), np.ones((4, 2))
    grads = module.backward(params, module.forward(params, x)[1], y)
    assert grads["b1"].tolist() == module.loss_and_grad(params, x, y)[1]["b1"].tolist() == [1, 1]

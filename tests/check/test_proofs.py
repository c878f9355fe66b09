"""What the exact proof and the self-test rest on: constants, mutants of blocks, small
sizes of fixed places.
"""

from __future__ import annotations

import ast
import re
import time

import numpy as np
import pytest
import sympy as sp

from bpgen.check.agreement import verdict
from bpgen.check.constants import constant
from bpgen.check.exact import exact
from bpgen.check.form import form
from bpgen.check.module import Subject
from bpgen.check.mutants import mutants
from bpgen.check.promises import broken
from bpgen.check.undefined import undefined
from bpgen.check.whole import check_module
from bpgen.emit import emit
from bpgen.ir import Network
from bpgen.load import declared_by
from bpgen.network.shrink import shrunk
from tests.few import one_in

BLOCKS = """
x = input(2)
y = target(2)
def block(x):
    return x + dense(x, 2, tanh)
loss(half_squared_error(repeat(6, block, x), y))
"""


def network(text: str) -> Network:
    return declared_by("from bpgen import *\n" + text)


ROOT_PI = sp.sqrt(2 / sp.pi)


@pytest.mark.parametrize(
    ("number", "meant"),
    [
        (0.1, sp.Rational(1, 10)),
        (1 / 3, sp.Rational(1, 3)),
        (200000 / 26829, sp.Rational(200000, 26829)),
        (float(3 * ROOT_PI), 3 * ROOT_PI),
        (0.1234567890123456, sp.Rational("0.1234567890123456")),
    ],
)
def test_a_float_is_the_simplest_number_that_rounds_to_it(number: float, meant: sp.Expr) -> None:
    assert constant(number, {float(ROOT_PI): ROOT_PI}) == meant


def test_six_blocks_shrink_to_two_of_the_same_code() -> None:
    large = network(BLOCKS)
    small = shrunk(large)
    assert small.tensors["W1"].sample_shape == (2, 2, 2)
    assert form(emit(small)) == form(emit(large))
    assert all(row.ok for row in exact(emit(small), small))


def test_an_axis_holds_the_places_written_in_it_where_a_mean_runs_over_it() -> None:
    text = "u, x, b = zeros(7), input(2), indices('b')\nu[3] = sum(x)\nu[2] = x[0]\n"
    small = shrunk(network(text + "loss(mean(sin(u[b]), b))\n"))
    assert [i.size for i in small.tensors["u"].indices if i.size != "N"] == [4]


@pytest.mark.parametrize("again", ["v", "max_pool1d(v, 1, stride=1)"])
def test_an_axis_that_windows_of_one_leave_as_it_is_does_not_vanish(again: str) -> None:
    text = f"x = input(6, 9)\nv = max_pool1d(x, 1, stride=1)\noutput({again} + x)\n"
    small = shrunk(network(text))
    assert all(i.size in ("N", 1, 2, 3) for t in small.tensors.values() for i in t.indices)
    assert again != "v" or small.tensors["x"].sample_shape == (3, 2)


def test_the_functions_of_blocks_are_broken_too() -> None:
    """Some mutants differ from the right module within the block's own backward."""

    def block(text: str) -> str:
        found = (n for n in ast.parse(text).body if getattr(n, "name", "") == "_block_backward")
        return ast.unparse(next(found))

    text = emit(network(BLOCKS))
    kinds = {m.kind for m in mutants(text, 20) if block(m.source) != block(text)}
    assert len(kinds) >= 5, kinds


def test_unbiased_variance_is_proved_where_it_is_defined() -> None:
    net = network(
        "x, m, s = input(2), state(2), state(2)\n"
        "y, m1, s1 = running_batch_norm(x, (m, s))\noutput(y, m1, s1)\nloss(sum(sin(y)))\n"
    )
    assert all(row.ok for row in exact(emit(net), net))


def test_label_smoothing_is_exact() -> None:
    net = network(
        "x, y = input(2), label(3)\n"
        "loss(categorical_cross_entropy_with_logits(dense(x, 3), y, label_smoothing=0.9))\n"
    )
    assert all(row.ok for row in exact(emit(net), net))


def test_a_gradient_that_is_a_reshape_is_a_copy() -> None:
    net = network("x = input(2, 3)\noutput(flatten(x))\n")
    subject = Subject(emit(net), net)
    assert [*broken(subject, 0)] == []
    d = np.ones((2, 6))
    _, cache = subject.module.forward({}, np.ones((2, 2, 3)))
    assert not np.shares_memory(subject.module.backward({}, cache, d, inputs=True)["x"], d)


ATTENTION = """
q, k, v = input("T", 2), input("S", 2), input("S", 2)
mask = input({shape})
output(attention(q, k, v, mask))
"""


@pytest.mark.parametrize("shape", ['"S"', '"T", "S"'])
def test_masks_are_drawn_that_leave_out_and_keep(shape: str) -> None:
    """A module that leaves nothing out is another one: of a mask that keeps all nobody can tell."""
    net = network(ATTENTION.format(shape=shape))
    subject = Subject(emit(net), net)
    drawn = subject.draw(np.random.default_rng(0), 5).inputs["mask"]
    assert set(drawn.ravel()) == {0.0, 1.0}
    assert any(not row.any() for row in drawn.reshape(-1, drawn.shape[-1]))
    assert all(row.ok for row in exact(subject.source, net))
    wrong = re.sub(r"np\.where\(mask.*, s1, -np\.inf\)", "s1", subject.source)
    assert wrong != subject.source
    refused = {row.name for row in exact(wrong, net) if row.wrong}
    assert refused >= {"q", "k", "v", "output " + net.outputs[0]}


@pytest.mark.parametrize(
    "loss",
    [
        "categorical_cross_entropy_with_logits(z, y)",
        pytest.param("categorical_cross_entropy(softmax(z), y)", marks=pytest.mark.slow),
    ],
)
def test_scores_of_which_a_mask_leaves_some_out_are_proved(loss: str) -> None:
    """Where it leaves out the label the loss is infinite, and tells nothing; of the scores, too,
    some are minus infinity.
    """
    net = network(
        "x, k, y, w = input('T', 4), input('T', 4), label(4, 'T'), param(4)\n"
        f"z = masked(w * x, k)\nL = loss({loss})\n"
    )
    module = emit(net)
    found = verdict(module, net)
    assert (found.wrong, found.undefined) == (None, ())
    assert all(row.ok for row in exact(module, net))
    assert not [*broken(Subject(module, net), 0)]


@pytest.mark.slow
def test_the_sigmoid_of_the_largest_of_nothing_is_0_in_exact_runs() -> None:
    net = network(
        "t, j = indices('t j')\nx, k, w, y = input('T', 3), input('T'), param(3), target(3)\n"
        "u = tensor(max(masked(x[t, j] * w[j], k[t]), t), j)\nL = loss(squared_error(sigmoid(u), y))\n"
    )
    assert all(row.ok for row in exact(emit(net), net))


def test_labels_of_every_class_are_drawn() -> None:
    net = network(
        "x, y = input(2), label(4)\nloss(categorical_cross_entropy_with_logits(dense(x, 4), y))\n"
    )
    subject = Subject(emit(net), net)
    for seed in range(10):
        drawn = subject.draw(np.random.default_rng(seed), 5).rest["y"]
        assert len(set(drawn)) >= 3
    rng = np.random.default_rng(0)
    assert set(np.concatenate([subject.draw(rng, 5).rest["y"] for _ in range(2)])) == {0, 1, 2, 3}


def test_inputs_are_drawn_around_what_they_are_compared_with() -> None:
    net = network("x = input(2)\nw = param(2)\noutput(w * hard_tanh(x, 20, 30))\n")
    subject = Subject(emit(net), net)
    drawn = subject.draw(np.random.default_rng(0), 5).inputs["x"]
    assert drawn.min() < 5
    assert drawn.max() > 15


@pytest.mark.parametrize(
    "text",
    one_in(
        6,
        [
            "x, z = input(6), label(6)\nh = log_softmax(x)\nL = loss(-h[z])\n",
            "x, d = input(), input()\ny = 0.123456789 * sin(0.987654321 * x)\n"
            "q = (1 - 0.9) * d\nr = 2 / 3 * 0.7 * d\noutput(y, q, r)\n",
            "x = input()\ny = 0.1 * 0.2 * 0.3 / 0.7 * sigmoid(1.702 * x) * x\noutput(y)\n",
            "x = input(3)\nh = log(3 + exp(x) + exp(-x))\noutput(h)\n",
            "x = input()\ny = hard_tanh(0.5 * x + 0.25, 0, 1)\noutput(y)\n",
            "x, b = input(), param()\nL = loss(x ** 2 + b)\n",
            "x = input(3, 32, 32)\noutput(max_pool2d(x, 5, stride=3))\n",
        ],
    ),
    ids=[
        *("a label's log-probability", "long decimals", "a long decimal divided by"),
        *("three exponentials of which two are large", "a clip", "a whole gradient", "a pool"),
    ],
)
def test_right_modules_are_not_refused(text: str) -> None:
    net = network(text)
    small = shrunk(net)
    report = check_module(emit(net), net, exact_source=(emit(small), small))
    assert report.ok, str(report)


@pytest.mark.parametrize(
    "text",
    one_in(
        3,
        [
            "x = input(3, 4)\nh = layer_norm(reshape(x, 12))\nL = loss(sum(h ** 2) * x[0, 0])\n",
            "q, k, v, k2 = input(3, 4), input(3, 4), input(5, 4), input(2, 4)\n"
            "output(attention(q, concat([k, k2]), v))\n",
            "x = input(3)\nh = log(3 + exp(x) + exp(-x))\noutput(h)\n",
        ],
    ),
    ids=["a norm of whole samples", "attention over concatenated keys", "three exponentials"],
)
def test_a_proof_takes_seconds(text: str) -> None:
    """The processor's: what waited for a search through spellings took a minute and more."""
    net, start = network(text), time.process_time()
    small = shrunk(net)
    assert check_module(emit(net), net, exact_source=(emit(small), small)).ok
    assert time.process_time() - start < 12


def test_after_what_is_not_finite_nothing_else_is_said() -> None:
    """nan is near nothing: that the order of the samples changes it would be no news."""
    net = network("x, w = input(3), param(3)\nL = loss(sum(w * x))\n")
    text = emit(net)
    wrong = text.replace("dw = ", "dw = np.nan * ")
    assert wrong != text
    facts = {f.fact for f in broken(Subject(wrong, net), 0)}
    assert facts == {"the gradient is not finite"}


def test_a_gradient_is_an_array() -> None:
    net = network("x, b = input(), param()\nL = loss(x ** 2 + b)\n")
    text = emit(net)
    wrong = text.replace('grads = {"b": db}', 'grads = {"b": db[()]}')
    assert wrong != text
    assert {str(f) for f in broken(Subject(wrong, net), 0)} == {
        "b: the gradient is a float64, no array"
    }


def test_what_is_undefined_at_zero_is_told() -> None:
    net = network("x, w = input(3), param(3)\noutput(w * sqrt(abs(x)))\n")
    report = check_module(emit(net), net)
    assert report.ok
    assert str(report).endswith("undefined where x is 0: the outputs are finite there, dx is not\n")


def test_of_a_norm_all_is_defined_at_zero() -> None:
    net = network("x, w = input(3), param(3)\noutput(w * sqrt(sum(x ** 2)))\n")
    assert undefined(Subject(emit(net), net), 0) == ()

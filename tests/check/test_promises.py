"""Each promise has a module that breaks it, and the finding says how."""

from __future__ import annotations

import pytest
from networks import NETWORKS, source

from bpgen.check.module import Subject
from bpgen.check.promises import broken
from bpgen.check.whole import check_module
from bpgen.emit import emit
from bpgen.load import declared_by

RETURN = 'grads = {"W1": dW1, "W2": dW2, "b1": db1, "b2": db2}'
# One row a line: the text replaced, its replacement, the tensor and the fact that is found.
BROKEN = [
    ("toy", "def pack(", "def packed(", "", "the module has no pack"),
    (
        "toy",
        '"b2": db2}',
        "}",
        "",
        "backward returns ['W1', 'W2', 'b1', 'x'], not ['W1', 'W2', 'b1', 'b2', 'x']",
    ),
    ("toy", "if inputs:", "if True:", "", "backward without inputs returns"),
    (
        "toy",
        "db1 = delta1.sum(axis=0)",
        "db1 = delta1.sum(axis=0, keepdims=True)",
        "b1",
        "the gradient has shape (1, 2), not (2,)",
    ),
    (
        "toy",
        "dW1 = delta1.T @ x",
        "dW1 = delta1.T @ x * np.float64(1)",
        "W1",
        "float64 where everything given is float32",
    ),
    (
        "toy",
        "dW2 = delta2.T @ a1",
        "dW2 = delta2.T @ a1 / 0 * 0",
        "W2",
        "the gradient is not finite",
    ),
    (
        "toy",
        RETURN,
        "db2 = db2 + np.random.default_rng().random(1).astype(x.dtype)\n    " + RETURN,
        "b2",
        "the gradient differs at a second call",
    ),
    ("toy", RETURN, "y *= 2\n    " + RETURN, "y", "an argument was changed by the call"),
    ("toy", RETURN, "W1 *= 2\n    " + RETURN, "W1", "an argument was changed by the call"),
    ("toy", RETURN, "a1 *= 2\n    " + RETURN, "a1", "an argument was changed by the call"),
    (
        "toy",
        'grads["x"] = delta1 @ W1',
        'x[...] = delta1 @ W1\n        grads["x"] = x',
        "x",
        "the gradient shares memory with x",
    ),
    (
        "function",
        'grads["v"] = ds',
        'ds = d_s\n        grads["v"] = ds',
        "v",
        "the gradient shares memory with cotangent 2",
    ),
    (
        "toy",
        "return value, backward(params, cache, y)",
        "return value, {n: -g for n, g in backward(params, cache, y).items()}",
        "W1",
        "loss_and_grad and backward give different gradients",
    ),
    (
        "toy",
        "return value, backward(params, cache, y)",
        "return value + 1, backward(params, cache, y)",
        "",
        "loss_and_grad returns",
    ),
    (
        "toy",
        "for name in sorted(SHAPES)]",
        "for name in reversed(sorted(SHAPES))]",
        "",
        "pack is not the parameters",
    ),
    (
        "toy",
        "return params\n\n\ndef _params",
        "return {n: p.copy() for n, p in params.items()}\n\n\ndef _params",
        "W1",
        "unpack gives a copy, not a view",
    ),
    (
        "toy",
        "dW1 = delta1.T @ x",
        "dW1 = delta1[:1].T @ x[:1]",
        "W1",
        "the order of the samples changes the gradient",
    ),
    (
        "function",
        "ds = d_s *",
        "ds = (d_s + 1) *",
        "W",
        "a cotangent of zero gives a gradient that is not zero",
    ),
    (
        "function",
        "ds = d_s *",
        "ds = np.abs(d_s) *",
        "W",
        "a cotangent times -2.5 does not give the gradient times -2.5",
    ),
    ("toy", "dW1 = delta1.T @ x", "dW1 = delta1 @ x", "", "raises ValueError"),
    ("tied", 'not in "iu"', 'not in "iuf"', "token", "it is accepted with real numbers"),
    ("tied", "array.min() < 0 or ", "", "token", "it is accepted with a negative number"),
    (
        "classify",
        "array.max() >= bound",
        "array.max() > bound",
        "label",
        "it is accepted with 2, where 1 is the largest",
    ),
    (
        "function",
        "np.exp(h @ W.T + v)",
        "np.exp(h @ W.T + v.mean(axis=0))",
        "s",
        "the output of a sample depends on the others of its batch",
    ),
]


@pytest.mark.parametrize(
    ("name", "was", "becomes", "tensor", "fact"), BROKEN, ids=[row[4] for row in BROKEN]
)
def test_a_broken_promise_is_found(
    name: str, was: str, becomes: str, tensor: str, fact: str
) -> None:
    text = source(name)
    assert was in text
    found = list(broken(Subject(text.replace(was, becomes), NETWORKS[name]()), 0))
    assert any(fact in f.fact and f.tensor == tensor for f in found), [str(f) for f in found]


def test_a_buffer_returned_again_is_found() -> None:
    text = source("toy").replace("return grads\n", "return _kept(grads)\n")
    text += "\n\n_KEPT = {}\n\n\ndef _kept(grads):\n    for n, g in grads.items():\n"
    text += "        old = _KEPT.setdefault((n, g.shape, g.dtype), g)\n        old[...] = g\n        grads[n] = old\n    return grads\n"
    found = {str(f) for f in broken(Subject(text), 0)}
    assert "W1: a later call changed the gradient that an earlier one returned" in found
    assert "x: the order of the samples changes the gradient" in found


@pytest.mark.parametrize("name", NETWORKS)
def test_right_modules_keep_every_promise(name: str) -> None:
    assert [str(f) for f in broken(Subject(source(name), NETWORKS[name]()), 3)] == []


def test_an_output_that_all_samples_share_is_known_of_a_module_alone() -> None:
    net = declared_by(
        "from bpgen import *\ni, n, x, w = indices('i'), samples(), input(3), param(3)\n"
        "output(tensor(sum(w[i] * x[n, i] ** 2, n), i), sum(w * x))\n"
    )
    report = check_module(emit(net), None)
    assert report.ok, str(report)
    wrong = emit(net).replace("d_u1 = _state(", "d_u1 = 2 * _state(")
    assert wrong != emit(net)
    assert not check_module(wrong, None).ok


@pytest.mark.parametrize("body", ["w * x - 4", "dot(w, x) - 6"])  # of the second, in few draws
def test_the_two_ways_to_ask_agree_beyond_a_margin_too(body: str) -> None:
    """Few values of unit size are there, and where none is both gradients are 0."""
    shape = "2" * ("dot" in body)
    network = declared_by(
        f"from bpgen import *\nx, w = input({shape}), param({shape})\nL = loss(relu({body}))\n"
    )
    right = emit(network)
    was = "return _loss(params, cache), backward(params, cache)"
    wrong = right.replace(was, 'return _loss(params, cache), {"w": 0 * params["w"]}')
    assert wrong != right
    assert not [*broken(Subject(right, network), 0)]
    facts = {str(finding) for finding in broken(Subject(wrong, network), 0)}
    assert facts == {"w: loss_and_grad and backward give different gradients"}

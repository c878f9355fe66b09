"""Losses of sequences and of single entries, and what a network returns: each against its formula in
numpy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bpgen.load import declared_by
from bpgen.prove import claimed, proved
from tests.conftest import emitted
from tests.one_sample import INDICES, Arrays, agrees, drawn


def log_softmax(z: Any) -> Any:
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


def silu(z: Any) -> Any:
    return z / (1 + np.exp(-z))


SEQUENCE = "W = param(4, 3)\nz = x @ W.T\n"


@pytest.mark.parametrize("places", ['"T"', "6", '2, "T"'])
@pytest.mark.parametrize("call", ["_with_logits(z, y)", "(softmax(z), y)"])
def test_the_cross_entropy_of_a_sequence_is_the_mean_over_its_places(
    places: str, call: str
) -> None:
    def formula(p: Arrays, x: Any, y: Any) -> Any:
        chosen = np.take_along_axis(log_softmax(x @ p["W"].T), y[..., None], -1)
        return -np.mean(chosen)

    agrees(
        f"x, y = input({places}, 3), label(4, {places})\n{SEQUENCE}"
        f"L = loss(categorical_cross_entropy{call})",
        formula,
    )


def test_a_list_of_weights_of_a_label() -> None:
    def formula(p: Arrays, x: Any, y: Any) -> Any:
        each = np.array([1, 2, 0.5, 0]) * log_softmax(p["W"] @ x)
        return -0.9 * each[y] - 0.1 * np.mean(each)

    options = "weight=[1, 2, 0.5, 0], label_smoothing=0.1"
    agrees(
        "x, y, W = input(3), label(4), param(4, 3)\n"
        f"L = loss(categorical_cross_entropy_with_logits(W @ x, y, {options}))",
        formula,
    )


def test_a_sequence_of_one_hot_rows() -> None:
    def formula(p: Arrays, x: Any, y: Any) -> Any:
        even = 0.9 * y + 0.1 / 4
        return -np.mean(np.sum(even * log_softmax(x @ p["W"].T), axis=-1))

    rows = np.random.default_rng(3).dirichlet(np.ones(4), (3, 5))
    agrees(
        f'x, y = input("T", 3), one_hot(4, "T")\n{SEQUENCE}'
        "L = loss(categorical_cross_entropy_with_logits(z, y, label_smoothing=0.1))",
        formula,
        x=np.random.default_rng(4).standard_normal((3, 5, 3)),
        y=rows,
    )


def huber(d: Any) -> Any:
    return np.where(np.abs(d.real) <= 1, d**2 / 2, np.sign(d.real) * d - 0.5)


@pytest.mark.parametrize(
    ("call", "of_one"),
    [
        ("half_squared_error(q[a], y)", lambda q, y: (q - y) ** 2 / 2),
        ("squared_error(q[a], y)", lambda q, y: (q - y) ** 2),
        ("mean_squared_error(q[a], y)", lambda q, y: (q - y) ** 2),
        ("huber(q[a], y)", lambda q, y: huber(q - y)),
        ("smooth_l1(q[a], y)", lambda q, y: huber(q - y)),
        ("absolute_error(q[a], y)", lambda q, y: np.sign((q - y).real) * (q - y)),
        ("mean_absolute_error(q[a], y)", lambda q, y: np.sign((q - y).real) * (q - y)),
        ("log_cosh_loss(q[a], y)", lambda q, y: np.log(np.cosh(q - y))),
        ("hinge(q[a], y)", lambda q, y: (1 - q * y) * ((1 - q * y).real > 0)),
        (
            "binary_cross_entropy_with_logits(q[a], y)",
            lambda q, y: np.log1p(np.exp(q)) - y * q,
        ),
        (
            "binary_cross_entropy(sigmoid(q[a]), y)",
            lambda q, y: np.log1p(np.exp(q)) - y * q,
        ),
        ("poisson_loss(q[a], y)", lambda q, y: np.exp(q) - y * q),
        ("kl_divergence(sigmoid(q[a]), y)", lambda q, y: y * np.log(y * (1 + np.exp(-q)))),
    ],
)
def test_a_loss_of_one_entry(call: str, of_one: Any) -> None:
    def formula(p: Arrays, x: Any, a: Any, y: Any) -> Any:
        return of_one((p["W"] @ x)[a], y)

    agrees(
        f"x, a, y = input(3), input(below=4), target()\nW = param(4, 3)\nq = W @ x\n"
        f"L = loss({call})",
        formula,
    )


def test_losses_of_entries_that_are_averaged() -> None:
    """The length T is known from targets alone."""

    def formula(p: Arrays, x: Any, y: Any, u: Any) -> Any:
        q = p["W"] @ x
        return np.mean(huber(q[y] - u) - log_softmax(q)[y])

    agrees(
        f'{INDICES}x, y, u = input(3), label(4, "T"), target("T")\nW = param(4, 3)\nq = W @ x\n'
        "of_one = huber(q[y[t]], u[t]) + categorical_cross_entropy_with_logits(q, y[t])\n"
        "L = loss(mean(of_one, t))",
        formula,
    )


def test_a_length_that_only_an_unread_target_tells() -> None:
    """Backward reads no u, but multiplies by its length."""

    def formula(p: Arrays, x: Any, u: Any) -> Any:
        return np.sum(p["w"] @ x + u)

    agrees(
        f'{INDICES}x, u = input(3), target("T")\nw = param(3)\nL = loss(sum(dot(w, x) + u[t], t))',
        formula,
    )


def returned(source: str) -> Any:
    """What forward returns, and the arrays that it was given."""
    module = emitted(f"from bpgen import *\n{source}\n")
    params, arrays = drawn(module)
    given = {name: arrays[name] for name in module.INPUTS}
    return module.forward(params, *given.values())[0], {**params, **given}


INPUTS_ALONE = {
    "an entry": ("x, z = input(3), label(3)\nL = loss(-x[z])", lambda p, x, z: -x[z]),
    "a mean": (
        "x, y = input(2), target(2)\nL = loss(mean_squared_error(x, y))",
        lambda p, x, y: np.mean((x - y) ** 2),
    ),
    "a product with the target": (
        "x, y = input(3), target(3)\nz = x * y\nL = loss(sum(z))",
        lambda p, x, y: x @ y,
    ),
}


@pytest.mark.parametrize("name", INPUTS_ALONE)
def test_a_loss_of_inputs_and_targets_alone(name: str) -> None:
    """forward then returns the input as it is."""
    source, formula = INPUTS_ALONE[name]
    agrees(source, formula)
    output, given = returned(source)
    np.testing.assert_array_equal(output, given["x"])


def test_what_one_formula_compares_with_a_target_is_returned() -> None:
    """A factorisation of a matrix: of user a and item b."""
    source = (
        f"{INDICES}a, b, y = input(below=5), input(below=6), target()\n"
        "P, Q = param(5, 3), param(6, 3)\nL = loss((sum(P[a, k] * Q[b, k], k) - y) ** 2)"
    )
    agrees(source, lambda p, a, b, y: (p["P"][a] @ p["Q"][b] - y) ** 2)
    output, g = returned(source)
    np.testing.assert_allclose(output, np.sum(g["P"][g["a"]] * g["Q"][g["b"]], axis=1))


def test_what_stands_beside_the_target_in_a_bracket_is_returned() -> None:
    source = (
        "x, y = input(2), target()\nw, b = param(), param(2)\n"
        "L = loss((w * x[0] + b[1] + x[1] - y) ** 2 + w ** 2)"
    )
    agrees(source, lambda p, x, y: (p["w"] * x[0] + p["b"][1] + x[1] - y) ** 2 + p["w"] ** 2)
    output, g = returned(source)
    np.testing.assert_allclose(output, g["w"] * g["x"][:, 0] + g["b"][1] + g["x"][:, 1])


def test_what_stands_beside_the_target_under_a_sum_is_returned() -> None:
    source = (
        f"{INDICES}x, y = input(3), target(3)\nw = param(3)\n"
        "L = loss(sum((sin(w[i] * x[i]) - y[i]) ** 4, i))"
    )
    agrees(source, lambda p, x, y: np.sum((np.sin(p["w"] * x) - y) ** 4))
    output, g = returned(source)
    np.testing.assert_allclose(output, np.sin(g["w"] * g["x"]))


REGRESSION = f"{INDICES}x, y, w, b = input(3), target(), param(3), param()\n"
COMPARED = [
    "(y - sum(w[k] * x[k], k) - b) ** 2",
    "(y - dot(w, x) - b) ** 2",
    "(sum(w[k] * x[k], k) + b - y) ** 2",
    "(dot(w, x) - y + b) ** 2",
    "abs(y - (b + dot(w, x))) + 0.1 * b**2",
]


@pytest.mark.parametrize("formula", COMPARED)
def test_a_prediction_has_its_own_sign_and_all_that_is_its(formula: str) -> None:
    """In y - w x - b it was -w x, and in w x + b - y it was w x where the sum is over an index."""
    output, g = returned(f"{REGRESSION}L = loss({formula})")
    np.testing.assert_allclose(output, g["x"] @ g["w"] + g["b"])


OF_HIDDEN = "x, y, w, b = input(3), target(), param(4), param()\nh = dense(x, 4, tanh)\n"
OF_H = {
    "(y - dot(w, h) - b) ** 2": lambda h, w, b: h @ w + b,
    "(y - h[0] - b) ** 2 + 0.1 * l2(w)": lambda h, w, b: h[:, 0] + b,
    "maximum(0.9 * (y - dot(w, h)), -0.1 * (y - dot(w, h))) + b": lambda h, w, b: h @ w,
    "half_squared_error(silu(h[0]), y) + abs(dot(w, h) - b)": lambda h, w, b: silu(h[:, 0]),
    "(y - h[0]) ** 2 + (h[1] * b - h[0] * w[0]) ** 2": lambda h, w, b: h,
    "relu(1 - y * dot(w, h)) + b": lambda h, w, b: h @ w,
    "relu(1 + h[0] - y) + b * w[0]": lambda h, w, b: h,
    "(2 * h[0] - y) ** 2 + b * w[0]": lambda h, w, b: 2 * h[:, 0],
    "0.9 * abs(y - h[0] / 2) + b * w[0]": lambda h, w, b: h[:, 0] / 2,
    "(y / 2 - dot(w, h) - b) ** 2": lambda h, w, b: h @ w + b,
    "(log(y) - dot(w, h) - b) ** 2": lambda h, w, b: h @ w + b,
}


@pytest.mark.parametrize("formula", OF_H)
def test_what_is_compared_is_more_than_the_last_that_has_a_name(formula: str) -> None:
    """Of w h + b in the loss h was returned, of silu(z) in it z, of 2 h and log(y) - w h - b h."""
    output, g = returned(f"{OF_HIDDEN}L = loss({formula})")
    h = np.tanh(g["x"] @ g["W1"].T + g["b1"])
    np.testing.assert_allclose(output, OF_H[formula](h, g["w"], g["b"]))


def test_a_prediction_is_named_by_its_target() -> None:
    """And told once, wherever it is compared."""
    lines = "x, w, r2 = input(), param(), target()\nL = loss(abs({0}) + 0.9 * ({0}) ** 2)"
    network = declared_by(f"from bpgen import *\n{lines.format('r2 - w * x - 1')}\n")
    told, ell = (str(e.terms[0].body) for e in [*network][:2])
    assert (network.outputs, told) == (("rhat2",), "w[]*x[n] + 1")
    assert ell == "9*(r2[n] - rhat2[n])**2/10 + Abs(r2[n] - rhat2[n])"
    named = declared_by(f"from bpgen import *\n{OF_HIDDEN}L = loss((h[0] * b - y) ** 2 * w[0])\n")
    assert named.outputs == ("yhat",)
    of_blocks = "half_squared_error(repeat(3, lambda h: dense(h, 3, tanh), x), y)"
    carried = f"from bpgen import *\nx, y = input(3), target(3)\nL = loss({of_blocks})\n"
    assert declared_by(carried).outputs == ("x1",)  # which is x before the first block
    of_a_log = "L = loss((log(y) - h[0] * b) ** 2 * w[0])\n"
    assert declared_by(f"from bpgen import *\n{OF_HIDDEN}{of_a_log}").outputs == ("u1",)


@pytest.mark.parametrize("z", ["z = W @ x + b\n", "z = b + W @ x\n", ""])
def test_what_is_compared_and_read_elsewhere_is_one_tensor(z: str) -> None:
    """It was computed twice, as z and as what is compared."""
    lines = f"x, y, W, b = input(3), target(2), param(2, 3), param(2)\n{z}"
    lines += f"L = loss(sum(tanh({z[:1] or 'W @ x + b'})) + sum((W @ x + b - y) ** 2))"
    network = declared_by(f"from bpgen import *\n{lines}\n")
    assert [e.name.rstrip("1") for e in network][:3] == ["z", "a", "ell"]
    output, g = returned(lines)
    np.testing.assert_allclose(output, g["x"] @ g["W"].T + g["b"])


def test_an_entry_that_a_label_picks_is_a_prediction() -> None:
    """The label itself was returned."""
    output, g = returned(
        "u, r = input(below=20), target()\nb = param(20)\nL = loss((r - b[u]) ** 2)"
    )
    np.testing.assert_array_equal(output, g["b"][g["u"]])


def test_a_label_is_returned_where_nothing_is_computed_and_its_module_is_proved() -> None:
    net = (
        "from bpgen import *\nu, r = input(below=20), target()\nb = param(20)\nL = loss(r * b[u])\n"
    )
    report = proved(claimed(declared_by(net)))
    assert report.ok, str(report)
    assert [row.name for row in report.rows] == ["b", "output u", "loss"]


@pytest.mark.parametrize("options", ["", ", ignore=2", ", weight=[1, 2, 3]"])
def test_the_share_of_all_classes_is_no_output(options: str) -> None:
    network = declared_by(
        "from bpgen import *\nx, y, W = input(4), label(3), param(3, 4)\n"
        f"L = loss(categorical_cross_entropy(softmax(W @ x), y, label_smoothing=0.1{options}))\n"
    )
    (output,) = network.outputs
    assert network.tensors[output].sample_shape == (3,)


@pytest.mark.parametrize("places", ["", '"T"'])
def test_logits_are_returned_however_labels_are_smoothed(places: str) -> None:
    """Their log-softmax was, which is the loss's own unless net.py has a name for it."""
    lines = f"x, y, W = input({places or 3}, 4), label(3, {places or 3}), param(3, 4)\n"
    output, g = returned(
        f"{lines}L = loss(categorical_cross_entropy_with_logits(x @ W.T, y, label_smoothing=0.1))"
    )
    np.testing.assert_allclose(output, g["x"] @ g["W"].T)
    named = "i = indices('i')\nq = log_softmax(x @ W.T)\nL = loss(-mean(q[i, y[i]], i) - 0.1 * mean(q))\n"
    assert declared_by(f"from bpgen import *\n{lines}{named}").outputs == ("q",)


def test_steps_are_returned_of_which_the_last_is_compared() -> None:
    """The log-sum-exp was: steps are made of earlier ones, and were taken for the loss's own."""
    lines = (
        'from bpgen import *\nx, y = input("T", 3), label(2)\nL = loss(categorical_cross_entropy'
    )
    network = declared_by(f"{lines}_with_logits(last(rnn(x, 2)), y))\n")
    assert network.outputs == ("h1",)


def test_a_formula_is_an_output() -> None:
    """Under its variable's name, by which a loss declared after it reads it."""
    source = (
        "x, y = input(2), target()\nf = x[0] ** 2 + x[1]\noutput(f, 2 * f)\nL = loss((f - y) ** 3)"
    )
    agrees(source, lambda p, x, y: (x[0] ** 2 + x[1] - y) ** 3)
    assert declared_by(f"from bpgen import *\n{source}\n").outputs == ("f", "u1")
    (one, two), g = returned(source)
    np.testing.assert_allclose(one, g["x"][:, 0] ** 2 + g["x"][:, 1])
    np.testing.assert_allclose(two, 2 * one)


def test_a_formula_of_sympy_is_an_output() -> None:
    net = "import sympy\nx, w = input(), param()\nh = sympy.tanh(w * x)\noutput(h)\n"
    assert declared_by(f"from bpgen import *\n{net}").outputs == ("h",)


def test_a_function_that_is_one_formula() -> None:
    module = emitted("from bpgen import *\nx = input(2)\nf = x[0] ** 2 + x[1]\noutput(f)\n")
    x = np.array([[1.0, 2.0], [3.0, 5.0]])
    f, cache = module.forward({}, x)
    assert f.tolist() == [3, 14]
    grads = module.backward({}, cache, np.array([1.0, 10.0]), inputs=True)
    assert grads["x"].tolist() == [[2, 1], [60, 10]]


def test_what_is_computed_within_a_block_is_not_returned() -> None:
    source = (
        "x = input(3)\ndef block(h):\n    W = param(3, 3)\n    g = W @ h\n    return tanh(g) + h\n"
        "h = repeat(2, block, x)\nL = loss(sum(h))"
    )
    assert declared_by(f"from bpgen import *\n{source}\n").outputs == ("h",)
    output, g = returned(source)
    for W in g["W"]:
        g["x"] = np.tanh(g["x"] @ W.T) + g["x"]
    np.testing.assert_allclose(output, g["x"])

"""What mathematics says plainly, a net.py can say: each against its formula in numpy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpgen.load import declared_by, load
from tests.conftest import emitted
from tests.one_sample import Arrays, agrees, drawn

INDICES = 'i, j, k, m, t = indices("i j k m t")\n'


def scattered(shape: tuple[int, ...], places: Any, values: Any) -> Any:
    """numpy's own sum by labels."""
    found = np.zeros(shape, np.result_type(values))
    np.add.at(found, places, values)
    return found


def test_written_at_a_label() -> None:
    def formula(p: Arrays, x: Any, k: Any) -> Any:
        return (p["w"] * scattered((4,), k, x[0])) @ np.ones(4) ** 2

    agrees(
        "x = input(1); k = input(below=4); w = param(4)\nu = zeros(4)\nu[k] = x[0]\n"
        "L = loss(sum(w * u))",
        formula,
    )


@pytest.mark.parametrize("size", ["5", '"T"'])
def test_summed_by_labels(size: str) -> None:
    """What meets the same label is added up, as np.add.at does."""

    def formula(p: Arrays, x: Any, k: Any) -> Any:
        return np.sum((p["w"] * scattered((4,), k, x)) ** 2)

    agrees(
        f"{INDICES}x = input({size}); k = input({size}, below=4); w = param(4)\nu = zeros(4)\n"
        "u[k[j]] = x[j]\nL = loss(sum((w * u) ** 2))",
        formula,
    )


def test_summed_by_two_labels_beside_another_index_and_another_equation() -> None:
    def formula(p: Arrays, x: Any, a: Any, b: Any) -> Any:
        u = scattered((4, 3, 2), (a, b), x**2 * p["v"][b][:, None])
        u += scattered((4, 3, 2), (np.zeros(5, int), b), np.sin(x))
        return np.sum((p["w"] * u) ** 2) + np.sum(np.exp(u[a, 1, 0])) + u[0, 1, 1] * u[0, b[2], 1]

    agrees(
        f"{INDICES}x = input(5, 2); a = input(5, below=4); b = input(5, below=3)\n"
        "w, v = param(4, 3, 2), param(3)\nu = zeros(4, 3, 2)\n"
        "u[a[j], b[j], i] = x[j, i] ** 2 * v[b[j]]\nu[0, b[j], i] = sin(x[j, i])\n"
        "L = loss(sum((w * u) ** 2) + sum(exp(u[a[m], 1, 0]), m) + u[0, 1, 1] * u[0, b[2], 1])",
        formula,
    )


def test_summed_by_labels_where_the_sample_is_said() -> None:
    def formula(p: Arrays, x: Any, k: Any, at: Any) -> Any:
        v = scattered((4,), k, x) * x[at]
        return np.sum((p["w"] * v * x[at]) ** 2)

    agrees(
        f"{INDICES}n = samples()\nx, k, at = input(5), input(5, below=4), input(4, below=5)\n"
        "w, u, v = param(4), zeros(4), zeros(4)\nu[n, k[n, j]] = x[n, j]\n"
        "v[n, i] = u[n, i] * x[n, at[n, i]]\nq = tensor(v[n, i] * x[n, at[n, i]], n, i)\n"
        "L = loss(sum((w * q) ** 2))",
        formula,
    )


def test_labels_that_are_read_backwards() -> None:
    def formula(p: Arrays, x: Any, k: Any) -> Any:
        v = scattered((4,), k[::-1], scattered((4,), k, x)[k] * p["w"])
        return np.sum(v**2) + np.sum(np.sin(p["E"][k[::-1]]) * x)

    agrees(
        f"{INDICES}x, k = input(5), input(5, below=4)\nw, E, u, v = param(), param(4), zeros(4), zeros(4)\n"
        "u[k[j]] = x[j]\nv[k[4 - j]] = u[k[j]] * w\n"
        "L = loss(sum(v ** 2) + sum(sin(E[k[4 - j]]) * x[j], j))",
        formula,
    )


def test_written_at_a_label_in_every_step_of_a_recurrence() -> None:
    def formula(p: Arrays, x: Any, k: Any) -> Any:
        h = np.zeros(4)
        for t in range(4):
            h = np.tanh(p["w"] * h) + scattered((4,), k[t], x[t])
        return np.sum(h**2)

    agrees(
        f'{INDICES}x, k = input("T"), input("T", below=4)\nw = param(4)\nh = recurrent("T", 4)\n'
        "h[t, j] = tanh(w[j] * h[t - 1, j])\nh[t, k[t]] = x[t]\nL = loss(sum(last(h) ** 2))",
        formula,
    )


def test_labels_alone_say_how_often_something_is_written() -> None:
    def formula(p: Arrays, x: Any, k: Any, y: Any) -> Any:
        return scattered((4,), k, np.full(4, 2 * x))[y] * x

    agrees(
        f'{INDICES}x = input(); k = input("T", below=4); y = label(4)\nu = zeros(4)\n'
        "u[k[t]] = 2 * x\nL = loss(u[y] * x)",
        formula,
    )


def test_indices_of_given_ranges_on_the_left() -> None:
    """r stands on the left alone: what is written does not depend on it."""

    def formula(p: Arrays, x: Any) -> Any:
        return np.sum(p["w"] * np.repeat(x, 2)) ** 2

    agrees(
        'p, r = indices("p r", size=2)\nx = input(2); w = param(4)\nu = zeros(4)\n'
        "u[2 * p + r] = x[p]\nL = loss(sum(w * u) ** 2)",
        formula,
    )


def test_an_index_that_is_only_compared() -> None:
    def formula(p: Arrays, x: Any) -> Any:
        argmax = [np.argmax(x[: t + 2].real) for t in range(3)]  # w is positive
        below = [np.sum(np.exp(x[:t])) for t in range(3)]
        return np.sum(np.tanh(p["w"] * x[argmax])) + np.sum(np.square(below))

    agrees(
        't, u = indices("t u", size=3)\nx = input(3); w = param()\n'
        "o = tensor(max(masked(w * x[u], at_most(u, t + 1)), u), t)\n"
        "g = tensor(sum(exp(masked(x[u], at_most(u + 1, t))), u), t)\n"
        "L = loss(sum(tanh(o)) + sum(g ** 2))",
        formula,
    )


def log_softmax(z: Any) -> Any:
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


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


def test_a_function_that_is_one_formula() -> None:
    module = emitted("from bpgen import *\nx = input(2)\nf = x[0] ** 2 + x[1]\noutput(f)\n")
    x = np.array([[1.0, 2.0], [3.0, 5.0]])
    f, cache = module.forward({}, x)
    assert f.tolist() == [3, 14]
    grads = module.backward({}, cache, np.array([1.0, 10.0]), inputs=True)
    assert grads["x"].tolist() == [[2, 1], [60, 10]]


def test_a_module_beside_net_py(tmp_path: Path) -> None:
    """It is found, run anew at every load, and leaves nothing behind."""
    (tmp_path / "helper.py").write_text(
        "from bpgen import *\nfrom layers.square import width\nW = param(width, width)\n"
        'def block(x):\n    return tanh(W @ x + param(width, name="b"))\n'
    )
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers" / "__init__.py").touch()
    (tmp_path / "layers" / "square.py").write_text("width = 4\n")
    net = tmp_path / "net.py"
    net.write_text(
        "from bpgen import *\nimport helper\nx = input(4)\na = helper.block(x)\noutput(a)\n"
    )
    searched, loaded = [*sys.path], {*sys.modules}
    for _ in range(2):
        network = load(net)
        assert [t.name for t in network.role("param")] == ["w1", "b"]
        assert sys.path == searched
        assert not {"helper", "layers", "layers.square"} & {*sys.modules} - loaded
    assert sorted(p.name for p in tmp_path.rglob("*")) == [
        "__init__.py",
        "helper.py",
        "layers",
        "net.py",
        "square.py",
    ]


def test_a_module_beside_net_py_hides_none_of_pythons(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise RuntimeError\n")
    net = tmp_path / "net.py"
    net.write_text("from bpgen import *\nimport json\nx = input()\noutput(2 * x)\n")
    assert load(net).outputs


@pytest.mark.parametrize("axes", [(1, 2, 0), (1, 0, 2), (0, 2, 1), (2, 0, 1), (2, 1, 0)])
def test_an_axis_of_one_within_a_reshape(axes: tuple[int, ...]) -> None:
    def formula(p: Arrays, x: Any) -> Any:
        flat = x.transpose(axes).reshape(4)
        return np.sum((p["w"] @ flat) ** 2) + np.sum(flat.reshape(2, 1, 2)[1, 0] ** 3)

    agrees(
        f"x = input(1, 2, 2)\nw = param(3, 4)\ny = reshape(transpose(x, *{axes}), 4)\n"
        f"z = reshape(y, 2, 1, 2)\nL = loss(sum((w @ y) ** 2) + z[1, 0, 0] ** 3 + z[1, 0, 1] ** 3)",
        formula,
    )


def test_running_statistics_of_the_last_batch_alone() -> None:
    """momentum=1, as PyTorch takes it: the states are given, and nothing of them is left."""
    module = emitted(
        "from bpgen import *\nx, m, s, t = input(3), state(3), state(3), target(3)\n"
        "y, m1, s1 = running_batch_norm(x, (m, s), momentum=1)\noutput(y, m1, s1)\n"
        "L = loss(sum((y - t) ** 4))\n"
    )
    x = np.random.default_rng(0).standard_normal((5, 3))
    given = module.init(0), x, np.ones(3), np.ones(3)
    (y, m, s), cache = module.forward(*given)
    np.testing.assert_allclose(m, x.mean(axis=0))
    np.testing.assert_allclose(s, x.var(axis=0, ddof=1))
    np.testing.assert_allclose(y, (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5))
    t = np.ones((5, 3))
    dx = module.backward(given[0], cache, t, inputs=True)["x"]
    steps = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        ends = []
        for h in (1e-5, -1e-5):
            moved = x.copy()
            moved[at] += h
            ends.append(module.loss(given[0], moved, *given[2:], t))
        steps[at] = (ends[0] - ends[1]) / 2e-5
    np.testing.assert_allclose(dx, steps, rtol=1e-6, atol=1e-8)


def test_an_identity_with_a_name_keeps_its_line() -> None:
    source = (
        "x, y = input(3), target(2)\nz3 = dense(x, 2)\na3 = identity(z3)\nq = reshape(a3, 2)\n"
        "r = +q\nL = loss(squared_error(tanh(r), y))"
    )
    lines = [str(e.lhs) for e in declared_by(f"from bpgen import *\n{source}\n")]
    assert [line[:2] for line in lines[:4]] == ["z3", "a3", "q[", "r["]
    agrees(
        source,
        lambda p, x, y: np.sum((np.tanh(p["W1"] @ x + p["b1"]) - y) ** 2),
    )


def test_an_identity_without_a_name_is_no_line() -> None:
    network = declared_by(
        "from bpgen import *\nx = input(3)\na = tanh(identity(+reshape(x, 3)))\noutput(a)\n"
    )
    assert [str(e.terms[0].body) for e in network] == ["tanh(x[n, i])"]


EVERYDAY = ("n", "N", "delta", "sum", "id", "type", "loss", "cache", "len", "match", "ict", "z")


@pytest.mark.parametrize("name", EVERYDAY)
def test_everyday_names_of_what_is_computed(name: str) -> None:
    """Numbered where code or the page has another use for them; no key of a dict is."""
    source = (
        f"import bpgen\nx, y = input(3), target(2)\n{name} = dense(x, 2)\na = tanh({name})\n"
        "L = bpgen.loss(squared_error(a, y))"
    )
    called = {e.name for e in declared_by(f"from bpgen import *\n{source}\n")}
    assert (f"{name}1" if name != "z" else "z") in called
    agrees(source, lambda p, x, y: np.sum((np.tanh(p["W1"] @ x + p["b1"]) - y) ** 2))


def test_a_loss_called_loss() -> None:
    source = "x, y = input(2), target(2)\nz = dense(x, 2)\nloss = loss(squared_error(z, y))"
    assert declared_by(f"from bpgen import *\n{source}\n").loss == "L"
    agrees(source, lambda p, x, y: np.sum((p["W1"] @ x + p["b1"] - y) ** 2))


def test_everyday_names_within_a_repeated_block() -> None:
    source = (
        "x, y = input(3), target(3)\n"
        "def block(h):\n    sum = dense(h, 3)\n    type = tanh(sum)\n    return type + h\n"
        "h = repeat(2, block, x)\nL = loss(squared_error(h, y))"
    )

    def formula(p: Arrays, x: Any, y: Any) -> Any:
        for W, b in zip(p["W1"], p["b1"], strict=True):
            x = np.tanh(W @ x + b) + x
        return np.sum((x - y) ** 2)

    assert {"sum1", "type1"} < {e.name for e in declared_by(f"from bpgen import *\n{source}\n")}
    agrees(source, formula)


def test_a_sum_over_what_comes_before() -> None:
    def formula(p: Arrays, x: Any) -> Any:
        before = np.tril(np.ones((4, 4)), -1)
        return np.sum(np.sin(p["w"] * (before @ x)))

    agrees(
        't, u = indices("t u", size="T")\nx = input("T"); w = param()\n'
        "o = tensor(sum(x[u] * at_most(u + 1, t), u), t)\nL = loss(sum(sin(w * o)))",
        formula,
    )


COMPARED = (
    't, u = indices("t u", size=4)\nx = input(4); w = param()\n'
    "o = tensor(sum(w * x[u] * (1 - at_most(u + 1, t)), u), t)\n"
    "c = tensor(sum(at_most(u, t), u), t)\n"
    "q = tensor(exp(0.2 * at_most(t, u)) + 0.3 * at_most(u, t), t, u)\n"
    "L = loss(sum(o / c) + sum(x[t] * q[t, u], t, u) + sum(x[u] * at_most(u, t), u, t))"
)


def test_comparisons_as_numbers() -> None:
    lower = np.tril(np.ones((4, 4)))

    def formula(p: Arrays, x: Any) -> Any:
        o = p["w"] * ((1 - np.tril(np.ones((4, 4)), -1)) @ x)
        q = np.exp(0.2 * lower.T) + 0.3 * lower
        return np.sum(o / lower.sum(1)) + np.sum(x @ q) + np.sum(lower @ x)

    agrees(COMPARED, formula)


def test_comparisons_lift_no_precision() -> None:
    module = emitted(f"from bpgen import *\n{COMPARED}\n")
    params, x = {"w": np.ones((), np.float32)}, np.ones((3, 4), np.float32)
    output, cache = module.forward(params, x)
    grads = module.backward(params, cache, inputs=True)
    assert {a.dtype for a in (output, *grads.values())} == {np.dtype(np.float32)}


def test_comparisons_within_a_recurrence_and_a_block() -> None:
    def formula(p: Arrays, x: Any) -> Any:
        h = 0
        for t in range(4):
            h = np.tanh(p["w"] * h + x[t] * (t <= 2))
        for W in p["W"]:
            h = np.tanh(np.tril(W) @ h) + h
        return np.sum(h**2)

    agrees(
        't = indices("t", size="T"); i, j = indices("i j", size=3)\nx = input("T", 3); w = param(3)\n'
        'h = recurrent("T", 3)\nh[t, i] = tanh(w[i] * h[t - 1, i] + x[t, i] * at_most(t, 2))\n'
        "def block(h):\n    W = param(3, 3)\n"
        "    g = tensor(sum(W[i, j] * at_most(j, i) * h[j], j), i)\n    return tanh(g) + h\n"
        "L = loss(sum(repeat(2, block, last(h)) ** 2))",
        formula,
    )


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


def test_a_matrix_of_constants() -> None:
    K = np.array([[0, 1], [2.5, -1]])
    agrees(
        "x, y = input(2), target(2)\nK = zeros(2, 2)\nK[0, 1], K[1, 0], K[1, 1] = 1, 2.5, -1\n"
        "z = K @ tanh(K @ x)\nL = loss(squared_error(z, y))",
        lambda p, x, y: np.sum((K @ np.tanh(K @ x) - y) ** 2),
    )


@pytest.mark.parametrize("start", ["x", "s"])
def test_constants_within_a_repeated_block(start: str) -> None:
    """Also where the first block is given constants, and in the precision of what it is given."""
    net = (
        "x = input(2)\ns = zeros(2)\ns[0] = 2\ndef block(h):\n    W = param(2, 2)\n"
        "    o = zeros(2)\n    o[1] = 3\n    return tanh(W @ h) + o * h\n"
        f"z = repeat(3, block, {start})\ny = z * x\n"
    )

    def formula(p: Arrays, x: Any) -> Any:
        h = x if start == "x" else np.array([2, 0])
        for W in p["W"]:
            h = np.tanh(W @ h) + np.array([0, 3]) * h
        return np.sum((h * x) ** 2)

    agrees(f"{net}L = loss(sum(y ** 2))", formula)
    module = emitted(f"from bpgen import *\n{net}output(y)\n")
    params = {"W": np.ones((3, 2, 2), np.float32)}
    y, cache = module.forward(params, np.ones((4, 2), np.float32))
    grads = module.backward(params, cache, np.ones_like(y), inputs=True)
    assert all(a.dtype == np.float32 for a in (y, *grads.values()))


def test_constants_summed_by_labels_without_a_real_input() -> None:
    source = (
        f"{INDICES}k = input(3, below=4); w = param(4)\no = zeros(4)\no[1] = 2\no[k[i]] = 1\n"
        "y = w * o\nL = loss(sum(y ** 2))"
    )

    def formula(p: Arrays, k: Any) -> Any:
        o = np.array([0.0, 2, 0, 0])
        np.add.at(o, k, 1)
        return np.sum((p["w"] * o) ** 2)

    agrees(source, formula)


def test_a_constant_lifts_no_precision() -> None:
    module = emitted(
        "from bpgen import *\nx = input(5)\no = zeros(5)\no[0] = 1\ny = x * o\noutput(y)\n"
    )
    x = np.ones((2, 5), np.float32)
    y, cache = module.forward({}, x)
    dx = module.backward({}, cache, 3 * x, inputs=True)["x"]
    assert (y.dtype, dx.dtype) == (np.float32, np.float32)
    assert dx.tolist() == [[3, 0, 0, 0, 0]] * 2


def test_a_maximum_beside_another_term() -> None:
    def formula(p: Arrays, x: Any) -> Any:
        largest = max(p["w"], key=lambda w: w.real)
        return np.sum((x + largest - np.log(np.sum(np.exp(p["w"])))) ** 2)

    agrees(
        f"{INDICES}x, w = input(3), param(2)\n"
        "v = tensor(x[i] + max(w[j], j) - log(sum(exp(w[k]), k)), i)\nL = loss(sum(v**2))",
        formula,
    )

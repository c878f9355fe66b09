"""What mathematics says plainly, a net.py can say: each against its formula in numpy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bpgen.load import declared_by, load
from bpgen.render import render
from tests.conftest import derived, emitted, written
from tests.one_sample import INDICES, Arrays, agrees


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


def test_the_slope_of_the_logarithm_of_an_absolute_value() -> None:
    """Of a flow's determinant: 1 / u, and not sign(u) / |u|."""
    source = (
        "from bpgen import *\nx, w, u = input(3), param(3), param(3)\nz = dot(w, x)\n"
        "output(log(abs(1 + dot(u, w) * (1 - tanh(z)**2))))\n"
    )
    text = render(derived(source), fmt="text", steps="short")
    assert "sign" not in text and "|" in text


def test_a_function_of_one_entry_is_a_value_of_its_own() -> None:
    """PPO's ratio: what net.py gives a name is told by it, and computed once."""
    source = (
        "from bpgen import *\nx, a, adv, old = input(4), input(below=3), input(), input()\n"
        "z = dense(x, 3)\nr = exp(log_softmax(z)[a] - old)\n"
        "L = loss(-minimum(r * adv, clip(r, 0.8, 1.2) * adv))\n"
    )
    text, _ = render(derived(source), fmt="text", steps="short").split("\nDerivation\n")
    assert "r = exp(zₐ − old − s)" in text and text.count("exp(zₐ − old − s)") == 1
    emits = written(source)
    assert emits.count("r = np.exp(") == 1 and emits.count("np.exp(log_softmax(z)") == 1


MATRICES = [
    ((2, 3, 4), (2, 4, 5)),
    ((3, 4), (2, 4, 5)),
    ((6, 2, 3, 4), (2, 4, 5)),
    ((2, 3, 4), (6, 2, 4, 5)),
    ((4,), (2, 4, 5)),
]


@pytest.mark.parametrize(("of_x", "of_w"), MATRICES)
def test_a_product_of_several_matrices_is_numpys(of_x: Any, of_w: Any) -> None:
    """Each matrix of one was multiplied with each of the other, as numpy.dot does."""
    agrees(
        f"x, w = input(*{of_x}), param(*{of_w})\nL = loss(sum((x @ w) ** 3))",
        lambda p, x: np.sum(np.matmul(x, p["w"]) ** 3),
    )


OF_EQUALS = {
    "logsumexp(x - x) + x[0]": lambda x, s: x[0] + np.log(3),
    "max(0 * x + s) * x[0]": lambda x, s: x[0] * s,
    "logsumexp(0 * x + s) * x[0]": lambda x, s: x[0] * (s + np.log(3)),
    "dot(softmax(x - x), x)": lambda x, s: np.sum(x) / 3,
}


@pytest.mark.parametrize("formula", OF_EQUALS)
def test_of_numbers_whose_differences_cancel(formula: str) -> None:
    """They were along an axis of nothing, and no module came."""
    agrees(
        f"x, s = input(3), input()\nL = loss({formula} + s)",
        lambda p, x, s: OF_EQUALS[formula](x, s) + s,
    )

"""Recurrences whose tensors read one another: what a step computes follows from what reads what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume

from bpgen.check.agreement import difference
from bpgen.emit import FAST, emit
from bpgen.errors import NetError
from tests.conftest import declared, emitted
from tests.drawn import few_or_all
from tests.recurrences import STEPS, WIDTH, Recurrence, recurrences

SAMPLES = 2
Arrays = dict[str, Any]


def hold(source: str, plain: Callable[..., list[Any]], params: Arrays, inputs: Arrays) -> None:
    """Values by a plain loop of numpy's, gradients by its complex step: `plain` is given parameters
    and inputs and returns all outputs.
    """
    module = emitted(source)
    outputs, cache = module.forward(params, *inputs.values())
    true = plain(**params, **inputs)
    outputs = outputs if len(true) > 1 else (outputs,)
    for got, right in zip(outputs, true, strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-12, atol=1e-13)
    rng = np.random.default_rng(1)
    upstream = [rng.normal(size=np.shape(a)) for a in true]
    grads = module.backward(params, cache, *upstream, inputs=True)
    for name, point in (params | inputs).items():
        slope = np.zeros(np.shape(point))
        for at in np.ndindex(slope.shape):
            moved = np.array(point, complex)
            moved[at] += 1e-20j
            there = plain(**(params | inputs | {name: moved}))
            parts = (np.sum(d * v.imag) for d, v in zip(upstream, there, strict=True))
            slope[at] = sum(parts) / 1e-20
        np.testing.assert_allclose(grads[name], slope, rtol=1e-9, atol=1e-12, err_msg=name)


@few_or_all(2, 25, recurrences())
def test_entries_that_read_each_other_in_a_step(drawn: Recurrence) -> None:
    rng = np.random.default_rng(0)
    try:
        emitted(drawn.source())
    except NetError as error:  # what only zeros() made and reads itself within a step
        assume("defined by" not in str(error))
        raise
    params = {"w": rng.normal(size=drawn.weights)}
    hold(drawn.source(), drawn.values, params, {"x": rng.normal(size=(SAMPLES, STEPS, WIDTH))})


READ_AT_A_PLACE = """
a, h = recurrent("T", 2), recurrent("T")
a[t, i] = x[t, i] + w * h[t - 1]
h[t] = tanh(a[t, 0])
"""
READ_BEFORE_IT_IS_WRITTEN = """
a, h = recurrent("T", 2), recurrent("T")
h[t] = tanh(a[t, 0] * a[t, 1])
a[t, 0] = x[t, 0] + w * h[t - 1]
a[t, 1] = w * x[t, 1]
"""
ONE_ENTRY_FOR_IT_AND_ONE_OF_IT = """
a, h = recurrent("T", 2), recurrent("T")
a[t, 0] = x[t, 0] + w * a[t - 1, 1]
a[t, 1] = x[t, 1] * h[t]
h[t] = tanh(w * a[t, 0])
"""
NOT_READ_AT_THE_STEP_BEFORE = """
a, h = recurrent("T", 2), recurrent("T")
a[t, i] = w * x[t, i]
h[t] = tanh(a[t, 0] + a[t - 1, 1])
"""


@pytest.mark.parametrize(
    ("equations", "step"),
    [
        (READ_AT_A_PLACE, lambda x, w, a, h: np.tanh(x[0] + w * h)),
        (READ_BEFORE_IT_IS_WRITTEN, lambda x, w, a, h: np.tanh((x[0] + w * h) * w * x[1])),
        (ONE_ENTRY_FOR_IT_AND_ONE_OF_IT, lambda x, w, a, h: np.tanh(w * (x[0] + w * a))),
        (NOT_READ_AT_THE_STEP_BEFORE, lambda x, w, a, h: np.tanh(w * x[0] + a)),
    ],
)
def test_a_step_reads_what_it_has_written(equations: str, step: Callable[..., Any]) -> None:
    """h[t] by the formula of one step, from the step before and from a[t - 1, 1] where it is read."""
    head = 'from bpgen import *\nt, i = indices("t i")\nx, w = input("T", 2), param()\n'
    second = {
        ONE_ENTRY_FOR_IT_AND_ONE_OF_IT: lambda x, w, h: x[1] * h,
        NOT_READ_AT_THE_STEP_BEFORE: lambda x, w, h: w * x[1],
    }.get(equations, lambda x, w, h: 0)

    def plain(x: Any, w: Any) -> list[Any]:
        every = []
        for sample in x:
            h, a, of = 0, 0, []
            for now in sample:
                h = step(now, w, a, h)
                a = second(now, w, h)
                of.append(h)
            every.append(of)
        return [np.array(every)]

    x = np.random.default_rng(2).normal(size=(SAMPLES, 4, 2))
    hold(f"{head}{equations}output(h)\n", plain, {"w": np.array(0.7)}, {"x": x})


def test_the_step_is_called_as_no_other_index_is() -> None:
    """A parameter has its name; of the letters that are left, an index along x has the next."""
    source = (
        'from bpgen import *\ni, s, k = indices("t s k")\nx, y, t = input(3), input(3), param()\n'
        "h, g = recurrent(3, 3), recurrent(3)\n"
        "h[i, s] = tanh(t * h[i - 1, s] + x[i] * x[s])\n"
        "g[i] = tanh(t * g[i - 1] + sum(x[s] * sum(y[k] * x[i] * x[s], k), s))\noutput(h, g)\n"
    )

    def plain(t: Any, x: Any, y: Any) -> list[Any]:
        h, g, rows, sums = 0, 0, [], []
        for now in range(3):
            h = np.tanh(t * h + x[:, now, None] * x)
            g = np.tanh(t * g + x[:, now] * (x**2).sum(1) * y.sum(1))
            rows.append(h)
            sums.append(g)
        return [np.stack(rows, 1), np.stack(sums, 1)]

    x, y = np.random.default_rng(5).normal(size=(2, SAMPLES, 3)) / 2
    hold(source, plain, {"t": np.array(0.7)}, {"x": x, "y": y})


GATES = {
    "a tensor of the step": "g = tensor({}, t, k)\n",
    "written as a recurrence is": "g = recurrent('T', 12)\ng[t, k] = {}\n",
}


@pytest.mark.parametrize("gates", GATES.values(), ids=GATES.keys())
def test_an_lstm_by_hand_with_one_matrix_for_all_gates(gates: str) -> None:
    """Its parts are read at shifted places, in the order i, f, g, o of PyTorch."""
    source = (
        'from bpgen import *\nt, k = indices("t k")\nx = input("T", 2)\n'
        'i, j = indices("i j", size=3)\nm = indices("m", size=2)\n'
        'W, U = param(12, 2), param(12, 3)\nh, c = recurrent("T", 3), recurrent("T", 3)\n'
        + gates.format("sum(W[k, m] * x[t, m], m) + sum(U[k, j] * h[t - 1, j], j)")
        + "h[t, i] = sigmoid(g[t, i + 9]) * tanh(c[t, i])\n"
        "c[t, i] = sigmoid(g[t, i + 3]) * c[t - 1, i] + sigmoid(g[t, i]) * tanh(g[t, i + 6])\n"
        "output(h)\n"
    )

    def plain(W: Any, U: Any, x: Any) -> list[Any]:
        h = c = np.zeros((len(x), 3))
        steps = []
        for t in range(x.shape[1]):
            i, f, g, o = np.split(x[:, t] @ W.T + h @ U.T, 4, axis=1)
            i, f, o = (1 / (1 + np.exp(-z)) for z in (i, f, o))
            c = f * c + i * np.tanh(g)
            h = o * np.tanh(c)
            steps.append(h)
        return [np.stack(steps, 1)]

    rng = np.random.default_rng(3)
    params = {"W": rng.normal(size=(12, 2)), "U": rng.normal(size=(12, 3))}
    hold(source, plain, params, {"x": rng.normal(size=(SAMPLES, 4, 2))})


@pytest.mark.parametrize("said", ["h[g]", "sum(h[m, g], m)"])
def test_the_step_that_a_label_says(said: str) -> None:
    """What stands before the first step is no step: label 0 says the first."""
    source = (
        "from bpgen import *\nk, m = indices('k', size=4), samples()\n"
        "x, g, h = input(2), input(below=4), recurrent(4)\nh[k] = tanh(x[0] + h[k - 1])\n"
        f"v = tensor({said} * h[k] * x[1], k)\noutput(v)\n"
    )
    module, g = emitted(source), np.array([0, 2, 3])
    rng = np.random.default_rng(0)
    x, d_v = rng.normal(size=(3, 2)), rng.normal(size=(3, 4))

    def plain(x: Any) -> Any:
        h = np.zeros((3, 5), x.dtype)
        for k in range(4):
            h[:, k] = np.tanh(x[:, 0] + h[:, k - 1])
        read = h[:, g].sum(0) if "m" in said else h[range(3), g]
        return read[:, None] * h[:, :4] * x[:, 1:]

    got, cache = module.forward({}, x, g)
    np.testing.assert_allclose(got, plain(x), rtol=1e-12)
    slope = np.zeros((3, 2))
    for at in np.ndindex(3, 2):
        moved = x.astype(complex)
        moved[at] += 1e-20j
        slope[at] = np.sum(d_v * plain(moved).imag) / 1e-20
    np.testing.assert_allclose(module.backward({}, cache, d_v, inputs=True)["x"], slope, rtol=1e-9)


def test_what_stands_before_the_first_step_has_a_gradient_of_its_own() -> None:
    """No step reads it here: the formula of the steps' gradients does not hold of it."""
    source = (
        "from bpgen import *\ni, j, k = indices('i', size=3), indices('j', size=2), indices('k')\n"
        "x, w, h = input(3), param(3), recurrent(4)\nv = tensor(w[j] * x[j]**2, j)\n"
        "h[k] = tanh(x[0] * w[2])\nh[-1] = sum(v[j], j)\n"
        "u = tensor(sum(h[k], k) * x[j], j)\noutput(u)\n"
    )
    rng = np.random.default_rng(0)

    def plain(w: Any, x: Any) -> list[Any]:
        return [4 * np.tanh(x[:, :1] * w[2]) * x[:, :2]]

    hold(source, plain, {"w": rng.normal(size=3)}, {"x": rng.normal(size=(SAMPLES, 3))})


def test_steps_that_are_looked_up_within_steps_of_another() -> None:
    """The letter that one is stored with counts the steps of the other."""
    net = declared(
        "from bpgen import *\n"
        "x, g = input(4, 3), input(3, below=4)\n"
        "k, i, q = indices('k', size=4), indices('i', size=3), indices('q', size=3)\n"
        "w = param(3)\n"
        "h, r = recurrent(4, 3), recurrent(4)\n"
        "h[k, i] = tanh(x[k, i] + w[i] * sum(h[k - 1, q], q))\n"
        "r[k] = tanh(r[k - 1] + sum(h[g[q], 2 - q] * w[q], q))\n"
        "L = loss(sum(r[k] ** 2, k))\n"
    )
    assert difference(emit(net), net) is None


def test_a_mean_over_an_index_that_a_step_does_not_use() -> None:
    """h is written out where it is read, and is the same at each i."""
    net = (
        "from bpgen import *\ni, k = indices('i', size=3), indices('k', size=4)\n"
        "x, w, h, g = input(4), param(), recurrent(4, 3), recurrent(4)\n"
        "g[k] = tanh(x[k] + g[k - 1])\nh[k, i] = tanh(g[k - 1] - w)\n"
        "L = loss(mean(log(1 + h[k, i] ** 2), k, i))\n"
    )
    module = emitted(net)
    x, w, state, found = [0.5, -1.0, 2.0, 0.3], np.array(0.7), 0.0, []
    for each in x:
        found.append(np.log(1 + np.tanh(state - w) ** 2))
        state = np.tanh(each + state)
    assert module.loss({"w": w}, np.array([x])) == pytest.approx(np.mean(found))


def test_the_forward_algorithm_of_a_hidden_markov_model() -> None:
    """The log-sum-exp of a formula, over the states before."""
    net = (
        "from bpgen import *\nt, i, j = indices('t i j')\n"
        "x, A, p = input('T', 2), param(2, 2), param(2)\n"
        "a = recurrent('T', 2)\na[-1, i] = p[i]\n"
        "a[t, i] = logsumexp(a[t - 1, j] + A[j, i], j) + x[t, i]\noutput(a)\n"
    )

    def plain(A: Any, p: Any, x: Any) -> list[Any]:
        found = []
        for sample in x:
            a, states = p, []
            for step in sample:
                a = np.log(np.exp(a[:, None] + A).sum(axis=0)) + step
                states.append(a)
            found.append(states)
        return [np.array(found)]

    rng = np.random.default_rng(0)
    params = {"A": rng.normal(size=(2, 2)), "p": rng.normal(size=2)}
    hold(net, plain, params, {"x": rng.normal(size=(2, 3, 2))})


@pytest.mark.parametrize("target", ["numpy", FAST])
def test_a_slope_is_told_by_the_output_of_a_recurrence_that_has_a_start(target: str) -> None:
    source = (
        "from bpgen import *\nt, i, k = indices('t i k')\n"
        "x, U, h0, h = input('T', 3), param(3, 3), param(3), recurrent('T', 3)\nh[-1, i] = h0[i]\n"
        "h[t, i] = tanh(x[t, i] + sum(U[i, k] * h[t - 1, k], k))\noutput(h)\n"
    )
    backward = emit(declared(source), target).split("def backward")[1]
    assert "(1 - h[n,t,i] ** 2)" in backward and "tanh" not in backward


@pytest.mark.slow
def test_what_is_said_of_steps_is_not_of_what_stands_before_them() -> None:
    """h is k m at each step, and 0 before the first, where k and m are not."""
    source = (
        "from bpgen import *\nt, i = indices('t i')\nx, w, k0, m0 = input('T', 3), param(3), param(3), param(3)\n"
        "k, m, h = recurrent('T', 3), recurrent('T', 3), recurrent('T', 3)\n"
        "k[-1, i] = k0[i]\nm[-1, i] = m0[i]\nk[t, i] = tanh(w[i] * k[t - 1, i] * m[t - 1, i])\n"
        "m[t, i] = sin(h[t - 1, i] + x[t, i])\nh[t, i] = k[t, i] * m[t, i]\noutput(last(k), last(h))\n"
    )
    assert difference(emit(declared(source)), declared(source)) is None

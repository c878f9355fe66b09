"""A repeated block that holds steps of its own, a recurrence or blocks repeated within: the network
of Python's `for`, line by line.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bpgen.check.page.proof import prove_page
from bpgen.derive import derive
from bpgen.emit import emit
from bpgen.load import declared_by
from bpgen.render import render
from tests.conftest import emitted, written
from tests.few import few, one_in
from tests.test_recurrences import hold

STATES = "x, s = input('T', 4), input(4)\n"

# What stands before the blocks, and the block.
NETS = {
    "a layer": ("x = input('T', 4)\n", "def block(h):\n    return rnn(h, 4)\n"),
    "residual": ("x = input('T', 4)\n", "def block(h):\n    return h + lstm(layer_norm(h), 4)\n"),
    "a start from outside": (STATES, "def block(h):\n    return h + gru(h, 4, start=s)\n"),
    "both ways": (
        "x = input('T', 4)\n",
        "def block(h):\n    return dense(bidirectional(gru, h, 3), 4)\n",
    ),
    "the last state is carried": (
        "x, u = input(4), input('T', 3)\n",
        "def block(h):\n    return last(rnn(u, 4, start=h))\n",
    ),
    "two recurrences": ("x = input('T', 4)\n", "def block(h):\n    return gru(rnn(h, 3), 4)\n"),
    "of all samples": (
        "n, t, i = samples(), *indices('t i')\nx = input('T', 3)\n",
        "def block(h):\n    return rnn(h - tensor(mean(h[n, t, i], n), t, i), 3)\n",
    ),
    "the step after": (
        "x, w, t = input(5), param(), indices('t')\n",
        "def block(h):\n    _p, _g = pad(h, 0, 1), recurrent(5)\n"
        "    _g[t] = tanh(_p[t + 1] + w * _g[t - 1])\n    return _g\n",
    ),
    "blocks within": (
        "x = input(4)\n",
        "def inner(g):\n    return g + dense(g, 4, tanh)\n"
        "def block(h):\n    return h * repeat(2, inner, h)\n",
    ),
    "recurrences of blocks within": (
        "x = input('T', 4)\n",
        "def block(h):\n    return h * repeat(2, lambda g: rnn(g, 4), h)\n",
    ),
}


def repeated(name: str, times: int) -> str:
    before, block = NETS[name]
    return f"from bpgen import *\n{before}{block}o = repeat({times}, block, x)\noutput(o)\n"


def written_out(name: str, times: int) -> str:
    before, block = NETS[name]
    blocks = f"o = x\nfor _ in range({times}):\n    o = block(o)\noutput(o)\n"
    return f"from bpgen import *\n{before}{block}{blocks}"


_LARGE = {  # seconds each
    "both ways",
    "residual",
    "of all samples",
    "the last state is carried",
    "two recurrences",
    "a start from outside",
    "recurrences of blocks within",
    "blocks within",
}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * (n in _LARGE)) for n in NETS]
)
def test_it_is_the_network_of_a_loop(name: str) -> None:
    """The module and the page, to the letter; and what the page says holds."""
    nets = [declared_by(way(name, 2)) for way in (repeated, written_out)]
    assert emit(nets[0]) == emit(nets[1])
    pages = [render(derive(net), fmt="latex") for net in nets]
    assert pages[0] == pages[1]
    report = prove_page(pages[0], nets[0])
    assert report.ok, "\n".join(map(str, report.false))


@pytest.mark.parametrize("times", [1, 3, 4])
@pytest.mark.parametrize(
    "name", few(("a layer", "recurrences of blocks within"), lambda n: n not in _LARGE)
)
def test_any_number_of_them(name: str, times: int) -> None:
    assert written(repeated(name, times)) == written(written_out(name, times))


BY_HAND = """from bpgen import *
t, i, j = indices("t i j")
x, s = input("T", 2), input(2)
def block(h):
    U = param(2, 2)
    g = recurrent("T", 2)
    g[-1, i] = s[i]
    g[t, i] = tanh(h[t, i] + sum(U[i, j] * g[t - 1, j], j))
    return h + g
o = repeat({times}, block, x)
output(o)
"""


@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("times", [1, 2, 4])
def test_values_and_gradients_of_a_recurrence_by_hand(times: int, steps: int) -> None:
    def plain(x: Any, s: Any, **params: Any) -> list[Any]:
        for U in params.values():
            g, states = s, []
            for t in range(steps):
                g = np.tanh(x[:, t] + g @ U.T)
                states.append(g)
            x = x + np.stack(states, axis=1)
        return [x]

    rng = np.random.default_rng(0)
    names = [f"U{k + 1}" for k in range(times)] if times > 1 else ["U"]
    params = {name: rng.normal(size=(2, 2)) for name in names}
    inputs = {"x": rng.normal(size=(3, steps, 2)), "s": rng.normal(size=(3, 2))}
    hold(BY_HAND.format(times=times), plain, params, inputs)


def test_variables_of_the_block_are_numbered() -> None:
    """Block after block; what a layer makes has the layer's number."""
    network = declared_by(
        "from bpgen import *\nx = input('T', 4)\n"
        "def block(h):\n    g = lstm(h, 4)\n    v = g * h\n    return v + sum(v)\n"
        "o = repeat(2, block, x)\noutput(o)\n"
    )
    assert {"v1", "v2", "h1", "h2", "W1", "U1", "b1", "W2", "U2", "b2"} <= {*network.tensors}
    assert not {"v", "g", "g3"} & {*network.tensors}
    assert network.tensors["W2"].sample_shape == (16, 4)


def test_penalties_are_of_every_block_and_of_those_within() -> None:
    """Within a block that is repeated there, weights of the block around it are one matrix."""
    source = """from bpgen import *
x = input(2)
def block(h):
    W = param(2, 2)
    def inner(g):
        return g + l2(W) * dense(g, 2, tanh, bias=False)
    return repeat(2, inner, W @ h)
o = repeat(2, block, x)
L = loss(sum(o) + l2())
"""
    module, rng = emitted(source), np.random.default_rng(0)
    params = {n: rng.normal(size=s) for n, s in module.SHAPES.items()}
    assert {n: a.shape for n, a in params.items()} == {
        "W1": (2, 2), "W2": (2, 2), "W3": (2, 2, 2), "W4": (2, 2, 2)
    }  # fmt: skip
    x = rng.normal(size=(3, 2))

    def plain(params: Any) -> Any:
        h = x
        for W, inner in (("W1", "W3"), ("W2", "W4")):
            h = h @ params[W].T
            for V in params[inner]:
                h = h + np.sum(params[W] ** 2) * np.tanh(h @ V.T)
        return h.sum() / len(x) + sum(np.sum(a**2) for a in params.values())

    value, grads = module.loss_and_grad(params, x)
    assert value == pytest.approx(plain(params), rel=1e-13)
    for name, gradient in grads.items():
        for at in np.ndindex(gradient.shape):
            moved = {n: a.astype(complex) for n, a in params.items()}
            moved[name][at] += 1e-20j
            assert gradient[at] == pytest.approx(plain(moved).imag / 1e-20, rel=1e-10)


@pytest.mark.parametrize("name", one_in(3, ["residual", "a start from outside", "blocks within"]))
def test_float32_stays(name: str) -> None:
    module, rng = emitted(repeated(name, 2)), np.random.default_rng(0)
    params = module.init(rng, np.float32)
    sizes = [[3 if size == "T" else size for size in shape] for shape in module.INPUTS.values()]
    inputs = [rng.normal(size=(2, *size)).astype(np.float32) for size in sizes]
    output, cache = module.forward(params, *inputs)
    grads = module.backward(params, cache, np.ones_like(output), inputs=True)
    assert {a.dtype for a in (output, *grads.values())} == {np.dtype(np.float32)}


def test_variables_of_what_a_block_calls_are_named() -> None:
    """Where the block itself has a name for it, that one stands; what is made twice is numbered."""
    net = declared_by(
        "from bpgen import *\nx, y = input(3), target(3)\n"
        "def layer(q):\n    W, b = param(3, 3), param(3)\n    pre = W @ q + b\n"
        "    act = tanh(pre)\n    return act\n"
        "def block(x):\n    first = layer(layer(x))\n    return x + layer(first)\n"
        "h = repeat(3, block, x)\nL = loss(squared_error(h, y))\n"
    )
    made = [n for n, t in net.tensors.items() if t.role == "value"]
    assert made == ["pre1", "act1", "pre2", "first", "pre3", "act2", "h", "ell", "L"]

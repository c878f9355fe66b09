"""A repeated block: the same network as its blocks written one after the other, in a text that does
not grow with their number.
"""

from __future__ import annotations

from cProfile import Profile
from itertools import groupby
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from bpgen.emit import emit
from bpgen.ir import Network
from bpgen.load import declared_by
from bpgen.prove import claimed, proved
from bpgen.render import render
from bpgen.targets.numpy.allowed import verified
from tests.conftest import ROOT, declared, derived, emitted, written
from tests.few import one_in

GPT = (ROOT / "examples" / "gpt.py").read_text()
RESIDUAL = "def block(x):\n    return x + dense(x, 4, tanh)\n"

# What stands before the blocks, the block, and what is made of its output o.
NETS = {
    "one layer": ("x = input(4)\n", RESIDUAL, "output(o)"),
    "its variables named": (
        "x = input(4)\n",
        "def block(x):\n    h = dense(x, 6, sigmoid)\n    g = dense(h, 4)\n    return x * g\n",
        "y = target(4)\nL = loss(squared_error(o, y))",
    ),
    "parameters by hand": (
        "x = input(4)\n",
        "def block(x):\n    W, b = param(4, 4), param(4)\n    return tanh(W @ x + b)\n",
        "output(o)",
    ),
    "of what was computed": (
        "u = input(3)\nx = dense(u, 4, tanh)\n",
        RESIDUAL,
        "y = label(5)\nL = loss(categorical_cross_entropy_with_logits(dense(o, 5), y))",
    ),
    "tied weights": (
        "x, W = input(4), param(4, 4)\n",
        "def block(x):\n    return tanh(W @ x) + dense(x, 4)\n",
        "output(W @ o)",
    ),
    "all weights tied": (
        "x, W, c = input(4), param(4, 4), param(4)\n",
        "def block(x):\n    return tanh(W @ x + c)\n",
        "output(o)",
    ),
    "a mask of each sample": (
        "x, mask = input(4), input(4)\n",
        "def block(x):\n    return x + mask * dense(x, 4, tanh)\n",
        "output(o)",
    ),
    "a context that is computed": (
        "x, u = input(3, 4), input(5, 2)\nc = dense(u, 4, tanh)\n",
        "def block(x):\n    return layer_norm(x + multi_head_attention(x, 2, context=c))\n",
        "output(o)",
    ),
    "the input itself within": (
        "x = input(4)\nx0 = x\n",
        "def block(x):\n    return tanh(x + x0 * dense(x, 4))\n",
        "output(o)",
    ),
    "penalised": (
        "x, y = input(4), target(4)\n",
        RESIDUAL,
        "L = loss(squared_error(o, y) + 0.1 * l2())",
    ),
    "attention": (
        "x = input(5, 4)\n",
        "def block(x):\n    h = x + multi_head_attention(layer_norm(x), 2, causal=True)\n"
        "    return h + dense(dense(layer_norm(h), 7, gelu), 4)\n",
        "output(o)",
    ),
    "convolution": (
        "x = input(2, 5, 5)\n",
        "def block(x):\n    return x + tanh(conv2d(x, 2, 3, padding=1))\n",
        "output(o)",
    ),
    "of any length": (
        "x = input('T', 4)\n",
        "def block(x):\n    return x + dense(x, 4, tanh)\n",
        "t = indices('t')\nL = loss(mean(o[t, 0] ** 2, t))",
    ),
    "without parameters": (
        "u = input(4)\nx = dense(u, 4)\n",
        "def block(x):\n    return tanh(x) + x / 2\n",
        "output(o)",
    ),
    "names of the module's own": (
        "x, kept, l = input(4), param(4), param(4)\n",
        "def block(x):\n    of_block = dense(x, 4)\n    return tanh(of_block * kept + l)\n",
        "stacked = o * kept\noutput(stacked)",
    ),
    "two of them": (
        "x = input(4)\n",
        RESIDUAL + "def other(x):\n    return x * sigmoid(dense(x, 4))\n",
        "STACK(2, other, p, o)\noutput(p)",
    ),
    "two of them with a weight of both": (
        "x, W = input(4), param(4, 4)\n",
        "def block(x):\n    return tanh(W @ x + dense(x, 4))\n"
        "def other(x):\n    return x * sigmoid(W @ dense(x, 4))\n",
        "STACK(2, other, p, o)\noutput(p)",
    ),
    "one block twice": (
        "x = input(4)\n",
        RESIDUAL,
        "z = dense(o, 4, sigmoid)\nSTACK(2, block, p, z)\noutput(p)",
    ),
    "its output used twice": (
        "x = input(4)\n",
        RESIDUAL,
        "z = dense(o, 4, sigmoid)\noutput(z * o, x + o)",
    ),
    "added to in every block": (
        "x, u = input(4), input(4)\nW = param(4, 4)\ns = u @ W\n",
        "def block(x):\n    return tanh(W @ x + s)\n",
        "output(o)",
    ),
    "added to, and nothing else": (
        "x, u = input(4), input(4)\nw = param()\ns = w * u\n",
        "def block(x):\n    return x + s\n",
        "output(o)",
    ),
    "one number of what is outside": (
        "x, u = input(4), input(4)\nw = param()\ns = w * u\n",
        "def block(x):\n    return tanh(x) + s[0]\n",
        "output(o)",
    ),
    "what begins them within": (
        "u = input(4)\nx = dense(u, 4)\ns = x\n",
        "def block(x):\n    return tanh(x) + s\n",
        "output(o)",
    ),
    "what others leave": (
        "x, u = input(3, 4), input(2, 4)\n",
        RESIDUAL + "def other(h):\n    return h + multi_head_attention(h, 2, context=o)\n",
        "STACK(2, other, p, u)\noutput(p)",
    ),
    "a formula of what others leave": (
        "x, w = input(4), param()\n",
        RESIDUAL + "def other(h):\n    return sin(h) * k[0]\n",
        "k = [w * o]\nSTACK(2, other, p, x)\noutput(p * o)",
    ),
    "a context of another length": (
        "c, x = input('S', 4), input('T', 4)\n",
        "def block(h):\n    return h + multi_head_attention(h, 2, context=c)\n",
        "output(o)",
    ),
    "a sum over another length": (
        "s, t, i = indices('s t i')\nc, x, w = input('S', 4), input('T', 4), param(4)\n"
        "z = tensor(w[i] * c[s, i], s, i)\n",
        "def block(h):\n    return tensor(tanh(h[t, i]) + sum(z[s, i], s), t, i)\n",
        "output(o)",
    ),
    "a recurrence within": (
        "x, u = input(3, 4), input(3, 4)\nt, i = indices('t i')\nh = recurrent(3, 4)\n"
        "h[t, i] = tanh(h[t - 1, i]) + u[t, i]\n",
        "def block(x):\n    return sin(x) + h\n",
        "output(o)",
    ),
    "a recurrence that begins them, and within": (
        "u, c = input(3, 4), input(3, 4)\nt, i = indices('t i')\nx = recurrent(3, 4)\n"
        "x[t, i] = tanh(x[t - 1, i]) + u[t, i]\ns = x\n",
        "def block(x):\n    return c * sigmoid(x) + s\n",
        "output(o)",
    ),
    "numbers": (
        "x, c, w = input(), input(), param()\n",
        "def block(x):\n    return tanh(w * x + c)\n",
        "L = loss(o)",
    ),
}


def source(name: str, times: int = 3, written_out: bool = False) -> str:
    """The net.py, with its blocks repeated or written one after the other."""
    before, block, after = NETS[name]
    lines = ["from bpgen import *"]
    for line in f"{before}{block}STACK({times}, block, o, x)\n{after}".splitlines():
        if not line.startswith("STACK("):
            lines.append(line)
            continue
        count, function, made, start = line[6:-1].split(", ")
        if written_out:
            lines += [f"{made} = {start}", f"for _ in range({count}):"]
            lines.append(f"    {made} = {function}({made})")
        else:
            lines.append(f"{made} = repeat({count}, {function}, {start})")
    return "\n".join(lines) + "\n"


def unstacked(network: Network, stacked: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """The parameters of the network written out: block by block, in the order declared."""
    found = []
    for index, group in groupby(
        network.role("param"), key=lambda t: t.indices[0] if t.block else None
    ):
        arrays = [stacked[t.name] for t in group]
        blocks = range(int(index.size)) if index is not None else [...]
        found += [a[k] for k in blocks for a in arrays]
    return dict(zip(names, found, strict=True))


def given(network: Network, rng: np.random.Generator) -> dict[str, list[Any]]:
    """Two samples of the inputs and targets."""
    return {
        role: [
            rng.integers(t.bound, size=(2, *t.sample_shape))
            if t.bound
            else rng.normal(size=(2, *(s if isinstance(s, int) else 3 for s in t.sample_shape)))
            for t in network.role(role)
        ]
        for role in ("input", "target")
    }


def both(module: ModuleType, params: Any, inputs: Any, targets: Any) -> tuple[Any, dict[str, Any]]:
    """The loss, or else the outputs, and gradients, of upstream ones 1, 2, ... where there is no
    loss.
    """
    made, cache = module.forward(params, *inputs)
    if hasattr(module, "loss"):
        made = module.loss(params, *inputs, *targets)
    else:
        outputs = made if isinstance(made, tuple) else (made,)
        targets = [np.arange(1.0, o.size + 1).reshape(o.shape) for o in outputs]
    return made, module.backward(params, cache, *targets, inputs=True)


QUICK = {  # and how often their block is repeated: of each kind one
    *(("one layer", 1), ("of what was computed", 3), ("tied weights", 3)),
    *(("of any length", 3), ("added to in every block", 3)),
}


def case(*values: Any) -> Any:
    """A case of a test, slow where it is none of the quick ones."""
    known = values if values[1:] else (*values, 3)
    return pytest.param(*values, marks=[pytest.mark.slow] * (known not in QUICK))


@pytest.mark.parametrize(("name", "times"), [case(n, k) for n in NETS for k in (1, 3)])
def test_repeated_is_written_out(name: str, times: int) -> None:
    network = declared(source(name, times))
    module = emitted(source(name, times))
    plain = emitted(source(name, times, written_out=True))
    rng = np.random.default_rng(0)
    params = {n: rng.normal(size=s) for n, s in module.SHAPES.items()}
    names = list(plain.SHAPES)
    arrays = given(network, rng).values()
    made, grads = both(module, params, *arrays)
    expected, slopes = both(plain, unstacked(network, params, names), *arrays)
    np.testing.assert_allclose(made, expected, rtol=0, atol=1e-12)
    found = unstacked(network, grads, names) | {n: grads[n] for n in grads if n in module.INPUTS}
    assert found.keys() == slopes.keys()
    for n, slope in slopes.items():
        scale = max(1.0, np.abs(slope).max())
        np.testing.assert_allclose(found[n], slope, rtol=0, atol=1e-12 * scale, err_msg=n)


@pytest.mark.parametrize("name", one_in(15, [*NETS]))
def test_text_does_not_grow(name: str) -> None:
    """Neither the module nor the derivation."""
    texts = [written(source(name, times)) for times in (3, 7)]
    assert len(texts[0].splitlines()) >= len(texts[1].splitlines())
    told = [render(derived(source(name, times)), fmt="text") for times in (3, 7)]
    assert len(told[0].splitlines()) >= len(told[1].splitlines())


@pytest.mark.slow
def test_gpt_does_not_grow() -> None:
    nets = [GPT.replace("depth = 96, 64, 64, 4, 6", f"depth = 96, 64, 64, 4, {n}") for n in (2, 6)]
    modules = [written(net) for net in nets]
    assert modules[0] != modules[1]
    assert len(modules[0].splitlines()) == len(modules[1].splitlines())
    assert [line for line in modules[1].splitlines() if "import" in line] == ["import numpy as np"]
    verified(modules[1])
    told = [render(derived(net), fmt="text") for net in nets]
    assert len(told[0].splitlines()) == len(told[1].splitlines())


DROPS = """from bpgen import *
x = input(6)
def block(x):
    return x + dropout(dense(x, 6, tanh), 0.5)
o = repeat(3, block, x)
output(o)
"""


def test_dropout_is_drawn_anew_in_each_block() -> None:
    """And the gradients are those of what was drawn."""
    module, rng = emitted(DROPS), np.random.default_rng(0)
    params = {n: rng.normal(size=s) for n, s in module.SHAPES.items()}
    x, upstream = rng.normal(size=(2, 5, 6))
    still, cache = module.forward(params, x)
    assert np.array_equal(still, module.forward(params, x)[0])
    _, cache = module.forward(params, x, rng=np.random.default_rng(1))
    drawn = [a for n, a in cache.items() if set(np.unique(a)) == {0.0, 2.0}]
    assert len(drawn) == 3
    assert not np.array_equal(drawn[0], drawn[1])
    grads = module.backward(params, cache, upstream, inputs=True)
    points = {**params, "x": x}
    for name, gradient in grads.items():
        at = (0,) * gradient.ndim
        sides = []
        for h in (1e-5, -1e-5):
            moved = {n: a.copy() for n, a in points.items()}
            moved[name][at] += h
            given = {n: moved[n] for n in params}
            made, _ = module.forward(given, moved["x"], rng=np.random.default_rng(1))
            sides.append((made * upstream).sum())
        assert (sides[0] - sides[1]) / 2e-5 == pytest.approx(gradient[at], rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("fast", one_in(2, [False, True]))
def test_a_scalar_that_blocks_share_has_an_array_for_gradient(fast: bool) -> None:
    """numpy's sum of the blocks' shares is no array."""
    net = "from bpgen import *\nx, b, c = input(3), param(), param()\n"
    net += "output(repeat(4, lambda u: tanh(b * u) + c * x, c * x))\n"
    report = proved(claimed(declared_by(net), fast=fast))
    assert report.ok, str(report)


def test_of_no_block_it_is_what_it_is_given() -> None:
    net = "from bpgen import *\nx = input(4)\nh = tanh(x)\noutput({})\n"
    with_none = declared_by(net.format("repeat(0, lambda u: dense(u, 4), h)"))
    assert with_none == declared_by(net.format("h"))


def test_under_a_profiler() -> None:
    """cProfile watches functions by the same means, and goes on watching."""
    profile = Profile()
    profile.enable()
    try:
        emit(declared_by(source("its variables named", 2)))
    finally:
        profile.disable()
    assert any(entry.code == emit.__code__ for entry in profile.getstats())

"""Networks of the whole grammar: proved by numbers and exactly, each mistake refused by name."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import grammar
import numpy as np
import pytest

from bpgen.check.exact import exact
from bpgen.check.form import form
from bpgen.check.module import Subject
from bpgen.check.mutants import mutants
from bpgen.check.numbers import Ruler, numbers
from bpgen.check.promises import broken
from bpgen.check.selftest import selftest
from bpgen.check.whole import check_module
from bpgen.emit import emit
from bpgen.equations.affine import affine
from bpgen.ir import Element, Network, check
from bpgen.load import declared_by
from bpgen.network.shrink import shrunk
from bpgen.network.shrink.accesses import accesses
from tests.few import few, one_in
from tests.proofs.proof import Module, scalar_chain_rule


@cache
def network(name: str) -> Network:
    return grammar.network(name)


@cache
def source(name: str) -> str:
    return grammar.source(name)


def refused_by_numbers(text: str, net: Network) -> set[str]:
    return {row.name for row in numbers(Subject(text, net)).rows if not row.ok}


def refused_exactly(text: str, net: Network) -> set[str]:
    return {row.name for row in exact(text, net) if not row.ok}


SLOW = {"words", "lstm", "convolution", "two recurrences", "transposed"} | {
    *("dilated", "joined", "recurrence", "gathered", "overlapping")
}


def marked(names: Iterable[str], slow: set[str] = SLOW) -> list[Any]:
    """The names, of which those that take seconds are left to the slow suite."""
    return [pytest.param(n, marks=[pytest.mark.slow] * (n in slow), id=n) for n in names]


@pytest.mark.parametrize("name", marked(grammar.TEXTS))
def test_right_modules_are_proved(name: str) -> None:
    found = numbers(Subject(source(name), network(name)))
    assert found.ok, found
    assert all(row.verdict == "ok" for row in found.rows)
    rows = exact(source(name), network(name))
    assert all(row.ok for row in rows), rows
    assert {row.name for row in found.rows} <= {row.name for row in rows}


# One row a line: the network, the text replaced in its module, its replacement, who is refused.
WRONG = [
    ("convolution", "dx[:, :, u : u + 4, v : v + 4] +=", "dx[:, :, u : u + 4, v : v + 4] =", {"x"}),
    ("convolution", "K[:, :, u, v]", "K[:, :, v, u]", {"x"}),
    ("convolution", "* first_m", "* (0 * first_m + 1)", {"K", "b", "x"}),
    ("strided", "delta[:, 1:8]", "delta[:, :7]", {"x"}),
    ("transposed", "[:, :, ::2]", "[:, :, :3]", {"w", "x"}),
    ("lstm", "in reversed(range(T))", "in range(T)", {"W", "U", "b", "h0", "x"}),
    ("lstm", "h[:, :-1]", "h[:, 1:]", {"U"}),
    ("lstm", "dh[:, t] +=", "dh[:, t] =", {"W", "U", "b", "h0", "x"}),
    ("lstm", "dh0 = dh[:, 0]", "dh0 = dh[:, 1]", {"h0"}),
    ("lstm", "h[:, 0] = h0", "pass", {"h0"}),
    ("accumulated", "dx[:, 0] +=", "dx[:, 0] =", {"x"}),
    ("words", "np.add.at(dE, tok, ", "dE[tok] += (", {"E"}),
    ("gathered", "np.add.at(dx, ", "dx.__setitem__(", {"x"}),
    ("batch", "- mu", "- 0.9 * mu", {"g", "x"}),
    ("joined", "[:, 3:]", "[:, 2:4]", {"v", "W", "x"}),
    ("unflattened", ".reshape(N, 9)", ".swapaxes(1, 2).reshape(N, 9)", {"W", "x"}),
    ("dilated", "[:, ::-1]", "", {"w", "x"}),
]


@pytest.mark.parametrize(
    ("name", "was", "becomes", "tensors"),
    [
        pytest.param(*r, id=f"{r[0]} {r[1]}", marks=[pytest.mark.slow] * (r[0] in SLOW))
        for r in WRONG
    ],
)
def test_mistakes_are_refused_by_name(name: str, was: str, becomes: str, tensors: set[str]) -> None:
    head, *rest = source(name).split("\ndef backward(")
    body = "\ndef backward(" + rest[0]
    wrong = head + body.replace(was, becomes) if was in body else head.replace(was, becomes) + body
    assert wrong != source(name)
    assert refused_by_numbers(wrong, network(name)) == tensors
    assert refused_exactly(wrong, network(name)) >= tensors


# The network, and the text replaced in it: the module is of the one, the network is the other.
OTHER = [
    ("convolution", "max(a", "sum(a"),
    ("convolution", "K[o, c, u, v]", "K[o, c, v, u]"),
    ("lstm", "h[-1, i] = h0[i]", "h[-1, i] = 2*h0[i]"),
    ("lstm", "z[t, i+2]", "z[t, i+4]"),
    ("recurrence", "h[2, i]", "h[1, i]"),
    ("largest", "max(z[t, i], t)", "mean(z[t, i], t)"),
    ("joined", "z[j + 3]", "z[4 - j]"),
    ("words", "z[t, y[t]]", "z[0, y[t]]"),
    ("batch", "mean(x[n, i], n)", "sum(x[n, i], n)"),
]


@pytest.mark.parametrize(
    ("name", "was", "becomes"),
    [
        pytest.param(*r, id=f"{r[0]} {r[2]}", marks=[pytest.mark.slow] * (r[0] in SLOW))
        for r in OTHER
    ],
)
def test_a_module_of_another_network_is_refused(name: str, was: str, becomes: str) -> None:
    text = grammar.TEXTS[name]
    assert was in text
    other = declared_by("from bpgen import *\n" + text.replace(was, becomes))
    rows = exact(source(name), other)
    assert any(row.verdict.startswith("wrong: entry ") for row in rows), rows


def test_the_chain_rule_over_scalars_is_the_derivative_of_the_whole() -> None:
    """The adjoints against sympy's derivative of the objective as one nested expression; those of
    larger networks are recorded.
    """
    made = Module(source("accumulated"), network("accumulated"))
    assert scalar_chain_rule(made) == "6 derivatives"


def test_of_equal_values_the_first_takes_the_gradient() -> None:
    module = Subject(source("largest")).module
    params = {"W": np.ones((2, 3))}
    x = np.ones((1, 4, 3))
    _, cache = module.forward(params, x)
    dx = module.backward(params, cache, np.zeros((1, 2)), inputs=True)["x"]
    assert np.all(dx[0, 0] != 0)
    assert np.all(dx[0, 1:] == 0)


def test_values_that_are_equal_everywhere_are_no_kink() -> None:
    text = "from bpgen import *\ni = indices('i')\nx = input(2)\n"
    net = declared_by(text + "output(tensor(max(relu(-x[i]**2), i)) + sum(x))\n")
    assert all(row.ok for row in exact(emit(net), net))


def test_a_max_is_said_to_be_proved_between_ties() -> None:
    report = check_module(source("overlapping"), network("overlapping"))
    assert report.ok, str(report)
    assert "of equal ones the first takes the gradient, by convention" in str(report)


def test_lengths_of_one_are_tried() -> None:
    text = source("lstm").replace("    T = x.shape[1]\n", "    T = max(x.shape[1], 2)\n", 1)
    found = [str(f) for f in broken(Subject(text, network("lstm")), 0)]
    assert len(found) == 1
    assert found[0].startswith("at a batch of 2 and T = 1 it raises ")


@pytest.mark.parametrize("name", marked(["convolution", "recurrence", "words"]))
def test_mutants_are_caught(name: str) -> None:
    subject = Subject(source(name), network(name))
    found = selftest(subject, Ruler(subject, 0), each=2)
    assert found.survivors == ()
    assert found.kinds >= 14


@pytest.mark.slow
def test_mutants_of_the_new_statements() -> None:
    """Mistakes are made where there is something to be mistaken in, and each text is a module."""
    made = {m.kind for name in grammar.TEXTS for m in mutants(source(name), 2)}
    assert made >= {
        "put there, not added",
        "a place or a step beside",
        "the offsets of a kernel exchanged",
        "a loop not reversed",
        "what stands before the first step dropped",
        "an initial state or a padding dropped",
        "the largest not told from the rest",
        "a reshape or transposition of other axes",
        "a product over other axes",
    }


CNN = """
c, o, p, q, u, v = indices("c o p q u v")
r, s = indices("r s", size=2)
x = input(1, 28, 28)
y = label(10)
K1, b1 = param(6, 1, 5, 5), param(6)
z1 = tensor(sum(K1[o, c, u, v] * x[c, p + u, q + v], c, u, v) + b1[o], o, p, q)
a1 = relu(z1)
m1 = tensor(max(a1[o, 2*p + r, 2*q + s], r, s), o, p, q)
K2, b2 = param(16, 6, 5, 5), param(16)
z2 = tensor(sum(K2[o, c, u, v] * m1[c, p + u, q + v], c, u, v) + b2[o], o, p, q)
a2 = relu(z2)
m2 = tensor(max(a2[o, 2*p + r, 2*q + s], r, s), o, p, q)
f = zeros(256)
f[16*o + 4*p + q] = m2[o, p, q]
loss(categorical_cross_entropy_with_logits(dense(f, 10), y))
"""
LSTM = grammar.TEXTS["lstm"].replace("size=2", "size=128").replace('"T", 2)', '"T", 64)', 1)
for was, becomes in (
    ("i+2", "i+128"),
    ("i+4", "i+256"),
    ("i+6", "i+384"),
    ("param(8, 2), param(8, 2), param(8)", "param(512, 64), param(512, 128), param(512)"),
    ("param(2)", "param(128)"),
    ('recurrent("T", 2)', 'recurrent("T", 128)'),
    ("param(3, 2)", "param(3, 128)"),
):
    LSTM = LSTM.replace(was, becomes)
PADDED = """
p, u, o = indices("p u o")
x = input(40)
w = param(7, 5)
z = zeros(44)
z[p + 2] = x[p]
a = tensor(tanh(sum(w[o, u] * z[2*p + u], u)), o, p)
output(a)
"""
JOINED = """
i, j = indices("i j")
x = input(12)
v = input(5)
z = zeros(17)
z[i] = x[i]
z[j + 12] = v[j]
output(tanh(z))
"""
# What is declared, and what becomes of the widths of some tensors.
SMALLER = {
    "convolutions": (CNN, {"x": (1, 11, 11), "K1": (3, 1, 2, 2), "K2": (3, 3, 2, 2), "f": (12,)}),
    "gates": (LSTM, {"x": ("T", 3), "U": (8, 2), "W": (8, 3), "h0": (2,)}),
    "padding": (PADDED, {"x": (6,), "z": (10,), "w": (3, 3)}),
    "joined": (JOINED, {"x": (2,), "v": (3,), "z": (5,)}),
    "mean": (
        "i = indices('i')\nx = input(20)\noutput(tensor(mean(tanh(x)) * x[i], i))\n",
        {"x": (3,)},
    ),
    "neighbours": (
        "i = indices('i', size=13)\nx = input(14)\noutput(tensor(x[i + 1] - 2 * tanh(x[i]), i))\n",
        {"x": (3,)},
    ),
    "no pattern": (
        "u = indices('u', size=5)\nx = input(20)\noutput(tensor(x[u + 7]**2, u))\n",
        {"x": (20,)},
    ),
}


@pytest.mark.parametrize("name", one_in(2, [*SMALLER]))
def test_widths_that_accesses_tie_together_shrink_together(name: str) -> None:
    text, shapes = SMALLER[name]
    large = declared_by("from bpgen import *\n" + text)
    small = shrunk(large)
    check(small.equations, small.tensors)
    assert {n: small.tensors[n].sample_shape for n in shapes} == shapes
    for equation in small:
        for access in accesses(equation):
            _within(access, small)
    assert form(emit(small)) == form(emit(large))


@pytest.mark.parametrize("name", marked(SMALLER, {"convolutions", "gates"}))
def test_smaller_networks_are_proved(name: str) -> None:
    small = shrunk(declared_by("from bpgen import *\n" + SMALLER[name][0]))
    rows = exact(emit(small), small)
    assert all(row.ok for row in rows), rows


def _within(access: Element, network: Network) -> None:
    """Every place that an access means is in the array."""
    info = network.tensors[access.name]
    for k, (expr, axis) in enumerate(zip(access.indices, info.indices, strict=True)):
        span = affine(expr)
        if span is not None and isinstance(axis.size, int):
            assert span.lowest >= -(info.carried == k)
            assert span.highest < axis.size


@pytest.mark.parametrize("many", few((100, 300), lambda n: n == 100))
def test_a_chain_of_many_convolutions_shrinks(many: int) -> None:
    lines = ["from bpgen import *", "p, u = indices('p u')", "w = param(3)"]
    lines += [f"x = input({2 * many + 60})", "h0 = x"]
    lines += [f"h{k} = tensor(tanh(sum(w[u] * h{k - 1}[p + u], u)), p)" for k in range(1, many + 1)]
    small = shrunk(declared_by("\n".join([*lines, f"output(h{many})", ""])))
    assert small.tensors[f"h{many}"].sample_shape == (4,)
    assert small.tensors["x"].sample_shape == (2 * many + 4,)


LAYERS = {
    "attention, causal": """
x = input(2, 2)
output(multi_head_attention(x, 1, causal=True))
""",
    "attention, two heads, causal": """
x = input(2, 4)
y = target(2, 4)
loss(half_squared_error(multi_head_attention(x, 2, causal=True), y))
""",
    "attention, of another": """
x = input(2, 2)
m = input(3, 2)
output(multi_head_attention(x, 1, m))
""",
    "layer_norm": """
x = input(2, 3)
y = target(2, 3)
loss(half_squared_error(layer_norm(x), y))
""",
    "group_norm": """
x = input(4, 2, 2)
y = target(4, 2, 2)
loss(half_squared_error(group_norm(x, 2), y))
""",
    "gru": """
x = input("T", 2)
y = target("T", 2)
loss(half_squared_error(gru(x, 2), y))
""",
    "max_pool2d, padded": """
x = input(1, 3, 3)
output(max_pool2d(x, 2, padding=1))
""",
    "repeat": """
x = input(2)
y = target(2)
def block(x):
    return x + dense(dense(x, 2, tanh), 2)
loss(half_squared_error(repeat(2, block, x), y))
""",
    "repeat, attention": """
x = input(2, 2)
y = target(2, 2)
def block(x):
    return x + multi_head_attention(x, 1, causal=True)
loss(half_squared_error(repeat(2, block, x), y))
""",
}
SLOW_LAYERS = {*LAYERS} - {"layer_norm", "repeat"}


@pytest.mark.parametrize("name", marked(LAYERS, SLOW_LAYERS))
def test_layers_are_proved(name: str) -> None:
    net = declared_by("from bpgen import *\n" + LAYERS[name])
    rows = exact(emit(net), net)
    assert all(row.ok for row in rows), rows


def test_a_wrong_mask_is_refused() -> None:
    net = declared_by("from bpgen import *\n" + LAYERS["attention, causal"])
    text = emit(net)
    assert text.count("np.arange(2) <= ") == 1
    rows = exact(text.replace("np.arange(2) <= ", "np.arange(2) >= "), net)
    assert {row.verdict[:6] for row in rows if row.name == "x"} == {"wrong:"}

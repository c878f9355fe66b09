"""Layers are forward equations: no gradient is written in any of them, and whoever writes their
equations out gets the same network.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

import bpgen
from bpgen.emit import emit
from bpgen.load import declared_by
from bpgen.vocabulary import BY_MODULE
from tests.conftest import ROOT

DECLARE = ROOT / "bpgen" / "declare"
LAYERS = sorted((DECLARE / "layers").glob("*.py"))
FORWARD = [*LAYERS, DECLARE / "activations.py", DECLARE / "losses.py"]
WORDS = [w for module, words in BY_MODULE.items() if "layers" in module for w in words]
# How one could say what is passed back: sympy's derivatives, those of the table, or adjoints.
TOLD_BACK = (
    "diff",
    "derivative",
    "derivatives",
    "fdiff",
    "adjoint",
    "gradient",
    "backward",
    "vjp",
    "jacobian",
    "slope",
    "row",
)


def told_back(source: str) -> Iterator[str]:
    """The names in a source, imported ones and attributes too, that speak of derivatives."""
    for node in ast.walk(ast.parse(source)):
        names = [
            getattr(node, "id", ""),
            getattr(node, "attr", ""),
            getattr(node, "arg", "") or "",
            getattr(node, "name", "") or "",
            getattr(node, "module", "") or "",
        ]
        yield from (n for n in names if any(word in n.lower().split("_") for word in TOLD_BACK))
        yield from (n for n in names if n.startswith(("bpgen.derive", "bpgen.record")))


@pytest.mark.parametrize("path", FORWARD, ids=lambda p: p.stem)
def test_no_layer_states_a_gradient(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [n for n in told_back(text) if n != "slope"] == []  # that of a leaky rectifier


@pytest.mark.parametrize(
    "source",
    [
        "from bpgen.derive.chain import Link",
        "import bpgen.derive",
        "from bpgen.functions import row",
        "z.diff(x)",
        "def f(x):\n    return adjoint(x)",
        "sp.Derivative(z, x)",
        "sympy.diff(z, x)",
        "def d_relu_backward(): pass",
    ],
)
def test_what_would_state_one_is_seen(source: str) -> None:
    assert list(told_back(source))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """The functions of a file, with how many lines each has below its docstring."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            yield node.name, 1 + body[-1].end_lineno - body[0].lineno if body else 0


def test_a_layer_is_a_few_lines() -> None:
    lines = {(p.stem, name): count for p in LAYERS for name, count in functions(p)}
    assert len(lines) > 40
    assert {name for name, count in lines.items() if count > 20} == set()
    assert median(lines.values()) < 10


OWN = {"positions", "global_max_pool", "last", "masked", "at_most"}  # PyTorch has no such word


def test_each_word_says_what_it_is() -> None:
    """And what PyTorch calls it."""
    for word in WORDS:
        doc = getattr(bpgen, word).__doc__
        assert doc, word
        assert "torch." in doc or word in OWN, word


# A layer, and its equations as net.py may have them.
SPELLED = {
    "conv1d": (
        "input(2, 7)",
        "z1 = conv1d(x, 3, 2, stride=2)",
        "K1 = param(3, 2, 2, init=0.5)\nb1 = param(3)\n"
        "o, c = indices('o c')\n"
        "p, u = indices('p', size=3), indices('u', size=2)\n"
        "w1 = tensor(x[c, 2 * p + u], c, p, u)\n"
        "z1 = tensor(sum(K1[o, c, u] * w1[c, p, u], c, u) + b1[o], o, p)",
    ),
    "layer_norm": (
        "input(3, 4)",
        "y1 = layer_norm(x)",
        "i, t = indices('i t')\nmu1 = tensor(mean(x[t, i], i), t)\n"
        "v1 = tensor(mean((x[t, i] - mu1[t]) ** 2, i), t)\n"
        "xhat1 = tensor((x[t, i] - mu1[t]) / sqrt(v1[t] + 1e-5), t, i)\n"
        "g1, b1 = param(4, init='ones'), param(4)\n"
        "y1 = tensor(g1[i] * xhat1[t, i] + b1[i], t, i)",
    ),
    "rnn": (
        "input('T', 3)",
        "h1 = rnn(x, 2)",
        "W1, U1, b1 = param(2, 3), param(2, 2), param(2)\n"
        "t, k, j = indices('t k j')\n"
        "w1 = tensor(sum(W1[k, j] * x[t, j], j) + b1[k], t, k)\nh1 = recurrent('T', 2)\n"
        "z1 = tensor(w1[t, k] + sum(U1[k, j] * h1[t - 1, j], j), t, k)\nh1[t, k] = tanh(z1[t, k])",
    ),
    "attention": (
        "input('T', 4)",
        "y1 = attention(x, x, x, causal=True)",
        "t, u, d, e = indices('t u d e')\n"
        "s1 = tensor(sum(x[t, d] * x[u, d], d) / 2, t, u)\n"
        "m1 = tensor(masked(s1[t, u], at_most(u, t)), t, u)\np1 = softmax(m1)\n"
        "y1 = tensor(sum(p1[t, u] * x[u, e], u), t, e)",
    ),
}


@pytest.mark.parametrize("word", SPELLED)
def test_written_out_it_is_the_same_network(word: str) -> None:
    given, layer, equations = SPELLED[word]
    texts = []
    for text in (layer, equations):
        net = f"from bpgen import *\nx = {given}\n{text}\noutput({layer.split(' = ')[0]})\n"
        code = emit(declared_by(net))
        texts.append([line for line in code.splitlines() if not line.strip().startswith("#")])
    assert texts[0] == texts[1]

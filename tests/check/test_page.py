"""The page is proved: what bpgen prints holds, and a page that is wrong in one place is refused."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from bpgen.check.page.proof import prove_page
from bpgen.check.page.proof.comparison import differ
from bpgen.derive import derive
from bpgen.errors import NetError
from bpgen.load import declared_by, load
from bpgen.network.shrink import shrunk
from bpgen.record import Derivation
from bpgen.render import render
from bpgen.render.document import STEPS
from tests.conftest import ROOT, derived
from tests.few import few, one_in
from tests.render.nets import NETS

NOTATIONS = ("matrix", "index", "components")
# As few as hold all that pages are made of: those of all networks, and of all examples, are among
# the recorded proofs (`tests.proofs.corpus`).
QUICK = {
    "matrix": (
        *("two_gathers", "function", "penalties", "weighted_log", "batch_norm", "padded_pool"),
        *("gates_in_one", "a_start_that_is_not_read", "blocks_to_huber"),
    ),
    "index": ("mean_pool", "elman", "residual"),
    "components": ("max_vector", "logits_one_hot"),
}

CLASSIFIER = """from bpgen import *
x = input(4)
y = label(3)
W1, b1 = param(2, 4), param(2)
W2, b2 = param(3, 2), param(3)
z1 = W1 @ x + b1
a1 = sigmoid(z1)
z2 = W2 @ a1 + b2
p = softmax(z2)
L = loss(categorical_cross_entropy(p, y) + 0.01 * l2())
"""

_INDICES = "i, j, p = indices('i', size=3), indices('j'), indices('p', size=2)\n"
MORE = {
    "blocks that read one place": """from bpgen import *
i = indices("i", size=3)
x = input(3)


def block(h):
    return tensor(tanh(h[1] ** 2 / (1 + h[i] ** 2) + h[i]), i)


h = repeat(3, block, x)
output(h)
""",
    "labels of two indices": "from bpgen import *\nx = input(2, 3, below=5)\n"
    "output(embedding(x, 5, 1))\n",
    "a parameter written at places": "from bpgen import *\n"
    + _INDICES
    + "x, w = input(3), param(8, 5)\nL = loss(sum((x[i] * w[2*i + p, i + p])**2, i, p))\n",
    "samples that nothing shows": "from bpgen import *\n"
    + _INDICES
    + "x, w, m = input(3), param(3), samples()\n"
    "u = tensor(sum(x[i]**2 * w[i] - x[m, p], m, p), i)\noutput(u)\nL = loss(sum(u))\n",
    "a product by its entries": "from bpgen import *\nx, W = input(3, 2), param(2, 2)\n"
    "v = exp(sin(x @ W)) - 1\noutput(v.T @ v)\n",
    "a logarithm in a product, by its entries": "from bpgen import *\nx, W = input(2, 2), param(2, 2)\n"
    "v = 1 - sigmoid(x @ W)\noutput(v.T @ log(v))\n",
    "sums over parts of an axis": "from bpgen import *\nx = input(7)\n"
    "i, j = indices('i', size=3), indices('j', size=2)\na, b = sum(x[i], i), sum(2 * x[j], j)\n"
    "L = loss(sin(a) * 2 + b**2 + sum(x**3))\n",
    "the largest of products": "from bpgen import *\nx, u, w = input(4, 3), input(3), param(2)\n"
    "t, p, i, q = indices('t p i q')\n"
    "v = tensor(max(0.7 * w[p] * x[t, i] * u[q], i, q), t, p)\nL = loss(sum(sin(v)))\n",
    "the first of equals": "from bpgen import *\n" + _INDICES + "x, w = input(2), param(3)\n"
    "h = tensor(sum(x[j]**2, j) + 0 * w[i], i)\nL = loss(max(h[i], i) + sum(w))\n",
    "equals, the last of them first": "from bpgen import *\n" + _INDICES + "x = input(2)\n"
    "w = param(3)\nh = tensor(sum(x[j]**2, j) + 0 * w[i], i)\nL = loss(max(h[2 - i], i) + sum(w))\n",
    "equals of several indices": "from bpgen import *\n"
    + _INDICES
    + "x, j = input(2), indices('j', size=2)\n"
    "u, v = zeros(2), zeros(2)\nu[0], v[1] = sum(x**2), sum(x**2)\n"
    "L = loss(max(u[1 - p] + v[j] - 9 * u[1 - p] * v[j], p, j))\n",
    "equal steps before the first": "from bpgen import *\n"
    + _INDICES
    + "t = indices('t', size=4)\n"
    "q, x, w, h = indices('q', size=3), input(3), param(), recurrent(4, 3)\nh[-1, i] = sin(w)\n"
    "h[t, i] = tanh(w * x[i] + max(-h[t - 1, 2 - q], q))\nL = loss(sum(h**2))\n",
    "equal entries in a block": "from bpgen import *\n" + _INDICES + "x, w = input(2), param()\n"
    "v = tensor(sum(w * x[p], p), i)\n"
    "def block(h):\n    return tensor(tanh(max(h[1] - h[2 - i], i) + h[i]), i)\n"
    "L = loss(sum(repeat(2, block, v)**2))\n",
    "all but equal": "from bpgen import *\n" + _INDICES + "x = input(3)\n"
    "h = tensor(1 + x[i] / 10**13, i)\nL = loss(max(h[i], i) + max(h[2 - i]**2, i))\n",
    "a reason at places counted down": "from bpgen import *\n"
    + _INDICES
    + "t = indices('t', size=4)\n"
    "j, x, w = indices('j', size=2), input(4), param(2)\ng, h = recurrent(4, 2), recurrent(4, 2)\n"
    "g[t, j] = tanh(w[0] + 0.5 * h[t - 1, 1 - j])\nh[t, j] = tanh(w[1] - sum(h[t - 1, p], p))\n"
    "L = loss(sum(sin(g[t, j]), t, j) * x[0] + sum(h**2))\n",
    "heard of steps later": "from bpgen import *\n" + _INDICES + "t = indices('t', size=5)\n"
    "x, w = input(3), param(3)\nu = w * x\na, b, c = recurrent(5, 3), recurrent(5, 3), recurrent(5, 3)\n"
    "a[t, i] = sin(b[t - 1, i])\nb[t, i] = sin(c[t - 1, i])\nc[t, i] = tanh(u[i] + a[t - 1, i])\n"
    "L = loss(sum(c**2))\n",
    "a spelling of what samples share": "from bpgen import *\n"
    + _INDICES
    + "x, m = input(), samples()\n"
    "v = exp(-x**2)\nu = zeros(4)\nu[i] = sum(sqrt(1 + v[m]**2), m)\n"
    "L = loss(sum(sin(u)) + x * v)\n",
    "equal products in another order": "from bpgen import *\n"
    + _INDICES
    + "x, w = input(3), param(8)\n"
    "q, k = indices('q', size=3), indices('k', size=8)\n"
    "u = tensor(max(x[i] * x[q] * w[k] * (1 + x[0]**2), i, q), k)\noutput(u)\n",
    "a sine of what is large": "from bpgen import *\n" + _INDICES + "x, w = input(3), param(3)\n"
    "v = tensor(sum(exp(x[i] * w[p])**2, p), i)\nu = tensor(10**7 * v[i] * v[2 - i], i)\n"
    "L = loss(sum(sin(u)))\n",
    "another spelling of a start": "from bpgen import *\n" + _INDICES + "t = indices('t', size=4)\n"
    "x, w, h = input(3), param(3), recurrent(4, 3)\nv = exp(-(w * x)**2)\n"
    "h[-1, i] = relu(1 - v[i])\nh[t, i] = tanh(v[i] + h[t - 1, i])\noutput(h)\n",
    "0 elsewhere in a block": "from bpgen import *\n" + _INDICES + "x, n = input(3), samples()\n"
    "def block(h):\n    return tensor(sin(h[i]), i)\n"
    "r = repeat(3, block, x)\nL = loss(sum(r[n, 2 - p], n, p)**2)\n",
    "one step": "from bpgen import *\nt, i, j = indices('t i j')\nx, U = input(1, 2), param(2, 2)\n"
    "h = recurrent(1, 2)\nh[t, i] = x[t, i] + sin(sum(U[i, j] * h[t - 1, j], j))\noutput(h)\n",
    "two steps of a recurrence at once": "from bpgen import *\nt, u, d = indices('t u d')\n"
    "x = input(3, 1)\nh = rnn(x, 2)\noutput(tensor(sum(h[t, d] * h[u, d], d), t, u))\n",
    "a loss of a number": "from bpgen import *\nx, y2 = input(2), target(2)\n"
    "w = param(2)\nell2 = hinge(w * x, y2)\nL = loss(ell2)\n",
    "an exponential less 1, subtracted": "from bpgen import *\nx, w = input(3), param(3)\n"
    "v = x * exp(-x**2 / 2)\nL = loss(sum((v - x)**2 * w))\n",
    "a number of each sample, summed": "from bpgen import *\nx, t, k = input(5), param(), indices('k')\n"
    "u = zeros(4)\nu[k] = 2 * x[0] * t\nL = loss(sum(sin(u)))\n",
    "an index of two digits": "from bpgen import *\nx, y = input(2, 3), label(3, 2)\n"
    "t10 = indices('t10')\nL = loss(sum(x[t10, y[t10]]**2, t10))\n",
    "a reason within a sum": "from bpgen import *\nx, b = input(4), param()\n"
    "i, j = indices('i j', size=2)\n"
    "u = sum(b * sqrt(1 + b**2) * x[i + j] * x[i], i, j)\nL = loss(b * u**2)\n",
    "a reason beside a sum": "from bpgen import *\n" + _INDICES + "x, w = input(3), param(4, 4)\n"
    "v = tensor(x[i] * sin(x[i]) * w[0, i + p], p, i)\nL = loss(sum(v[p, i]**2, p, i))\n",
    "two outputs": "from bpgen import *\nx, u = input(2), input(2)\nw = param(2)\n"
    "a = w * x\nb = exp(w * u)\noutput(a, b)\n",
    "steps from a start": "from bpgen import *\nx, start = input('T', 2), param(3)\n"
    "y = rnn(x, 3, start)\noutput(y)\n",
    "the diagonal of all pairs": "from bpgen import *\nn, m, i = samples(), samples(), indices('i')\n"
    "x, y, w = input(3), label(3), param(3)\n"
    "K = tensor(w[i] * x[n, i] * x[m, i], n, m, i)\nS = tensor(sum(K[n, m, i], i), n, m)\n"
    "z = tensor(sum(sin(S[n, m]), m) - S[n, n], n)\nL = loss(z - tensor(K[n, n, y[n]], n))\n",
    "a quotient in a recurrence": "from bpgen import *\nt = indices('t')\nx = input('T')\n"
    "h, u = recurrent('T'), recurrent('T')\nu[t] = (x[t] - h[t - 1])**2\n"
    "h[t] = sin(x[t] - h[t - 1]) / (2 + u[t]) + x[t]\noutput(h)\n",
    "another spelling over the batch": "from bpgen import *\nn, i = samples(), indices('i')\n"
    "x, y = input(3), label(3)\ne = exp(x)\np = tensor(e[n, i] / sum(e[n, i], n), n, i)\n"
    "L = loss(-log(p[y]))\n",
    "another spelling of each block": "from bpgen import *\nx = input(3)\n"
    "def block(h):\n    a = sigmoid(dense(h, 3))\n    b = 1 - a\n    return log(b) + h\n"
    "z = repeat(2, block, x)\noutput(z)\n",
    "another spelling from a start": "from bpgen import *\nt, i = indices('t i')\n"
    "x, s = input('T', 3), input(3)\nh, a = recurrent('T', 3), recurrent('T', 3)\n"
    "h[-1, i] = s[i]\na[t, i] = sigmoid(h[t - 1, i] + x[t, i])\nh[t, i] = log(1 - a[t, i])\n"
    "output(h)\n",
    "another spelling of a matrix": "from bpgen import *\nx, W = input(3, 3), param(3, 3)\n"
    "a = sigmoid(x)\nb = 1 - a\nz = W @ log(b)\noutput(z)\n",
    "indices with numbers of their own": "from bpgen import *\nx, w, v = input(3), param(3, 3), param(5)\n"
    "i_0, row_1 = indices('i_0', size=3), indices('row_1', size=3)\nalpha2 = indices('alpha2', size=3)\n"
    "z = tensor(sum(w[i_0, row_1] * x[row_1], row_1), i_0)\n"
    "u = tensor(sin(z[alpha2] * v[alpha2 + 1]) + sum(x[i_0] * v[i_0 + 2]**2, i_0), alpha2)\n"
    "L = loss(sum(u[alpha2]**2 * w[alpha2, i_0], alpha2, i_0))\n",
    "the largest of zeros": "from bpgen import *\nx, u = input(3, 4), zeros(7, 4)\n"
    "i, j = indices('i j')\nu[2 * i, j] = x[i, j]\nv = sin(u)\nw = v / (1 + exp(-v))\n"
    "k = indices('k')\nL = loss(sum(tensor(max(w[k, j], j), k)))\n",
    "indices that differ in a line": "from bpgen import *\nx, w = input(3), param(3, 3)\n"
    "i0, i_0 = indices('i0', size=3), indices('i_0', size=3)\n"
    "L = loss(sum(w[i0, i_0] * sin(x[i_0] * x[i0]), i0, i_0)**2)\n",
    "the entries of a softmax": "from bpgen import *\nx, y = input('T', 1), target('T')\n"
    "v = reshape(x, 'T', 1)\nu = logsumexp(v)\nL = loss(smooth_l1(u, y))\n",
    "a label left out": "from bpgen import *\nx, y = input(2), label(3)\n"
    "W, b = param(3, 2), param(3)\nz = W @ x + b\n"
    "L = loss(categorical_cross_entropy(softmax(z), y, ignore=1))\n",
}


@cache
def _derived(net: str) -> Derivation:
    return derive(shrunk(declared_by((NETS | MORE | {"classifier": CLASSIFIER})[net])))


@cache
def _page(net: str, notation: str) -> str:
    return render(_derived(net), fmt="latex", notation=notation)


def _assert_proved(derivation: Derivation, notation: str, steps: str) -> None:
    try:
        page = render(derivation, fmt="latex", notation=notation, steps=steps)
    except NetError:  # too large to write out
        assert notation == "components"
        return
    report = prove_page(page, derivation.network)
    assert report.ok, "\n".join(map(str, report.false))


SHORT_OR_ALL = few(STEPS, lambda steps: steps == "short")


@pytest.mark.parametrize("steps", SHORT_OR_ALL)
@pytest.mark.parametrize(
    ("net", "notation"), [(net, notation) for notation, nets in QUICK.items() for net in nets]
)
def test_every_equation_of_a_page_holds(net: str, notation: str, steps: str) -> None:
    _assert_proved(_derived(net), notation, steps)


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("notation", NOTATIONS)
def test_every_equation_of_an_example_holds(notation: str, steps: str) -> None:
    _assert_proved(derive(shrunk(load(ROOT / "examples" / "toy_2_2_1.py"))), notation, steps)


# (kind, network, notation, what is printed, what is wrong): the first place that reads so.
_D2 = r"\delta^{[2]}"
WRONG = [
    ("sign", "classifier", "matrix", r"\delta^{[2]} &= p - e_{y}", r"\delta^{[2]} &= p + e_{y}"),
    ("sign", "classifier", "matrix", r"= -\frac{1}{p_{y}}", r"= \frac{1}{p_{y}}"),
    ("sign", "classifier", "index", r"\ell &= -\log p_{y}", r"\ell &= \log p_{y}"),
    ("sign", "max_pool", "index", "(m_{ij} - t_{ij})", "(m_{ij} + t_{ij})"),
    ("transpose", "classifier", "matrix", r"a^{[1]\top} + 0.02", "a^{[1]} + 0.02"),
    ("transpose", "classifier", "matrix", r"= W^{[2]\top} \delta", r"= W^{[2]} \delta"),
    ("transpose", "classifier", "matrix", r"\delta^{[1]} x^{\top}", r"\delta^{[1]} x"),
    ("index", "classifier", "index", "W^{[2]}_{ji} \\delta", "W^{[2]}_{ij} \\delta"),
    ("index", "lstm", "index", r"U_{kj} h_{t-1,j}", r"U_{jk} h_{t-1,j}"),
    ("index", "lstm", "index", r"\delta_{ti} x_{tj}", r"\delta_{tj} x_{ti}"),
    ("index", "classifier", "matrix", r"\delta^{[2]}_{i} a^{[1]}_{j}", _D2 + "_{j} a^{[1]}_{j}"),
    ("missing term", "classifier", "matrix", " + 0.02 W^{[2]}_{ij} \\\\", " \\\\"),
    ("missing term", "classifier", "matrix", r" x + b^{[1]}", " x"),
    (
        "missing term",
        "lstm",
        "index",
        r" + \frac{1}{T} \, \frac{\partial \ell}{\partial q_{i}}",
        "",
    ),
    ("layer", "classifier", "matrix", r"W^{[2]} a^{[1]}", r"W^{[1]} a^{[1]}"),
    ("layer", "classifier", "matrix", r"b^{[2]}} &= \delta^{[2]} ", r"b^{[2]}} &= \delta^{[1]} "),
    ("layer", "classifier", "components", r"= \delta^{[2]}_{1} a", r"= \delta^{[1]}_{1} a"),
    ("lost superscript", "lstm", "index", r"h_{-1,i} &= h^{[0]}_{i}", "h_{-1,i} &= h_{i}"),
    ("lost superscript", "classifier", "matrix", r"\sigma(z^{[1]})", r"\sigma(z)"),
    ("missing factor", "classifier", "matrix", r" \odot (1 - a^{[1]})", ""),
    ("missing factor", "lstm", "index", r"(1 - \tanh(c_{ti})^{2})", ""),
    ("missing factor", "max_pool", "index", r" \, \frac{\partial m_{cp}}{\partial a_{ck}}", ""),
    ("sum for mean", "classifier", "matrix", r"L &= \frac{1}{N} \, \sum", r"L &= \sum"),
    ("sum for mean", "lstm", "index", r"q_{i} &= \frac{1}{T} \, \sum", r"q_{i} &= \sum"),
    ("sum for mean", "classifier", "matrix", r"\frac{1}{N}(p_{n}", "(p_{n}"),
    ("step", "lstm", "index", r"U_{kj} h_{t-1,j}", r"U_{kj} h_{tj}"),
    ("step", "lstm", "index", r"U_{ki} \delta_{t+1,k}", r"U_{ki} \delta_{tk}"),
    ("step", "lstm", "index", r"\sigma(z_{t+1,i+2})", r"\sigma(z_{t,i+2})"),
    ("class", "classifier", "matrix", r"&= p - e_{y}", r"&= p - e_{x}"),
    ("class", "classifier", "index", r"p_{i} - \mathbf{1}[i = y]", r"p_{i} - \mathbf{1}[i = 0]"),
    ("class", "classifier", "matrix", r"e_{y_{n}}", "e_{y}"),
    ("condition", "lstm", "index", r" \quad \text{for }i<2", ""),
    ("condition", "max_pool", "index", r" \\ 2p+r=k", ""),
    ("condition", "max_pool", "index", r" \, \mathbf{1}[a_{c,2p+r}\text{ gives }m_{cp}]", ""),
    ("swap", "classifier", "matrix", r"W^{[2]\top} \delta^{[2]}", _D2 + r" W^{[2]\top}"),
    ("swap", "classifier", "matrix", r"\delta^{[2]} a^{[1]\top}", r"a^{[1]\top} \delta^{[2]}"),
    ("exponent", "classifier", "matrix", r"W^{[1]} \rVert_F^{2}", r"W^{[1]} \rVert_F^{3}"),
    ("exponent", "lstm", "index", r"\tanh(c_{ti})^{2}", r"\tanh(c_{ti})^{3}"),
    ("exponent", "max_pool", "index", r"t_{ij})^{2}", "t_{ij})"),
    ("constant", "classifier", "matrix", "0.02", "0.01"),
    ("constant", "max_pool", "index", r"&= 2 m_{cp}", r"&= m_{cp}"),
    ("constant", "classifier", "index", r"a^{[1]}_{i}(1 - a", r"a^{[1]}_{i}(2 - a"),
    ("end of a loop", "lstm", "index", r"$t = 0, \dots, T-1$", r"$t = 0, \dots, T$"),
    ("end of a loop", "lstm", "index", r"T-1, \dots, 0", r"T-1, \dots, 1"),
    ("end of a loop", "residual", "index", r"\dots, 2$", r"\dots, 3$"),
    ("function", "classifier", "matrix", r"= \log \sum", r"= \exp \sum"),
    ("function", "classifier", "matrix", r"\sigma'(", r"\sigma("),
    ("function", "classifier", "matrix", r"\frac{1}{1 + \exp(-z)}", r"\frac{1}{1 + \exp(z)}"),
    ("lost sum", "classifier", "matrix", r"&= \sum_{j} W", "&= W"),
    ("lost sum", "classifier", "matrix", r"&= \sum_{n} \delta", r"&= \delta"),
    ("number", "classifier", "matrix", r"\overset{(8)}", r"\overset{(9)}"),
    ("composed", "classifier", "matrix", "p_{i} - p_{i} p_{j}", "p_{i} - p_{j}"),
    (
        "composed",
        "classifier",
        "matrix",
        r"\frac{\partial p_{j}}{\partial z^{[2]}_{i}} = ",
        r"\frac{\partial^{+} p_{j}}{\partial z^{[2]}_{i}} = ",
    ),
    ("definition", "classifier", "matrix", r"\exp(z^{[2]}_{i})", r"\exp(2 z^{[2]}_{i})"),
    ("shape", "classifier", "matrix", r"\mathbb{R}^{3 \times 2}", r"\mathbb{R}^{2 \times 3}"),
    ("elsewhere", "padded", "index", "y_{i+1} &= x_{i}", "y_{i} &= x_{i}"),
    ("immediate", "lstm", "index", r"\partial^{+} q_{i}", r"\partial q_{i}"),
    ("range", "sums over parts of an axis", "index", r"j<2 \\ j=i", r"j<3 \\ j=i"),
    ("range", "samples that nothing shows", "index", "m<N", "m<3"),
    ("elsewhere", "a parameter written at places", "index", "w_{2k+p,k+p}} &", "w_{2k+p,k}} &"),
    (
        "immediate",
        "two steps of a recurrence at once",
        "index",
        r"\frac{\partial^{+} u^{[1]}_{ir}}{\partial h_{tk}} = ",
        r"\frac{\partial u^{[1]}_{ir}}{\partial h_{tk}} = ",
    ),
    (
        "spelling",
        "a logarithm in a product, by its entries",
        "matrix",
        r"as }-\sum_{k} v_{ki} \zeta(z^{[1]}_{kj})",
        r"as }-\sum_{k} v_{ki} \zeta(z^{[1]}_{jk})",
    ),
    ("first", "the first of equals", "components", "(h_{1}, h_{2}, h", "(h_{2}, h_{1}, h"),
    ("first", "equals, the last of them first", "index", r"i<3} h_{2-i}", r"i<3} h_{i}"),
    ("first", "equal steps before the first", "index", "h_{j-1,2-q}", "h_{j-1,q}"),
    ("first", "equals of several indices", "index", "{p,j ", "{j,p "),
    ("first", "equal products in another order", "index", "at }(j,i)", "at }(i,j)"),
    ("largest", "the largest of products", "index", "0.7 w_{i} x_{tj}", "0.8 w_{i} x_{tj}"),
    (
        "step",
        "one step",
        "index",
        r"t+1}}{\partial h_{ti}} = U",
        r"t+2}}{\partial h_{ti}} = U",
    ),
    (
        "parentheses",
        "an exponential less 1, subtracted",
        "matrix",
        r" - (e^{-\tfrac{1}{2} \, x^{2}} - 1)",
        r" - e^{-\tfrac{1}{2} \, x^{2}} - 1",
    ),
    ("lost sum", "a number of each sample, summed", "matrix", r"\sum_{n,k}", r"\sum_{n}"),
    ("index", "an index of two digits", "matrix", "x_{t_{10},y", "x_{y"),
    ("sign", "a loss of a number", "matrix", "= -y^{[2]}", "= y^{[2]}"),
    (
        "function",
        "a reason beside a sum",
        "index",
        r"+ w_{0,i+p} x_{i} \cos",
        r"- w_{0,i+p} x_{i} \cos",
    ),
    ("parentheses", "max_pool", "index", "(m_{ij} - t_{ij})^{2}", "m_{ij} - t_{ij}^{2}"),
    (
        "another spelling",
        "another spelling of each block",
        "matrix",
        r"as }z^{(l-1)} - \zeta",
        r"as }z^{(l-1)} - 2 \zeta",
    ),
    (
        "another spelling",
        "another spelling of a start",
        "index",
        r"as }\operatorname{relu}(-(",
        r"as }\operatorname{relu}(-2(",
    ),
    (
        "another spelling",
        "another spelling over the batch",
        "matrix",
        r"as }\exp(x_{n} - s",
        r"as }\exp(-x_{n} - s",
    ),
    ("index", "the diagonal of all pairs", "matrix", r"\mathbf{1}[m = n]", r"\mathbf{1}[m = m]"),
    (
        "index",
        "indices with numbers of their own",
        "index",
        r"w_{i_{0},\mathrm{row}_{1}} \, x_{\mathrm{row}_{1}}",
        r"w_{i_{0},\mathrm{row}_{1}} \, x_{i_{0}}",
    ),
    ("unreadable", "max_pool", "index", r"w_{c} x_{ck}", r"w_{c} \star x_{ck}"),
]


FIRST = [*{kind: case for kind, *case in reversed(WRONG)}.values()]  # of each kind


@pytest.mark.parametrize(
    ("net", "notation", "right", "wrong"),
    few([w[1:] for w in WRONG], lambda case: [*case] in FIRST[::3]),
    ids=[w[0] for w in WRONG],
)
def test_a_wrong_page_is_refused(net: str, notation: str, right: str, wrong: str) -> None:
    page = _page(net, notation)
    assert right in page
    network, false = _derived(net).network, page.replace(right, wrong, 1)
    assert any(not prove_page(false, network, (seed,)).ok for seed in (0, 1))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (r"W^{[2]} \in \mathbb{R}^{3 \times 2}", r"W^{[2]} \in \mathbb{R}^{2 \times 3}"),
        (r"$x$, $b^{[1]}$", r"$x$, $b^{[2]}$"),
        (r"a^{[1]} \in \mathbb{R}^{2}", r"a^{[2]} \in \mathbb{R}^{2}"),
        (r"y \in \{0, 1, 2\}", r"y \in \{0, \dots, 3\}"),
        (r"y \in \{0, 1, 2\}", r"y \in \{1, 2, 3\}"),
        (r"y \in \{0, 1, 2\}", r"y \in \{0, 2\}"),
        (r"y \in \{0, 1, 2\}", r"y \in \{0, 1\}"),
        (r"y \in \{0, 1, 2\}", r"y \in \{0, 1, , 2\}"),
        (r"with respect to $z^{[2]}$, $z^{[1]}$", r"with respect to $z^{[1]}$, $z^{[2]}$"),
    ],
)
def test_a_wrong_sentence_is_refused(right: str, wrong: str) -> None:
    page = render(_derived("classifier"), fmt="latex", steps="short")
    assert right in page
    assert prove_page(page, _derived("classifier").network, (0,)).ok
    assert not prove_page(page.replace(right, wrong, 1), _derived("classifier").network).ok


def test_wrong_pages_are_of_many_kinds() -> None:
    assert len(WRONG) >= 40
    assert len({kind for kind, *_ in WRONG}) >= 15


def test_a_false_line_is_told_with_both_its_values() -> None:
    page = _page("classifier", "matrix").replace("0.02 W^{[2]} ", "0.01 W^{[2]} ", 1)
    (line,) = prove_page(page, _derived("classifier").network).false
    assert "0.01 W^{[2]}" in line.line
    assert " is not " in line.reason
    assert not line.unread


NARROW = """from bpgen import *
x, w, y = input(5), param(5), target()
L = loss((sum({}) - y) ** 2)
"""


@pytest.mark.parametrize("function", ["w * log(x - 1)", "log(w * x - 9)", "w * sqrt(-x - 2)"])
def test_values_are_found_where_every_function_is_defined(function: str) -> None:
    network = declared_by(NARROW.format(function))
    report = prove_page(render(derive(network), fmt="latex"), network)
    assert report.ok, "\n".join(map(str, report.false))


def test_where_no_function_is_defined_a_page_is_not_said_to_be_false() -> None:
    network = declared_by(NARROW.format("w * sqrt(-1 - x * x)"))
    report = prove_page(render(derive(network), fmt="latex"), network)
    assert report.false and all(line.unread for line in report.false)
    reasons = {line.reason for line in report.false}
    assert reasons == {"no values were found at which every equation has one"}


def test_an_empty_page_proves_nothing() -> None:
    assert not prove_page("", _derived("classifier").network).ok


@pytest.mark.parametrize("steps", SHORT_OR_ALL)
@pytest.mark.parametrize("notation", few(NOTATIONS, lambda notation: notation == "matrix"))
@pytest.mark.parametrize("net", one_in(6, [*MORE]))
def test_what_pages_of_these_say_holds_too(net: str, notation: str, steps: str) -> None:
    _assert_proved(derived(MORE[net]), notation, steps)


def test_a_label_left_out_counts_from_1_where_labels_do() -> None:
    derivation = derived(MORE["a label left out"])
    page = {n: render(derivation, fmt="latex", notation=n) for n in NOTATIONS}
    assert r"\operatorname{unless}(s - z_{y}, y, 1)" in page["index"]
    assert r"\operatorname{unless}(s - z_{y}, y, 2)" in page["components"]


def test_written_out_a_negative_sum_keeps_its_sign_in_every_addend() -> None:
    page = _page("shift", "components")
    assert r"&= -\delta_{1} - \delta_{2} - \delta_{3}" in page


def test_a_sum_of_a_softmax_runs_over_all_of_its_entries() -> None:
    derivation = derived(MORE["the entries of a softmax"])
    page = render(derivation, fmt="latex", steps="short")
    right = r"\sum_{j} \operatorname{softmax}(v_{t})_{j}"
    assert right in page
    for wrong in (
        r"\sum_{j} 2 \operatorname{softmax}(v_{t})_{j}",
        r"\operatorname{softmax}(v_{t})_{1}",
    ):
        assert not prove_page(page.replace(right, wrong), derivation.network, (0,)).ok


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (r"\sin(u_{i})", r"(\sin(u_{i}) + 0.0001)"),
        (r"\cos(u_{i})", r"(\cos(u_{i}) + 0.0001)"),
    ],
)
def test_what_roundings_might_make_of_a_large_number_is_no_excuse(right: str, wrong: str) -> None:
    """The sines are of numbers around 1e10, of which float64 knows six digits after the point."""
    derivation = derived(MORE["a sine of what is large"])
    page = render(derivation, fmt="latex", notation="index")
    assert right in page
    assert not prove_page(page.replace(right, wrong), derivation.network, (0,)).ok


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (1.0, np.inf, "1 is not inf"),
        (np.inf, 1.0, "inf is not 1"),
        (-np.inf, np.inf, "-inf is not inf"),
        (np.inf, np.inf, ""),
        (1e74, np.inf, ""),  # the slope of a root at 0, by a complex step
        (-1e74, np.inf, "-1e+74 is not inf"),
        (0.0, np.inf, ""),  # by convention 0 is taken where a slope has no end
        (1.0, np.nan, "it reads what is not there"),
    ],
)
def test_nothing_is_near_infinity(one: float, other: float, said: str) -> None:
    assert differ(np.full((1, 1), one), np.full((1, 1), other), 1e-9) == said


SATURATED = (
    "from bpgen import *\nx = input(3)\ny = target()\nA = param(3, 3)\n"
    "v = 9 * dot(x, A @ x)\nL = loss(binary_cross_entropy(sigmoid(v), y))\n"
)


def test_lines_are_judged_where_values_keep_their_digits() -> None:
    """Of log(1 - a) where a is 1 but for a rounding nothing can be said; a wrong line is still one
    wherever it is looked at.
    """
    made = derive(shrunk(declared_by(SATURATED)))
    page = render(made, fmt="latex")
    right = "&= u^{[2]} - y "
    assert right in page
    for seed in range(12):
        assert prove_page(page, made.network, (seed,)).ok, seed
        assert not prove_page(page.replace(right, "&= u^{[2]} + y "), made.network, (seed,)).ok, (
            seed
        )

"""Small networks whose derivations are easily told wrong, each as the text of a net.py."""

from __future__ import annotations

from functools import cache

import pytest

from bpgen.record import Derivation
from bpgen.render import render
from tests import conftest
from tests.render.repeated import REPEATED
from tests.render.wide import WIDE

_HEAD = "from bpgen import *\ni, j, k = indices('i j k')\n"
_SIMPLE = _HEAD + "x = input(3)\nt = target(3)\nW, V = param(3, 3), param(3, 3)\n"
_LABELLED = _HEAD + "x = input(2)\ny = label(3)\nW, b = param(3, 2), param(3)\nz = W @ x + b\n"
_FIT = "L = loss(half_squared_error(h, t))\n"

NETS = {
    "bilinear": _HEAD
    + "x, y = input(3), input(2)\nt = target(2)\nB = param(2, 3, 2)\n"
    + "h = tensor(sum(B[k, i, j] * x[i] * y[j], i, j), k)\n"
    + _FIT,
    "product": _SIMPLE.replace(", V", "").replace(", param(3, 3)", "") + "h = x * (W @ x)\n" + _FIT,
    "quadratic": _HEAD
    + "x = input(3)\nt = target()\nA = param(3, 3)\nq = dot(x, A @ x)\nL = loss((q - t)**2)\n",
    "layer_norm": _SIMPLE
    + "z = V @ x\nm = mean(z)\nv = mean((z - m)**2)\n"
    + "h = W @ ((z - m) / sqrt(v + 1e-5))\n"
    + _FIT,
    "self_gate": _SIMPLE + "a = tanh(V @ x)\nh = a * (W @ a)\n" + _FIT,
    "twice_itself": _SIMPLE
    + "a = tanh(V @ x)\nh = tensor(sum(W[i, j] * a[j] * a[i], j) + a[i]**2, i)\n"
    + _FIT,
    "square_of_a_matrix": _HEAD
    + "x = input(3)\nt = target()\nA = param(3, 3)\n"
    + "q = tensor(sum(A[i, i] * x[i], i) + sum(A[i, j] * A[j, i] * x[i], i, j))\n"
    + "L = loss((q - t)**2)\n",
    "logits_of_labels": _LABELLED + "L = loss(categorical_cross_entropy_with_logits(z, y))\n",
    "log_softmax": _LABELLED + "L = loss(-log_softmax(z)[y] + 0.1 * l2())\n",
    "log_sum_exp": _LABELLED + "L = loss(log(sum(exp(z))) - z[y])\n",
    "logits_one_hot": _LABELLED.replace("label", "one_hot")
    + "L = loss(categorical_cross_entropy_with_logits(z, y))\n",
    "softmax": _LABELLED + "p = softmax(z)\nL = loss(categorical_cross_entropy(p, y))\n",
    "entropy": _LABELLED.replace("label", "one_hot")
    + "p = softmax(z)\nL = loss(-sum(y * log(p)) - 0.1 * sum(p * log(p)))\n",
    "weighted_log": _LABELLED.replace("label", "target")
    + "w = param(3)\na = sigmoid(z)\nL = loss(sum(w * y * log(a)))\n",
    "two_gathers": _LABELLED + "p = softmax(z)\nL = loss((x[0] - x[1])**2 * p[0] - log(p[y]))\n",
    "penalties": _HEAD
    + "x = input(3)\nt = target()\nw, W = param(3), param(3, 3)\n"
    + "a = dot(w, W @ x)\nL = loss((a - t)**2 + 0.01 * l1(w) + 0.1 * l1(W) + 0.3 * l2(W))\n",
    "penalty_of_a_product": _SIMPLE
    + "U = V @ W\nh = U @ x\nL = loss(half_squared_error(h, t) + 0.1 * sum(U * W))\n",
    "leaky": _SIMPLE + "h = leaky_relu(W @ (V @ x))\n" + _FIT,
    "log_cosh": _SIMPLE + "h = W @ (V @ x)\nL = loss(sum(log(cosh(h - t))))\n",
    "greek": _SIMPLE + "sigma = sigmoid(V @ x)\nzeta = softplus(W @ sigma)\nh = zeta\n" + _FIT,
    "shift": _SIMPLE + "c = param()\nz = V @ x - c\nh = W @ exp(z)\n" + _FIT,
    "causal_and_masked": _HEAD
    + "x, m = input('T', 4), input('T')\nh = attention(x, x, x, causal=True, mask=m)\noutput(h)\n",
    "function": _HEAD
    + "x = input(3)\nW, b = param(3, 3), param(3)\nh = tanh(W @ x + b)\ns = sum(h)\noutput(h, s)\n",
    "binary": _LABELLED.replace("label", "target")
    + "a = sigmoid(z)\nL = loss(binary_cross_entropy(a, y) + 0.1 * l2())\n",
    "equal_layers": _HEAD
    + "x, t = input(2), target(2)\nu = x\nfor _ in range(4):\n    u = dense(u, 2, tanh)\n"
    + "h = dense(u, 2)\n"
    + _FIT,
    "attention": _HEAD
    + "X = input(2, 3)\nT = target(2, 3)\nQ, K, V = param(3, 3), param(3, 3), param(3, 3)\n"
    + "q, r, v = X @ Q, X @ K, X @ V\nP = softmax(q @ r.T / sqrt(3))\nO = P @ v\n"
    + "L = loss(sum((O - T)**2))\n",
}

NETS |= WIDE | REPEATED

QUICK = (  # of every kind, those of the fewest lines
    *("square_of_a_matrix", "batch_norm", "penalties", "function", "logits_one_hot"),
    *("two_gathers", "two_windows", "max_vector", "padded_pool"),
    *("elman", "gates_in_one", "a_start_that_is_not_read", "blocks_to_huber", "equal_layers"),
)
FEW_OR_ALL = [pytest.param(n, marks=[pytest.mark.slow] * (n not in QUICK)) for n in NETS]


def derived(name: str) -> Derivation:
    return conftest.derived(NETS[name])


@cache
def printed(name: str, notation: str = "matrix", fmt: str = "text") -> str:
    return render(derived(name), fmt=fmt, notation=notation)


def told(text: str, fmt: str = "text", notation: str = "matrix") -> str:
    """The derivation of the text of a net.py."""
    return render(conftest.derived(_HEAD + text), fmt=fmt, notation=notation)

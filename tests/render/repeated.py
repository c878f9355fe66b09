"""Small networks with repeated blocks."""

from __future__ import annotations

_HEAD = "from bpgen import *\n"

REPEATED = {
    "residual": _HEAD
    + "x = input(2)\n"
    + "y = target(2)\n"
    + "def block(u):\n"
    + "    z = dense(u, 3)\n"
    + "    a = tanh(z)\n"
    + "    return u + dense(a, 2)\n"
    + "h = dense(x, 2)\n"
    + "o = repeat(3, block, h)\n"
    + "r = dense(o, 2)\n"
    + "L = loss(half_squared_error(r, y))\n",
    "two_repeats": _HEAD
    + "x = input(2)\n"
    + "y = target(2)\n"
    + "def first(u):\n"
    + "    return u + tanh(dense(u, 2))\n"
    + "def second(u):\n"
    + "    W = param(2, 2)\n"
    + "    v = param(2)\n"
    + "    return sigmoid(W @ u) * v\n"
    + "m = repeat(3, first, x)\n"
    + "o = repeat(3, second, m)\n"
    + "L = loss(half_squared_error(o, y))\n",
    "shared_by_blocks": _HEAD
    + "x = input(2)\n"
    + "y = target(2)\n"
    + "S, c = param(2, 2), param(2)\n"
    + "h = S @ x\n"
    + "def block(u):\n"
    + "    a = tanh(S @ u + c)\n"
    + "    return u + dense(a, 2) * h\n"
    + "o = repeat(3, block, h)\n"
    + "L = loss(half_squared_error(o, y))\n",
    "normed_blocks": _HEAD
    + "x = input(2)\n"
    + "y = target(2)\n"
    + "def block(u):\n"
    + "    m = layer_norm(u)\n"
    + "    return u + dense(m, 2)\n"
    + "o = repeat(2, block, x)\n"
    + "L = loss(half_squared_error(o, y))\n",
    "blocks_as_a_function": _HEAD
    + "x = input(2)\n"
    + "def block(u):\n"
    + "    return u + tanh(dense(u, 2))\n"
    + "o = repeat(3, block, x)\n"
    + "output(o)\n",
    "blocks_of_a_sequence": _HEAD
    + "x = input(2, 3)\n"
    + "y = target(2, 3)\n"
    + "i, j, k = indices('i j k')\n"
    + "def block(u):\n"
    + "    W = param(3, 3)\n"
    + "    q = tensor(sum(W[j, k] * u[i, k], k), i, j)\n"
    + "    return u + tanh(q)\n"
    + "o = repeat(2, block, x)\n"
    + "L = loss(sum((o - y)**2))\n",
    "causal_blocks": _HEAD
    + "x = input(2, 2)\n"
    + "y = target(2, 2)\n"
    + "t, u, d = indices('t u d')\n"
    + "def block(h):\n"
    + "    A = param(2, 2)\n"
    + "    s = tensor(sum((h @ A)[t, d] * h[u, d], d), t, u)\n"
    + "    p = softmax(tensor(masked(s[t, u], at_most(u, t)), t, u))\n"
    + "    return h + p @ h\n"
    + "o = repeat(2, block, x)\n"
    + "L = loss(sum((o - y)**2))\n",
}

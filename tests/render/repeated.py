"""Small networks with repeated blocks."""

from __future__ import annotations

_HEAD = "from bpgen import *\n"

_STACK = (
    _HEAD + "x = input(3)\ny = {}\n" + "def block(u):\n    return tanh(dense(u, 3))\n"
    "o = repeat(3, block, x)\n"
)

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
    "blocks_to_labels": _STACK.format("label(3)")
    + "L = loss(categorical_cross_entropy_with_logits(o, y))\n",
    "blocks_to_one_hot": _STACK.format("one_hot(3)")
    + "L = loss(categorical_cross_entropy_with_logits(o, y))\n",
    "blocks_to_huber": _STACK.format("target(3)") + "L = loss(huber(o, y))\n",
    "blocks_to_squares": _STACK.format("target(3)")
    + "m = input(3)\nL = loss(sum(m * (o - y)**2) + 0.1 * l2())\n",
    "blocks_to_entries": _STACK.format("label(3)")
    + "L = loss(o[0] * o[y] + o[1]**2 - x[2] * o[2])\n",
    "blocks_to_several": _STACK.format("target(3)").replace("y = target(3)\n", "")
    + "i = indices('i')\noutput(o, tensor(o[i] * o[1] * x[i], i), tensor(o[2] * x[0]))\n",
    "one_block": _STACK.format("label(3)").replace("repeat(3", "repeat(1")
    + "L = loss(categorical_cross_entropy_with_logits(o, y))\n",
    "blocks_of_an_embedding": _HEAD
    + "k = input(below=4)\n"
    + "y = label(3)\n"
    + "i = indices('i')\n"
    + "E = param(4, 3)\n"
    + "x = tensor(E[k, i], i)\n"
    + "def block(u):\n"
    + "    return u + tanh(dense(u, 3))\n"
    + "o = repeat(3, block, x)\n"
    + "L = loss(categorical_cross_entropy_with_logits(o, y))\n",
    "blocks_read_at_places": _HEAD
    + "x = input(3)\n"
    + "y = label(3)\n"
    + "i = indices('i')\n"
    + "def block(u):\n"
    + "    w = param(3)\n"
    + "    return tensor(tanh(w[i] * u[0] + u[2 - i] * u[1]), i)\n"
    + "o = repeat(3, block, x)\n"
    + "L = loss(categorical_cross_entropy_with_logits(o, y))\n",
}

"""Small networks of the wider grammar: windows, places, maxima, gathers, recurrences, batches."""

from __future__ import annotations

_HEAD = "from bpgen import *\ni, j, k = indices('i j k')\n"
_MANY = "from bpgen import *\ni, j, k, c, o, p, q, u, v = indices('i j k c o p q u v')\n"

WIDE = {
    "convolution": _MANY
    + "x = input(2, 3, 3)\n"
    + "t = target(2, 2, 2)\n"
    + "K, b = param(2, 2, 2, 2), param(2)\n"
    + "z = tensor(sum(K[o, c, u, v] * x[c, p + u, q + v], c, u, v) + b[o], o, p, q)\n"
    + "L = loss(sum((tanh(z) - t)**2))\n",
    "strided": _MANY
    + "x = input(7)\n"
    + "t = target(3)\n"
    + "w = param(3)\n"
    + "z = tensor(sum(w[u] * x[2*p + u], u), p)\n"
    + "L = loss(sum((z - t)**2))\n",
    "max_pool": _MANY
    + "r = indices('r', size=2)\n"
    + "x = input(2, 6)\n"
    + "t = target(2, 3)\n"
    + "w = param(2)\n"
    + "a = tensor(w[c] * x[c, k], c, k)\n"
    + "m = tensor(max(a[c, 2*p + r], r), c, p)\n"
    + "L = loss(sum((m - t)**2))\n",
    "padded_pool": _MANY
    + "x = input(2, 3)\n"
    + "t = target(2, 2)\n"
    + "w = param(2)\n"
    + "a = tensor(w[c] * x[c, k], c, k)\n"
    + "m = max_pool1d(a, 2, 2, padding=1)\n"
    + "L = loss(sum((m - t)**2))\n",
    "max_vector": _HEAD
    + "x = input(3)\n"
    + "t = target()\n"
    + "W = param(4, 3)\n"
    + "z = W @ x\n"
    + "m = tensor(max(z[i]**2 - z[i], i))\n"
    + "L = loss((m - t)**2)\n",
    "mean_pool": _MANY
    + "r = indices('r', size=2)\n"
    + "x = input(6)\n"
    + "t = target(3)\n"
    + "w = param()\n"
    + "m = tensor(sum(w * x[2*p + r] / 2, r), p)\n"
    + "L = loss(sum((m - t)**2))\n",
    "two_windows": _MANY
    + "x = input(6)\n"
    + "t = target(3)\n"
    + "f, g = param(2), param(3)\n"
    + "z = tensor(sum(f[u] * g[v] * x[p + u + v], u, v), p)\n"
    + "L = loss(sum((z - t)**2))\n",
    "spread": _MANY
    + "x = input(3)\n"
    + "t = target(6)\n"
    + "f, g = param(2), param(3)\n"
    + "y = zeros(6)\n"
    + "y[p + u + v] = f[u] * g[v] * x[p]\n"
    + "L = loss(sum((y - t)**2))\n",
    "padded": _MANY
    + "x = input(4)\n"
    + "t = target(4)\n"
    + "w = param(3)\n"
    + "y = zeros(6)\n"
    + "y[i + 1] = x[i]\n"
    + "z = tensor(sum(w[u] * y[p + u], u), p)\n"
    + "L = loss(sum((z - t)**2))\n",
    "joined": _HEAD
    + "x = input(3)\n"
    + "t = target(2)\n"
    + "V, U, W = param(3, 3), param(2, 3), param(2, 5)\n"
    + "a, d = tanh(V @ x), U @ x\n"
    + "y = zeros(5)\n"
    + "y[i] = a[i]\n"
    + "y[j + 3] = d[j]\n"
    + "h = W @ y\n"
    + "L = loss(half_squared_error(h, t))\n",
    "flattened": _MANY
    + "x = input(2, 3)\n"
    + "t = target(2)\n"
    + "A, W = param(2, 3), param(2, 6)\n"
    + "a = A * x\n"
    + "f = zeros(6)\n"
    + "f[3*i + j] = a[i, j]\n"
    + "h = W @ f\n"
    + "L = loss(half_squared_error(h, t))\n",
    "folded": _MANY
    + "x = input(6)\n"
    + "t = target(2, 3)\n"
    + "w = param(6)\n"
    + "a = w * x\n"
    + "p, q = indices('p', size=2), indices('q', size=3)\n"
    + "B = tensor(a[3*p + q], p, q)\n"
    + "L = loss(sum((B - t)**2))\n",
    "transposed": _MANY
    + "x = input(2, 3)\n"
    + "t = target(2, 7)\n"
    + "K = param(2, 2, 3)\n"
    + "y = zeros(2, 7)\n"
    + "y[o, 2*p + u] = sum(K[c, o, u] * x[c, p], c)\n"
    + "L = loss(sum((y - t)**2))\n",
    "embedding": _MANY
    + "x = input(3, below=4)\n"
    + "y = label(3, 3)\n"
    + "E, W = param(4, 2), param(3, 2)\n"
    + "tt = indices('t')\n"
    + "e = tensor(E[x[tt], i], tt, i)\n"
    + "z = e @ W.T\n"
    + "P = softmax(z)\n"
    + "L = loss(-sum(log(P[tt, y[tt]]), tt))\n",
    "elman": _HEAD
    + "t, = indices('t'),\n"
    + "x = input(3, 2)\n"
    + "y = target(3, 2)\n"
    + "W, U, V = param(2, 2), param(2, 2), param(2, 2)\n"
    + "h0 = param(2)\n"
    + "h = recurrent(3, 2)\n"
    + "z = tensor(sum(W[k, j] * x[t, j], j) + sum(U[k, j] * h[t-1, j], j), t, k)\n"
    + "h[t, k] = tanh(z[t, k])\n"
    + "h[-1, k] = h0[k]\n"
    + "o = tensor(sum(V[i, k] * h[t, k], k), t, i)\n"
    + "L = loss(sum((o - y)**2))\n",
    "last_state": _HEAD
    + "t = indices('t')\n"
    + "x = input(3, 2)\n"
    + "y = target(2)\n"
    + "W, U = param(2, 2), param(2, 2)\n"
    + "h = recurrent(3, 2)\n"
    + "h[t, k] = tanh(sum(W[k, j] * x[t, j], j) + sum(U[k, j] * h[t-1, j], j))\n"
    + "o = tensor(h[2, k] + h[1, k], k)\n"
    + "L = loss(sum((o - y)**2))\n",
    "lstm": _HEAD
    + "t = indices('t')\n"
    + "k = indices('k')\n"
    + "i = indices('i', size=2)\n"
    + "x = input('T', 1)\n"
    + "y = label(2)\n"
    + "W, U, b = param(8, 1), param(8, 2), param(8)\n"
    + "h0 = param(2)\n"
    + "h, c = recurrent('T', 2), recurrent('T', 2)\n"
    + "z = tensor(sum(W[k, j] * x[t, j], j) + sum(U[k, j] * h[t-1, j], j) + b[k], t, k)\n"
    + "c[t, i] = sigmoid(z[t, i + 2]) * c[t-1, i] + sigmoid(z[t, i]) * tanh(z[t, i + 4])\n"
    + "h[t, i] = sigmoid(z[t, i + 6]) * tanh(c[t, i])\n"
    + "h[-1, i] = h0[i]\n"
    + "q = tensor(mean(h[t, i], t), i)\n"
    + "L = loss(categorical_cross_entropy_with_logits(q, y))\n",
    "past": _HEAD
    + "t, s = indices('t s')\n"
    + "x = input(3)\n"
    + "y = target(3)\n"
    + "a, b, A = param(), param(), param(3, 3)\n"
    + "w = param(3)\n"
    + "h = recurrent(3)\n"
    + "h[t] = tanh(a * h[t-1] + b * x[t])\n"
    + "h[-1] = b\n"
    + "o = tensor(h[t-1] + a * h[t] , t)\n"
    + "g = tensor(sum(A[s, t] * h[t], t) + h[s-1], s)\n"
    + "L = loss(sum((o + g - y)**2) + sum(w[t] * h[t-1], t))\n",
    "labels_at_each_step": _HEAD
    + "t, i = indices('t i')\n"
    + "x = input(3, 2)\n"
    + "y = label(2, 3)\n"
    + "w, s = param(2), param(2)\n"
    + "h = recurrent(3, 2)\n"
    + "h[t, i] = tanh(w[i] * h[t-1, i] + x[t, i])\n"
    + "h[-1, i] = s[i]\n"
    + "L = loss(mean(log(sum(exp(h[t, i]), i)) - h[t, y[t]], t))\n",
    "entries_of_a_step": _HEAD
    + "t, i = indices('t i')\n"
    + "x = input(3, 2)\n"
    + "w, s = param(), param(2)\n"
    + "a, h = recurrent(3, 2), recurrent(3)\n"
    + "a[-1, i] = s[i]\n"
    + "a[t, 0] = x[t, 0] + w * a[t-1, 1] * h[t-1]\n"
    + "h[t] = tanh(a[t, 0] * a[t-1, 0])\n"
    + "a[t, 1] = w * h[t] * x[t, 1] + a[t-1, 1]\n"
    + "output(a, h)\n",
    "runs_of_entries": _HEAD
    + "t = indices('t')\n"
    + "j = indices('j', size=2)\n"
    + "x = input(3, 2)\n"
    + "w = param(3)\n"
    + "b = recurrent(3, 3)\n"
    + "b[-1, 0] = w[2]\n"
    + "b[t, j] = w[0] * x[t, 1] + w[1] * b[t-1, j]\n"
    + "b[t, 2] = sin(x[t, 1] + w[2] * b[t-1, 1] * b[t-1, 0])\n"
    + "output(b)\n",
    "a_start_that_is_not_read": _HEAD
    + "t, i = indices('t i')\n"
    + "x = input(3, 2)\n"
    + "w = param(2)\n"
    + "b = recurrent(3, 2)\n"
    + "b[-1, i] = w[i]\n"
    + "b[t, i] = w[i] * x[t, i]\n"
    + "output(b)\n",
    "gates_in_one": _HEAD
    + "t, k = indices('t k')\n"
    + "i = indices('i', size=2)\n"
    + "x = input(3, 4)\n"
    + "w, s = param(4), param(2)\n"
    + "g, h = recurrent(3, 4), recurrent(3, 2)\n"
    + "h[-1, i] = s[i]\n"
    + "h[t, i] = tanh(g[t, i + 2]) * h[t-1, i] + g[t, i]\n"
    + "g[t, k] = x[t, k] + w[k] * h[t-1, 0]\n"
    + "L = loss(sum(h[2, i]**2, i))\n",
    "batch_norm": _HEAD
    + "n = samples()\n"
    + "x = input(3)\n"
    + "t = target(2)\n"
    + "W, g, b = param(2, 3), param(2), param(2)\n"
    + "z = W @ x\n"
    + "m = tensor(mean(z[n, i], n), i)\n"
    + "v = tensor(mean((z[n, i] - m[i])**2, n), i)\n"
    + "h = tensor(g[i] * (z[i] - m[i]) / sqrt(v[i] + 0.1) + b[i], i)\n"
    + "L = loss(half_squared_error(h, t))\n",
}

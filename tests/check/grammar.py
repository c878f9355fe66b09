"""Networks of shifted and strided accesses, terms written at an access, max, gathers, recurrences
and sums over the batch, as the text of a net.py.
"""

from __future__ import annotations

from bpgen.emit import emit
from bpgen.ir import Network
from bpgen.load import declared_by

TEXTS = {
    "convolution": """
c, o, p, q, u, v = indices("c o p q u v")
r, s = indices("r s", size=2)
x = input(2, 5, 5)
y = label(3)
K, b = param(2, 2, 2, 2), param(2)
z = tensor(sum(K[o, c, u, v] * x[c, p + u, q + v], c, u, v) + b[o], o, p, q)
a = tanh(z)
m = tensor(max(a[o, 2*p + r, 2*q + s], r, s), o, p, q)
f = zeros(8)
f[4*o + 2*p + q] = m[o, p, q]
loss(categorical_cross_entropy_with_logits(dense(f, 3), y))
""",
    "strided": """
i, u = indices("i u")
x = input(7)
y = target(3)
w = param(3)
z = zeros(9)
z[i + 1] = x[i]
a = tensor(sum(w[u] * z[3*i + u], u), i)
loss(half_squared_error(tanh(a), y))
""",
    "dilated": """
u = indices("u")
p = indices("p", size=3)
x = input(9)
w = param(3)
z = tensor(sum(w[u] * x[p + 2*u + 1], u), p)
a = tensor(z[2 - p] * tanh(z[p]), p)
output(a)
""",
    "transposed": """
p, u, c = indices("p u c")
x = input(2, 3)
y = target(8)
w = param(2, 4)
z = zeros(8)
z[2*p + u] = sum(x[c, p] * w[c, u], c)
loss(half_squared_error(sigmoid(z), y))
""",
    "joined": """
i, j = indices("i j")
x = input(3)
v = input(2)
y = target(5)
W = param(3, 3)
h = tanh(W @ x)
z = zeros(5)
z[i] = h[i]
z[j + 3] = v[j] * h[j + 1]
loss(half_squared_error(z, y))
""",
    "unflattened": """
i, j, o, p = indices("i j o p")
o, p = indices("o p", size=3)
x = input(4)
W = param(9, 4)
f = W @ x
z = tensor(tanh(f[3*o + p]), o, p)
g = tensor(sum(z[o, p] * z[p, o], p), o)
output(g, z)
""",
    "lstm": """
t, k, j = indices("t k j"); i = indices("i", size=2)
x = input("T", 2)
y = label(3)
W, U, b = param(8, 2), param(8, 2), param(8)
h0 = param(2)
h = recurrent("T", 2)
c = recurrent("T", 2)
z = tensor(sum(W[k, j]*x[t, j], j) + sum(U[k, j]*h[t-1, j], j) + b[k], t, k)
c[t, i] = sigmoid(z[t, i+2])*c[t-1, i] + sigmoid(z[t, i])*tanh(z[t, i+4])
h[t, i] = sigmoid(z[t, i+6])*tanh(c[t, i])
h[-1, i] = h0[i]
V = param(3, 2)
o = tensor(sum(V[k, j]*h[t, j], j), t, k)
q = tensor(mean(o[t, k], t), k)
loss(categorical_cross_entropy_with_logits(q, y))
""",
    "recurrence": """
t, i, j = indices("t i j")
x = input(3, 2)
y = target(2)
W, U = param(2, 2), param(2, 2)
h = recurrent(3, 2)
h[t, i] = tanh(sum(W[i, j]*x[t, j], j) + sum(U[i, j]*h[t-1, j], j))
a = tensor(h[2, i], i)
loss(half_squared_error(a, y))
""",
    "states": """
t, i, j = indices("t i j")
x = input("T", 2)
U = param(2, 2)
h = recurrent("T", 2)
h[t, i] = tanh(x[t, i] + sum(U[i, j]*h[t-1, j], j))
output(h)
""",
    "accumulated": """
t, i = indices("t i")
x = input("T", 2)
a = param(2)
h = recurrent("T", 2)
h[t, i] = a[i]*h[t-1, i] + x[t, i]
h[-1, i] = x[0, i] * a[i]
g = tanh(h)
output(g)
""",
    "two recurrences": """
t, i, j = indices("t i j")
x = input("T", 2)
y = label(2, "T")
U, V = param(2, 2), param(2, 2)
h = recurrent("T", 2)
h[t, i] = tanh(x[t, i] + sum(U[i, j]*h[t-1, j], j))
g = recurrent("T", 2)
g[t, i] = tanh(h[t, i] + sum(V[i, j]*g[t-1, j], j))
s = tensor(log(sum(exp(g[t, i]), i)) - g[t, y[t]], t)
loss(sum(s))
""",
    "words": """
t, d, k = indices("t d k")
tok = input("T", below=4)
y = label(3, "T")
E, W = param(4, 2), param(3, 2)
e = tensor(tanh(E[tok[t], d]), t, d)
z = tensor(sum(W[k, d]*e[t, d], d), t, k)
s = tensor(log(sum(exp(z[t, k]), k)) - z[t, y[t]], t)
loss(mean(s))
""",
    "gathered": """
i, j = indices("i j")
x = input(3)
p = input(2, below=3)
y = target(2)
W = param(3, 3)
h = tanh(W @ x)
z = tensor(h[p[j]] * x[p[j]], j)
loss(half_squared_error(z, y))
""",
    "attention": """
t, s, i, j = indices("t s i j")
x = input("T", 2)
Q, K = param(2, 2), param(2, 2)
q = tensor(sum(Q[i, j]*x[t, j], j), t, i)
k = tensor(sum(K[i, j]*x[t, j], j), t, i)
e = tensor(exp(sum(q[t, i]*k[s, i], i)), t, s)
w = tensor(e[t, s] / sum(e[t, j], j), t, s)
a = tensor(sum(w[t, s]*x[s, i], s), t, i)
output(a)
""",
    "batch": """
n = samples()
i = indices("i")
x = input(3)
y = target(3)
g, b = param(3, init="ones"), param(3)
mu = tensor(mean(x[n, i], n), i)
var = tensor(mean((x[n, i] - mu[i])**2, n), i)
z = tensor(g[i]*(x[n, i] - mu[i])/sqrt(var[i] + 0.1) + b[i], n, i)
loss(half_squared_error(tanh(z), y))
""",
    "largest": """
i, j, t = indices("i j t")
x = input("T", 3)
y = target(2)
W = param(2, 3)
z = tensor(sum(W[i, j]*x[t, j], j), t, i)
m = tensor(max(z[t, i], t), i)
loss(half_squared_error(m, y))
""",
    "states and noise": """
n = samples()
i, j = indices("i j")
x = input(3)
r = state(3)
y = target(2)
W = param(2, 3)
d = dropout(tensor(tanh(x[n, i] - r[i]), n, i), 0.25)
loss(half_squared_error(W @ d, y))
""",
    "overlapping": """
i, j, u = indices("i j u", size=2)
x = input(5)
p = indices("p", size=4)
w = param(2)
m = tensor(max(w[u] * x[p + u], u), p)
output(m)
""",
}


def network(name: str) -> Network:
    return declared_by("from bpgen import *\n" + TEXTS[name], name=name.replace(" ", "_"))


def source(name: str) -> str:
    return emit(network(name))

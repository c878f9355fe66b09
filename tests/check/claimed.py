"""Networks of which claims are made, and what is answered."""

from __future__ import annotations

from functools import cache

from bpgen.check.claims import Answer, Court
from bpgen.commands.claims import court_of
from bpgen.load import declared_by
from tests.conftest import ROOT

TOY = (ROOT / "examples" / "toy_2_2_1.py").read_text()
ATTENTION = (ROOT / "examples" / "attention_weights.py").read_text()
DEEP = """from bpgen import *
x = input(2)
y = target(2)
h = x
for _ in range(3):
    h = dense(h, 2, tanh)
z = dense(h, 2)
L = loss(half_squared_error(z, y))
"""
CLASSIFIER = """from bpgen import *
x = input(4)
y = label(3)
W1, b1 = param(2, 4), param(2)
W2, b2 = param(3, 2), param(3)
z1 = W1 @ x + b1
a1 = relu(z1)
z2 = W2 @ a1 + b2
p = softmax(z2)
L = loss(categorical_cross_entropy(p, y) + 0.01 * l2())
"""
CHAIN = """from bpgen import *
x = input()
y = target()
w1, w2 = param(), param()
a1 = w1 * x
yhat = w2 * a1
C = loss((yhat - y) ** 2)
"""
RECURRENT = """from bpgen import *
t, i, j = indices("t i j")
x = input("T", 2)
y = target(2)
W, U = param(2, 2), param(2, 2)
h = recurrent("T", 2)
h[t, i] = tanh(sum(W[i, j] * x[t, j], j) + sum(U[i, j] * h[t - 1, j], j))
L = loss(squared_error(last(h), y))
"""
CONVOLUTION = """from bpgen import *
o, p, u = indices("o p u")
x = input(5)
y = target(2, 3)
K, b = param(2, 3), param(2)
z = tensor(sum(K[o, u] * x[p + u], u) + b[o], o, p)
a = tanh(z)
L = loss(squared_error(a, y))
"""
CODED = """from bpgen import *
x, eps = input(3), input(2)
W1, W2, w = param(2, 3), param(3, 2), param(2)
mu = W1 @ x
s = dot(w, mu) + dot(w, w)
z = mu + eps
xhat = sigmoid(W2 @ z)
L = loss(squared_error(xhat, x) + sum(mu ** 2) + s ** 2)
"""
CENTRED = """from bpgen import *
n = samples()
i = indices("i")
x = input(2)
y = target(2)
W = param(2, 2)
z = W @ x
mu = tensor(mean(z[n, i], n), i)
c = tensor(z[n, i] - mu[i], n, i)
L = loss(squared_error(c, y))
"""
SKIP = """from bpgen import *
x = input(2, 2)
y = target(4)
z = flatten(x)
u = reshape(z, 4)
a = tanh(u)
h = a + z
L = loss(squared_error(h, y))
"""
MASKED = """from bpgen import *
x = input(3)
keep = input(3)
y = target(3)
W = param(3, 3)
z = W @ x
p = softmax(masked(z, keep))
L = loss(squared_error(p, y))
"""
BLOCKS = """from bpgen import *
x = input(2)
y = target(2)


def block(x):
    u = dense(x, 2, tanh)
    return x + u


h = repeat(3, block, x)
w = param(2)
yhat = w * h
L = loss(squared_error(yhat, y))
"""
GATE = (ROOT / "examples" / "gate.py").read_text()
TWO = """from bpgen import *
x = input(3)
y = target(3)
a, W = param(3), param(3, 3)
a1 = W @ x + a
L = loss(squared_error(a1, y))
"""
# Right lines as they are written on paper.


@cache
def court(source: str) -> Court:
    return court_of(declared_by(source))


def answer(source: str, claim: str) -> Answer:
    (found,) = court(source).answers(claim)
    return found

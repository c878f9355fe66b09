"""Networks whose pages are proved, and those pages."""

from __future__ import annotations

from functools import cache

from bpgen.derive import derive
from bpgen.load import declared_by
from bpgen.network.shrink import shrunk
from bpgen.record import Derivation
from bpgen.render import render
from tests.check import claimed
from tests.render.nets import NETS

NOTATIONS = ("matrix", "index", "components")

CLASSIFIER = claimed.CLASSIFIER.replace("relu(", "sigmoid(")

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
    "the largest so far": "from bpgen import *\nx, w = input(3, 2), param(2)\n"
    "t, k, i = indices('t', size=3), indices('k'), indices('i')\n"
    "h = tensor(max(masked(w[i] * x[k, i], at_most(k, t)), k), t, i)\noutput(h)\n",
    "a step that goes into later ones, too": """from bpgen import *
j, k, i = indices("j", size=2), indices("k"), indices("i")
x, g, h = input(4), recurrent(4), recurrent(4, 3)
h[k, i] = tanh(x[k] + g[k - 1])
g[k] = tanh(sum(h[k, i], i))
v = tensor(x[0] + h[j, 2 * j], j)
L = loss(sum(v ** 2) + sum(g))
""",
    "what a label chooses goes into every entry": """from bpgen import *
j, p, q = indices("j", size=2), indices("p"), indices("q", size=3)
x, g, u = input(3, 2), input(below=3), zeros(4)
v, c = sin(x) ** 2, tensor(tanh(x[0, p]), p)
u[q + j] = mean(c[p] * v[g, p], p)
output(u)
""",
    "a start, and another spelling": """from bpgen import *
i, k, q = indices("i", size=3), indices("k"), indices("q", size=3)
x, w, a, b, c = input(4), param(4), recurrent(4), recurrent(4), recurrent(4)
a[k] = tanh(mean(w[q]**2, q) + a[k - 1])
b[k] = tanh(sum(x[i], i) + a[k - 1])
c[k] = tanh(w[1] + a[k - 1] + a[k])
c[-1] = sum(w[q], q)
v = tensor(sin(b[k] - c[k]), k)
L = loss(sum(log(1 + v[k] ** 2), k))
""",
    "every sample's entries in every other's": """from bpgen import *
i, j, q, m = indices("i", size=3), indices("j", size=2), indices("q"), samples()
t, p = indices("t"), indices("p", size=2)
x, h = input("T", 2), tanh(input(4, 3))
output(max(x[t, p] + sum(h[m, i + j, q], m, i, j, q), t, p))
""",
    "the largest of what labels make alike": "from bpgen import *\nj, q = indices('j q')\n"
    "x, g, w = input(2), input(2, below=3), param(2, 3)\n"
    "v = tensor(max((w[0, g[j]] + x[0]) * (w[j, g[j]] + w[1 - j, q]), j), q)\n"
    "L = loss(sum(tanh(v)))\n",
    "entries that a label completes": "from bpgen import *\nj, k = indices('j', size=2), indices('k')\n"
    "x, g, w = input(4), input(below=3), param(3)\nu = w * x[0]\n"
    "v = tensor(x[k] + sum(u[j + 1], j) + 2 * u[g], k)\nL = loss(sum(tanh(v) ** 2))\n",
    "the largest of what has cancelled": "from bpgen import *\ni, x, w = indices('i'), input(3), param(3)\n"
    "s = dot(x, w)\nL = loss(max((s - s) * x[i], i) + logsumexp((s - s) * w[i], i) + s)\n",
    "pairs of samples that come to 0": "from bpgen import *\nx, n, u = input(), samples(), zeros(2)\n"
    "u[1] = x\noutput(tensor(u[0] * (x + x[n]), n))\n",
    "slopes that cancel within a sum": "from bpgen import *\nx, n, m = input(), samples(), samples()\n"
    "v = tensor(x + x[n], n)\noutput(tensor(sum(tanh(v[n] - v[m]), n, m)))\n",
    "the first of equals, a square of 0": "from bpgen import *\nj, k = indices('j k')\n"
    "i, x, w, u = indices('i', size=2), input(2), param(), zeros(4)\nu[2 * i + 1] = w * x[i]\n"
    "v = tensor(max(u[k] * u[j], j), k)\nL = loss(sum(v[k] ** 2 + v[k], k))\n",
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
    "0 elsewhere, at the end of a box": "from bpgen import *\nx, i = input(7), indices('i', size=2)\n"
    "q = indices('q', size=3)\nh = tensor(sum(x[i], i) * x[6 - q], q)\n"
    "for _ in range(6):\n    h = dense(h, 2, sin)\nL = loss(h[0])\n",
    "a mean over samples by hand": "from bpgen import *\nx, w, n = input(3), param(3), samples()\n"
    "u = tanh(w * x)\nv = tensor(mean(u[n, 1] * u[n, 0], n))\nL = loss(v)\n",
    "what a label picks, read twice": "from bpgen import *\nx, a, t = input(3), label(4), target()\n"
    "p, both = log_softmax(dense(x, 4)), zeros(2)\n"
    "both[0], both[1] = t * exp(p[a]), t * relu(p[a] + 2)\nL = loss(max(both))\n",
    "blocks whose last one's gradient cancels": "from bpgen import *\n"
    + _INDICES
    + "x, w, m, k = input(2), param(3), samples(), indices('k', size=4)\n"
    "j = indices('j', size=2)\n"
    "def block(h):\n"
    "    return tensor(tanh(max(h[1 - p] * (h[0] * h[1]), p) + h[j]), j)\n"
    "r, u = repeat(2, block, x), zeros(4, 2)\n"
    "u[k, j] = mean(sum(w[j + p], j) * (r[0] - r[m, 0]), m, p)\n"
    "output(u)\nL = loss(mean(u[k, j], k, j))\n",
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
    "a log-sum-exp with a name": "from bpgen import *\nx, w, i = input(3), param(3), indices('i')\n"
    "z = w * x\ns = logsumexp(z)\np = tensor(exp(z[i] - s), i)\nL = loss(sum(p**3))\n",
    "a softmax of an output": "from bpgen import *\nx, w = input(4), param(4)\nz = w * x\n"
    "output(z, softmax(z))\n",
    "a softmax of blocks": "from bpgen import *\nx, w = input(3, 2), param(2, 2)\n"
    "z = repeat(3, lambda h: softmax(h @ w), x)\noutput(z, softmax(z))\n",
    "a softmax of the last step": "from bpgen import *\nx, U = input(3, 2), param(2, 2)\n"
    "t, i, j = indices('t i j')\nh = recurrent(3, 2)\n"
    "h[t, i] = tanh(x[t, i] + sum(U[i, j] * h[t - 1, j], j))\n"
    "output(h, softmax(h), softmax(last(h)))\n",
    "windows that are apart, and windows that meet": """from bpgen import *
x, y = input(1, 6), target(1, 4)
h = conv1d(tanh(x), 1, 3, dilation=2)
L = loss(half_squared_error(conv1d(h, 1, 3, padding=3, dilation=2), y))
""",
    "pools of three sizes": "from bpgen import *\nx = input(1, 7, 7)\nh = tanh(x)\n"
    "for size in (2, 3, 2):\n    h = max_pool2d(h, size, stride=1)\nL = loss(sum(h**2))\n",
    "a label left out": "from bpgen import *\nx, y = input(2), label(3)\n"
    "W, b = param(3, 2), param(3)\nz = W @ x + b\n"
    "L = loss(categorical_cross_entropy(softmax(z), y, ignore=1))\n",
}


@cache
def derived_page(net: str) -> Derivation:
    return derive(shrunk(declared_by((NETS | MORE | {"classifier": CLASSIFIER})[net])))


@cache
def page_of(net: str, notation: str) -> str:
    return render(derived_page(net), fmt="latex", notation=notation)

"""Networks that are written in C."""

from __future__ import annotations

from types import ModuleType

from bpgen.emit import WITH_PYTHON, files_of
from tests.conftest import derived, module_of

HEAD = "from bpgen import *\n"
NETS = {
    "dense": "x, y = input(3), label(4)\n"
    "L = loss(categorical_cross_entropy_with_logits(dense(dense(x, 5, gelu), 4), y))\n",
    "a convolution": "x, y = input(1, 7), target(2)\n"
    "L = loss(squared_error(dense(flatten(max_pool1d(conv1d(x, 3, 2, relu), 2)), 2), y))\n",
    "a recurrence": 'x, y = input("T", 3), target(2)\n'
    "L = loss(squared_error(dense(last(lstm(x, 4)), 2), y))\n",
    "attention": 'x = input("T", 4)\noutput(multi_head_attention(x, heads=2, causal=True))\n',
    "the largest of what a mask keeps": "x, k, w = input(4), input(4), param(4)\n"
    "output(max(masked(w * x, k)))\n",
    "an embedding": 'x = input("T", below=5)\noutput(dense(last(rnn(embedding(x, 5, 3), 2)), 2))\n',
    "blocks that draw, and read what is outside": "x, y = input(4), target(4)\n"
    "s = dense(x, 4, tanh)\nh = repeat(3, lambda h: h + dropout(dense(h, 4, tanh), 0.2) * s, x)\n"
    "L = loss(squared_error(dropout(h, 0.5), y))\n",
    "blocks without a loss": "x = input(4)\noutput(repeat(2, lambda u: u * dense(u, 4), x))\n",
    "helpers' names": "x, y = input(3), target(2)\n"
    "dot, add, block, draw = param(4, 3), param(4), param(2, 4), param(2)\n"
    "u = block @ tanh(dot @ x + add) + draw\nL = loss(squared_error(u, y))\n",
    "products": "x, y = input(20), label(10)\n"
    "L = loss(categorical_cross_entropy_with_logits(dense(dense(x, 37, relu), 10), y))\n",
    "a softmax added at places": "x, y = input(below=3), one_hot(3)\n"
    "L = loss(categorical_cross_entropy_with_logits(2 * tanh(embedding(x, 3, 3)), y))\n",
    "blocks that read what they begin with": "u = input(4)\nx = dense(u, 4)\n"
    "output(repeat(3, lambda h: tanh(h) + x, x))\n",
    "softmaxes along the first axis": 'i, j, k = indices("i j k")\nx = input(2, 3)\n'
    "p = tensor(exp(x[i, j]) / sum(exp(x[k, j]), k), i, j)\n"
    "q = tensor(x[i, j] - log(sum(exp(x[k, j]), k)), j, i)\nL = loss(sum(p**2) + sum(sin(q)))\n",
    "blocks counted otherwise": 'i, j, k = (indices(a, size=s) for a, s in zip("ijk", (3, 2, 4)))\n'
    "x, w, u = input(3), param(4), zeros(7)\nr = repeat(3, lambda h: dense(h, 3, tanh), x)\n"
    "u[2 * i] = sum(w[k] * x[1 - j], j, k)\nL = loss(sum(r[i], i) + sum(sin(u[i]), i))\n",
    "names of C": "double, y = input(2), target(2)\n"
    "square, static, seed = param(2, 2), param(2), param(2)\n"
    "real = tanh(square @ double + static)\nL = loss(squared_error(seed * real, y))\n",
}
LARGE = (
    "x, y = input(1, 40, 40), label(10)\nh = max_pool2d(conv2d(x, 8, 3, relu), 2)\n"
    "h = conv2d(h, 16, 3)\n"
    "z = dense(dense(flatten(h), 64, relu), 10)\n"
    "L = loss(categorical_cross_entropy_with_logits(z, y))\n"
)
TWO = (
    "x, y, u, k = input(3), target(2), input(4), input(below=5)\n"
    "z = dense(x, 4, tanh) * u + embedding(k, 5, 4)\nL = loss(squared_error(dense(z, 2), y))\n"
)
WINDOW = HEAD + "x = input(2, 9, 9)\noutput(conv2d(tanh(conv2d(x, 8, 3)), 3, 3))\n"
BLOCKS = "blocks that draw, and read what is outside"


def texts_of(name: str) -> dict[str, str]:
    """The files of C of one of NETS."""
    return dict(files_of(derived(HEAD + NETS[name]), "c"))


def module_text(net: str) -> str:
    """The module that computes a network by C."""
    return files_of(derived(HEAD + net), WITH_PYTHON)[".py"]


def both_modules(net: str) -> tuple[ModuleType, ModuleType]:
    """That module, and numpy's."""
    return module_of(module_text(net)), module_of(files_of(derived(HEAD + net))[".py"])

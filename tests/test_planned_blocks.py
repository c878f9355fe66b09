"""Planned modules of repeated blocks: what a block adds up, measures and leaves."""

from __future__ import annotations

import pytest

from bpgen.check.agreement import difference
from bpgen.emit import FAST, emitted
from tests.conftest import declared, derived

NET = """from bpgen import *
j, p, m = indices("j", size=2), indices("p", size=2), samples()
def block(h):
    w = param({shape})
    return tensor(tanh(h[j] + {added}), j)
r = repeat(3, block, input(2))
L = loss(sum(sin(r[j]), j))
"""
BLOCKS = {
    "a number beside what has fewer axes": ("2, 2", "sum(h[j] * (2 * w[j, p]), p)"),
    "a parameter of one number": ("", "h[j] * w"),
    "one number of all samples": ("", "w * sum(h[m, p], m, p)"),
    "rows of all samples": ("2, 2", "sum(h[m, p] * h[m, 0] * h[1 - p] * w[p, 1 - j], m, p)"),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_is_what_its_equations_say(name: str) -> None:
    shape, added = BLOCKS[name]
    net = NET.format(shape=shape, added=added)
    assert difference(emitted(derived(net), FAST), declared(net)) is None


def test_a_number_is_not_transposed() -> None:
    shape, added = BLOCKS["one number of all samples"]
    text = emitted(derived(NET.format(shape=shape, added=added)), FAST)
    assert "    t1[...] = t.sum() * w\n" in text


# Of seeds 60 and 65 of `benchmarks.planned`.
OTHERS = {
    "a sum of numbers": """from bpgen import *
i, j, k, q = (indices(n, size=s) for n, s in zip("ijkq", (3, 2, 4, 3)))
n, x, w, u = samples(), input(3, 2), param(4, 3), zeros(5)
u[i] = sum(sum(w[k, q], k), q)
v = tensor(-3 * mean(u[2 * i], i) - sum(u[4 - i] + u[j + 3], i), j)
s = tensor(sum(x[q, 1] - v[0], q))
r = zeros(4)
r[1 - j] = mean(s[n], n)
output(r)
""",
    "an array that is the same along an axis": """from bpgen import *
x, y, i = input(3, below=5), label(2), indices("i", size=2)
v = group_norm(embedding(x, 5, 5), 3, eps=0.1, affine=True)
p = softmax(logsumexp(dense(v, 7, relu, bias=False)))
a = 1 - tanh((log(1 - tanh(p) ** 2))) ** 2
b = tensor(a[i + 1] - 2 * a[i], i)
L = loss(3 * categorical_cross_entropy(softmax(b), y, ignore=1))
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_axes_are_those_along_which_a_value_varies(name: str) -> None:
    assert difference(emitted(derived(OTHERS[name]), FAST), declared(OTHERS[name])) is None

"""What a page explains once."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from bpgen.render import render
from tests.conftest import ROOT, derived

_TWO_LABELS = """\


from bpgen.derive import derive
from bpgen.load import declared_by
from bpgen.render import render

net = '''from bpgen import *
x = input(3)
y, c = label(3), label(3)
W, V = param(3, 3), param(3, 3)
one, other = (categorical_cross_entropy(softmax(M @ x), t) for M, t in ((W, y), (V, c)))
L = loss(one + other)
'''
print(ascii(render(derive(declared_by(net)), fmt="text")))
"""


def test_what_dropout_draws_is_said_once_of_what_is_drawn_alike() -> None:
    net = (
        "from bpgen import *\nx = input(2)\na = dropout(x, 0.5)\nb = dropout(tanh(a), 0.5)\n"
        "output(dropout(sin(b), 0.25))\n"
    )
    page = render(derived(net), fmt="text")
    assert re.findall("Each entry of .*", page) == [
        "Each entry of m^[1] and m^[2] is drawn in forward: 2 with the probability 1/2, else 0.",
        "Each entry of m^[3] is drawn in forward: 4/3 with the probability 3/4, else 0.",
    ]


def test_what_stands_beside_an_argument_is_called_as_nothing_else_is() -> None:
    net = (
        "from bpgen import *\nz, s = input(3), label(3)\nw = param(3)\nL = loss("
        "categorical_cross_entropy_with_logits(w * z, s, ignore=1))\n"
    )
    assert "unless(z, t, v) = {z if t ≠ v;" in render(derived(net), fmt="text")
    of_none = "from bpgen import *\nx = input(3)\noutput(leaky_relu(param(3) @ x, 0.3))\n"
    assert "leaky_relu(z, s) = {z if z > 0; s z" in render(derived(of_none), fmt="text")


@pytest.mark.parametrize(("taken", "beside"), [("stuvpqr", "a, b"), ("stuvpqrabcdfgh", "s, t")])
def test_what_stands_beside_an_argument_has_a_letter_where_most_are_taken(
    taken: str, beside: str
) -> None:
    net = f"from bpgen import *\n{', '.join(taken)} = {', '.join(['input()'] * len(taken))}\n"
    net += f"output(hard_tanh({' + '.join(taken)}, -1, 1))\n"
    assert f"hard_tanh(z, {beside}) = " in render(derived(net), fmt="text")


def test_a_single_step_is_told_by_its_number() -> None:
    page = render(derived("from bpgen import *\noutput(rnn(input(1, 2), 2))\n"), fmt="text")
    assert page.count("tep by step, for t = 0") == 2 and "…" not in page


@pytest.mark.slow
def test_of_two_unit_vectors_the_same_is_explained_under_any_hash_seed() -> None:
    pages = set()
    for seed in ("1", "2"):  # a set of both has another order
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", _TWO_LABELS]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env=environment, timeout=60
        )
        pages.add(done.stdout)
    (page,) = pages
    assert "e[y] and e[c] are the unit vectors of the labels y and c." in page


def test_it_is_said_of_which_integers_unit_vectors_are() -> None:
    """Of a factorization of a matrix, whose inputs are no labels; of a single one, and beside labels."""
    inputs = "from bpgen import *\nu, i, r = input(below=10), input(below=20), target()\n"
    factors = "a, b = param(10), param(20)\nL = loss((a[u] + b[i] - r) ** 2)\n"
    page = render(derived(inputs + factors), fmt="text")
    assert "e[u] and e[i] are the unit vectors of the integers u and i." in page
    assert "label" not in page
    one = "from bpgen import *\nu, r, a = input(below=10), target(), param(10)\n"
    page = render(derived(f"{one}L = loss((a[u] - r) ** 2)\n"), fmt="text")
    assert "e[u] is the unit vector of the integer u." in page
    net = (
        "from bpgen import *\nx, y, i, W, a = input(3), label(3), input(below=5), param(3, 3), param(5)\n"
        "L = loss(categorical_cross_entropy_with_logits(W @ x, y) + a[i] ** 2)\n"
    )
    page = render(derived(net), fmt="text")
    assert "e[y] and e[i] are the unit vectors of the integers y and i." in page

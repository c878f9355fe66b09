"""What a delta says, and why there is a sum: a sentence that is true of each, with few steps and
with all of them.
"""

from __future__ import annotations

import re

import pytest

from bpgen.render import render
from tests.conftest import derived

DENSE = (
    "from bpgen import *\nx, y = input(3), target(2)\nh = dense(x, 4, tanh)\n"
    "L = loss(half_squared_error(dense(h, 2), y))\n"
)
POOLED = (
    "from bpgen import *\nx, y = input(1, 6, 6), target(2)\nh = relu(conv2d(x, 2, 3))\n"
    "L = loss(half_squared_error(dense(flatten(max_pool2d(h, 2)), 2), y))\n"
)


def _sentences(net: str, steps: str) -> list[str]:
    page = render(derived(net), fmt="latex", steps=steps)
    return re.findall(r"Each .*? adds what comes back\.|\$\S+\$ says how .*?\.", page)


@pytest.mark.parametrize("steps", ["short", "all"])
def test_every_delta_says_what_it_means_and_why_there_is_a_sum(steps: str) -> None:
    assert _sentences(DENSE, steps) == [
        r"$\delta^{[2]}$ says how $\ell$ changes with $z^{[2]}$.",
        *(
            (
                r"$\delta^{[1]}$ says how $\ell$ changes with $z^{[1]}$.",
                r"Each $h_{i}$ feeds every $z^{[2]}_{j}$, so $\sum_{j}$ adds what comes back.",
            )[:: 1 if steps == "short" else -1]
        ),
    ]


def test_the_sentence_stands_below_its_heading() -> None:
    page = render(derived(DENSE), fmt="text", steps="all")
    heading = "Gradient with respect to z^[1], called δ^[1]"
    assert f"{heading}\nδ^[1] says how ℓ changes with z^[1].\n" in page


def test_before_a_recurrence_stands_what_is_said_of_all_of_it() -> None:
    net = (
        "from bpgen import *\nx, y = input('T', 2), target(3)\n"
        "L = loss(half_squared_error(dense(last(rnn(x, 4)), 3), y))\n"
    )
    page = render(derived(net), fmt="text", steps="all")
    assert re.search(
        r"^Backpropagation through time: [^\n]*(\n\S[^\n]*)?\n\nGradient with", page, re.M
    )


def test_windows_that_lie_apart_are_fed_once() -> None:
    """A pooling's windows have no place in common: the sum over them has one addend."""
    said = _sentences(POOLED, "all")
    assert any("$w^" in s or "feeds every" in s for s in said)
    assert not any(s.startswith("Each $h_") for s in said)


def test_windows_that_overlap_are_fed_several_times() -> None:
    net = (
        "from bpgen import *\nx, y = input(1, 6, 6), target(2)\nh = relu(conv2d(x, 2, 3))\n"
        "L = loss(half_squared_error(dense(flatten(conv2d(h, 2, 3)), 2), y))\n"
    )
    assert any("may feed several" in s for s in _sentences(net, "all"))


def test_a_sample_is_in_some_of_all_pairs() -> None:
    """z of n goes into t of n with each m, and of each m with n, and into no other."""
    net = (
        "from bpgen import *\ni, m, x, w = indices('i'), samples(), input(2), param(2)\nz = w * x\n"
        "L = loss(log(sum(exp(sum(z[i] * z[m, i], i)), m)))\n"
    )
    (said,) = (s for s in _sentences(net, "short") if s.startswith("Each $z_"))
    assert "may feed several" in said


def test_a_number_is_no_each() -> None:
    net = (
        "from bpgen import *\ni, x, v = indices('i', size=3), input(2), param(3)\nu = sum(x ** 2)\n"
        "h = tensor(tanh(v[i] * u), i)\nL = loss(sum(h ** 2))\n"
    )
    page = render(derived(net), fmt="latex", steps="all")
    assert "\n\\noindent $u$ feeds every $h_{i}$, so $\\sum_{i}$ adds what comes back." in page


def test_what_only_some_of_a_tensor_are_made_of_does_not_feed_every_one() -> None:
    """Two of the seven rows are written."""
    net = (
        "from bpgen import *\ni, j = indices('i', size=2), indices('j', size=7)\nx, u = input(3), zeros(7)\n"
        "s = sum(x ** 2)\nu[i] = sin(s)\nL = loss(sum(u[j] ** 2, j))\n"
    )
    page = render(derived(net), fmt="latex", steps="all")
    assert "$s$ may feed several $u_{i}$, so" in page


def test_a_part_that_is_cut_out_is_fed_once() -> None:
    net = (
        "from bpgen import *\nx, y = input(2), target(3)\nz = dense(x, 6)\n"
        "a = sigmoid(part(z, 0, 3)) * tanh(part(z, 3, 6))\nL = loss(half_squared_error(a, y))\n"
    )
    assert not any(s.startswith("Each $z_") for s in _sentences(net, "all"))


def test_an_entry_that_another_tensor_chooses_is_said_by_its_own_index() -> None:
    net = (
        "from bpgen import *\ni = indices('i')\nx, k, W = input(4), input(4, below=4), param(4, 4)\n"
        "z = W @ x\ng = tensor(z[k[i]] * x[i], i)\nL = loss(sum(g ** 2))\n"
    )
    assert any(
        s.startswith(r"Each $z_{i}$ may feed several $g_{j}$, so $\sum_{j}$")
        for s in _sentences(net, "short")
    )


def test_the_last_step_alone_feeds_what_reads_it() -> None:
    net = (
        "from bpgen import *\nx, y = input('T', 2), target(3)\n"
        "L = loss(half_squared_error(dense(last(rnn(x, 4)), 3), y))\n"
    )
    assert any(
        s.startswith(r"Each $h^{[1]}_{T-1,k}$ feeds every $z^{[2]}_{i}$")
        for s in _sentences(net, "short")
    ), _sentences(net, "short")


@pytest.mark.parametrize(
    "fed",
    ["u[2, 0] = sum(x[j] * (x[0] + h[k]) ** 2, j, k)", "u[2, j] = sum((x[j] + h[k]) ** 2, k)"],
)
def test_a_sum_within_what_is_fed_is_not_over_what_is_fed(fed: str) -> None:
    """No sentence says which sum is which."""
    net = (
        'from bpgen import *\nj, k = indices("j k", size=2)\nx, h, u = input(2), zeros(3), zeros(3, 2)\n'
        f"h[0] = x[0] ** 2\n{fed}\noutput(u)\n"
    )
    assert not any(s.startswith("Each $h") for s in _sentences(net, "all"))

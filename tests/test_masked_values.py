"""What a mask may leave finite: bpgen refuses only what is infinite, or the largest of nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bpgen.check.agreement import verdict
from bpgen.check.page.proof import prove_page
from bpgen.load import declared_by
from bpgen.render import render
from tests.conftest import declared, derived, module_of, written
from tests.test_planned import planned

NET = "from bpgen import *\nt, u = indices('t u')\nx = input(4, 4)\n"
KEEP = "keep = input(4)\n"


@pytest.mark.parametrize(
    "rest",
    [
        # where something is kept
        "m = tensor(masked(x[t, u], at_most(u, t)), t, u)\noutput(m[2, 1])",
        "output(tensor(max(masked(x[t, u], at_most(u, t) * at_most(t, u + t)), u), t))",
        f"{KEEP}m = tensor(masked(x[t, u], keep[u]), t, u)\noutput(tensor(max(2 * m[t, u], u), t))",
        # what does not hear of it
        f"{KEEP}m = masked(x[0, u], keep[u])\n"
        "output(tensor(exp(m) + sigmoid(m) + relu(m) + gelu(m) + 1 / m, u))",
        f"{KEEP}output(silu(masked(x, keep)))",
        f"{KEEP}m = masked(x, keep)\nh = tanh(m)\noutput(h + 1 / (1 + m * m))",
        f"{KEEP}output(softmax(masked(x, keep)))",
        # times 0, by a target
        f"{KEEP}y = target(4, 4)\nL = loss(-sum(y * log_softmax(masked(x, keep))))",
    ],
)
def test_finite_where_masked(rest: str) -> None:
    assert declared_by(f"{NET}{rest}\n", "net.py").equations


EMPTY = "z = tensor(masked(x[t, u], at_most(u, t - 1)), t, u)\np = softmax(z)\n"
OF_NOTHING = f"{NET}{EMPTY}L = loss(sum(p * x))\n"
SAID = "Where a mask keeps nothing, a softmax is 0, and no gradient passes."


def test_a_softmax_of_nothing_is_compared() -> None:
    """It is 0, where indices leave a row of it empty: in the module, or what is written is
    refused.
    """
    text, network = written(OF_NOTHING), declared(OF_NOTHING)
    found = verdict(text, network)
    assert found.wrong is None and found.undefined == ()
    one, other = "z - np.where(largest == -np.inf, 0, largest)", "z - largest"
    assert text.count(one) == 1
    thirds = text.replace(one, f"np.where(largest == -np.inf, 0, {other})")
    assert verdict(thirds, network).wrong is not None
    nowhere = text.replace(one, other)
    assert verdict(nowhere, network).wrong is not None


@pytest.mark.parametrize(
    "rest",
    [
        f"{EMPTY}L = loss(sum(p * x))",
        f"{EMPTY}s = logsumexp(z)\nq = tensor(exp(z[t, u] - s[t]), t, u)\nL = loss(sum(q * x))",
        "w = param(4)\ndef block(h):\n    z = tensor(masked(h[t] * h[u] * w[u], at_most(u, t - 1)), t, u)"
        "\n    return softmax(z) @ h + h\noutput(repeat(2, block, tensor(x[0, t], t)))",
    ],
)
def test_a_page_says_that_it_is_0(rest: str) -> None:
    made = derived(f"{NET}{rest}\n")
    page = render(made, fmt="latex", steps="short")
    assert page.count(SAID) == 1 and prove_page(page, made.network, (0,)).ok
    assert not prove_page(page.replace(SAID, ""), made.network, (0,)).ok


def test_a_page_says_so_only_where_it_may_be() -> None:
    kept = EMPTY.replace("t - 1", "t")
    assert SAID not in render(derived(f"{NET}{kept}L = loss(sum(p * x))\n"), fmt="latex")


# What is compared with an index: a sequence's last place, a label; and labels of two samples.
COMPARED = {
    "a sequence": (
        "t, d, x, last, w = *indices('t d'), input(5, 2), input(below=5), param(2)\n"
        "L = loss(sum(w[d] * sin(x[t, d]) * at_most(t, last), t, d))\n"
    ),
    "a softmax": (
        "t, x, last, w = indices('t'), input(5), input(below=5), param(5)\n"
        "p = softmax(tensor(masked(w[t] * x[t], at_most(t, last)), t))\nL = loss(dot(p, x))\n"
    ),
    "labels": (
        "n, m, x, c, w = samples(), samples(), input(), input(below=2), param()\n"
        "z = tanh(w * x)\n"
        "L = loss(sum(at_most(c[n], c[m]) * (z[n] - z[m]) ** 2, m))\n"
    ),
    "each step": (
        "t, x, k, last, w = indices('t'), input('T'), input('T', below=3), label(3), param()\n"
        "L = loss(sum(exp(w * x[t]) * at_most(k[t], last), t))\n"
    ),
}
BY_NUMPY: dict[str, Callable[..., Any]] = {
    "a sequence": lambda w, x, k: np.sum(np.sin(x) * w * (np.arange(5) <= k[:, None])[..., None]),
    "a softmax": lambda w, x, k: sum(
        np.exp(w * s)[: n + 1] @ s[: n + 1] / np.exp(w * s)[: n + 1].sum()
        for s, n in zip(x, k, strict=True)
    ),
    "labels": lambda w, x, k: np.sum(
        (k[:, None] <= k) * np.subtract.outer(np.tanh(w * x), np.tanh(w * x)) ** 2
    ),
    "each step": lambda w, x, k, y: np.sum(np.exp(w * x) * (k <= y[:, None])),
}


@pytest.mark.parametrize("name", COMPARED)
def test_whole_numbers_are_compared(name: str) -> None:
    net, rng = "from bpgen import *\n" + COMPARED[name], np.random.default_rng(2)
    for text in (written(net), planned(net)):
        module = module_of(text)
        shape = (4, *(3 if size == "T" else size for size in module.INPUTS["x"]))
        w, x = rng.normal(size=module.SHAPES["w"]), rng.normal(size=shape)
        k = rng.integers(0, 2, (4, 3) if name == "each step" else 4)
        given = (x, k, rng.integers(0, 3, 4)) if name == "each step" else (x, k)
        value, grads = module.loss_and_grad({"w": w}, *given)
        assert value == pytest.approx(BY_NUMPY[name](w, *given) / 4)
        tiny = BY_NUMPY[name](w + 1e-20j * (direction := rng.normal(size=w.shape)), *given)
        assert np.sum(grads["w"] * direction) == pytest.approx(tiny.imag / 4e-20)


@pytest.mark.parametrize("name", COMPARED)
def test_what_is_compared_stands_at_its_indices(name: str) -> None:
    derivation = derived("from bpgen import *\n" + COMPARED[name])
    page = render(derivation, fmt="latex", steps="short")
    assert r"\le" in page
    assert prove_page(page, derivation.network, (0,)).ok

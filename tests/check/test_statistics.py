"""Losses that compare a batch with itself: what is 0 by an identity, or no number of one sample, is
no mistake; and what is a mistake beside it is none the less refused.
"""

from __future__ import annotations

from functools import cache

import pytest

from bpgen.check.module import Subject
from bpgen.check.mutants import Mutant
from bpgen.check.numbers import Ruler, failure
from bpgen.check.selftest import same
from bpgen.check.whole import check_module
from bpgen.emit import emit
from bpgen.ir import Network
from bpgen.load import declared_by
from tests.few import one_in

LINE = "n, m = samples(), samples()\nx, y = input(2), target()\nw = param(2)\na = dot(w, x)\n"
CENTRED = (
    "ac = a - tensor(mean(a[n], n))\nyc = y - tensor(mean(y[n], n))\n"
    "cov, va, vy = (tensor(sum(s[n] * t[n], n)) for s, t in ((ac, yc), (ac, ac), (yc, yc)))\n"
)
TWICE = "x, u = input(2), input(2)\nW = param(3, 2)\na, b = W @ x, W @ u\nm = samples()\n"
NETWORKS = {
    "correlation": LINE + CENTRED + "L = loss(1 - cov / sqrt(va * vy))",
    "correlation, not over 0": LINE + CENTRED + "L = loss(-cov / (sqrt(va) * sqrt(vy) + 1e-8))",
    "variance explained": LINE
    + "my = tensor(mean(y[n], n))\n"
    + "L = loss(tensor(sum((y[n] - a[n])**2, n)) / tensor(sum((y[n] - my)**2, n)))",
    "dependence": LINE
    + "K = tensor(exp(-(a[n] - a[m])**2), n, m)\nQ = tensor(exp(-(y[n] - y[m])**2), n, m)\n"
    + "r, s = (tensor(mean(k[n, m], m), n) for k in (K, Q))\n"
    + "c, d = tensor(mean(r[n], n)), tensor(mean(s[n], n))\n"
    + "L = loss(-mean(mean((K[n, m] - r[n] - r[m] + c) * (Q[n, m] - s[n] - s[m] + d), n), m))",
    "contrast": TWICE
    + "i = indices('i')\np, q = (t / sqrt(sum(t**2)) for t in (a, b))\n"
    + "L = loss(log(sum(exp(10 * sum(p[i] * q[m, i], i)), m)) - 10 * sum(p * q))",
    "the first sample": TWICE
    + "i = indices('i')\nS = tensor(sum(a[i] * b[m, i], i), m)\nL = loss((S[0] - 1)**2)",
    "divergence": "x, q = input(2), one_hot(3)\np = softmax(param(3, 2) @ x)\nm = (p + q) / 2\n"
    + "L = loss((kl_divergence(m, p) + kl_divergence(m, q)) / 2)",
}


@cache
def network(name: str) -> Network:
    return declared_by(f"from bpgen import *\n{NETWORKS[name]}\n")


@cache
def module(name: str) -> str:
    return emit(network(name))


def changed(name: str, was: str, becomes: str) -> str:
    """The module with one mistake in its backward, or with what is none."""
    before, of, text = module(name).partition("def backward")
    assert text.count(was) == 1, text
    return before + of + text.replace(was, becomes)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_right_modules_pass(name: str) -> None:
    report = check_module(module(name), network(name))
    assert report.ok, str(report)


FEWEST = {"correlation": 2, "variance explained": 2, "correlation, not over 0": 1, "contrast": 1}


@pytest.mark.parametrize("name", FEWEST)
def test_the_fewest_samples_are_those_of_the_equations(name: str) -> None:
    assert Subject(module(name), network(name)).fewest == FEWEST[name]


SUM = "(Q + d - s[:, None] - s).sum() / N**4"
SINGLE = "np.asarray(({}).astype(np.float32) + params['w'].dtype.type(0))"
NO_CHANGE = [
    ("correlation, not over 0", "dac - dac.mean()", "dac + dac.mean()"),
    ("dependence", SUM, "(Q + d - s[:, None] - s).sum()"),
    # what the mean is off by stands in the sum of squares as its square
    ("variance explained", "my = y.mean()", f"my = {SINGLE.format('y.mean()')}"),
]
MISTAKES = [
    ("correlation, not over 0", "dac - dac.mean()", "dac - dac[0]"),
    ("correlation, not over 0", "dac - dac.mean()", "(1 + 1e-9) * dac"),
    ("correlation, not over 0", "zero_over(ac, np.sqrt(va))", "(ac / np.sqrt(va))"),
    ("dependence", SUM, "(Q + d - s[:, None]).sum() / N**4"),
    ("variance explained", "my = y.mean()", "my = 1.00001 * y.mean()"),
    ("variance explained", "(a - y)", SINGLE.format("a - y")),
    ("contrast", "10 * (dt3 @ q) - ", "10.01 * (dt3 @ q) - "),
    ("the first sample", 'grads["x"] = dx', 'grads["x"] = dx[::-1]'),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "was", "becomes"), NO_CHANGE)
def test_what_changes_rounding_alone_is_no_change(name: str, was: str, becomes: str) -> None:
    """As what adds a sum that is 0 by an identity: it is proved to be the same function."""
    wrong = Mutant("", "", changed(name, was, becomes))
    assert same(Subject(module(name), network(name)), wrong)
    proved = name in ("dependence", "variance explained")
    assert same(Subject(module(name)), wrong) != proved  # where there is no network is no proof


@pytest.mark.parametrize(("name", "was", "becomes"), one_in(2, [*MISTAKES]))
def test_a_mistake_at_the_same_place_is_one(name: str, was: str, becomes: str) -> None:
    subject = Subject(module(name), network(name))
    wrong = changed(name, was, becomes)
    assert failure(Subject(wrong, network(name)), Ruler(subject, 0)) is not None
    assert not same(subject, Mutant("", "", wrong))

"""The logarithm of a mixture whose parts may both be 0 in floats, by the logarithms of the parts."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from bpgen.check.exact import exact
from bpgen.check.whole import check_module
from bpgen.derive.known_sums import KnownSums
from bpgen.derive.linear import sum_of
from bpgen.emit import emit
from bpgen.functions import masked
from bpgen.ir import BATCH, Equation, Index, Term, element
from bpgen.load import declared_by
from tests.conftest import emitted, written
from tests.few import one_in

OF_ONE = "from bpgen import *\nx, y, w = input(), target(), param()\nz = w * x\n"
SPELLED = {
    "in one line": "L = loss(-log(y * sigmoid(z) + (1 - y) * (1 - sigmoid(z))))\n",
    "by names": "p = sigmoid(z)\nq = 1 - p\nL = loss(-log(y * p + (1 - y) * q))\n",
    "in a product": "p = sigmoid(z)\nL = loss(-log(2 * p * y + 2 * (1 - p) * (1 - y)) + log(2))\n",
}
OF_TWO = (
    "from bpgen import *\nx, u, w = input(2), input(), param()\np, s = softmax(w * x), sigmoid(w * u)\n"
    "L = loss(-log(s * p[0] + 0.5 * (1 - s) * p[1]))\n"
)


@pytest.mark.parametrize("lines", one_in(3, [*SPELLED.values()]), ids=SPELLED)
def test_far_out_it_is_the_cross_entropy(lines: str) -> None:
    module = emitted(OF_ONE + lines)
    for z in (-800.0, -40.0, -0.3, 40.0, 800.0):
        for y in (0.0, 1.0):
            with np.errstate(over="raise", invalid="raise", divide="raise"):
                loss, grads = module.loss_and_grad({"w": np.array(z)}, np.ones(1), np.array([y]))
            sign = 1 - 2 * y
            assert loss == pytest.approx(np.logaddexp(0, sign * z), rel=1e-13, abs=1e-15)
            slope = sign * np.exp(-np.logaddexp(0, -sign * z))
            assert grads["w"] == pytest.approx(slope, rel=1e-13, abs=1e-300)


@pytest.mark.parametrize("y", [-0.2, 1.3])
@pytest.mark.parametrize("lines", SPELLED.values(), ids=SPELLED)
def test_weights_may_be_negative(lines: str, y: float) -> None:
    """As long as there is a logarithm."""
    module, z = emitted(OF_ONE + lines), 0.1
    p = 1 / (1 + np.exp(-z))
    mixed = y * p + (1 - y) * (1 - p)
    loss, grads = module.loss_and_grad({"w": np.array(z)}, np.ones(1), np.array([y]))
    assert loss == pytest.approx(-np.log(mixed), rel=1e-13)
    assert grads["w"] == pytest.approx((1 - 2 * y) * p * (1 - p) / mixed, rel=1e-13)


def test_of_probabilities_that_both_vanish() -> None:
    module = emitted(OF_TWO)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, grads = module.loss_and_grad(
            {"w": np.array(1.0)}, np.array([[0, 2e3]]), np.array([900.0])
        )
    assert loss == pytest.approx(900 + np.log(2), rel=1e-13)  # of -2,000 and -900 the larger
    assert grads["w"] == pytest.approx(900, rel=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize("net", [*(OF_ONE + lines for lines in SPELLED.values()), OF_TWO])
def test_it_is_proved(net: str) -> None:
    network = declared_by(net)
    assert check_module(emit(network), network).ok


OF_MANY = """from bpgen import *
x, y = input(2), target()
z, m, t = dense(x, 3), dense(x, 3), dense(x, 3)
p, s = softmax(z), exp(t)
k = indices("k")
N = exp(-(y - m[k])**2 / (2 * s[k]**2)) / (s[k] * sqrt(2 * pi))
L = loss(-log(sum(p[k] * N, k)))
"""
OF_GIVEN = """from bpgen import *
x, w, m = input(2), param(3), param(3, 2)
p = softmax(w)
k, d = indices("k d")
L = loss(-log(sum(p[k] * exp(-sum((x[d] - m[k, d])**2, d) / 2), k)))
"""


def test_a_mixture_over_an_index_far_out() -> None:
    """The likelihood of normal distributions with mixed weights, where every one of them is 0."""
    module, rng = emitted(OF_GIVEN), np.random.default_rng(0)
    w, m, x = rng.normal(size=3), rng.normal(size=(3, 2)), 100 * rng.normal(size=(4, 2))
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, grads = module.loss_and_grad({"w": w, "m": m}, x)
    log_p = w - np.logaddexp.reduce(w)
    logs = log_p - ((x[:, None] - m) ** 2).sum(-1) / 2
    assert loss == pytest.approx(-np.logaddexp.reduce(logs, axis=1).mean(), rel=1e-13)
    posterior = np.exp(logs - np.logaddexp.reduce(logs, axis=1)[:, None])
    assert grads["w"] == pytest.approx((np.exp(log_p) - posterior).mean(0), rel=1e-12, abs=1e-15)


def test_the_gradient_of_the_weights_is_prior_less_posterior() -> None:
    """A sum of shares is 1: no sum is left, and nothing is computed that nobody reads."""
    text = written(OF_GIVEN)
    assert "dw = p - np.exp(log_softmax(w) + u1 - s2[:, None]).mean(axis=0)\n" in text
    assert "ds1 =" not in text and "u2 =" not in text


def test_what_a_sum_of_shares_is_needs_all_of_them() -> None:
    """Of a part, or of the shares of another sum, nothing is known."""
    k, n = Index("k", 3), Index("n", BATCH)
    u, s = element("u", (n, k)), element("s", (n,))
    known = KnownSums([Equation("s", (n,), (Term(u, (k,), "logsumexp"),))]).known
    assert known(sum_of(sp.exp(u - s), (k,))).value == 1
    assert [i.size for i in known(sum_of(sp.exp(u - s), (n, k))).term.over] == [3]
    assert known(sum_of(sp.exp(u - s), (n,))) is None
    assert known(sum_of(sp.exp(2 * u - s), (k,))) is None
    assert known(sum_of(sp.exp(u - 2 * s), (k,))) is None
    assert known(sum_of(sp.exp(element("v", (n, k)) - s), (k,))) is None
    masks = Equation("s", (n,), (Term(masked(u, element("keep", (n, k))), (k,), "logsumexp"),))
    assert KnownSums([masks]).known(sum_of(sp.exp(u - s), (k,))) is None  # of nothing kept it is 0
    first = Index("k", 2)
    assert known(sum_of(sp.exp(element("u", (n, first)) - s), (first,))) is None


@pytest.mark.parametrize("net", one_in(2, [OF_MANY, OF_GIVEN]))
def test_constants_of_a_mixture_are_exact(net: str) -> None:
    """log(2 pi) / 2 among them, in the parts that a logarithm of a product falls into."""
    network = declared_by(net)
    assert all(row.ok for row in exact(emit(network), network))


OF_POSITIVE = OF_MANY.replace("exp(t)", "SCALE")


@pytest.mark.parametrize(
    "scale", one_in(4, ["exp(t)", "softplus(t)", "softplus(t) + 0.001", "0.1 + sigmoid(t)"])
)
def test_positive_factors_are_in_the_exponents(scale: str) -> None:
    """The scales of normal distributions, however they are kept positive: far out, and near a scale of 0."""
    network = declared_by(OF_POSITIVE.replace("SCALE", scale))
    assert all(row.ok for row in exact(emit(network), network))
    module, rng = emitted(OF_POSITIVE.replace("SCALE", scale)), np.random.default_rng(1)
    params = {name: rng.normal(size=shape) for name, shape in module.SHAPES.items()}
    x, y = rng.normal(size=(4, 2)), np.array([1e3, -1e3, 0.1, 30.0])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        loss, grads = module.loss_and_grad(params, x, y)
    assert np.isfinite(loss) and all(np.isfinite(g).all() for g in grads.values())
    assert loss == pytest.approx(_likelihood(params, x, y, scale), rel=1e-12)


def _likelihood(params: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray, scale: str) -> float:
    z, m, t = (x @ params[f"W{k}"].T + params[f"b{k}"] for k in (1, 2, 3))
    given = {
        "exp": np.exp,
        "softplus": lambda u: np.logaddexp(0, u),
        "sigmoid": lambda u: 1 / (1 + np.exp(-u)),
    }
    s = eval(scale, {"t": t, **given})
    logs = (
        z
        - np.logaddexp.reduce(z, axis=1)[:, None]
        - (y[:, None] - m) ** 2 / (2 * s**2)
        - np.log(s * np.sqrt(2 * np.pi))
    )
    return float(-np.logaddexp.reduce(logs, axis=1).mean())


def test_a_factor_of_unknown_sign_is_left_where_it_stands() -> None:
    """Where the sum may be negative, there is no logarithm of its parts."""
    text = written(OF_POSITIVE.replace("SCALE", "t"))
    assert "logsumexp_k" not in text

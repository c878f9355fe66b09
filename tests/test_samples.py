"""Equations between the samples of a batch: losses of all pairs, statistics that all share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bpgen.check.page.proof import prove_page
from bpgen.derive import derive
from bpgen.errors import NetError
from bpgen.load import declared_by
from bpgen.record import Derivation
from bpgen.render import render
from tests.conftest import emitted
from tests.one_batch import Arrays, agrees_in_batches

INDICES = 'i, j, n, m, k = *indices("i j"), samples(), samples(), samples()\n'
TWO_VIEWS = f"{INDICES}x1, x2 = input(4), input(4)\nW = param(3, 4)\na, b = W @ x1, W @ x2\n"


def test_two_calls_are_two_indices() -> None:
    declared_by(
        "from bpgen import *\nn, m = samples(), samples()\nassert n != m\nx = input()\noutput(2 * x)\n"
    )


def info_nce(p: Arrays, x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
    a, b = x1 @ p["W"].T, x2 @ p["W"].T
    logits = a @ b.T
    return np.mean(np.log(np.exp(logits).sum(1)) - np.diag(logits))


@pytest.mark.parametrize(
    "loss",
    [
        "log(sum(exp(sum(a[i] * b[m, i], i)), m)) - sum(a * b)",
        "log(sum(exp(sum(a[i] * b[n, i], i)), n)) - sum(a * b)",  # whichever index it is
    ],
)
def test_logits_between_all_pairs_of_a_batch(loss: str) -> None:
    agrees_in_batches(f"{TWO_VIEWS}L = loss({loss})", info_nce)


def test_logits_between_all_pairs_under_a_name() -> None:
    agrees_in_batches(
        f"{TWO_VIEWS}logits = tensor(sum(a[i] * b[m, i], i), m)\n"
        "L = loss(log(sum(exp(logits[m]), m)) - sum(a * b))",
        info_nce,
    )


def test_logits_both_ways() -> None:
    def formula(p: Arrays, x1: np.ndarray, x2: np.ndarray) -> np.ndarray:
        return info_nce(p, x1, x2) + info_nce(p, x2, x1)

    agrees_in_batches(
        f"{TWO_VIEWS}s = tensor(sum(a[n, i] * b[m, i], i), n, m)\n"
        "c = tensor(log(sum(exp(s[m, n]), m)), n)\n"
        "L = loss(log(sum(exp(s[m]), m)) + c - 2 * sum(a * b))",
        formula,
    )


ALL_PAIRS = f"{TWO_VIEWS}S = tensor(sum(a[n, i] * b[m, i], i), n, m)\n"


def test_logits_of_all_pairs_and_their_diagonal() -> None:
    agrees_in_batches(f"{ALL_PAIRS}L = loss(log(sum(exp(S[n, m]), m)) - S[n, n])", info_nce)


def test_logits_of_all_pairs_both_ways() -> None:
    """What is computed before, and of its own sample, was said of no sample: no module came."""
    agrees_in_batches(
        f"{ALL_PAIRS}L = loss(logsumexp(S[n, m], m) + logsumexp(S[m, n], m) - 2 * S[n, n])",
        lambda p, x1, x2: info_nce(p, x1, x2) + info_nce(p, x2, x1),
    )


def kernel(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.exp(-((z[:, None] - y[None]) ** 2).sum(-1))


@pytest.mark.parametrize(
    "equations",
    [
        "L = loss(mean(exp(-sum((z[i] - z[m, i]) ** 2, i)), m)"
        " - 2 * mean(exp(-sum((z[i] - y[m, i]) ** 2, i)), m))",
        "k1 = tensor(exp(-sum((z[n, i] - z[m, i]) ** 2, i)), n, m)\n"
        "k2 = tensor(exp(-sum((z[n, i] - y[m, i]) ** 2, i)), n, m)\n"
        "L = loss(mean(k1[m], m) - 2 * mean(k2[m], m))",
        "L = loss(mean(mean(exp(-sum((z[n, i] - z[m, i]) ** 2, i)), n), m)"
        " - 2 * mean(exp(-sum((z[i] - y[m, i]) ** 2, i)), m))",
    ],
)
def test_a_kernel_between_two_batches(equations: str) -> None:
    def formula(p: Arrays, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        z = x @ p["W"].T
        return np.mean(kernel(z, z)) - 2 * np.mean(kernel(z, y))

    agrees_in_batches(
        f"{INDICES}x, y = input(3), input(2)\nW = param(2, 3)\nz = W @ x\n{equations}", formula
    )


def test_squared_distances_of_all_pairs() -> None:
    """Each sample's row of the distances; the upstream gradient has their shape."""
    agrees_in_batches(
        f"{INDICES}x = input(3)\nW = param(2, 3)\nz = W @ x\n"
        "d = tensor(sum((z[i] - z[m, i]) ** 2, i), m)\noutput(d)",
        lambda p, x: (((x @ p["W"].T)[:, None] - (x @ p["W"].T)[None]).__pow__(2).sum(-1),),
    )


OF_LABELS = f"{INDICES}x, y, w = input(3), label(4), param()\no = zeros(4)\no[y] = "
ALIKE = "sum(o[i] * o[m, i], i)"


def contrastive(x: np.ndarray, alike: np.ndarray) -> np.ndarray:
    return np.mean(-np.log(np.sum(np.exp(x @ x.T / 9) * alike, axis=1)))


@pytest.mark.parametrize(
    ("value", "alike", "scale"),
    [
        ("1", ALIKE, lambda p: 1),
        ("w", ALIKE, lambda p: p["w"] ** 2),
        ("w", "a[m]", lambda p: p["w"] ** 2),
        ("w", "sum(b[i] * o[m, i], i)", lambda p: p["w"] ** 3),
        ("1", "o[m, y]", lambda p: 1),
    ],
)
def test_what_is_written_at_a_label_is_the_samples_own(
    value: str, alike: str, scale: Callable[[Arrays], np.ndarray]
) -> None:
    """The samples of the same class; it was |o|^2 of one sample, in module and page alike."""
    agrees_in_batches(
        f"{OF_LABELS}{value}\na, b = tensor({ALIKE}, m), w * o\n"
        f"L = loss(-log(sum(exp(sum(x[i] * x[m, i], i) / 9) * {alike}, m)) + w)",
        lambda p, x, y: contrastive(x, scale(p) * (y[:, None] == y)) + p["w"],
    )


def test_three_samples_at_once() -> None:
    def formula(p: Arrays, x: np.ndarray) -> np.ndarray:
        u = np.tanh(p["w"] * x)
        a, b, c = u[:, None, None], u[None, :, None], u[None, None, :]
        return np.sum(np.exp(a - b) * b * c**2 * (c - a)) / len(x)

    agrees_in_batches(
        f"{INDICES}x = input()\nw = param()\nu = tanh(w * x)\n"
        "L = loss(sum(sum(exp(u - u[m]) * u[m] * u[k] ** 2 * (u[k] - u), k), m))",
        formula,
    )


OWN_MEANS = "n = samples()\nx, y = input(), target()\nw = param()\n"


def test_a_mean_within_the_mean_of_a_cube() -> None:
    def formula(p: Arrays, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        u = p["w"] * x
        return np.mean((u - np.mean((u - np.mean(u)) ** 3) - y) ** 2)

    agrees_in_batches(
        f"{OWN_MEANS}u = w * x\nmu = tensor(mean(u[n], n))\n"
        "c = tensor(u[n] - mean((u[n] - mu) ** 3, n), n)\nL = loss((c - y) ** 2)",
        formula,
    )


def test_means_within_means_three_deep() -> None:
    def formula(p: Arrays, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        u = np.tanh(p["w"] * x)
        mu = np.mean(u)
        s = np.mean((u - mu) ** 3)
        return np.mean(((u - s) * np.mean((u - s) ** 2 * mu) - y) ** 2)

    agrees_in_batches(
        f"{OWN_MEANS}u = tanh(w * x)\nmu = tensor(mean(u[n], n))\n"
        "s = tensor(mean((u[n] - mu) ** 3, n))\n"
        "c = tensor((u[n] - s) * mean((u[n] - s) ** 2 * mu, n), n)\nL = loss((c - y) ** 2)",
        formula,
    )


def test_an_output_that_all_samples_share() -> None:
    agrees_in_batches(
        "n, x = samples(), input()\noutput(tensor(sum(x[n] ** 2, n)))", lambda p, x: (np.sum(x**2),)
    )
    agrees_in_batches(
        "n, i = samples(), indices('i')\nx, c = input(3), input()\nw = param(3)\n"
        "a = tensor(sum(c[n] * w[i] * x[n, i] ** 2, n) / sum(c[n], n), i)\ny = w * x\noutput(a, y)",
        lambda p, x, c: ((c[:, None] * p["w"] * x**2).sum(0) / c.sum(), p["w"] * x),
    )


def test_the_statistics_of_a_batch_norm() -> None:
    m = emitted(
        "from bpgen import *\nx = input(3)\n"
        "y, m, s = running_batch_norm(x, (state(3), state(3)), affine=False)\noutput(m, s)\n"
    )
    x = np.random.default_rng(0).standard_normal((5, 3))
    (mean, variance), cache = m.forward({}, x, np.zeros(3), np.ones(3))
    np.testing.assert_allclose(mean, 0.1 * x.mean(0))
    np.testing.assert_allclose(variance, 0.9 + 0.1 * x.var(0, ddof=1))
    u, v = np.array([1.0, -2.0, 3.0]), np.array([0.5, 4.0, -1.0])
    got = m.backward({}, cache, u, v, inputs=True)["x"]
    np.testing.assert_allclose(got, 0.1 * u / 5 + 0.1 * v * 2 * (x - x.mean(0)) / 4, atol=1e-15)
    with pytest.raises(ValueError, match=r"^d_m needs shape \(3,\), not \(5, 3\)$"):
        m.backward({}, cache, np.ones((5, 3)), v)


def test_a_sum_of_an_input_alone_over_the_batch() -> None:
    agrees_in_batches(
        "n = samples()\nx, c = input(), input()\nL = loss(x ** 2 / sum(c[n], n))",
        lambda p, x, c: np.mean(x**2 / c.sum()),
    )


def test_what_all_samples_share_is_all_that_forward_computes() -> None:
    agrees_in_batches(
        "n = samples()\nx, y = input(), target()\ng = param()\nk = tensor(sum(sin(g * x[n]), n))\n"
        "L = loss(k * y)",
        lambda p, x, y: np.mean(np.sin(p["g"] * x).sum() * y),
    )


def test_a_sum_over_samples_names_the_index_in_the_users_letter() -> None:
    with pytest.raises(NetError) as caught:
        declared_by(
            "from bpgen import *\nn, m, x = samples(), samples(), input()\n"
            "L = loss(tensor(sum(x[n] * x[m], n)))\n"
        )
    assert str(caught.value).splitlines()[0] == (
        "net.py:3: index m comes out of nowhere: it is neither on the left nor summed"
    )


def derived(loss: str) -> Derivation:
    net = "n, m = samples(), samples()\nx, y, w = input(), target(), param()\na = w * x\n"
    return derive(declared_by(f"from bpgen import *\n{net}L = loss({loss})\n"))


@pytest.mark.parametrize(
    ("loss", "alone"),
    [
        ("mean((a[n] - y[n])**2, n) + w**2", True),
        ("sum((a[n] - y[n])**2, n)", False),
        ("mean(mean((a[n] - y[m])**2, n), m)", False),
        ("mean(mean((a[n] - a[m])**2 * y[n], n), m)", False),
    ],
)
def test_a_sample_is_told_by_itself_where_the_loss_is_the_mean_of_theirs(
    loss: str, alone: bool
) -> None:
    """Of one sample a sum is a mean, and all pairs are that sample."""
    assert derived(loss).separable == alone


def test_no_gradient_is_called_a_mean_where_the_loss_is_a_sum() -> None:
    page = render(derived("sum((a[n] - y[n])**2, n)"), fmt="text", steps="short")
    assert "mean" not in page
    assert "∂L/∂w" in page and "= 2 · Σ[n] xₙ(aₙ − yₙ)" in page


def test_an_output_of_all_pairs_is_told_of_pairs() -> None:
    """It was |x|^2 of one sample, which the page's reader refused."""
    net = f"from bpgen import *\n{INDICES}x = input(2)\noutput(tensor(sum(x[n, i] * x[m, i], i), n, m))"
    made = derive(declared_by(net))
    page = render(made, fmt="latex")
    assert r"u^{[1]}_{nm} &= x^{\top}_{m} x_{n}" in page
    assert prove_page(page, made.network).ok

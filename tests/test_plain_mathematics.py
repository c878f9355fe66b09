"""What mathematics says plainly, a net.py can say: each against its formula in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.one_sample import Arrays, agrees

INDICES = 'i, j, k, m, t = indices("i j k m t")\n'


def scattered(shape: tuple[int, ...], places: Any, values: Any) -> Any:
    """numpy's own sum by labels."""
    found = np.zeros(shape, np.result_type(values))
    np.add.at(found, places, values)
    return found


def test_written_at_a_label() -> None:
    def formula(p: Arrays, x: Any, k: Any) -> Any:
        return (p["w"] * scattered((4,), k, x[0])) @ np.ones(4) ** 2

    agrees(
        "x = input(1); k = input(below=4); w = param(4)\nu = zeros(4)\nu[k] = x[0]\n"
        "L = loss(sum(w * u))",
        formula,
    )


@pytest.mark.parametrize("size", ["5", '"T"'])
def test_summed_by_labels(size: str) -> None:
    """What meets the same label is added up, as np.add.at does."""

    def formula(p: Arrays, x: Any, k: Any) -> Any:
        return np.sum((p["w"] * scattered((4,), k, x)) ** 2)

    agrees(
        f"{INDICES}x = input({size}); k = input({size}, below=4); w = param(4)\nu = zeros(4)\n"
        "u[k[j]] = x[j]\nL = loss(sum((w * u) ** 2))",
        formula,
    )


def test_summed_by_two_labels_beside_another_index_and_another_equation() -> None:
    def formula(p: Arrays, x: Any, a: Any, b: Any) -> Any:
        u = scattered((4, 3, 2), (a, b), x**2 * p["v"][b][:, None])
        u += scattered((4, 3, 2), (np.zeros(5, int), b), np.sin(x))
        return np.sum((p["w"] * u) ** 2) + np.sum(np.exp(u[a, 1, 0])) + u[0, 1, 1] * u[0, b[2], 1]

    agrees(
        f"{INDICES}x = input(5, 2); a = input(5, below=4); b = input(5, below=3)\n"
        "w, v = param(4, 3, 2), param(3)\nu = zeros(4, 3, 2)\n"
        "u[a[j], b[j], i] = x[j, i] ** 2 * v[b[j]]\nu[0, b[j], i] = sin(x[j, i])\n"
        "L = loss(sum((w * u) ** 2) + sum(exp(u[a[m], 1, 0]), m) + u[0, 1, 1] * u[0, b[2], 1])",
        formula,
    )


def test_labels_alone_say_how_often_something_is_written() -> None:
    def formula(p: Arrays, x: Any, k: Any, y: Any) -> Any:
        return scattered((4,), k, np.full(4, 2 * x))[y] * x

    agrees(
        f'{INDICES}x = input(); k = input("T", below=4); y = label(4)\nu = zeros(4)\n'
        "u[k[t]] = 2 * x\nL = loss(u[y] * x)",
        formula,
    )


def test_indices_of_given_ranges_on_the_left() -> None:
    """r stands on the left alone: what is written does not depend on it."""

    def formula(p: Arrays, x: Any) -> Any:
        return np.sum(p["w"] * np.repeat(x, 2)) ** 2

    agrees(
        'p, r = indices("p r", size=2)\nx = input(2); w = param(4)\nu = zeros(4)\n'
        "u[2 * p + r] = x[p]\nL = loss(sum(w * u) ** 2)",
        formula,
    )


def test_an_index_that_is_only_compared() -> None:
    def formula(p: Arrays, x: Any) -> Any:
        argmax = [np.argmax(x[: t + 2].real) for t in range(3)]  # w is positive
        below = [np.sum(np.exp(x[:t])) for t in range(3)]
        return np.sum(np.tanh(p["w"] * x[argmax])) + np.sum(np.square(below))

    agrees(
        't, u = indices("t u", size=3)\nx = input(3); w = param()\n'
        "o = tensor(max(masked(w * x[u], at_most(u, t + 1)), u), t)\n"
        "g = tensor(sum(exp(masked(x[u], at_most(u + 1, t))), u), t)\n"
        "L = loss(sum(tanh(o)) + sum(g ** 2))",
        formula,
    )


def log_softmax(z: Any) -> Any:
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


SEQUENCE = "W = param(4, 3)\nz = x @ W.T\n"


@pytest.mark.parametrize("places", ['"T"', "6", '2, "T"'])
@pytest.mark.parametrize("call", ["_with_logits(z, y)", "(softmax(z), y)"])
def test_the_cross_entropy_of_a_sequence_is_the_mean_over_its_places(
    places: str, call: str
) -> None:
    def formula(p: Arrays, x: Any, y: Any) -> Any:
        chosen = np.take_along_axis(log_softmax(x @ p["W"].T), y[..., None], -1)
        return -np.mean(chosen)

    agrees(
        f"x, y = input({places}, 3), label(4, {places})\n{SEQUENCE}"
        f"L = loss(categorical_cross_entropy{call})",
        formula,
    )


def test_a_sequence_of_one_hot_rows() -> None:
    def formula(p: Arrays, x: Any, y: Any) -> Any:
        even = 0.9 * y + 0.1 / 4
        return -np.mean(np.sum(even * log_softmax(x @ p["W"].T), axis=-1))

    rows = np.random.default_rng(3).dirichlet(np.ones(4), (3, 5))
    agrees(
        f'x, y = input("T", 3), one_hot(4, "T")\n{SEQUENCE}'
        "L = loss(categorical_cross_entropy_with_logits(z, y, label_smoothing=0.1))",
        formula,
        x=np.random.default_rng(4).standard_normal((3, 5, 3)),
        y=rows,
    )


def huber(d: Any) -> Any:
    return np.where(np.abs(d.real) <= 1, d**2 / 2, np.sign(d.real) * d - 0.5)


@pytest.mark.parametrize(
    ("call", "of_one"),
    [
        ("half_squared_error(q[a], y)", lambda q, y: (q - y) ** 2 / 2),
        ("squared_error(q[a], y)", lambda q, y: (q - y) ** 2),
        ("mean_squared_error(q[a], y)", lambda q, y: (q - y) ** 2),
        ("huber(q[a], y)", lambda q, y: huber(q - y)),
        ("smooth_l1(q[a], y)", lambda q, y: huber(q - y)),
        ("absolute_error(q[a], y)", lambda q, y: np.sign((q - y).real) * (q - y)),
        ("mean_absolute_error(q[a], y)", lambda q, y: np.sign((q - y).real) * (q - y)),
        ("log_cosh_loss(q[a], y)", lambda q, y: np.log(np.cosh(q - y))),
        ("hinge(q[a], y)", lambda q, y: (1 - q * y) * ((1 - q * y).real > 0)),
        (
            "binary_cross_entropy_with_logits(q[a], y)",
            lambda q, y: np.log1p(np.exp(q)) - y * q,
        ),
        (
            "binary_cross_entropy(sigmoid(q[a]), y)",
            lambda q, y: np.log1p(np.exp(q)) - y * q,
        ),
        ("poisson_loss(q[a], y)", lambda q, y: np.exp(q) - y * q),
        ("kl_divergence(sigmoid(q[a]), y)", lambda q, y: y * np.log(y * (1 + np.exp(-q)))),
    ],
)
def test_a_loss_of_one_entry(call: str, of_one: Any) -> None:
    def formula(p: Arrays, x: Any, a: Any, y: Any) -> Any:
        return of_one((p["W"] @ x)[a], y)

    agrees(
        f"x, a, y = input(3), input(below=4), target()\nW = param(4, 3)\nq = W @ x\n"
        f"L = loss({call})",
        formula,
    )


def test_losses_of_entries_that_are_averaged() -> None:
    """The length T is known from targets alone."""

    def formula(p: Arrays, x: Any, y: Any, u: Any) -> Any:
        q = p["W"] @ x
        return np.mean(huber(q[y] - u) - log_softmax(q)[y])

    agrees(
        f'{INDICES}x, y, u = input(3), label(4, "T"), target("T")\nW = param(4, 3)\nq = W @ x\n'
        "of_one = huber(q[y[t]], u[t]) + categorical_cross_entropy_with_logits(q, y[t])\n"
        "L = loss(mean(of_one, t))",
        formula,
    )


def test_a_length_that_only_an_unread_target_tells() -> None:
    """Backward reads no u, but multiplies by its length."""

    def formula(p: Arrays, x: Any, u: Any) -> Any:
        return np.sum(p["w"] @ x + u)

    agrees(
        f'{INDICES}x, u = input(3), target("T")\nw = param(3)\nL = loss(sum(dot(w, x) + u[t], t))',
        formula,
    )

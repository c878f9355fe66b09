"""Equations that are written at labels and summed by them, and indices of given ranges: each against
its formula in numpy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.one_sample import INDICES, Arrays, agrees


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


def test_summed_by_labels_where_the_sample_is_said() -> None:
    def formula(p: Arrays, x: Any, k: Any, at: Any) -> Any:
        v = scattered((4,), k, x) * x[at]
        return np.sum((p["w"] * v * x[at]) ** 2)

    agrees(
        f"{INDICES}n = samples()\nx, k, at = input(5), input(5, below=4), input(4, below=5)\n"
        "w, u, v = param(4), zeros(4), zeros(4)\nu[n, k[n, j]] = x[n, j]\n"
        "v[n, i] = u[n, i] * x[n, at[n, i]]\nq = tensor(v[n, i] * x[n, at[n, i]], n, i)\n"
        "L = loss(sum((w * q) ** 2))",
        formula,
    )


def test_labels_that_are_read_backwards() -> None:
    def formula(p: Arrays, x: Any, k: Any) -> Any:
        v = scattered((4,), k[::-1], scattered((4,), k, x)[k] * p["w"])
        return np.sum(v**2) + np.sum(np.sin(p["E"][k[::-1]]) * x)

    agrees(
        f"{INDICES}x, k = input(5), input(5, below=4)\nw, E, u, v = param(), param(4), zeros(4), zeros(4)\n"
        "u[k[j]] = x[j]\nv[k[4 - j]] = u[k[j]] * w\n"
        "L = loss(sum(v ** 2) + sum(sin(E[k[4 - j]]) * x[j], j))",
        formula,
    )


def test_written_at_a_label_in_every_step_of_a_recurrence() -> None:
    def formula(p: Arrays, x: Any, k: Any) -> Any:
        h = np.zeros(4)
        for t in range(4):
            h = np.tanh(p["w"] * h) + scattered((4,), k[t], x[t])
        return np.sum(h**2)

    agrees(
        f'{INDICES}x, k = input("T"), input("T", below=4)\nw = param(4)\nh = recurrent("T", 4)\n'
        "h[t, j] = tanh(w[j] * h[t - 1, j])\nh[t, k[t]] = x[t]\nL = loss(sum(last(h) ** 2))",
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


def test_constants_summed_by_labels_without_a_real_input() -> None:
    source = (
        f"{INDICES}k = input(3, below=4); w = param(4)\no = zeros(4)\no[1] = 2\no[k[i]] = 1\n"
        "y = w * o\nL = loss(sum(y ** 2))"
    )

    def formula(p: Arrays, k: Any) -> Any:
        o = np.array([0.0, 2, 0, 0])
        np.add.at(o, k, 1)
        return np.sum((p["w"] * o) ** 2)

    agrees(source, formula)

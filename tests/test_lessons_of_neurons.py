"""Two lessons on backpropagation, quantity by quantity, on the pages of their networks: B, a linear
chain, and one of sigmoids; D, one neuron.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.lesson_pages import (
    NEURON,
    SIGMOIDS,
    after,
    has,
    lesson,
    numbers_of,
    page_of,
    section,
    shows,
    sigmoid,
    told,
)
from tests.published import PUBLISHED

# B: a linear chain


def test_B1_a_chain_of_neurons_is_one_product() -> None:
    page = lesson("linear_chain")
    has(page, "a^[1] = w^[1] x", "ŷ = w^[2] a^[1]")
    has(section(page, "One product"), "ŷ = w^[1] w^[2] x")


def test_B2_gradients_as_products_of_named_factors() -> None:
    has(
        section(lesson("linear_chain"), "One product"),
        "∂ℓ/∂w^[2] = ∂ℓ/∂ŷ · ∂ŷ/∂w^[2] = (-6) · 6",
        "∂ℓ/∂w^[1] = ∂ℓ/∂ŷ · ∂ŷ/∂a^[1] · ∂a^[1]/∂w^[1] = (-6) · 4 · 2",
    )


def test_B3_the_same_with_sigmoids_and_biases() -> None:
    values = {"x": 0.5, "y": 1, "w1": 0.4, "b1": 0.1, "w2": -0.7, "b2": 0.2}
    page = told(SIGMOIDS, values, 0.1, ())
    row = "∂ℓ/∂w^[1] = ∂ℓ/∂a^[2] · ∂a^[2]/∂z^[2] · ∂z^[2]/∂a^[1] · ∂a^[1]/∂z^[1] · ∂z^[1]/∂w^[1]"
    a1 = sigmoid(0.4 * 0.5 + 0.1)
    a2 = sigmoid(-0.7 * a1 + 0.2)
    factors = [a2 - 1, a2 * (1 - a2), -0.7, a1 * (1 - a1), 0.5]
    assert numbers_of(after(page, row).split("≈")[1])[:5] == pytest.approx(factors, rel=1e-7)
    slopes = {
        "w^[2]": ("δ^[2] a^[1]", factors[0] * factors[1] * a1),
        "b^[2]": ("δ^[2]", factors[0] * factors[1]),
        "w^[1]": ("w^[2] δ^[2] x a^[1](1 - a^[1])", np.prod(factors)),
        "b^[1]": ("w^[2] δ^[2] a^[1](1 - a^[1])", np.prod(factors[:-1])),
    }
    for param, (formula, value) in slopes.items():
        shows(after(page, f"∂ℓ/∂{param} = {formula}"), value)
    has(page, "∂ℓ/∂w^[1] = ∂ℓ/∂z^[1] · ∂z^[1]/∂w^[1]")


def test_B4_the_numbers() -> None:
    page, printed = lesson("linear_chain"), PUBLISHED["linear_chain"]
    has(page, "a^[1] = w^[1] x = 6", "ŷ = w^[2] a^[1] = 24", "∂ℓ/∂ŷ = ŷ - y = -6")
    shows(after(page, "∂ℓ/∂w^[2] = (ŷ - y) a^[1]"), printed["dC/dw2"])
    shows(after(page, "∂ℓ/∂w^[1] = w^[2] x(ŷ - y)"), printed["dC/dw1"])
    shows(after(page, "w^[2] - 0.01 · ∂C/∂w^[2]"), printed["w2_after"])
    shows(after(page, "w^[1] - 0.01 · ∂C/∂w^[1]"), printed["w1_after"])


def test_B5_why_both_weights_grow() -> None:
    signs = section(lesson("linear_chain"), "What the signs say")
    has(signs, "∂ℓ/∂ŷ is -6: ŷ is too small, and a larger one makes C smaller.")
    for weight, factors in (("w^[1]", "(-24) · 2"), ("w^[2]", "(-6) · 6")):
        row = next(line for line in signs.splitlines() if line.startswith(weight))
        assert row.endswith("negative it grows")
        assert factors in row


def test_B6_the_rule_of_every_parameter() -> None:
    rules = section(lesson("toy_2_2_1"), "Learning, in steps").replace("\n", " ")
    for p in ("W^[1]", "b^[1]", "W^[2]", "b^[2]"):
        has(rules, f"{p} ← {p} - η · ∂L/∂{p}")


def test_B7_the_loop_in_steps() -> None:
    steps = section(lesson("linear_chain"), "Learning, in steps")
    has(steps, "2. forward with samples of x, y: (1) to (3)", "3. backward", "(4) to (8)")
    order = [steps.index(f"{k}. ") for k in range(1, 6)]
    assert order == sorted(order)


def test_B8_too_small_and_too_large_a_step() -> None:
    table = section(lesson("linear_chain"), "The length of the step")
    for rate in (0.001, 0.01, 0.1):
        w1, w2 = 3 + 48 * rate, 4 + 36 * rate
        row = next(line for line in table.splitlines() if line.startswith(f"{rate:g} "))
        shows(row, (w2 * w1 * 2 - 30) ** 2 / 2)
    assert "0.001 14.5" in table
    assert "too long: the loss grows" in table


# D: one neuron


def test_D1_forward() -> None:
    has(page_of(NEURON), "z = w x + b", "a = tanh(z)")


def test_D2_the_mean_of_the_squares() -> None:
    has(page_of(NEURON), "ℓ = (a - y)²", "L = 1/N · Σ[n] ℓₙ")


def test_D3_the_error_and_the_chain_rule_through_f() -> None:
    has(
        page_of(NEURON),
        "∂ℓ/∂a = 2 a - 2 y",
        "δ = ∂ℓ/∂z = ∂ℓ/∂a · ∂a/∂z = 2(a - y)(1 - a²)",
        "tanh'(z) = 1 - tanh(z)² = 1 - a²",
        "∂ℓ/∂w = ∂ℓ/∂z · ∂z/∂w = δ x",
    )


def test_D4_the_update() -> None:
    has(page_of(NEURON), "w ← w - η · ∂L/∂w", "b ← b - η · ∂L/∂b")


def test_D5_batch_stochastic_and_mini_batch() -> None:
    table = section(page_of(NEURON), "Batch, stochastic, mini-batch")
    rows = {line.split()[0]: line for line in table.splitlines() if line}
    has(rows["batch"], "1/M · Σ[n] ∂ℓₙ/∂w 1 ")
    has(rows["stochastic"], "∂ℓₙ/∂w M ")
    has(rows["mini-batch"], "1/B · Σ[n] ∂ℓₙ/∂w M/B ")


def test_D6_the_numbers() -> None:
    page = lesson("single_neuron")
    has(page, "ŷ = w x = 1", "ℓ = (y - ŷ)² = 9")
    shows(after(page, "∂ℓ/∂w = "), -12)
    shows(after(page, "w - 0.1 · ∂L/∂w"), 1.7)


def test_D7_the_same_in_a_dozen_lines_of_numpy() -> None:
    """The listing, run: one step from 0.5 is 1.7."""
    printed = PUBLISHED["single_neuron"]
    code = section(lesson("single_neuron"), "The same in numpy").split("\n", 1)[1].strip()
    assert len(code.splitlines()) <= 12
    x, y, w = (np.array(printed[n], float) for n in ("x", "y", "w"))
    space: dict[str, Any] = {"np": np, "x": x[None], "y": y[None], "w": w}
    exec(code, space)
    assert space["L"] == printed["L"]
    assert w - printed["learning_rate"] * space["dw"] == pytest.approx(printed["w_after"])


def test_D8_activations_with_their_derivatives() -> None:
    table = section(page_of(NEURON), "Functions and their derivatives").replace("\n", " ")
    has(
        table,
        "tanh(z) 1 - tanh(z)² 1 1",
        "σ(z) is 1/(1 + exp(-z)) σ(z)(1 - σ(z)) 0.25 0.25",
        "{1 if z > 0; s otherwise}",
        "𝟙[z > 0] 1 0",
        "ζ(z) is log(1 + exp(z)) σ(z) 1 0.5",
    )


def test_D9_problems_and_remedies() -> None:
    page = page_of(NEURON).replace("\n", " ")
    has(page, "2 numbers are learned, no penalty holds them, there is no dropout", "overfitting")
    has(page_of("multilabel").replace("\n", " "), "26 numbers are learned, a penalty holds them")
    values = {"x": 1, "y": 0, "w": 4, "b": 0}
    has(told(NEURON, values, 0.1, ()), "1 of the 1 values of a are saturated")

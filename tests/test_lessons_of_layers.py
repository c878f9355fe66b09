"""Two lessons on backpropagation, quantity by quantity, on the pages of their networks: A, a classifier
with several sigmoid outputs and a penalty; C, a neuron with a relu, then layers 1 to L.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from bpgen.render import render
from bpgen.worked.drawn import at_drawn
from tests.lesson_pages import (
    BEGIN,
    FOUR,
    ONE_OUTPUT,
    components,
    derivation_of,
    has,
    lesson,
    numbers_of,
    page_of,
    section,
    shows,
    sigmoid,
    told,
)
from tests.test_general_networks import COURSE

# A: a classifier with several outputs


def test_A1_the_cost_with_its_sums_and_the_penalty() -> None:
    page = page_of("multilabel")
    has(
        page,
        "ℓ = -Σ[i] (yᵢ log(a^[2]ᵢ) + (1 - yᵢ) log(1 - a^[2]ᵢ))",
        "J = 1/N · Σ[n] ℓₙ + 0.05(‖W^[1]‖² + ‖W^[2]‖²)",
    )


def test_A2_the_cost_of_one_sample_of_one_output() -> None:
    has(page_of(ONE_OUTPUT), "ℓ = -y log(a) - (1 - y) log(1 - a)")


def test_A3_what_delta_is_and_what_its_size_means() -> None:
    page = page_of(ONE_OUTPUT)
    has(page, "δ says how ℓ changes with z.", "δ = ∂ℓ/∂z")
    numbers = at_drawn(derivation_of(ONE_OUTPUT))
    assert numbers is not None
    z, y, a = (float(numbers.values[n][0]) for n in ("z", "y", "a"))

    def cost(at: float) -> float:
        return float(-y * np.log(sigmoid(at)) - (1 - y) * np.log(1 - sigmoid(at)))

    said = re.search(r"δ is (\S+): where z is 0.001 larger, J is (\w+) by about (.*)\.\n", page)
    assert said is not None
    assert float(said[1]) == pytest.approx(a - y, rel=1e-7)
    (change,) = numbers_of(said[3])
    goes = {"larger": 1, "smaller": -1}[said[2]]
    assert goes * change == pytest.approx(cost(z + 0.001) - cost(z), rel=1e-2)


def test_A4_delta_of_the_output() -> None:
    page = page_of("multilabel")
    has(
        page,
        "((1 - yᵢ)/(1 - a^[2]ᵢ) - yᵢ/a^[2]ᵢ) · a^[2]ᵢ · (1 - a^[2]ᵢ)\n= a^[2]ᵢ - yᵢ",
        "δ^[2] = a^[2] - y",
    )


def test_A5_delta_of_a_layer_from_that_of_the_next() -> None:
    page = page_of("multilabel")
    has(page, "∂J/∂a^[1] = W^[2]ᵀ δ^[2]", "δ^[1] = (W^[2]ᵀ δ^[2]) ⊙ a^[1] ⊙ (1 - a^[1])")


def test_A6_the_derivative_of_the_sigmoid_written_in() -> None:
    has(
        page_of("multilabel"),
        "σ'(z^[2]ᵢ) = σ(z^[2]ᵢ)(1 - σ(z^[2]ᵢ)) = a^[2]ᵢ(1 - a^[2]ᵢ)",
        "δ^[1]ᵢ = ∂J/∂z^[1]ᵢ = ∂J/∂a^[1]ᵢ · ∂a^[1]ᵢ/∂z^[1]ᵢ\n= a^[1]ᵢ(1 - a^[1]ᵢ) · Σ[j] W^[2]ⱼᵢ δ^[2]ⱼ",
    )


def test_A7_a_component_as_a_sum_over_the_units_it_feeds() -> None:
    has(components("multilabel"), "δ^[1]₂ = (W^[2]₁₂ δ^[2]₁ + W^[2]₂₂ δ^[2]₂) a^[1]₂(1 − a^[1]₂)")
    has(components("toy_2_2_1"), "δ^[1]₂ = a^[1]₂(1 − a^[1]₂) W^[2]₁₂ δ^[2]₁")


def test_A8_the_network_as_a_graph() -> None:
    graph = section(page_of("multilabel"), "The network as a graph")
    has(
        graph,
        "z^[1] x W^[1], b^[1] δ^[1] a^[1]",
        "z^[2] a^[1] W^[2], b^[2] δ^[2] a^[2]",
        "Backward: ℓ → ∂J/∂a^[2] → δ^[2] → ∂J/∂a^[1] → δ^[1] → ∂J/∂x.",
    )


def test_A9_the_gradient_of_the_penalty_leaves_the_biases_out() -> None:
    page = page_of("multilabel")
    has(
        page,
        "∂J/∂W^[2] = δ^[2] a^[1]ᵀ + 0.1 W^[2]",
        "∂J/∂b^[2] = δ^[2] ",
        "∂J/∂W^[1] = δ^[1] xᵀ + 0.1 W^[1]",
        "∂J/∂b^[1] = δ^[1] ",
    )


# C: a neuron with a relu, and layers 1 to L


def test_C1_the_chain_rule_through_two_layers_as_one_product() -> None:
    has(
        section(lesson("toy_2_2_1"), "One product").replace("\n", " "),
        "∂ℓ/∂W^[1]ᵢⱼ = Σ[k] ∂ℓ/∂a^[2]ₖ · ∂a^[2]ₖ/∂z^[2]ₖ · ∂z^[2]ₖ/∂a^[1]ᵢ · ∂a^[1]ᵢ/∂z^[1]ᵢ · ∂z^[1]ᵢ/∂W^[1]ᵢⱼ",
    )


def test_C2_forward() -> None:
    has(lesson("relu_neuron"), "z = w x + b = 7", "a = relu(z) = 7", "ℓ = (a - y)² = 4")


def test_C3_three_factors_and_the_branch_of_the_relu() -> None:
    page = lesson("relu_neuron")
    has(page, "∂ℓ/∂a = 2 a - 2 y", "∂ℓ/∂w = ∂ℓ/∂a · ∂a/∂z · ∂z/∂w = 4 · 1 · 2")
    has(page, "z is above 0: the branch whose derivative is 1.")
    below = told("relu_neuron", {"x": 2, "y": 5, "w": -3, "b": 1}, 0.1, ())
    has(below, "z is below 0: the branch whose derivative is 0.")


def test_C4_their_product_and_its_sign() -> None:
    page = lesson("relu_neuron")
    has(page, "∂ℓ/∂w = δ x = 8")
    has(section(page, "What the signs say"), "w δ times a factor: = 4 · 2, positive it falls")


def test_C5_the_bias() -> None:
    has(lesson("relu_neuron"), "∂ℓ/∂b = δ = 4", "∂ℓ/∂b = ∂ℓ/∂a · ∂a/∂z · ∂z/∂b = 4 · 1 · 1")


def test_C6_the_flow_of_data() -> None:
    graph = section(lesson("relu_neuron"), "The network as a graph")
    has(graph, "Forward: x → z → a → ℓ.", "Backward: ℓ → ∂ℓ/∂a → δ → ∂ℓ/∂x.")


def test_C7_the_equations_of_layer_l() -> None:
    has(
        page_of(COURSE),
        "for l = L, …, 1",
        "δ⁽ˡ⁾ = (∂ℓ/∂a⁽ˡ⁾) ⊙ f'(z⁽ˡ⁾)",
        "∂ℓ/∂W⁽ˡ⁾ = δ⁽ˡ⁾ a⁽ˡ⁻¹⁾ᵀ",
        "∂ℓ/∂b⁽ˡ⁾ = δ⁽ˡ⁾",
        "∂ℓ/∂a⁽ˡ⁻¹⁾ = W⁽ˡ⁾ᵀ δ⁽ˡ⁾",
    )


@pytest.mark.parametrize(
    ("factor", "left", "word", "remedies"),
    [
        (0.3, 0.0081, "vanishes", ("a normalisation", "a skip connection", "larger weights")),
        (3.0, 81.0, "explodes", ("smaller weights", "a shorter step", "the gradient clipped")),
    ],
)
def test_C8_powers_of_a_factor(
    factor: float, left: float, word: str, remedies: tuple[str, ...]
) -> None:
    weights = {f"w{k}": factor for k in range(1, 5)}
    sizes = section(told(FOUR, {"x": 1, "y": 0, **weights}, 0.1, ()), "The size of the error")
    product = " · ".join([f"{factor:g}"] * 4)
    has(sizes, f"From a^[4] to x: {product} is {left:g}.", f"It {word}: ")
    said = sizes.replace("\n", " ")
    has(said, *remedies)
    shows(said, *(factor**d for d in (4, 10, 20)))


def test_C8_the_derivatives_of_sigmoids() -> None:
    """A sigmoid passes on a quarter at most: relu is what helps."""
    deep = f"{BEGIN}x, y = input(2), target(2)\na0 = x\n"
    for k in range(1, 7):
        deep += f"W{k} = param(2, 2)\nz{k} = W{k} @ a{k - 1}\na{k} = sigmoid(z{k})\n"
    sizes = section(page_of(deep + "L = loss(sum((a6 - y)**2))\n"), "The size of the error")
    has(sizes.replace("\n", " "), "It vanishes: ", "relu, whose derivative is 1")
    factors = [float(f[1]) for f in re.finditer(r"(0\.\d+) the derivative of", sizes)]
    assert len(factors) == 6
    assert max(factors) <= 0.25


def test_C9_the_summary() -> None:
    page = lesson("relu_neuron")
    box = page.partition("Derivation")[0]
    has(box, "z = w x + b", "δ = 2(a - y) 𝟙[z > 0]", "∂ℓ/∂w = δ x", "w ← w - η · ∂L/∂w")
    full = render(derivation_of("relu_neuron"), fmt="latex", steps="all")
    assert r"\boxed" in full.partition(r"\section{Summary}")[2]

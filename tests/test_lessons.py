"""Five lessons on backpropagation, quantity by quantity, on the pages of their networks.

A, a classifier with several sigmoid outputs and a penalty; B, a linear chain; C, a neuron with a
relu, then layers 1 to L; D, one neuron; E, two inputs, two hidden sigmoids and one output. A line
is looked for by its mathematics, and a number by its value, which others worked out by hand or
numpy computes here.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from unicodedata import normalize

import numpy as np
import pytest

from bpgen import html
from bpgen.emit import emitted
from bpgen.lesson import sections
from bpgen.record import Derivation
from bpgen.render import render
from bpgen.render.document import Further
from bpgen.worked import Example, worked
from bpgen.worked.drawn import at_drawn
from tests.conftest import ROOT, derived, of_example
from tests.test_general_networks import COURSE

PUBLISHED = json.loads((ROOT / "tests" / "data" / "worked_examples.json").read_text())
BEGIN = "from bpgen import *\n"
ONE_OUTPUT = f"""{BEGIN}x, y = input(3), target()
w, b = param(3), param()
z = dot(w, x) + b
a = sigmoid(z)
J = loss(-y * log(a) - (1 - y) * log(1 - a))
"""
SIGMOIDS = f"""{BEGIN}x, y = input(), target()
w1, b1, w2, b2 = param(), param(), param(), param()
z1 = w1 * x + b1
a1 = sigmoid(z1)
z2 = w2 * a1 + b2
a2 = sigmoid(z2)
C = loss((a2 - y)**2 / 2)
"""
NEURON = f"""{BEGIN}x, y = input(), target()
w, b = param(), param()
z = w * x + b
a = tanh(z)
L = loss((a - y)**2)
"""
FOUR = f"""{BEGIN}x, y = input(), target()
w1, w2, w3, w4 = param(), param(), param(), param()
a1 = w1 * x
a2 = w2 * a1
a3 = w3 * a2
a4 = w4 * a3
L = loss((a4 - y)**2 / 2)
"""
GIVEN = {
    "linear_chain": ("x", "w1", "w2", "y"),
    "relu_neuron": ("x", "w", "b", "y"),
    "single_neuron": ("x", "w", "y"),
    "toy_2_2_1": ("x", "y", "W1", "b1", "W2", "b2"),
}


@cache
def _derivation(net: str) -> Derivation:
    if "\n" in net:
        return derived(net)
    return of_example(net)


def _told(
    net: str,
    values: Mapping[str, Any] | None,
    rate: float,
    held: tuple[str, ...],
    lesson: Further | None = sections,
) -> str:
    derivation = _derivation(net)
    numbers = at_drawn(derivation)
    if values is not None:
        numbers = worked(derivation, emitted(derivation), Example(values, rate, held))
    page = render(derivation, fmt="text", steps="short", worked=numbers, digits=8, lesson=lesson)
    lines = (" ".join(normalize("NFC", line).split()) for line in page.splitlines())
    return "\n".join(lines).replace("−", "-")


@cache
def _lesson(name: str, held: tuple[str, ...] = ()) -> str:
    """The page of a published example, at its numbers."""
    printed = PUBLISHED[name]
    values = {n: printed[n] for n in GIVEN[name]}
    return _told(name, values, printed.get("learning_rate", 0.1), held)


@cache
def _alone(name: str, held: tuple[str, ...] = ()) -> str:
    """The page of a published example as it is printed where no lesson is asked for."""
    printed = PUBLISHED[name]
    values = {n: printed[n] for n in GIVEN[name]}
    return _told(name, values, printed["learning_rate"], held, lesson=None)


@cache
def _page(net: str) -> str:
    """The page of a network, at numbers that are drawn."""
    return _told(net, None, 0.1, ())


def _walk() -> Any:
    """The walk of the page for the browser, as its script is given it."""
    derivation = _derivation("toy_2_2_1")
    given = Example({n: TOY[n] for n in GIVEN["toy_2_2_1"]}, 0.5)
    page = html.page(derivation, worked=worked(derivation, emitted(derivation), given))
    found = re.search(r'id="walk">(.*?)</script>', page)
    assert found is not None
    return json.loads(found[1])


@cache
def _components(net: str) -> str:
    page = render(_derivation(net), fmt="text", steps="short", notation="components")
    return "\n".join(" ".join(normalize("NFC", line).split()) for line in page.splitlines())


def _section(page: str, title: str) -> str:
    """A section: what stands between its heading and the next."""
    after = page.partition(f"\n{title}\n")[2]
    assert after, title
    return re.split(r"\n\n[^\n]+\n─+\n", after.partition("\n")[2])[0]


def _has(page: str, *lines: str) -> None:
    for line in lines:
        assert line.replace("−", "-") in page.replace("−", "-"), f"{line!r} is not on\n{page}"


def _numbers(text: str) -> list[float]:
    """The numbers of a text, powers of ten among them."""
    up = {ord(a): b for a, b in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True)}
    found = re.findall(r"(?<![\w⁽^])(-?\d+(?:\.\d+)?)(?: · 10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+))?", text)
    return [float(f"{m}e{e.translate(up) or 0}") for m, e in found]


def _shows(text: str, *values: Any, off: float = 5e-8) -> None:
    """Each value, to the eight digits that are printed."""
    known = _numbers(text)
    for value in (float(v) for array in values for v in np.ravel(array)):
        assert any(abs(k - value) <= off * abs(value) + 1e-15 for k in known), (value, text)


def _after(page: str, line: str) -> str:
    """What a row says right of its beginning, with what it goes on with."""
    at = page.index(line.replace("−", "-")) + len(line)
    return "\n".join(page[at:].split("\n")[:3])


def _s(z: Any) -> Any:
    return 1 / (1 + np.exp(-np.asarray(z, float)))


# A: a classifier with several outputs


def test_A1_the_cost_with_its_sums_and_the_penalty() -> None:
    page = _page("multilabel")
    _has(
        page,
        "ℓ = -Σ[i] (yᵢ log(a^[2]ᵢ) + (1 - yᵢ) log(1 - a^[2]ᵢ))",
        "J = 1/N · Σ[n] ℓₙ + 0.05(‖W^[1]‖² + ‖W^[2]‖²)",
    )


def test_A2_the_cost_of_one_sample_of_one_output() -> None:
    _has(_page(ONE_OUTPUT), "ℓ = -y log(a) - (1 - y) log(1 - a)")


def test_A3_what_delta_is_and_what_its_size_means() -> None:
    page = _page(ONE_OUTPUT)
    _has(page, "δ says how ℓ changes with z.", "δ = ∂ℓ/∂z")
    numbers = at_drawn(_derivation(ONE_OUTPUT))
    assert numbers is not None
    z, y, a = (float(numbers.values[n][0]) for n in ("z", "y", "a"))

    def cost(at: float) -> float:
        return float(-y * np.log(_s(at)) - (1 - y) * np.log(1 - _s(at)))

    said = re.search(r"δ is (\S+): where z is 0.001 larger, J is larger by about (.*)\.\n", page)
    assert said is not None
    assert float(said[1]) == pytest.approx(a - y, rel=1e-7)
    (change,) = _numbers(said[2])
    assert change == pytest.approx(cost(z + 0.001) - cost(z), rel=1e-2)


def test_A4_delta_of_the_output() -> None:
    page = _page("multilabel")
    _has(
        page,
        "((1 - yᵢ)/(1 - a^[2]ᵢ) - yᵢ/a^[2]ᵢ) · a^[2]ᵢ · (1 - a^[2]ᵢ)\n= a^[2]ᵢ - yᵢ",
        "δ^[2] = a^[2] - y",
    )


def test_A5_delta_of_a_layer_from_that_of_the_next() -> None:
    page = _page("multilabel")
    _has(page, "∂J/∂a^[1] = W^[2]ᵀ δ^[2]", "δ^[1] = (W^[2]ᵀ δ^[2]) ⊙ a^[1] ⊙ (1 - a^[1])")


def test_A6_the_derivative_of_the_sigmoid_written_in() -> None:
    _has(
        _page("multilabel"),
        "σ'(z^[2]ᵢ) = σ(z^[2]ᵢ)(1 - σ(z^[2]ᵢ)) = a^[2]ᵢ(1 - a^[2]ᵢ)",
        "δ^[1]ᵢ = ∂J/∂z^[1]ᵢ = ∂J/∂a^[1]ᵢ · ∂a^[1]ᵢ/∂z^[1]ᵢ\n= a^[1]ᵢ(1 - a^[1]ᵢ) · Σ[j] W^[2]ⱼᵢ δ^[2]ⱼ",
    )


def test_A7_a_component_as_a_sum_over_the_units_it_feeds() -> None:
    _has(_components("multilabel"), "δ^[1]₂ = (W^[2]₁₂ δ^[2]₁ + W^[2]₂₂ δ^[2]₂) a^[1]₂(1 − a^[1]₂)")
    _has(_components("toy_2_2_1"), "δ^[1]₂ = a^[1]₂(1 − a^[1]₂) W^[2]₁₂ δ^[2]₁")


def test_A8_the_network_as_a_graph() -> None:
    graph = _section(_page("multilabel"), "The network as a graph")
    _has(
        graph,
        "z^[1] x W^[1], b^[1] δ^[1] a^[1]",
        "z^[2] a^[1] W^[2], b^[2] δ^[2] a^[2]",
        "Backward: ℓ → ∂J/∂a^[2] → δ^[2] → ∂J/∂a^[1] → δ^[1] → ∂J/∂x.",
    )


def test_A9_the_gradient_of_the_penalty_leaves_the_biases_out() -> None:
    page = _page("multilabel")
    _has(
        page,
        "∂J/∂W^[2] = δ^[2] a^[1]ᵀ + 0.1 W^[2]",
        "∂J/∂b^[2] = δ^[2] ",
        "∂J/∂W^[1] = δ^[1] xᵀ + 0.1 W^[1]",
        "∂J/∂b^[1] = δ^[1] ",
    )


# B: a linear chain


def test_B1_a_chain_of_neurons_is_one_product() -> None:
    page = _lesson("linear_chain")
    _has(page, "a^[1] = w^[1] x", "ŷ = w^[2] a^[1]")
    _has(_section(page, "One product"), "ŷ = w^[1] w^[2] x")


def test_B2_gradients_as_products_of_named_factors() -> None:
    _has(
        _section(_lesson("linear_chain"), "One product"),
        "∂ℓ/∂w^[2] = ∂ℓ/∂ŷ · ∂ŷ/∂w^[2] = (-6) · 6",
        "∂ℓ/∂w^[1] = ∂ℓ/∂ŷ · ∂ŷ/∂a^[1] · ∂a^[1]/∂w^[1] = (-6) · 4 · 2",
    )


def test_B3_the_same_with_sigmoids_and_biases() -> None:
    values = {"x": 0.5, "y": 1, "w1": 0.4, "b1": 0.1, "w2": -0.7, "b2": 0.2}
    page = _told(SIGMOIDS, values, 0.1, ())
    row = "∂ℓ/∂w^[1] = ∂ℓ/∂a^[2] · ∂a^[2]/∂z^[2] · ∂z^[2]/∂a^[1] · ∂a^[1]/∂z^[1] · ∂z^[1]/∂w^[1]"
    a1 = _s(0.4 * 0.5 + 0.1)
    a2 = _s(-0.7 * a1 + 0.2)
    factors = [a2 - 1, a2 * (1 - a2), -0.7, a1 * (1 - a1), 0.5]
    assert _numbers(_after(page, row).split("≈")[1])[:5] == pytest.approx(factors, rel=1e-7)
    slopes = {
        "w^[2]": ("δ^[2] a^[1]", factors[0] * factors[1] * a1),
        "b^[2]": ("δ^[2]", factors[0] * factors[1]),
        "w^[1]": ("w^[2] δ^[2] x a^[1](1 - a^[1])", np.prod(factors)),
        "b^[1]": ("w^[2] δ^[2] a^[1](1 - a^[1])", np.prod(factors[:-1])),
    }
    for param, (formula, value) in slopes.items():
        _shows(_after(page, f"∂ℓ/∂{param} = {formula}"), value)
    _has(page, "∂ℓ/∂w^[1] = ∂ℓ/∂z^[1] · ∂z^[1]/∂w^[1]")


def test_B4_the_numbers() -> None:
    page, printed = _lesson("linear_chain"), PUBLISHED["linear_chain"]
    _has(page, "a^[1] = w^[1] x = 6", "ŷ = w^[2] a^[1] = 24", "∂ℓ/∂ŷ = ŷ - y = -6")
    _shows(_after(page, "∂ℓ/∂w^[2] = (ŷ - y) a^[1]"), printed["dC/dw2"])
    _shows(_after(page, "∂ℓ/∂w^[1] = w^[2] x(ŷ - y)"), printed["dC/dw1"])
    _shows(_after(page, "w^[2] - 0.01 · ∂C/∂w^[2]"), printed["w2_after"])
    _shows(_after(page, "w^[1] - 0.01 · ∂C/∂w^[1]"), printed["w1_after"])


def test_B5_why_both_weights_grow() -> None:
    signs = _section(_lesson("linear_chain"), "What the signs say")
    _has(signs, "∂ℓ/∂ŷ is -6: ŷ is too small, and a larger one makes C smaller.")
    for weight, factors in (("w^[1]", "(-24) · 2"), ("w^[2]", "(-6) · 6")):
        row = next(line for line in signs.splitlines() if line.startswith(weight))
        assert row.endswith("negative it grows")
        assert factors in row


def test_B6_the_rule_of_every_parameter() -> None:
    rules = _section(_lesson("toy_2_2_1"), "Learning, in steps").replace("\n", " ")
    for p in ("W^[1]", "b^[1]", "W^[2]", "b^[2]"):
        _has(rules, f"{p} ← {p} - η · ∂L/∂{p}")


def test_B7_the_loop_in_steps() -> None:
    steps = _section(_lesson("linear_chain"), "Learning, in steps")
    _has(steps, "2. forward with samples of x, y: (1) to (3)", "3. backward", "(4) to (8)")
    order = [steps.index(f"{k}. ") for k in range(1, 6)]
    assert order == sorted(order)


def test_B8_too_small_and_too_large_a_step() -> None:
    table = _section(_lesson("linear_chain"), "The length of the step")
    for rate in (0.001, 0.01, 0.1):
        w1, w2 = 3 + 48 * rate, 4 + 36 * rate
        row = next(line for line in table.splitlines() if line.startswith(f"{rate:g} "))
        _shows(row, (w2 * w1 * 2 - 30) ** 2 / 2)
    assert "0.001 14.5" in table
    assert "too long: the loss grows" in table


# C: a neuron with a relu, and layers 1 to L


def test_C1_the_chain_rule_through_two_layers_as_one_product() -> None:
    _has(
        _section(_lesson("toy_2_2_1"), "One product").replace("\n", " "),
        "∂ℓ/∂W^[1]ᵢⱼ = Σ[k] ∂ℓ/∂a^[2]ₖ · ∂a^[2]ₖ/∂z^[2]ₖ · ∂z^[2]ₖ/∂a^[1]ᵢ · ∂a^[1]ᵢ/∂z^[1]ᵢ · ∂z^[1]ᵢ/∂W^[1]ᵢⱼ",
    )


def test_C2_forward() -> None:
    _has(_lesson("relu_neuron"), "z = w x + b = 7", "a = relu(z) = 7", "ℓ = (a - y)² = 4")


def test_C3_three_factors_and_the_branch_of_the_relu() -> None:
    page = _lesson("relu_neuron")
    _has(page, "∂ℓ/∂a = 2 a - 2 y", "∂ℓ/∂w = ∂ℓ/∂a · ∂a/∂z · ∂z/∂w = 4 · 1 · 2")
    _has(page, "z is above 0: the branch whose derivative is 1.")
    below = _told("relu_neuron", {"x": 2, "y": 5, "w": -3, "b": 1}, 0.1, ())
    _has(below, "z is below 0: the branch whose derivative is 0.")


def test_C4_their_product_and_its_sign() -> None:
    page = _lesson("relu_neuron")
    _has(page, "∂ℓ/∂w = δ x = 8")
    _has(_section(page, "What the signs say"), "w δ times a factor: = 4 · 2, positive it falls")


def test_C5_the_bias() -> None:
    _has(_lesson("relu_neuron"), "∂ℓ/∂b = δ = 4", "∂ℓ/∂b = ∂ℓ/∂a · ∂a/∂z · ∂z/∂b = 4 · 1 · 1")


def test_C6_the_flow_of_data() -> None:
    graph = _section(_lesson("relu_neuron"), "The network as a graph")
    _has(graph, "Forward: x → z → a → ℓ.", "Backward: ℓ → ∂ℓ/∂a → δ → ∂ℓ/∂x.")


def test_C7_the_equations_of_layer_l() -> None:
    _has(
        _page(COURSE),
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
    sizes = _section(_told(FOUR, {"x": 1, "y": 0, **weights}, 0.1, ()), "The size of the error")
    product = " · ".join([f"{factor:g}"] * 4)
    _has(sizes, f"From a^[4] to x: {product} is {left:g}.", f"It {word}: ")
    said = sizes.replace("\n", " ")
    _has(said, *remedies)
    _shows(said, *(factor**d for d in (4, 10, 20)))


def test_C8_the_derivatives_of_sigmoids() -> None:
    """A sigmoid passes on a quarter at most: relu is what helps."""
    deep = f"{BEGIN}x, y = input(2), target(2)\na0 = x\n"
    for k in range(1, 7):
        deep += f"W{k} = param(2, 2)\nz{k} = W{k} @ a{k - 1}\na{k} = sigmoid(z{k})\n"
    sizes = _section(_page(deep + "L = loss(sum((a6 - y)**2))\n"), "The size of the error")
    _has(sizes.replace("\n", " "), "It vanishes: ", "relu, whose derivative is 1")
    factors = [float(f[1]) for f in re.finditer(r"(0\.\d+) the derivative of", sizes)]
    assert len(factors) == 6
    assert max(factors) <= 0.25


def test_C9_the_summary() -> None:
    page = _lesson("relu_neuron")
    box = page.partition("Derivation")[0]
    _has(box, "z = w x + b", "δ = 2(a - y) 𝟙[z > 0]", "∂ℓ/∂w = δ x", "w ← w - η · ∂L/∂w")
    full = render(_derivation("relu_neuron"), fmt="latex", steps="all")
    assert r"\boxed" in full.partition(r"\section{Summary}")[2]


# D: one neuron


def test_D1_forward() -> None:
    _has(_page(NEURON), "z = w x + b", "a = tanh(z)")


def test_D2_the_mean_of_the_squares() -> None:
    _has(_page(NEURON), "ℓ = (a - y)²", "L = 1/N · Σ[n] ℓₙ")


def test_D3_the_error_and_the_chain_rule_through_f() -> None:
    _has(
        _page(NEURON),
        "∂ℓ/∂a = 2 a - 2 y",
        "δ = ∂ℓ/∂z = ∂ℓ/∂a · ∂a/∂z = 2(a - y)(1 - a²)",
        "tanh'(z) = 1 - tanh(z)² = 1 - a²",
        "∂ℓ/∂w = ∂ℓ/∂z · ∂z/∂w = δ x",
    )


def test_D4_the_update() -> None:
    _has(_page(NEURON), "w ← w - η · ∂L/∂w", "b ← b - η · ∂L/∂b")


def test_D5_batch_stochastic_and_mini_batch() -> None:
    table = _section(_page(NEURON), "Batch, stochastic, mini-batch")
    rows = {line.split()[0]: line for line in table.splitlines() if line}
    _has(rows["batch"], "1/M · Σ[n] ∂ℓₙ/∂w 1 ")
    _has(rows["stochastic"], "∂ℓₙ/∂w M ")
    _has(rows["mini-batch"], "1/B · Σ[n] ∂ℓₙ/∂w M/B ")


def test_D6_the_numbers() -> None:
    page = _lesson("single_neuron")
    _has(page, "ŷ = w x = 1", "ℓ = (y - ŷ)² = 9")
    _shows(_after(page, "∂ℓ/∂w = "), -12)
    _shows(_after(page, "w - 0.1 · ∂L/∂w"), 1.7)


def test_D7_the_same_in_a_dozen_lines_of_numpy() -> None:
    """The listing, run: one step from 0.5 is 1.7."""
    printed = PUBLISHED["single_neuron"]
    code = _section(_lesson("single_neuron"), "The same in numpy").split("\n", 1)[1].strip()
    assert len(code.splitlines()) <= 12
    x, y, w = (np.array(printed[n], float) for n in ("x", "y", "w"))
    space: dict[str, Any] = {"np": np, "x": x[None], "y": y[None], "w": w}
    exec(code, space)
    assert space["L"] == printed["L"]
    assert w - printed["learning_rate"] * space["dw"] == pytest.approx(printed["w_after"])


def test_D8_activations_with_their_derivatives() -> None:
    table = _section(_page(NEURON), "Functions and their derivatives").replace("\n", " ")
    _has(
        table,
        "tanh(z) 1 - tanh(z)² 1 1",
        "σ(z) is 1/(1 + exp(-z)) σ(z)(1 - σ(z)) 0.25 0.25",
        "{1 if z > 0; s otherwise}",
        "𝟙[z > 0] 1 0",
        "ζ(z) is log(1 + exp(z)) σ(z) 1 0.5",
    )


def test_D9_problems_and_remedies() -> None:
    page = _page(NEURON).replace("\n", " ")
    _has(page, "2 numbers are learned, no penalty holds them, there is no dropout", "overfitting")
    _has(_page("multilabel").replace("\n", " "), "26 numbers are learned, a penalty holds them")
    values = {"x": 1, "y": 0, "w": 4, "b": 0}
    _has(_told(NEURON, values, 0.1, ()), "1 of the 1 values of a are saturated")


# E: two inputs, two hidden sigmoids, one output

TOY = PUBLISHED["toy_2_2_1"]


def test_E1_forward_with_numbers() -> None:
    page = _alone("toy_2_2_1")
    _has(page, "z^[1] = W^[1] x + b^[1] = (0.605, 0.745)")
    _shows(_after(page, "a^[1] = σ(z^[1])"), TOY["a1"])
    _shows(_after(page, "a^[2] = σ(z^[2])"), TOY["yhat"])


def test_E2_the_loss() -> None:
    _shows(_after(_alone("toy_2_2_1"), "ℓ = 1/2 · ‖a^[2] - y‖²"), TOY["L"])


def test_E3_delta_at_the_output_its_factors_and_what_its_sign_says() -> None:
    page, a2 = _lesson("toy_2_2_1"), TOY["yhat"]
    chain = "δ^[2]ᵢ = ∂ℓ/∂z^[2]ᵢ = ∂ℓ/∂a^[2]ᵢ · ∂a^[2]ᵢ/∂z^[2]ᵢ = (a^[2]ᵢ - yᵢ) a^[2]ᵢ(1 - a^[2]ᵢ)"
    _shows(_after(page, chain), a2 - 1, a2 * (1 - a2))
    _shows(_after(page, "δ^[2] = (a^[2] - y) ⊙ a^[2] ⊙ (1 - a^[2])"), TOY["delta2"], off=2e-7)
    _has(_section(page, "What the signs say"), "a^[2] is too small", "W^[2] negative all grow")
    _has(_alone("toy_2_2_1"), "∂L/∂a^[2] is negative: a^[2] is too small.")


def test_E4_the_gradients_of_the_output_s_weights() -> None:
    _shows(_after(_alone("toy_2_2_1"), "∂ℓ/∂W^[2] = δ^[2] a^[1]ᵀ"), TOY["dW2"], off=3e-7)


def test_E5_delta_of_the_hidden_layer() -> None:
    page = _alone("toy_2_2_1")
    _shows(_after(page, "δ^[1] = (W^[2]ᵀ δ^[2]) ⊙ a^[1] ⊙ (1 - a^[1])"), TOY["delta1"], off=2e-6)
    _shows(
        _after(page, "∂ℓ/∂a^[1] = W^[2]ᵀ δ^[2]"), np.multiply([0.4, 0.45], TOY["delta2"]), off=2e-7
    )


def test_E6_the_outer_product() -> None:
    _shows(_after(_alone("toy_2_2_1"), "∂ℓ/∂W^[1] = δ^[1] xᵀ"), TOY["dW1"], off=3e-6)


@pytest.mark.parametrize("held", [(), ("b1", "b2")])
def test_E7_the_update_with_biases_free_and_held(held: tuple[str, ...]) -> None:
    page = _lesson("toy_2_2_1", held)
    moved = np.array(TOY["W1"]) - 0.5 * np.array(TOY["dW1"])
    _shows(_after(page, "W^[1] - 0.5 · ∂L/∂W^[1]"), moved)
    if held:
        _has(page, "b^[1], b^[2] are held as they are.", "b^[2] δ^[2] times", "it is held as it is")
        assert "b^[2] - 0.5" not in page
    else:
        _shows(_after(page, "b^[2] - 0.5 · ∂L/∂b^[2]"), 0.6 - 0.5 * TOY["delta2"][0])


@pytest.mark.parametrize("held", [(), ("b1", "b2")])
def test_E8_forward_again(held: tuple[str, ...]) -> None:
    printed = TOY["after_one_step_biases_held" if held else "after_one_step"]
    page = _lesson("toy_2_2_1", held)
    rows = _section(page, "Forward again").splitlines()
    _shows(next(r for r in rows if r.startswith("a^[2]")), TOY["yhat"], printed["yhat"])
    _shows(next(r for r in rows if r.startswith("L ")), TOY["L"], printed["L"])
    _has(page, "it helped")
    alone = _alone("toy_2_2_1", held).splitlines()
    _shows(next(r for r in alone if r.startswith("a^[2] goes")), TOY["yhat"], printed["yhat"])
    _shows(next(r for r in alone if r.startswith("L goes")), TOY["L"], printed["L"])


def test_E9_the_walk_forward_back_and_forward_again() -> None:
    """In which order the values light up, and the deltas, and that it ends with a forward pass."""
    page = _lesson("toy_2_2_1")
    _has(
        page,
        "Forward: x → z^[1] → a^[1] → z^[2] → a^[2] → ℓ.",
        "Backward: ℓ → ∂ℓ/∂a^[2] → δ^[2] → ∂ℓ/∂a^[1] → δ^[1] → ∂ℓ/∂x.",
    )
    assert page.index("Backward: ") < page.index("\nForward again\n")
    walk = _walk()
    stops = [(s["way"], s["name"]) for s in walk["stops"]]
    forward = ["z1", "a1", "z2", "a2", "ell"]
    assert [n for way, n in stops if way == "forward"] == forward
    back = [n for way, n in stops if way == "backward"]
    assert back.index("delta2") < back.index("delta1") < back.index("dx")
    assert [n for way, n in stops if way == "again"] == forward
    assert [way for way, _ in itertools.groupby(way for way, _ in stops)] == [
        *("start", "forward", "backward", "update", "again")
    ]
    step = {name: k for k, (way, name) in enumerate(stops) if way == "backward"}
    deltas = [
        float(exact)
        for key, said in walk["slots"].items()
        for k, _, exact in said
        if key.startswith("g") and exact and k in (step["delta2"], step["delta1"])
    ]
    assert deltas == pytest.approx([*TOY["delta2"], *TOY["delta1"]], abs=1e-8)  # under the units


def test_E10_what_a_pass_costs() -> None:
    """By hand, of N samples: forward W x is 4 products and 2 sums, the bias 2 more; W a is 2 and 1,
    and 1; the loss is a difference, a square, a half, and the mean's N - 1 sums and a quotient.
    """
    cost = _section(_lesson("toy_2_2_1"), "What a pass costs")
    (row,) = (r for r in cost.splitlines() if r.startswith("all"))
    # all, parameters, forward, values of functions, backward, kept: x, a1, a2
    assert row.startswith("all 9 16 N 3 N ")
    assert row.endswith(" 5 N")
    backward = {"delta2": 5, "dW2": 2 + 2, "db2": 1, "delta1": 2 + 2 + 4, "dW1": 8, "db1": 2}
    once = -2 - 1 - 4 - 2  # sums over samples are one fewer, of each entry
    assert f" {sum(backward.values())} N - {-once} " in row


def test_E11_edge_cases() -> None:
    edges = _section(_lesson("toy_2_2_1"), "Edge cases").replace("\n", " ")
    _has(edges, "y is a^[2]: already right L is 0, the largest gradient 0")
    _has(edges, "nothing is nan")
    deeper = _section(_lesson("toy_2_2_1"), "The size of the error").replace("\n", " ")
    each = np.linalg.norm(TOY["delta1"]) / abs(TOY["delta2"][0])
    _shows(deeper, *(each**d for d in (1, 4, 10)), off=2e-5)


def test_E12_mistakes() -> None:
    """Each with the loss after a step: by numpy, from W and b moved by the wrong gradients."""
    table = _section(_lesson("toy_2_2_1"), "Classic mistakes")
    x, W1, b1, W2, b2 = (np.array(TOY[n], float) for n in ("x", "W1", "b1", "W2", "b2"))

    def step(sloped: bool, flipped: bool, moved: bool) -> float:
        a1 = _s(W1 @ x + b1)
        a2 = _s(W2 @ a1 + b2)
        error = 1 - a2 if flipped else a2 - 1
        d2 = error * (a2 * (1 - a2) if sloped else 1)
        dW2 = np.outer(d2, a1)
        d1 = ((W2 - 0.5 * dW2 if moved else W2).T @ d2) * (a1 * (1 - a1) if sloped else 1)
        one = _s((W1 - 0.5 * np.outer(d1, x)) @ x + b1 - 0.5 * d1)
        return float((_s((W2 - 0.5 * dW2) @ one + b2 - 0.5 * d2)[0] - 1) ** 2 / 2)

    for words, values in (
        ("the derivative of the activation", (False, False, False)),
        ("weights after their update", (True, False, True)),
        ("a sign", (True, True, False)),
    ):
        row = next(r for r in table.splitlines() if r.startswith(words))
        _shows(row, step(*values), off=1e-7)
    _has(table, "the bias: ", "another pass: ", "a mean or a sum: ")


def test_E13_a_bias_is_a_weight_whose_input_is_1() -> None:
    bias = _section(_lesson("toy_2_2_1"), "A bias is a weight whose input is 1")
    _has(bias, "z^[1] W^[1] x b^[1] 1", "z^[2] W^[2] a^[1] b^[2] 1")

"""A lesson on backpropagation with numbers, on the page of its network: E, two inputs, two hidden
sigmoids and one output. The numbers were worked out by hand by others, or numpy computes them here.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.lesson_pages import (
    TOY,
    after,
    has,
    lesson,
    page_alone,
    section,
    shows,
    sigmoid,
    walk_of_toy,
)


def test_E1_forward_with_numbers() -> None:
    page = page_alone("toy_2_2_1")
    has(page, "z^[1] = W^[1] x + b^[1] = (0.605, 0.745)")
    shows(after(page, "a^[1] = σ(z^[1])"), TOY["a1"])
    shows(after(page, "a^[2] = σ(z^[2])"), TOY["yhat"])


def test_E2_the_loss() -> None:
    shows(after(page_alone("toy_2_2_1"), "ℓ = 1/2 · ‖a^[2] - y‖²"), TOY["L"])


def test_E3_delta_at_the_output_its_factors_and_what_its_sign_says() -> None:
    page, a2 = lesson("toy_2_2_1"), TOY["yhat"]
    chain = "δ^[2]ᵢ = ∂ℓ/∂z^[2]ᵢ = ∂ℓ/∂a^[2]ᵢ · ∂a^[2]ᵢ/∂z^[2]ᵢ = (a^[2]ᵢ - yᵢ) a^[2]ᵢ(1 - a^[2]ᵢ)"
    shows(after(page, chain), a2 - 1, a2 * (1 - a2))
    shows(after(page, "δ^[2] = (a^[2] - y) ⊙ a^[2] ⊙ (1 - a^[2])"), TOY["delta2"], off=2e-7)
    has(section(page, "What the signs say"), "a^[2] is too small", "W^[2] negative all grow")
    has(page_alone("toy_2_2_1"), "∂L/∂a^[2] is negative: a^[2] is too small.")


def test_E4_the_gradients_of_the_output_s_weights() -> None:
    shows(after(page_alone("toy_2_2_1"), "∂ℓ/∂W^[2] = δ^[2] a^[1]ᵀ"), TOY["dW2"], off=3e-7)


def test_E5_delta_of_the_hidden_layer() -> None:
    page = page_alone("toy_2_2_1")
    shows(after(page, "δ^[1] = (W^[2]ᵀ δ^[2]) ⊙ a^[1] ⊙ (1 - a^[1])"), TOY["delta1"], off=2e-6)
    shows(
        after(page, "∂ℓ/∂a^[1] = W^[2]ᵀ δ^[2]"), np.multiply([0.4, 0.45], TOY["delta2"]), off=2e-7
    )


def test_E6_the_outer_product() -> None:
    shows(after(page_alone("toy_2_2_1"), "∂ℓ/∂W^[1] = δ^[1] xᵀ"), TOY["dW1"], off=3e-6)


@pytest.mark.parametrize("held", [(), ("b1", "b2")])
def test_E7_the_update_with_biases_free_and_held(held: tuple[str, ...]) -> None:
    page = lesson("toy_2_2_1", held)
    moved = np.array(TOY["W1"]) - 0.5 * np.array(TOY["dW1"])
    shows(after(page, "W^[1] - 0.5 · ∂L/∂W^[1]"), moved)
    if held:
        has(page, "b^[1], b^[2] are held as they are.", "b^[2] δ^[2] times", "it is held as it is")
        assert "b^[2] - 0.5" not in page
    else:
        shows(after(page, "b^[2] - 0.5 · ∂L/∂b^[2]"), 0.6 - 0.5 * TOY["delta2"][0])


@pytest.mark.parametrize("held", [(), ("b1", "b2")])
def test_E8_forward_again(held: tuple[str, ...]) -> None:
    printed = TOY["after_one_step_biases_held" if held else "after_one_step"]
    page = lesson("toy_2_2_1", held)
    rows = section(page, "Forward again").splitlines()
    shows(next(r for r in rows if r.startswith("a^[2]")), TOY["yhat"], printed["yhat"])
    shows(next(r for r in rows if r.startswith("L ")), TOY["L"], printed["L"])
    has(page, "it helped")
    alone = page_alone("toy_2_2_1", held).splitlines()
    shows(next(r for r in alone if r.startswith("a^[2] goes")), TOY["yhat"], printed["yhat"])
    shows(next(r for r in alone if r.startswith("L goes")), TOY["L"], printed["L"])


def test_E9_the_walk_forward_back_and_forward_again() -> None:
    """In which order the values light up, and the deltas, and that it ends with a forward pass."""
    page = lesson("toy_2_2_1")
    has(
        page,
        "Forward: x → z^[1] → a^[1] → z^[2] → a^[2] → ℓ.",
        "Backward: ℓ → ∂ℓ/∂a^[2] → δ^[2] → ∂ℓ/∂a^[1] → δ^[1] → ∂ℓ/∂x.",
    )
    assert page.index("Backward: ") < page.index("\nForward again\n")
    walk = walk_of_toy()
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
    cost = section(lesson("toy_2_2_1"), "What a pass costs")
    (row,) = (r for r in cost.splitlines() if r.startswith("all"))
    # all, parameters, forward, values of functions, backward, kept: x, a1, a2
    assert row.startswith("all 9 16 N 3 N ")
    assert row.endswith(" 5 N")
    backward = {"delta2": 5, "dW2": 2 + 2, "db2": 1, "delta1": 2 + 2 + 4, "dW1": 8, "db1": 2}
    once = -2 - 1 - 4 - 2  # sums over samples are one fewer, of each entry
    assert f" {sum(backward.values())} N - {-once} " in row


def test_E11_edge_cases() -> None:
    edges = section(lesson("toy_2_2_1"), "Edge cases").replace("\n", " ")
    has(edges, "y is a^[2]: already right L is 0, the largest gradient 0")
    has(edges, "nothing is nan")
    deeper = section(lesson("toy_2_2_1"), "The size of the error").replace("\n", " ")
    each = np.linalg.norm(TOY["delta1"]) / abs(TOY["delta2"][0])
    shows(deeper, *(each**d for d in (1, 4, 10)), off=2e-5)


def test_E12_mistakes() -> None:
    """Each with the loss after a step: by numpy, from W and b moved by the wrong gradients."""
    table = section(lesson("toy_2_2_1"), "Classic mistakes")
    x, W1, b1, W2, b2 = (np.array(TOY[n], float) for n in ("x", "W1", "b1", "W2", "b2"))

    def step(sloped: bool, flipped: bool, moved: bool) -> float:
        a1 = sigmoid(W1 @ x + b1)
        a2 = sigmoid(W2 @ a1 + b2)
        error = 1 - a2 if flipped else a2 - 1
        d2 = error * (a2 * (1 - a2) if sloped else 1)
        dW2 = np.outer(d2, a1)
        d1 = ((W2 - 0.5 * dW2 if moved else W2).T @ d2) * (a1 * (1 - a1) if sloped else 1)
        one = sigmoid((W1 - 0.5 * np.outer(d1, x)) @ x + b1 - 0.5 * d1)
        return float((sigmoid((W2 - 0.5 * dW2) @ one + b2 - 0.5 * d2)[0] - 1) ** 2 / 2)

    for words, values in (
        ("the derivative of the activation", (False, False, False)),
        ("weights after their update", (True, False, True)),
        ("a sign", (True, True, False)),
    ):
        row = next(r for r in table.splitlines() if r.startswith(words))
        shows(row, step(*values), off=1e-7)
    has(table, "the bias: ", "another pass: ", "a mean or a sum: ")


def test_E13_a_bias_is_a_weight_whose_input_is_1() -> None:
    bias = section(lesson("toy_2_2_1"), "A bias is a weight whose input is 1")
    has(bias, "z^[1] W^[1] x b^[1] 1", "z^[2] W^[2] a^[1] b^[2] 1")

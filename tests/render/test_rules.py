"""What is equal in every layer is told once, as a rule for l that names its instances."""

from __future__ import annotations

import re

import pytest

from bpgen.check.page.proof import prove_page
from bpgen.check.page.world import World
from bpgen.emit import emitted
from bpgen.errors import NetError
from bpgen.render import render
from bpgen.render.style import Style
from bpgen.worked import Example, worked
from tests.conftest import derived
from tests.few import one_in
from tests.render.equal_layers import (
    AS_LAYERS,
    FIVE,
    NETS,
    REPEATED_THREES,
    THREES,
    TWOS,
    by_hand,
    page_of,
)
from tests.render.tags import tags


def _squeezed(page: str) -> str:
    return re.sub(" +", " ", page)


def test_each_kind_of_equation_of_equal_layers_is_one_rule() -> None:
    page = _squeezed(page_of(FIVE, "text"))
    for line in (
        "In the rules for l, a^[0] is x.",
        "z^[l] = W^[l] a^[l−1] + b^[l] for l = 1, …, 5 (1, 3, …, 9)",
        "a^[l] = σ(z^[l]) for l = 1, …, 4 (2, 4, 6, 8)",
        "∂ℓ/∂W^[l] = δ^[l] a^[l−1]ᵀ for l = 5, …, 1 (12, 16, …, 28)",
        "∂ℓ/∂b^[l] = δ^[l] for l = 5, …, 1 (13, 17, …, 29)",
        "∂ℓ/∂a^[l] = W^[l+1]ᵀ δ^[l+1] for l = 4, …, 1 (14, 18, 22, 26)",
        "δ^[l] = (W^[l+1]ᵀ δ^[l+1]) ⊙ a^[l] ⊙ (1 − a^[l]) for l = 4, …, 1 (15, 19, 23, 27)",
        "δ^[l] says how ℓ changes with z^[l]. Each a^[l]ᵢ feeds every z^[l+1]ⱼ, so Σ[j]",
    ):
        assert line in page
    assert page.count("since σ'") == 1


@pytest.mark.parametrize(
    ("notation", "line"),
    [
        ("index", r"\delta^{[l]}_{i} &= a^{[l]}_{i}(1 - a^{[l]}_{i}) \, \textstyle \sum_{j}"),
        ("components", r"W^{[l+1]}_{11} \delta^{[l+1]}_{1} + W^{[l+1]}_{21} \delta^{[l+1]}_{2}"),
    ],
)
def test_rules_are_told_in_every_notation(notation: str, line: str) -> None:
    page = page_of(FIVE, notation=notation)
    assert line in page
    assert r"\text{for }l = 4, \dots, 1" in page


@pytest.mark.parametrize(
    ("layers", "line"),
    [
        ("parentheses", r"z^{(l)} &= W^{(l)} a^{(l-1)} + b^{(l)}"),
        ("plain", r"z_{l} &= W_{l} a_{l-1} + b_{l}"),
    ],
)
def test_rules_are_told_however_layers_are_written(layers: str, line: str) -> None:
    assert line in page_of(FIVE, layers=layers)


def test_what_counts_no_layer_has_another_name_in_the_rules() -> None:
    page = _squeezed(page_of(AS_LAYERS, "text"))
    names = "a^[0] is x, z^[5] is z, a^[4] is h and δ^[5] is δ."
    assert f"In the rules for l, {names}" in page
    assert "z^[l] = W^[l] a^[l−1] + b^[l] for l = 1, …, 5" in page


def test_the_letter_is_no_other_letter_of_the_page() -> None:
    page = page_of(NETS["called_l"], "text")
    assert "In the rules for r, a^[0] is l." in page
    assert "z^[r] = W^[r] a^[r−1] + b^[r]" in page


def test_a_last_layer_whose_gradient_has_no_letter_is_told_by_itself() -> None:
    page = _squeezed(page_of(AS_LAYERS.replace("z = ", "h = ").replace("(z,", "(h,"), "text"))
    assert "∂ℓ/∂W^[5] = (∂ℓ/∂h)" in page
    assert "δ^[l] = (W^[l+1]ᵀ δ^[l+1]) ⊙ (1 − (a^[l])²) for l = 3, …, 1" in page
    assert "In the same way: (16, 20, 24, 28) as (12)" in page


def test_another_function_ends_a_rule_and_begins_another() -> None:
    page = _squeezed(page_of(NETS["two_kinds"], "text"))
    assert "a^[l] = σ(z^[l]) for l = 1, …, 3" in page
    assert "a^[l] = tanh(z^[l]) for l = 4, …, 6" in page
    assert "z^[l] = W^[l] a^[l−1] + b^[l] for l = 1, …, 7" in page


GROUPS = {
    "twos": (
        TWOS,
        "In the rules for l, a^[0] is x and a^[8] is h.",
        "z^[l] = W^[l] a^[l−1] + b^[l] for l = 1, …, 8 (1, 3, …, 15)",
        "a^[l] = tanh(z^[l]) for l = 1, 3, …, 7 (2, 6, 10, 14)",
        "a^[l] = σ(z^[l]) for l = 2, 4, …, 8 (4, 8, 12, 16)",
        "δ^[l] = (W^[l+1]ᵀ δ^[l+1]) ⊙ (1 − (a^[l])²) for l = 7, 5, …, 1 (23, 31, 39, 47)",
        "δ^[l] = (W^[l+1]ᵀ δ^[l+1]) ⊙ a^[l] ⊙ (1 − a^[l]) for l = 6, 4, 2 (27, 35, 43)",
    ),
    "threes": (
        THREES,
        "In the rules for l, a^[0] is x and a^[9] is h.",
        "z^[l] = W^[l] a^[l−1] + b^[l] for l = 1, …, 9 (1, 3, …, 17)",
        "a^[l] = tanh(z^[l]) for l = 1, 4, 7 (2, 8, 14)",
        "a^[l] = relu(z^[l]) for l = 2, 5, 8 (4, 10, 16)",
        "a^[l] = σ(z^[l]) for l = 3, 6, 9 (6, 12, 18)",
        "δ^[l] = (W^[l+1]ᵀ δ^[l+1]) ⊙ 𝟙[z^[l] > 0] for l = 8, 5, 2 (25, 37, 49)",
        "δ^[l] = (W^[l+1]ᵀ δ^[l+1]) ⊙ (1 − (a^[l])²) for l = 7, 4, 1 (29, 41, 53)",
        "δ^[6] = (W^[7]ᵀ δ^[7]) ⊙ a^[6] ⊙ (1 − a^[6]) (33)",
    ),
    "threes that are repeated": (
        REPEATED_THREES,
        "aᵣ = tanh(zᵣ) for r = 1, 4, 7 (2, 9, 16)",
        "aᵣ = σ(zᵣ) for r = 2, 5, 8 (4, 11, 18)",
        "∂ℓ/∂aᵣ = W[r+1]ᵀ δ[r+1] for r = 7, 4, 1 (32, 45, 58)",
        "δᵣ = (W[r+1]ᵀ δ[r+1]) ⊙ (1 − (aᵣ)²) for r = 7, 4, 1 (33, 46, 59)",
    ),
}


@pytest.mark.parametrize("name", one_in(3, [*GROUPS]))
def test_layers_that_are_repeated_in_groups_are_one_rule_each(name: str) -> None:
    net, *lines = GROUPS[name]
    page = _squeezed(page_of(net, "text"))
    for line in lines:
        assert line in page


@pytest.mark.parametrize(
    "net", [by_hand("sigmoid", "sigmoid"), by_hand("sigmoid", "tanh", "relu", "sigmoid")]
)
def test_two_layers_or_unequal_ones_are_told_each(net: str) -> None:
    """Their deltas are too few to be a rule, or are none."""
    page = page_of(net, "text")
    assert not re.search(r"^ *δ\^\[l\]", page, re.MULTILINE)
    assert "a^[1] = σ(z^[1])" in page
    assert "a^[2] = " in page


def test_layers_are_found_by_their_equations_and_not_by_names() -> None:
    """A third layer that is told in other words is no instance, though it is called alike."""
    net = FIVE.replace("z3 = W3 @ a2 + b3", "z3 = W3 @ a2 - b3")
    page = _squeezed(page_of(net, "text"))
    assert "z^[3] = W^[3] a^[2] − b^[3]" in page
    assert "∂ℓ/∂b^[3] = −δ^[3]" in page
    assert "W^[l] a^[l−1] + b^[l] for l = 1, …, 5" not in page
    assert "∂ℓ/∂W^[l] = δ^[l] a^[l−1]ᵀ for l = 5, …, 1" in page


def test_all_steps_keep_every_single_one() -> None:
    page = render(derived(FIVE), fmt="text", steps="all")
    assert "[l]" not in page
    for layer in range(1, 6):
        assert f"δ^[{layer}] says how ℓ changes with z^[{layer}]." in page
    for layer in range(1, 5):
        assert f"Each a^[{layer}]ᵢ feeds every z^[{layer + 1}]ⱼ, so Σ[j] adds what comes" in page


def test_the_numbers_of_a_rule_are_those_of_the_module() -> None:
    derivation = derived(FIVE)
    module = emitted(derivation)
    page = render(derivation, fmt="latex", steps="short")
    told = {int(n) for tag in tags(page) for n in tag}
    numbered = {int(n): name for n, name in re.findall(r"^ *# \((\d+)\) (\w+)", module, re.M)}
    own = {f.number: f.equation.name for f in derivation.forward}
    own |= {s.number: s.equation.name for s in derivation.steps}
    assert len(numbered) > 20
    assert numbered.items() <= own.items()
    assert numbered.keys() <= told


def test_the_first_instance_labels_a_rule_and_references_find_it() -> None:
    page = render(derived(FIVE), fmt="latex", steps="short", style=Style(counter=True))
    labels = re.findall(r"\\label\{(.*?)\}", page)
    assert {"eq:net:z1", "eq:net:delta4"} <= {*labels}
    assert "eq:net:z2" not in labels
    assert set(re.findall(r"\\eqref\{(.*?)\}", page)) <= {*labels}


def test_every_instance_has_its_numbers() -> None:
    derivation = derived(by_hand("sigmoid", "sigmoid", "sigmoid"))
    given = Example({"x": [0.5, -1.0], "y": [1.0, 0.0]})
    numbers = worked(derivation, emitted(derivation), given)
    page = render(derivation, fmt="text", steps="short", worked=numbers)
    assert "z^[l] = W^[l] a^[l−1] + b^[l]" in page
    for name in ("z^[1]", "z^[4]", "a^[2]", "δ^[1]", "δ^[3]", "∂ℓ/∂W^[2]"):
        assert re.search(rf"^ +{re.escape(name)} +≈ \(", page, re.MULTILINE), name
    markdown = render(derivation, fmt="markdown", steps="short", worked=numbers)
    (display,) = (d for d in markdown.split("$$") if r"\tag{1, 3, 5, 7}" in d)
    assert display.count(r"\approx") == 4
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    latex = render(derivation, fmt="latex", steps="short", worked=numbers)
    found = prove_page(latex, derivation.network, (0,), at=world)
    assert found.ok, found.false


def test_layers_whose_samples_meet_are_refused_in_components() -> None:
    """And no rule is looked for in what cannot be written out."""
    layers = "".join("h = tanh(batch_norm(dense(h, 2)))\n" for _ in range(4))
    net = f"from bpgen import *\nh, y = input(2), target(2)\n{layers}"
    with pytest.raises(NetError, match="known only at run time"):
        page_of(net + "L = loss(half_squared_error(h, y))\n", notation="components")

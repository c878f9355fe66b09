"""A repeated block reads as in a paper: once, with (l) above what is its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.few import one_in
from tests.render.nets import printed, told
from tests.render.repeated import REPEATED

_GPT = (Path(__file__).parents[2] / "examples" / "gpt.py").read_text()


@pytest.mark.parametrize("fmt", ["text", "latex", "markdown"])
@pytest.mark.parametrize("notation", ["matrix", "index"])
def test_the_page_does_not_grow_with_the_blocks(fmt: str, notation: str) -> None:
    net = REPEATED["residual"]
    three, nine = (told(net.replace("repeat(3,", f"repeat({n},"), fmt, notation) for n in (3, 9))
    for last in ("⁽²⁾", "^{(2)", "…, 2", r"\dots, 2", "l = 2"):
        three = three.replace(last, last.replace("²", "⁸").replace("2", "8"))
    assert three == nine


_LINES = [
    ("residual", "Block l, for l = 0, …, 2: from o⁽ˡ⁻¹⁾ to o⁽ˡ⁾. The last leaves o⁽²⁾."),
    ("residual", "o⁽⁻¹⁾ = h"),
    ("residual", "z⁽ˡ⁾ = W₂⁽ˡ⁾ o⁽ˡ⁻¹⁾ + b₂⁽ˡ⁾   ∈ ℝ³"),
    ("residual", "r = W₄ o⁽²⁾ + b₄"),
    ("residual", "∂ℓ/∂o⁽²⁾ = W₄ᵀ (∂ℓ/∂r)"),
    ("residual", "Block l, for l = 2, …, 0: from the gradient with respect to o⁽ˡ⁾"),
    ("residual", "∂ℓ/∂o⁽ˡ⁻¹⁾ = W₂⁽ˡ⁾ᵀ δ⁽ˡ⁾ + ∂ℓ/∂o⁽ˡ⁾"),
    ("residual", "∂ℓ/∂h = ∂ℓ/∂o⁽⁻¹⁾"),
    ("residual", "∂L/∂W₂⁽ˡ⁾ = Σ[n] δ⁽ˡ⁾ₙ o⁽ˡ⁻¹⁾ₙᵀ"),
    ("two_repeats", "o⁽⁻¹⁾ = m⁽²⁾"),
    ("two_repeats", "∂ℓ/∂m⁽²⁾ = ∂ℓ/∂o⁽⁻¹⁾"),
    ("shared_by_blocks", "∂ℓ/∂S = Σ[l] δ⁽ˡ⁾ o⁽ˡ⁻¹⁾ᵀ + (∂ℓ/∂h) xᵀ"),
    ("blocks_as_a_function", "∂ℓ/∂o⁽²⁾ = o\u0304   ∈ ℝ²"),
    ("blocks_as_a_function", "∂ℓ/∂o⁽ˡ⁻¹⁾ = W⁽ˡ⁾ᵀ δ⁽ˡ⁾ + ∂ℓ/∂o⁽ˡ⁾   ∈ ℝ²"),
    ("blocks_of_a_sequence", "q⁽ˡ⁾ = o⁽ˡ⁻¹⁾ W⁽ˡ⁾ᵀ   ∈ ℝ²ˣ³"),
    ("causal_blocks", "if r≤t; −∞ otherwise}"),
]


@pytest.mark.parametrize(("name", "line"), one_in(2, [*_LINES]))
def test_it_reads(name: str, line: str) -> None:
    assert line in printed(name)


@pytest.mark.parametrize("name", one_in(2, [*REPEATED]))
def test_one_sample_is_told_by_itself(name: str) -> None:
    assert "Samples meet" not in printed(name)
    assert "ₙ" not in printed(name).split("Over the batch")[0]


def test_an_immediate_derivative_is_of_one_block() -> None:
    """What a block is given passes on in itself and through z: only the first is immediate."""
    text = printed("residual")
    assert "∂⁺o⁽ˡ⁾ᵢ/∂o⁽ˡ⁻¹⁾ᵢ" in text
    assert "∂z⁽ˡ⁾ⱼ/∂o⁽ˡ⁻¹⁾ᵢ = W₂⁽ˡ⁾ⱼᵢ" in text
    assert "∂z⁽ˡ⁾ᵢ/∂W₂⁽ˡ⁾ᵢⱼ = o⁽ˡ⁻¹⁾ⱼ" in text
    assert "∂⁺a⁽ˡ⁾ᵢ/∂Sᵢⱼ" in printed("shared_by_blocks").replace("z⁽ˡ⁾", "a⁽ˡ⁾").replace("₁", "")


@pytest.mark.slow
def test_the_transformer_reads() -> None:
    latex = told(_GPT, "latex")
    for line in (
        r"q^{(l)} &= u^{(l)} \, W_{\mathrm{q}}^{(l)\top}",
        r"\mu_{1,i}^{(l)} &= \tfrac{1}{64} \, \sum_{j} o_{ij}^{(l-1)}",
        r"h^{(l)} &= o_{2}^{(l)} + o^{(l-1)}",
        r"o^{(-1)} &= e",
        r"\text{if } c\le t",
        r"\frac{1}{\sqrt{v_{1,i}^{(l)} + 10^{-5}}}",
    ):
        assert line in latex


def test_a_condition_stands_apart_from_the_value_before_it() -> None:
    """Between mathematics a blank of the source is none on the page: 1if."""
    latex = told(_GPT, "latex")
    assert r"= 1 \;\; \text{if } c\le t\text{; elsewhere }" in latex
    assert not re.search(r"[\w}] \\text\{if \}", latex)


def test_components_keep_the_letter_of_the_block() -> None:
    text = printed("residual", "components")
    assert "z⁽ˡ⁾₁ = W₂⁽ˡ⁾₁₁ o⁽ˡ⁻¹⁾₁ + W₂⁽ˡ⁾₁₂ o⁽ˡ⁻¹⁾₂ + b₂⁽ˡ⁾₁" in text
    assert "∂ℓ/∂o⁽³⁾₁ = W₄[1,1] · (∂ℓ/∂r₁) + W₄[2,1] · (∂ℓ/∂r₂)" in text
    assert "for l = 1, …, 3: from o⁽ˡ⁻¹⁾ to o⁽ˡ⁾" in text


@pytest.mark.parametrize("notation", ["matrix", "index", "components"])
def test_a_label_is_read_of_the_last_block_alone(notation: str) -> None:
    """What is written at places of its own, e[y], is no gradient of what the first is given."""
    page = printed("blocks_to_labels", notation)
    before = [
        line for line in page.splitlines() if re.match(r"\s*(δ|∂[ℓL]/∂o)⁽(⁻¹|⁰)⁾\S* = ", line)
    ]
    assert not before
    assert "Beyond the last" not in page

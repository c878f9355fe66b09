"""Lines that were once false or poor, each as it must read."""

from __future__ import annotations

import re

import pytest

from bpgen.derive import derive
from bpgen.load import declared_by
from bpgen.render import render
from bpgen.render.breaks import broken
from bpgen.render.displays import latex_rows
from bpgen.render.lines import columns, filled, text_rows, words, wrapped
from bpgen.render.page import Row
from bpgen.render.widths import measured
from tests.few import one_in
from tests.render.nets import FEW_OR_ALL, derived, printed, told
from tests.render.repeated import REPEATED

_IMMEDIATE = "∂⁺ is the immediate derivative: of the formula's own mention of the variable."
_LOSS = "L = loss(half_squared_error(h, t))\n"
_VECTOR = "x = input(3)\nt = target(3)\nW = param(3, 3)\n"

_TRUE = [
    # the sum of a local derivative is printed
    ("bilinear", "where ∂hₖ/∂xᵢ = Σ[j] Bₖᵢⱼ yⱼ"),
    ("layer_norm", "∂v/∂m = Σ[i] (2/3 · m − 2/3 · zᵢ)"),
    # direct and total derivative differ
    ("logits_one_hot", "δᵢ = ∂ℓ/∂zᵢ = ∂⁺ℓ/∂zᵢ + ∂ℓ/∂s · ∂s/∂zᵢ"),
    ("logits_one_hot", "where ∂⁺ℓ/∂zᵢ = −yᵢ"),
    ("logits_one_hot", _IMMEDIATE),
    ("softmax", "∂pⱼ/∂zᵢ = 𝟙[j = i] · pᵢ − pᵢ pⱼ"),
    ("layer_norm", "∂⁺v/∂zᵢ"),
    ("penalty_of_a_product", "∂L/∂Wᵢⱼ = ∂⁺L/∂Wᵢⱼ + Σ[k] ∂L/∂Uₖⱼ · ∂Uₖⱼ/∂Wᵢⱼ"),
    # a gather is marked with where it reads
    ("log_sum_exp", "∂ℓ/∂zᵢ = 𝟙[i = y] · ∂⁺ℓ/∂z[y] + ∂ℓ/∂s^[1] · ∂s^[1]/∂zᵢ"),
    ("logits_of_labels", "∂ℓ/∂zᵢ = 𝟙[i = y] · ∂⁺ℓ/∂z[y] + ∂ℓ/∂s · ∂s/∂zᵢ"),
    ("two_gathers", "∂ℓ/∂pᵢ = 𝟙[i = 0] · (x₀ − x₁)²"),
    ("two_gathers", "evaluated, and differentiated, as (x₀ − x₁)² p₀ + s − z[y]"),
    # several accesses of one tensor in one equation
    ("twice_itself", "∂ℓ/∂aᵢ = Σ[j] ∂ℓ/∂hⱼ · ∂hⱼ/∂aᵢ"),
    ("twice_itself", "∂hⱼ/∂aᵢ = 𝟙[j = i] · Σ[k] Wᵢₖ aₖ + 𝟙[j = i] · 2 aᵢ + Wⱼᵢ aⱼ"),
    # the sums of a penalty have letters of their own
    ("penalties", "∂(0.01 · Σ[j] |wⱼ|)/∂wᵢ = 0.01 sign(wᵢ)"),
    ("penalties", "∂(0.1 · Σ[k,l] |Wₖₗ| + 0.3 ‖W‖²)/∂Wᵢⱼ"),
    # every function is defined, and none shares a symbol with a tensor
    ("leaky", "leaky_relu'(z, s) = {1 if z > 0; s otherwise}"),
    ("log_cosh", "Here log cosh(z) = log(cosh(z))."),
    ("greek", "σ = sigmoid(z)"),
    ("greek", "ζ = softplus("),
    ("greek", "Here sigmoid(z) = 1/(1 + exp(−z)), softplus(z) = log(1 + exp(z))."),
    ("shift", "A scalar added to a vector is added to every entry."),
    # a softmax is called one
    ("softmax", "p = softmax(z)   ∈ ℝ³"),
    ("softmax", "Here softmax(z)ᵢ = exp(zᵢ)/Σ[j] exp(zⱼ)."),
    ("attention", "= softmax(zᵢ)ⱼ"),
    # reasons
    ("logits_one_hot", "= 1   ∈ ℝ   since Σ[i] yᵢ = 1"),
    # what has no equation of its own is told where something is evaluated by it
    ("softmax", "since log(p[y]) = z[y] − s   and s = log(Σ[i] exp(zᵢ))"),
    # what is evaluated
    ("entropy", "evaluated as −Σ[i] yᵢ(zᵢ − s) − 0.1 · Σ[i] (zᵢ − s) pᵢ"),
    ("entropy", "δᵢ = −yᵢ + pᵢ · (0.1 · Σ[j] pⱼ log(pⱼ) + 1 − 0.1 log(pᵢ))"),
    ("binary", "(this spelling avoids the logarithm of 0 and cancellation)"),
    ("weighted_log", "evaluated as −y ⊙ ζ(−z)"),
    # the batch
    ("softmax", "in which the samples are averaged: δₙ carries the factor 1/N."),
    ("penalties", "in which the samples are averaged: ∂L/∂aₙ carries the factor 1/N."),
    ("function", "∂ℓ/∂W = Σ[n] δₙ xₙᵀ"),
    ("function", "the sum over the samples, Σ[n]."),
    ("function", "h̄ and s̄ are the upstream gradients that backward is given"),
    # windows, and what is written through them
    ("convolution", "z[o,p,q] = Σ[c,u,v] K[o,c,u,v] x[c,p+u,q+v] + bₒ"),
    ("convolution", "∂ℓ/∂xᵢⱼₖ = Σ[o,p,q] ∂ℓ/∂z[o,p,q] · ∂z[o,p,q]/∂xᵢⱼₖ"),
    ("convolution", "∂z[o,p,q]/∂xᵢⱼₖ = Σ[u,v: p+u=j, q+v=k] Kₒᵢᵤᵥ"),
    ("convolution", "= Σ[o,p,q,u,v: p+u=j, q+v=k] Kₒᵢᵤᵥ δ[o,p,q]"),
    ("convolution", "∂ℓ/∂Kᵢⱼₖₗ = Σ[p,q] δ[i,p,q] x[j,k+p,l+q]"),
    ("convolution", "values of its indices that satisfy them; a sum over none is 0."),
    ("strided", "= Σ[p,u: 2p+u=i] wᵤ δₚ"),
    ("two_windows", "∂zₚ/∂xᵢ = Σ[u,v: p+u+v=i] fᵤ gᵥ"),
    ("mean_pool", "∂mₚ/∂xᵢ = 1/2 · Σ[r<2: 2p+r=i] w"),
    # written at a place
    ("padded", "y[i+1] = xᵢ   0 elsewhere"),
    ("padded", "∂ℓ/∂xᵢ = ∂ℓ/∂y[i+1] · ∂y[i+1]/∂xᵢ"),
    ("joined", "yᵢ = aᵢ   for i<3"),
    ("joined", "y[j+3] = dⱼ   y ∈ ℝ⁵"),
    ("flattened", "f[3i+j] = aᵢⱼ   f ∈ ℝ⁶"),
    ("folded", "∂ℓ/∂a[3p+q] = 2 B[p,q] − 2 t[p,q]"),
    ("transposed", "yₒᵢ = Σ[c,p,u: 2p+u=i] K[c,o,u] x[c,p]"),
    ("spread", "yᵢ = Σ[p,u,v: p+u+v=i] fᵤ gᵥ xₚ"),
    ("spread", "∂ℓ/∂xᵢ = Σ[j] ∂ℓ/∂yⱼ · ∂yⱼ/∂xᵢ"),
    # the largest
    ("max_pool", "m[c,p] = max[r<2] a[c,2p+r]"),
    ("max_pool", "= {1 if a[c,2p+r] = m[c,p] for the first r; 0 otherwise}"),
    ("max_pool", "∂ℓ/∂a[c,2p+r] = (∂ℓ/∂m[c,p]) · 𝟙[a[c,2p+r] gives m[c,p]]   for r<2"),
    ("max_pool", "By convention, of several that are the largest the first alone passes the"),
    ("padded_pool", "a^[1]ᵢⱼ = {z^[1]ᵢⱼ if 1≤j, j≤3; −∞ otherwise}"),
    ("padded_pool", "∂a^[1]ᵢⱼ/∂z^[1]ᵢⱼ = 1 if 1≤j, j≤3; elsewhere ∂ℓ/∂a^[1]ᵢⱼ = 0"),
    ("padded_pool", "m[c,p] = max[u<2] a^[1][c,2p+u]"),
    ("max_vector", "∂m/∂zᵢ = (2 zᵢ − 1) 𝟙[zᵢ² − zᵢ gives m]"),
    # gathers
    ("embedding", "eₜᵢ = E[xₜ,i]"),
    ("embedding", "= Σ[t: xₜ=i] ∂ℓ/∂eₜⱼ   E ∈ ℝ⁴ˣ²"),
    ("embedding", "∂ℓ/∂Pᵢⱼ = −𝟙[j = yᵢ] · 1/P[i,yᵢ]"),
    # recurrences
    ("elman", "Step by step, for t = 0, …, 2:"),
    ("elman", "h[−1,k] = h^[0]ₖ"),
    ("elman", "Backpropagation through time: (7) and (8), step by step, for t = 2, …, 0."),
    ("elman", "t = 3, gradients are 0."),
    ("elman", "Σ[i] ∂ℓ/∂oₜᵢ · ∂oₜᵢ/∂hₜₖ + Σ[i] ∂ℓ/∂z[t+1,i] · ∂⁺z[t+1,i]/∂hₜₖ"),
    ("elman", "= Σ[i] Vᵢₖ · (∂ℓ/∂oₜᵢ) + Σ[i] Uᵢₖ δ[t+1,i]"),
    ("elman", "∂ℓ/∂h[−1,k] = Σ[i] Uᵢₖ δ₀ᵢ"),
    ("lstm", "c[−1,i] = 0"),
    ("lstm", "(9) to (11), step by step, for t = T−1, …, 0."),
    ("lstm", "δ[t,i+2] = (∂ℓ/∂cₜᵢ) · c[t−1,i] · σ(z[t,i+2]) · (1 − σ(z[t,i+2]))   for i<2"),
    ("last_state", "h[−1,k] = 0"),
    ("last_state", "𝟙[t = 2] · "),
    ("past", "∂⁺ℓ/∂hₜ = Σ[i: i−1=t] wᵢ"),
    ("past", "∂ℓ/∂o[t+1] · ∂⁺o[t+1]/∂hₜ + ∂ℓ/∂oₜ · ∂⁺oₜ/∂hₜ"),
    ("past", "Σ[t] ∂ℓ/∂hₜ · ∂⁺hₜ/∂b + ∂ℓ/∂h[−1] · ∂⁺h[−1]/∂b"),
    # across the samples
    ("batch_norm", "The subscript n is the sample, of N in the batch. Samples meet in these"),
    ("batch_norm", "m = 1/N · Σ[n] zₙ"),
    ("batch_norm", "δₙᵢ = ∂L/∂zₙᵢ = ∂L/∂hₙᵢ · ∂⁺hₙᵢ/∂zₙᵢ + ∂L/∂vᵢ · ∂⁺vᵢ/∂zₙᵢ"),
    ("batch_norm", "Σ[n'] ∂L/∂h[n']"),
    # numbers
    ("attention", "√3/3 · "),
    ("layer_norm", "√(v + 10⁻⁵)"),
    ("binary", "0.2 W"),
]
_FALSE = [
    ("penalties", "Gradient with respect to ℓ"),
    ("binary", "by (12)"),
    ("leaky", "since leaky_relu"),
    ("log_cosh", "⊙"),
    ("log_cosh", "A scalar added to a vector"),
    ("log_cosh", "∂⁺"),
    ("max_pool", "first_m"),
    ("max_vector", "first_m"),
    ("convolution", "𝟙"),
    ("lstm", "∂ℓ/∂c[−1"),
    ("lstm", "runs over those values"),
    ("lstm", "∂⁺cₜᵢ/∂zₜₖ"),
    ("past", "∂ℓ/∂h = "),
    ("joined", "   y = "),
    ("padded", "y = x"),
    ("batch_norm", "Over the batch"),
    ("batch_norm", "for one sample"),
]


@pytest.mark.parametrize(("name", "line"), one_in(3, [*_TRUE]))
def test_it_reads(name: str, line: str) -> None:
    assert line in _unwrapped(printed(name))


@pytest.mark.parametrize(("name", "line"), _FALSE)
def test_it_does_not_read(name: str, line: str) -> None:
    assert line not in _unwrapped(printed(name))


def _unwrapped(text: str) -> str:
    """Sentences and sums on one line."""
    return re.sub(r"(?<=[\w,])\n +(?=[+−])|(?<=[\w,])\n {0,2}(?=\w)", " ", text)


@pytest.mark.parametrize("name", FEW_OR_ALL)
def test_numbers_run_from_one_without_a_gap(name: str) -> None:
    backward = printed(name).split("Over the batch")[0]
    found = re.findall(r"\((\d+)([ab]?)\)$", backward, re.MULTILINE)
    numbers = [int(n) for n, letter in found if letter != "b"]
    if name in REPEATED:  # all of a block stands together, what it is given last
        assert {int(n) for n, letter in found if letter == "b"} <= set(numbers)
        numbers = sorted(numbers)
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("name", FEW_OR_ALL)
def test_the_loss_of_one_sample_has_no_section(name: str) -> None:
    loss = derived(name).network.sample_loss
    apart = "Samples meet" not in printed(name)
    assert loss is None or ("respect to ℓ" not in printed(name)) == apart


def test_components_count_labels_as_they_count_entries() -> None:
    text = printed("logits_of_labels", "components")
    assert "Indices, and labels with them, count from 1." in text
    assert "δ₁ = exp(z₁ − s) − 𝟙[1 = y]" in text
    assert "𝟙[0 = y]" not in text
    assert "p₁" in printed("two_gathers", "components").split("Over the batch")[1]


def test_components_of_windows_and_steps() -> None:
    pooled = printed("max_pool", "components")
    assert "m₁₂ = max(a₁₃, a₁₄)" in pooled
    assert "𝟙[a₁₃ gives m₁₂] = {1 if a₁₃ = m₁₂ for the first time; 0 otherwise}" in pooled
    assert "Σ[r≤2: 2p+r−2=k]" in pooled
    steps = printed("elman", "components")
    assert "h₀₁ = h^[0]₁" in steps
    assert "∂ℓ/∂h₃₁ = V₁₁ · (∂ℓ/∂o₃₁) + V₂₁ · (∂ℓ/∂o₃₂)\n" in steps
    assert "∂ℓ/∂h₀₁ = U₁₁ δ₁₁ + U₂₁ δ₁₂" in steps


def test_a_condition_stands_below_its_indices() -> None:
    latex = printed("convolution", fmt="latex")
    assert r"\sum_{\substack{o,p,q,u,v \\ p+u=j, q+v=k}} K_{oiuv} \delta_{opq}" in latex


@pytest.mark.parametrize("word", ["sigma", "zeta"])
def test_no_function_is_printed_like_a_tensor(word: str) -> None:
    latex = printed("greek", fmt="latex")
    assert rf"\{word}(" not in latex
    assert rf"\{word}\left(" not in latex


def test_the_number_of_euler_and_a_tensor_e() -> None:
    text = _VECTOR.replace("t =", "e = param(3)\nt =") + "h = exp(W @ x) * e\n" + _LOSS
    assert r"\exp(z) \odot e" in told(text, "latex") or r"e \odot \exp(" in told(text, "latex")


def test_a_word_beside_a_parenthesis_is_no_function() -> None:
    net = "adv, x, w = input(), input(), param()\nL = loss(w * adv * (1 - x))\n"
    assert "ℓ = w adv · (1 − x)" in told(net, "text")


def test_upright_words_stand_apart() -> None:
    text = (
        "x = input(3)\nt = target(2)\nweight_hidden, W_out = param(3, 3), param(2, 3)\n"
        "hidden = relu(weight_hidden @ x)\nh = W_out @ hidden\n" + _LOSS
    )
    latex = told(text, "latex")
    assert r"\mathrm{weight\_hidden} \, x" in latex
    assert r"W_{\mathrm{out}} \, \mathrm{hidden}" in latex


_NUMBERS = [
    ("0.5", "1/2 · z"),
    ("0.25", "1/4 · z"),
    ("0.75", "3/4 · z"),
    ("0.2", "h = 0.2 z"),
    ("0.125", "h = 1/8 · z"),
    ("1 / 64", "h = 1/64 · z"),
    ("0.05", "h = 0.05 z"),
    ("1 / sqrt(2)", "√2/2 · z"),
    ("2 * sqrt(3)", "h = 2 · √3 · z"),
    ("0.00002", "h = 2 · 10⁻⁵ z"),
    ("3.14159265358979", "h = 3.14159 z"),
    ("(1 / 0.7)", "h = 10/7 · z"),
    ("10", "h = 10 z"),
]


@pytest.mark.parametrize(("number", "line"), _NUMBERS)
def test_numbers(number: str, line: str) -> None:
    assert line in told(_VECTOR + f"z = W @ x\nh = z * {number}\n" + _LOSS)


def test_rounding_is_said() -> None:
    rounded = "Long numbers are rounded to six digits."
    assert rounded in told(_VECTOR + "h = 0.123456789123 * (W @ x)\n" + _LOSS)
    assert rounded not in told(_VECTOR + "h = 0.0625 * (W @ x)\n" + _LOSS)


_LONG = (
    "x = input(3)\nt = target(3)\nW, alpha_first, beta_second = param(3, 3), param(3), param(3)\n"
    "z = W @ x\nh = (alpha_first * tanh(z) + beta_second * exp(-z**2)) * (1 + alpha_first**2)"
    " * cos(z + alpha_first + beta_second) * sin(alpha_first * beta_second * z)\n" + _LOSS
)


def test_long_formulas_break() -> None:
    assert max(map(len, told(_LONG).splitlines())) <= 104
    for line in told(_LONG, "latex").splitlines():
        assert not line.startswith(("&", r"\frac")) or measured(line) < 500


def test_what_follows_an_equals_sign_stays_on_its_line() -> None:
    """Where it has no room there the sign begins the next line, below the one before."""
    lines = wrapped(["a + b", "= c", "+ d", "= e + f + g", "+ h"], 9, len)
    assert lines == ["a + b", "= c + d", "= e + f", "+ g + h"]
    assert wrapped(["a + b", "= c", "+ d"], 13, len) == ["a + b = c + d"]
    row = Row("x", ("a" * 20, "= " + "c" * 20))
    assert text_rows((row,), 40) == [f"  x = {'a' * 20}", f"    = {'c' * 20}"]
    assert latex_rows((row,), None, 160)[1].startswith("&= c")


def test_a_short_last_word_is_not_left_alone() -> None:
    said = "(this spelling avoids the logarithm of 0)"
    assert filled(words(said), 38, columns)[-1] == "of 0)"


def test_a_fraction_in_an_exponent_is_as_small_as_it() -> None:
    page = printed("batch_norm", "matrix", "latex")
    assert r"(0.1 + v)^{\frac{3}{2}}" in page and r"^{\tfrac" not in page


def test_breaks_lose_nothing() -> None:
    part = r"\left(a_{1} + b\right) \odot c - d \, e^{x + y + z} + (f - g) \, h"
    for room in (1, 5, 10, 20):
        pieces = broken(part, room, measured)
        assert (
            " ".join(pieces).replace(r"\biggl(", r"\left(").replace(r"\biggr)", r"\right)") == part
        )
        assert all(p.count("{") == p.count("}") for p in pieces)
    assert broken(part, 1000, measured) == [part]


@pytest.mark.parametrize("notation", ["matrix", "index", "components"])
def test_a_spelling_that_reads_the_same_is_told_once(notation: str) -> None:
    """On paper expm1(u) is exp(u) - 1, however it is evaluated."""
    source = (
        "from bpgen import *\nx = input(3)\ny = target(2)\nz = param(2, 3) @ x\n"
        "a = exp(sin(z)) - 1\nL = loss(half_squared_error(a, y))\n"
    )
    made = derive(declared_by(source))
    assert "evaluated" not in render(made, fmt="text", notation=notation)

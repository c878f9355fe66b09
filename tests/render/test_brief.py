"""The brief page: all that is computed first, then why; each kind of step once."""

from __future__ import annotations

import re

import pytest

from bpgen.derive import derive
from bpgen.load import declared_by
from bpgen.record import Derivation
from bpgen.render import render
from bpgen.render.likeness import Likeness
from bpgen.render.order import Order
from tests.render.nets import FEW_OR_ALL, derived
from tests.render.tags import tags

DEEP = (
    "from bpgen import *\nx, y = input(4), target(2)\nh1 = dense(x, 3, {})\nh2 = dense(h1, 5, {})\n"
    "h3 = dense(h2, 3, {})\nL = loss(half_squared_error(dense(h3, 2), y))\n"
)


def _brief(derivation: Derivation, fmt: str = "latex") -> str:
    return render(derivation, fmt=fmt, steps="short")


@pytest.mark.parametrize("name", FEW_OR_ALL)
def test_it_numbers_what_the_full_page_does_in_reading_order(name: str) -> None:
    derivation = derived(name)
    found = tags(_brief(derivation))
    brief, full = ({n for tag in t for n in tag} for t in (found, tags(_full(derivation))))
    of_total = next((f.number for f in derivation.forward if f.source.name == "L"), None)
    of_loss = {str(s.number) for s in derivation.steps if s.of == derivation.network.sample_loss}
    assert full - brief <= of_loss
    assert brief <= full
    numbers = [int(first) for first, *_ in found if first.isdigit()]
    if len(numbers) > len({*numbers}):  # a loss with penalties, of one sample and of the batch
        (loss,) = {n for n in numbers if numbers.count(n) > 1}
        assert loss == numbers.pop() == of_total
    if "Block $l$" not in _brief(derivation):  # what enters a block is told when all of it is
        assert numbers == sorted(numbers)


def _full(derivation: Derivation) -> str:
    return render(derivation, fmt="latex")


@pytest.mark.parametrize("name", FEW_OR_ALL)
def test_it_is_shorter(name: str) -> None:
    derivation = derived(name)
    assert len(_brief(derivation).splitlines()) < len(_full(derivation).splitlines())


def _likenesses(activations: tuple[str, str, str]) -> dict[str, object]:
    derivation = derive(declared_by(DEEP.format(*activations)))
    likeness = Likeness(Order(derivation.network, {a: t for t, a in derivation.adjoint.items()}))
    return {s.of: likeness.of(s) for s in derivation.steps}


def test_equal_layers_are_alike_whatever_their_widths() -> None:
    found = _likenesses(("tanh", "tanh", "tanh"))
    assert found["z1"] == found["z2"]
    assert found["W1"] == found["W2"] == found["W3"] == found["W4"]
    assert found["x"] == found["h1"] == found["h2"] == found["h3"]


def test_another_activation_is_another_step() -> None:
    found = _likenesses(("tanh", "sigmoid", "tanh"))
    assert found["z1"] == found["z3"] != found["z2"]
    assert found["W1"] == found["W3"]


def test_another_access_or_another_factor_is_another_step() -> None:
    derivation = derive(
        declared_by(
            "from bpgen import *\ni, j = indices('i j')\nx, y = input(3), target(3)\nw = param(3)\n"
            "a = w * x\nb = 2 * w * a\nc = tensor(w[i] * b[2 - i], i)\n"
            "L = loss(squared_error(c, y))\n"
        )
    )
    likeness = Likeness(Order(derivation.network, {a: t for t, a in derivation.adjoint.items()}))
    found = {s.of: likeness.of(s) for s in derivation.steps}
    assert len({found["x"], found["a"], found["b"]}) == 3


def test_the_parts_of_equal_blocks_are_told_once() -> None:
    """What a block is given hears of the loss as h does, from which it goes on."""
    page = _brief(
        derive(
            declared_by(
                "from bpgen import *\nx, y = input(2), target(2)\n"
                "def block(u):\n    h = u + dense(layer_norm(u), 2)\n"
                "    return h + dense(layer_norm(h), 2)\n"
                "o = repeat(3, block, x)\nL = loss(half_squared_error(o, y))\n"
            )
        )
    )
    again = "".join(re.findall("In the same way: (.*)", page))
    assert r"(14b) as (20)" in again
    assert r"(24) as (18), (25) as (19)" in again


SIZED = {
    "softmax": r"Sizes: $x \in \mathbb{R}^{2}$",
    "embedding": r"\in \{0, \dots, ",
}


@pytest.mark.parametrize("name", SIZED)
def test_sizes_are_told_in_one_sentence(name: str) -> None:
    page = _brief(derived(name))
    assert SIZED[name] in page
    assert not re.search(r"&=.*\\mathbb\{R\}", page)


def test_what_lies_between_the_product_and_its_value_is_not_told() -> None:
    page = _brief(derived("layer_norm"), "text")
    why = page[page.index("Derivation") :]
    assert "(2/3 · m − 2/3 · z" in why
    assert "2/3 · ∂ℓ/∂v · Σ" not in why


SOFTMAXES = {
    "logits_of_labels": r"\delta &= \operatorname{softmax}(z) - e_{y}",
    "logits_one_hot": r"\delta &= \operatorname{softmax}(z) - y",
}


@pytest.mark.parametrize("name", SOFTMAXES)
def test_a_cross_entropy_after_a_softmax_is_p_less_y(name: str) -> None:
    page = _brief(derived(name))
    assert SOFTMAXES[name] in page
    assert r"\exp(z - s)" not in page[page.index("Gradients of") :]


def test_a_softmax_of_each_row_is_told_at_its_indices() -> None:
    """softmax(z) is of a vector, and so no matrix is given to it."""
    page = _brief(
        derive(
            declared_by(
                "from bpgen import *\nx, y = input(3, 2), label(4, 3)\nt = indices('t')\n"
                "W = param(4, 2)\nz = x @ W.T\nlogp = log_softmax(z)\n"
                "L = loss(-mean(logp[t, y[t]], t))\n"
            )
        )
    )
    (row,) = re.findall(r"^\\delta_.*softmax.*tag.*$", page, re.MULTILINE)
    assert re.search(r"\\operatorname\{softmax\}\(z_\{\w\}\)_\{\w\}", row)
    assert r"\operatorname{softmax}(z)" not in page[page.index("Gradients of") :]


def test_a_softmax_of_each_column_is_told_as_the_exponential_that_it_is() -> None:
    """softmax(z_j)_i is of row j."""
    net = "x = input(4, 3)\nW = param(4, 3)\nz = W * x\ns = logsumexp(z, 0)\nL = loss(sum(s**2))\n"
    page = _brief(derive(declared_by("from bpgen import *\n" + net)), "text")
    assert "δᵢⱼ = 2 sⱼ exp(zᵢⱼ − sⱼ)" in page
    assert "softmax" not in page


def test_what_is_found_in_the_same_way_is_told_once() -> None:
    page = _brief(derive(declared_by(DEEP.format("tanh", "tanh", "tanh"))), "text")
    why = page[page.index("Derivation") : page.index("Over the batch")]
    assert "δ^[l]ᵢ = ∂ℓ/∂z^[l]ᵢ = ∂ℓ/∂h^[l]ᵢ · ∂h^[l]ᵢ/∂z^[l]ᵢ" in why
    assert why.count("since tanh'") == 1
    assert not re.search(r"^ *(δ\^\[[123]\]|∂ℓ/∂W\^\[[1234]\])", why, re.MULTILINE)
    assert "In the same way:" in why


def test_a_bias_is_told_in_one_line() -> None:
    page = _brief(derived("softmax"), "text")
    assert [line.strip() for line in page.splitlines() if "∂ℓ/∂b" in line] == [
        line.strip() for line in page.splitlines() if "∂ℓ/∂b = δ" in line
    ]


def test_a_gather_is_no_bias() -> None:
    """Its derivative is 1 where it reads, and that is told."""
    page = _brief(
        derive(
            declared_by(
                "from bpgen import *\nk, y = input(below=3), target(2)\n"
                "L = loss(squared_error(embedding(k, 3, 2), y))\n"
            )
        ),
        "text",
    )
    assert "𝟙[i = k]" in page[page.index("Derivation") :]


def test_of_a_number_in_a_loss_no_penalty_is_told() -> None:
    net = "from bpgen import *\nx, y, w = input(2), target(2), param(2)\nL = loss(1 - dot(w * x, y))\n"
    page = _brief(derive(declared_by(net)), "text")
    assert "ℓ = 1 − " in page and "parameter is the mean of theirs" in page
    assert "penalty" not in page and page.count("L = ") == 1


def test_it_ends_in_a_step_of_descent() -> None:
    assert "W ← W − η · ∂L/∂W, and so every parameter." in _brief(derived("softmax"), "text")
    assert "descent" not in _brief(derived("function"), "text")
    named = "from bpgen import *\nx, eta = input(), param()\nL = loss((eta * x - 1) ** 2)\n"
    assert "η ← η − lr · ∂L/∂η." in _brief(derive(declared_by(named)), "text")


def test_a_penalty_is_no_part_of_the_mean() -> None:
    penalised = " ".join(_brief(derived("binary"), "text").split())
    said = re.search(r"mean of the data's part; a penalty's .*, and \((\d+)\) keeps", penalised)
    assert said is not None and penalised.count(f"({said[1]})") == 3  # twice an equation's number
    assert "parameter is the mean of theirs" in _brief(derived("softmax"), "text")
    assert "parameter is the sum of theirs" in _brief(derived("function"), "text")

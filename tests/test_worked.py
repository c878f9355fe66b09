"""Worked examples: the numbers that others worked out by hand stand on the pages of their networks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import normalize

import numpy as np
import pytest

from bpgen.check.page.proof import prove_page
from bpgen.check.page.world import World
from bpgen.derive import derive
from bpgen.emit import emitted
from bpgen.lesson import sections
from bpgen.load import declared_by
from bpgen.render import render
from bpgen.render.lines import columns
from bpgen.render.style import WIDEST
from bpgen.worked import Example, worked
from bpgen.worked.drawn import at_drawn
from tests.conftest import derived
from tests.published import PUBLISHED
from tests.render.nets import NETS
from tests.worked_pages import CHAIN, of_published, page_of


def _lines(page: str, *wanted: str) -> Iterable[bool]:
    squeezed = [" ".join(normalize("NFC", line).split()) for line in page.splitlines()]
    return (any(w in line for line in squeezed) for w in wanted)


def test_linear_chain() -> None:
    page = page_of("linear_chain")
    assert all(
        _lines(
            page,
            "a^[1] = w^[1] x = 6",
            "= 24",
            "∂ℓ/∂w^[2] = (ŷ − y) a^[1] = −36",
            "∂ℓ/∂w^[2] = ∂ℓ/∂ŷ · ∂ŷ/∂w^[2] = (ŷ − y) a^[1] = (−6) · 6",
            "∂ℓ/∂w^[1] = w^[2] x(ŷ − y) = −48",
            "= (−24) · 2",
            "w^[2] − 0.01 · ∂C/∂w^[2] = 4.36",
            "w^[1] − 0.01 · ∂C/∂w^[1] = 3.48",
        )
    ), page


def test_relu_neuron() -> None:
    """Each factor: dL/da = 4, da/dz = 1, and their product."""
    page = page_of("relu_neuron")
    assert all(_lines(page, "= 7", "= 4", "= 4 · 1", "∂ℓ/∂w = δ x = 8", "∂ℓ/∂b = δ = 4")), page


def test_single_neuron() -> None:
    page = page_of("single_neuron")
    assert all(_lines(page, "= 1", "= 9", "= −12", "w − 0.1 · ∂L/∂w = 1.7")), page


@pytest.mark.parametrize("held", [(), ("b1", "b2")])
def test_toy(held: tuple[str, ...]) -> None:
    printed, page = PUBLISHED["toy_2_2_1"], page_of("toy_2_2_1", held).replace("−", "-")
    a = of_published("toy_2_2_1").values["a2"][0, 0]
    of_factors = [f"{a - 1:.8g}", f"{a * (1 - a):.8g}"]
    arrays = (printed[n] for n in ("a1", "yhat", "delta2", "dW2", "delta1", "dW1"))
    numbers = [v for a in arrays for v in np.ravel(a)]
    found = {round(float(n), 8) for n in re.findall(r"-?\d+\.\d+", page)}
    assert {round(v, 8) for v in numbers} <= found
    assert f"({of_factors[0]}) · {of_factors[1]}" in page
    after = printed["after_one_step_biases_held" if held else "after_one_step"]
    assert f"L goes from {printed['L']:.8g} to {after['L']:.8g}: it helped." in page
    assert ("b^[1], b^[2] are held as they are." in page) == bool(held)
    assert ("b^[1] - 0.5 · ∂L/∂b^[1]" in page) == (not held)


def test_already_right_nothing_is_learnt() -> None:
    derivation = derived(CHAIN)
    numbers = worked(derivation, emitted(derivation), Example({"x": 0.0, "y": 0.0, "w": 3.0}))
    page = render(derivation, fmt="text", steps="short", worked=numbers)
    assert "L stays 0: there is nothing to learn here." in page


def test_text_of_many_numbers_fits_the_terminal() -> None:
    net = "from bpgen import *\nx, y = input(5), target(4)\nL = loss(squared_error(dense(x, 4, tanh), y))\n"
    derivation = derived(net)
    given = Example({"x": [0.123456] * 5, "y": [1, 0, 1, 0]})
    page = render(
        derivation,
        fmt="text",
        steps="short",
        worked=worked(derivation, emitted(derivation), given),
        digits=8,
    )
    assert max(map(columns, page.splitlines())) <= WIDEST


def test_the_full_page_has_them_too() -> None:
    derivation = derived(CHAIN)
    numbers = worked(derivation, emitted(derivation), Example({"x": 1.0, "y": 0.5, "w": 0.4}))
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    page = render(derivation, fmt="latex", worked=numbers)
    assert "A step of descent" in page
    assert prove_page(page, derivation.network, at=world).ok


def test_too_long_a_step_does_not_help() -> None:
    derivation = derived(CHAIN)
    values = {"x": 1.0, "y": 0.5, "w": 0.4}
    numbers = worked(derivation, emitted(derivation), Example(values, rate=40.0))
    assert numbers.values_after["L"] > numbers.values["L"]
    page = render(derivation, fmt="text", steps="short", worked=numbers)
    assert "it did not help: the step is too long." in page


def test_of_several_samples_no_number_stands_beside_an_equation_of_one() -> None:
    """What one sample gives is no part of the mean; the step, which is of the mean, is told."""
    derivation = derived(CHAIN)
    given = Example({"x": [1, 2], "y": [0, 1], "w": 0.5})
    numbers = worked(derivation, emitted(derivation), given)
    page = render(derivation, fmt="latex", steps="short", worked=numbers, lesson=sections)
    before, _, after = page.partition("A step of descent")
    assert r"\qquad" not in before
    assert "goes from" in after
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    assert prove_page(page, derivation.network, (0,), at=world).ok


def test_of_samples_that_meet_all_are_told() -> None:
    derivation = derived(NETS["batch_norm"])
    given = {t.name: t for t in derivation.network.tensors.values()}
    rng = np.random.default_rng(1)
    samples = {
        n: rng.uniform(0, 1, (3, *(i.size for i in t.indices[1:])))
        for n, t in given.items()
        if t.role in ("input", "target")
    }
    numbers = worked(derivation, emitted(derivation), Example(samples))
    page = render(derivation, fmt="latex", steps="short", worked=numbers, lesson=sections)
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    assert prove_page(page, derivation.network, (0,), at=world).ok


def test_the_spelling_that_is_differentiated_has_its_own_gradients() -> None:
    """Of s - z_y for -log p_y, p has no part: (x_0 - x_1)^2 is all that its gradient holds."""
    derivation = derived(NETS["two_gathers"])
    numbers = at_drawn(derivation)
    assert numbers is not None
    x = numbers.values["x"][0]
    assert numbers.slopes["p"][0] == pytest.approx([(x[0] - x[1]) ** 2, 0, 0])


def test_a_recurrence_has_as_many_numbers_as_steps() -> None:
    derivation = derived(NETS["past"])
    numbers = at_drawn(derivation)
    assert numbers is not None
    assert numbers.values["h"].shape == numbers.slopes["h"].shape == (1, 3)


def test_labels_matrices_and_tiny_numbers() -> None:
    derivation = derive(
        declared_by(
            "from bpgen import *\nx, k, y = input(2), label(3), target()\nW = param(3, 2)\n"
            "z = W @ x\nL = loss(1e-9 * z[k] * y)\n"
        )
    )
    given = Example({"x": [1, 2], "k": 2, "y": 5, "W": [[1, 0], [0, 1], [1, 1]]})
    page = render(
        derivation,
        fmt="text",
        steps="short",
        worked=worked(derivation, emitted(derivation), given),
    )
    assert "= (1, 2, 3)" in page
    assert "= 1.5 · 10⁻⁸" in page
    assert "(0, 0; 0, 0; 5 · 10⁻⁹, 1 · 10⁻⁸)" in page


def test_of_many_numbers_the_first_and_the_last_are_shown() -> None:
    net = "x, w = input(9), param(9)\nz = w * x\nL = loss(sum(z**2))\n"
    derivation = derived(f"from bpgen import *\n{net}")
    numbers = worked(derivation, emitted(derivation), Example({"x": list(range(9)), "w": [1] * 9}))
    page = render(derivation, fmt="latex", steps="short", worked=numbers)
    assert r"= (0, 1, 2, 3, \dots, 8)" in page
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    assert prove_page(page, derivation.network, at=world).ok
    wrong = page.replace(r"3, \dots, 8)", r"3, \dots, 7)", 1)
    assert not prove_page(wrong, derivation.network, at=world).ok


def test_beside_a_constant_the_loss_of_a_sample_has_factors_of_its_own():
    """dl/dv is of the sample's loss alone, whatever the mean over the batch adds to it."""
    net = """from bpgen import *
from sympy import Symbol
x, y = input(), target()
u = sqrt(1 + x**2)
w = sqrt(1 + sqrt(1 + u**2 + x**2)**2)
t = Symbol('t')
f = activation(t/(1 + t**2), t)
v = arctan(swiglu(f(w), u))
L = loss(sqrt(1 + (v - y)**2) - 1)
"""
    derivation = derived(net)
    numbers = worked(derivation, emitted(derivation), Example({"x": 0.5, "y": 1}))
    off = numbers.values["v"] - 1
    assert np.allclose(numbers.locals["v"], off / np.sqrt(1 + off**2), rtol=1e-12)
    assert np.allclose(numbers.slopes["v"], numbers.locals["v"], rtol=1e-12)

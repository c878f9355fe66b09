"""What a notebook shows of tensors, derivations and networks: one form of each."""

from __future__ import annotations

import html
import sys
from types import ModuleType

import pytest

from bpgen.declare.declaration import declaring
from bpgen.load import load
from tests.conftest import ROOT, of_example

CELLS = """
from bpgen import *
x, y = input(3), target(2)
W1, b1 = param(4, 3), param(4)
z1 = W1 @ x + b1
a1 = tanh(z1)
h = dense(a1, 2, sigmoid)
nameless = [z1 + 1]
L = loss(half_squared_error(h, y))
"""


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The variables of a notebook that ran these cells."""
    module = ModuleType("__main__")
    with declaring(""):
        exec(CELLS, module.__dict__)
    monkeypatch.setitem(sys.modules, "__main__", module)
    return module.__dict__


def shown(math: str) -> str:
    return f"$$\n\\begin{{aligned}}\n{math}\n\\end{{aligned}}\n$$"


def test_a_tensor_is_its_equation(cells):
    assert cells["z1"]._repr_latex_() == shown("z^{[1]} &= W^{[1]} x + b^{[1]}")
    assert cells["a1"]._repr_latex_() == shown(r"a^{[1]} &= \tanh(z^{[1]})")


def test_of_what_is_given_it_is_the_size(cells):
    assert cells["x"]._repr_latex_() == r"$\displaystyle x \in \mathbb{R}^{3}$"
    assert cells["W1"]._repr_latex_() == r"$\displaystyle W^{[1]} \in \mathbb{R}^{4 \times 3}$"


def test_the_loss_is_that_of_a_sample(cells):
    expected = shown(r"\ell &= \tfrac{1}{2} \, \lVert h - y \rVert^{2}")
    assert cells["L"]._repr_latex_() == expected


def test_the_loss_is_told_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compared within it is made no tensor of, whose equation the cell would not show."""
    cells = CELLS.replace("half_squared_error(h, y)", "(y[0] - h[0] - b1[0]) ** 2")
    module = ModuleType("__main__")
    with declaring(""):
        exec(cells, module.__dict__)
    monkeypatch.setitem(sys.modules, "__main__", module)
    for _ in range(2):
        told = module.L._repr_latex_()
        assert told == shown(r"\ell &= (y_{0} - b^{[1]}_{0} - h_{0})^{2}")


def test_what_has_no_name_is_not_told(cells):
    assert cells["nameless"][0]._repr_latex_() is None


def test_showing_changes_nothing_of_what_is_declared(cells):
    before = [(t.role, t.name) for t in cells["x"].home.tensors]
    cells["z1"]._repr_latex_()
    assert [(t.role, t.name) for t in cells["x"].home.tensors] == before
    assert cells["x"].home.loss is cells["L"]


def test_a_derivation_is_all_that_it_computes():
    told = of_example("toy_2_2_1")._repr_latex_()
    assert told.startswith("$$\n\\begin{aligned}\nz^{[1]} &= ") and r"\tag" not in told
    assert r"\delta^{[1]} &= (W^{[2]\top} \delta^{[2]})" in told


def test_a_network_is_its_page_in_a_frame():
    network = load(ROOT / "examples" / "linear_chain.py")
    told = network._repr_html_()
    assert told.startswith('<iframe sandbox="allow-scripts"') and told.endswith("</iframe>")
    inside = told.split('srcdoc="')[1].removesuffix('"></iframe>')
    assert '"' not in inside and html.unescape(inside).startswith("<!doctype html>")


def test_no_object_has_both():
    derivation = of_example("linear_chain")
    for thing in (derivation, derivation.network):
        assert hasattr(thing, "_repr_html_") != hasattr(thing, "_repr_latex_")

"""How names of net.py are printed."""

import pytest

from bpgen.check.page.proof import prove_page
from bpgen.derive import derive
from bpgen.load import declared_by
from bpgen.render import render
from bpgen.render.latex import LATEX
from bpgen.render.names import parse, symbols
from bpgen.render.text import TEXT

_PRINTED = [
    ("W1", "W^{[1]}", "W^[1]"),
    ("z12", "z^{[12]}", "z^[12]"),
    ("delta2", r"\delta^{[2]}", "δ^[2]"),
    ("lambda_", r"\lambda", "λ"),
    ("yhat", r"\hat{y}", "y\u0302"),
    ("y_hat2", r"\hat{y}^{[2]}", "y\u0302^[2]"),
    ("ell", r"\ell", "ℓ"),
    ("W_hh", r"W_{\mathrm{hh}}", "W_hh"),
    ("h1_prev", r"h^{[1]}_{\mathrm{prev}}", "h_prev^[1]"),
    ("amount", r"\mathrm{amount}", "amount"),
    ("two_words", r"\mathrm{two\_words}", "two_words"),
    ("θ", r"\theta", "θ"),
]


@pytest.mark.parametrize(("name", "latex", "text"), _PRINTED)
def test_names(name: str, latex: str, text: str) -> None:
    assert LATEX.symbol(parse(name), (), False) == latex
    assert TEXT.symbol(parse(name), (), False) == text


def test_two_names_are_never_printed_alike() -> None:
    named = symbols(["yhat", "y_hat", "x", "x_"])
    assert len(set(named.values())) == 4


def test_a_bar_is_the_upstream_gradients() -> None:
    """Beside the output p, p_bar is spelled; the reader of pages tells the two apart, too."""
    network = declared_by(
        "from bpgen import *\nx, p_bar = input(2), param(2)\np = p_bar * x\noutput(p)\n"
    )
    page = render(derive(network), fmt="latex", steps="short")
    assert r"\tfrac{\partial \ell}{\partial p} &= \bar{p}" in page
    assert page.count(r"\mathrm{p\_bar} \odot x") == 1
    assert not prove_page(page, network, (0,)).false

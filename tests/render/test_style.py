"""LaTeX that goes into a paper, and text that fits the terminal."""

from __future__ import annotations

import re
from itertools import product

import pytest

from bpgen import html
from bpgen.check.page.proof import prove_page
from bpgen.derive import derive
from bpgen.load import load
from bpgen.network.shrink import shrunk
from bpgen.render import render
from bpgen.render.lines import columns
from bpgen.render.style import WIDEST, Style, measure
from tests.conftest import ROOT, of_example
from tests.few import one_in
from tests.render.nets import FEW_OR_ALL, derived, printed

HARD = ("causal_blocks", "lstm", "attention", "max_pool")


def _latex(name: str, **style: object) -> str:
    return render(derived(name), fmt="latex", style=Style(**style))  # type: ignore[arg-type]


def _labels(page: str) -> list[str]:
    return re.findall(r"\\label\{(.*?)\}", page)


def test_equations_are_labelled_by_their_names_in_the_module() -> None:
    page = _latex("softmax", prefix="digits")
    assert {"eq:digits:z", "eq:digits:delta", "eq:digits:dW", "eq:digits:L"} <= {*_labels(page)}
    assert r"\tag{1} \label{eq:digits:z}" in page


@pytest.mark.parametrize("name", FEW_OR_ALL)
def test_every_number_has_one_label_and_every_reference_finds_it(name: str) -> None:
    page, own = _latex(name), _latex(name, counter=True)
    tags = re.findall(r"\\tag\{(.*?)\}", page)
    assert len(_labels(page)) == len({*_labels(page)}) == len({*tags})
    assert _labels(own) == _labels(page)
    assert {*re.findall(r"\\(?:eqref|ref)\{(.*?)\}", own)} <= {*_labels(own)}
    assert not re.search(r"\\tag\{\d|\(\d+[ab]?\)\}\{=\}|align\*", own)


@pytest.mark.parametrize("name", HARD)
def test_an_equation_of_the_batch_keeps_its_number(name: str) -> None:
    tags = re.findall(r"\\tag\{(.*?)\}", _latex(name))
    again = re.findall(r"\\tag\{\\ref\{(.*?)\}\}", _latex(name, counter=True))
    assert len(again) == len(tags) - len({*tags})


LAYERS = {
    "brackets": (r"z^{[1]} &= W^{[1]} x + b^{[1]}", "z^[1] = W^[1] x + b^[1]"),
    "parentheses": (r"z^{(1)} &= W^{(1)} x + b^{(1)}", "z⁽¹⁾ = W⁽¹⁾ x + b⁽¹⁾"),
    "plain": (r"z_{1} &= W_{1} x + b_{1}", "z₁ = W₁ x + b₁"),
}


@pytest.mark.parametrize("layers", LAYERS)
def test_layers_are_written_alike_in_every_format(layers: str) -> None:
    derivation, style = of_example("toy_2_2_1"), Style(layers=layers)
    pages = {
        f: render(derivation, fmt=f, style=style) for f in ("latex", "tex", "markdown", "text")
    }
    latex, text = LAYERS[layers]
    assert {
        f: (text if f == "text" else latex) in page for f, page in pages.items()
    } == dict.fromkeys(pages, True)


@pytest.mark.parametrize("layers", LAYERS)
def test_layers_are_written_so_in_the_browser_too(layers: str) -> None:
    derivation = of_example("toy_2_2_1")
    page = html.page(derivation, layers=layers)
    above = {way: latex.split(" ")[0] in page for way, (latex, _) in LAYERS.items()}
    assert above == {way: way == layers for way in LAYERS}


@pytest.mark.parametrize(
    ("layers", "notation"), one_in(9, [*product(LAYERS, ["matrix", "index", "components"])])
)
def test_the_reader_reads_each_way_to_write_layers(layers: str, notation: str) -> None:
    """Entry 1 of z beside a tensor z1 among them; and a wrong layer is refused."""
    derivation = derive(shrunk(load(ROOT / "examples" / "softmax_mlp.py")))
    page = render(
        derivation, fmt="latex", notation=notation, steps="short", style=Style(layers=layers)
    )
    assert prove_page(page, derivation.network, (0,)).ok
    right, wrong = {
        "brackets": ("W^{[2]", "W^{[1]"),
        "parentheses": ("W^{(2)", "W^{(1)"),
        "plain": ("W_{2", "W_{1"),
    }[layers]
    assert right in page
    assert not prove_page(page.replace(right, wrong, 3), derivation.network, (0,)).ok


def test_without_sections() -> None:
    page = _latex("softmax", sections=False)
    assert r"\section" not in page
    assert _labels(page) == _labels(_latex("softmax"))


def test_a_labelled_page_is_proved() -> None:
    assert prove_page(_latex("softmax", prefix="p"), derived("softmax").network).ok


@pytest.mark.parametrize("name", FEW_OR_ALL)
def test_text_is_no_wider_than_a_page(name: str) -> None:
    assert max(map(columns, printed(name).splitlines())) <= WIDEST


def test_text_is_as_wide_as_the_terminal() -> None:
    for name in ("bilinear", "attention", "layer_norm"):
        text = render(derived(name), fmt="text", style=Style(width=60))
        assert max(map(columns, text.splitlines())) <= 60


def test_what_is_broken_for_a_column_is_read_back() -> None:
    """A remark in words is broken between them, and what leads into a spelling has its width."""
    derivation = derived("binary")
    page = render(derivation, fmt="latex", steps="short", style=Style(measure=measure("3.5in")))
    end = "\\text{cancellation)}"
    assert f"\\text{{(this spelling avoids the logarithm of 0 and}} \\\\\n& \\quad {end}" in page
    assert prove_page(page, derivation.network).ok
    hidden = page.replace(end, "\\text{cancellation} z = 0")
    assert not prove_page(hidden, derivation.network).ok


def test_a_length_is_in_points() -> None:
    assert measure(None) == measure("345pt") == 345
    assert measure("3.5in") == pytest.approx(measure("88.9mm")) == pytest.approx(252.945)

"""LaTeX that goes into a paper, and text that fits the terminal."""

from __future__ import annotations

import re

import pytest

from bpgen.check.page.proof import prove_page
from bpgen.render import render
from bpgen.render.lines import columns
from bpgen.render.style import WIDEST, Style
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

"""The textbook's forms, and that every example prints in every format."""

import re
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from bpgen.errors import NetError
from bpgen.record import Derivation
from bpgen.render import render
from bpgen.render.displays import in_columns
from bpgen.render.lines import columns
from bpgen.render.page import Row
from tests.conftest import derived, of_example
from tests.few import few

_EXAMPLES = Path(__file__).parents[2] / "examples"
_NAMES = sorted(p.stem for p in _EXAMPLES.glob("*.py"))


@cache
def derivation(name: str) -> Derivation:
    return of_example(name)


def latex(name: str, notation: str = "matrix") -> str:
    return re.sub(r"\s+", " ", render(derivation(name), fmt="latex", notation=notation))


_FORMATS = tuple(product(("latex", "tex", "markdown", "text"), ("matrix", "index")))
_BUT_THE_LARGEST = few(_NAMES, lambda name: name != "gpt")
_EACH = {"multilabel"}  # in each format in the quick tests, too
_PAGES = few(
    [(name, *form) for name, form in product(_NAMES, _FORMATS)],
    lambda page: page[0] in _EACH or (page[0] != "gpt" and page[1:] == ("latex", "matrix")),
)


@pytest.mark.parametrize(("name", "fmt", "notation"), _PAGES)
def test_every_example_prints(name: str, fmt: str, notation: str) -> None:
    printed = render(derivation(name), fmt=fmt, notation=notation)
    found = derivation(name)
    for step in found.printed_steps[2:]:
        assert re.search(rf"\({step.number}b?\)|\\tag{{{step.number}b?}}", printed)


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.slow] * (n not in ("gate", "multilabel"))) for n in _NAMES],
)
def test_printed_again_it_is_the_same(name: str) -> None:
    for fmt, notation in _FORMATS:
        once, again = (render(derivation(name), fmt=fmt, notation=notation) for _ in range(2))
        assert once == again


_MATRIX = [
    ("toy_2_2_1", r"z^{[1]} &= W^{[1]} x + b^{[1]} \quad \in \mathbb{R}^{2} \tag{1}"),
    (
        "toy_2_2_1",
        r"\delta^{[2]} &= (a^{[2]} - y) \odot a^{[2]} \odot (1 - a^{[2]}) \quad \in \mathbb{R}^{1} \tag{7}",
    ),
    ("toy_2_2_1", r"\delta^{[1]} &= (W^{[2]\top} \delta^{[2]}) \odot a^{[1]} \odot (1 - a^{[1]})"),
    (
        "toy_2_2_1",
        r"\frac{\partial \ell}{\partial W^{[1]}} &= \delta^{[1]} x^{\top} \quad \in \mathbb{R}^{2 \times 2}",
    ),
    ("toy_2_2_1", r"\frac{\partial \ell}{\partial b^{[1]}} &= \delta^{[1]}"),
    ("toy_2_2_1", r"\frac{\partial \ell}{\partial x} &= W^{[1]\top} \delta^{[1]}"),
    ("toy_2_2_1", r"\ell &= \tfrac{1}{2} \, \lVert a^{[2]} - y \rVert^{2}"),
    (
        "toy_2_2_1",
        r"&= \sum_{j} \frac{\partial \ell}{\partial z^{[2]}_{j}} \, \frac{\partial z^{[2]}_{j}}{\partial a",
    ),
    (
        "toy_2_2_1",
        r"\text{since } \sigma'(z^{[1]}_{i}) = \sigma(z^{[1]}_{i})(1 - \sigma(z^{[1]}_{i})) = a^{[1]}_{i}(1",
    ),
    (
        "toy_2_2_1",
        r"\frac{\partial L}{\partial W^{[1]}} &= \sum_{n} \delta^{[1]}_{n} x^{\top}_{n} \tag{12}",
    ),
    ("softmax_mlp", r"\delta^{[3]} &= p - e_{y}"),
    ("softmax_mlp", r"\frac{\partial L}{\partial p} &= -\frac{1}{p_{y}} \, e_{y}"),
    ("softmax_mlp", r"\delta^{[3]}_{n} &= \frac{1}{N}(p_{n} - e_{y_{n}})"),
    ("softmax_mlp", r"= \delta^{[3]} h^{\top} + 0.02 W^{[3]}"),
    ("softmax_mlp", r"\lVert W^{[1]} \rVert_F^{2}"),
    ("multilabel", r"\delta^{[2]} &= a^{[2]} - y"),
    ("multilabel", r"\zeta(z) = \log(1 + e^{z})"),
    ("multilabel", r"\text{since } \log(1 - a^{[2]}_{i}) = -\zeta(z^{[2]}_{i})"),
    ("softmax_regression", r"\delta &= p - y"),
    ("softmax_regression", r"\sum_{j} y_{j} = 1"),
    ("gate", r"\bar{h} \odot g"),
]


@pytest.mark.parametrize(("name", "form"), _MATRIX)
def test_textbook_forms(name: str, form: str) -> None:
    assert form in latex(name)


def test_index_notation() -> None:
    printed = latex("toy_2_2_1", "index")
    assert r"\sum_{j} W^{[1]}_{ij} x_{j} + b^{[1]}_{i}" in printed
    assert r"a^{[1]}_{i}(1 - a^{[1]}_{i}) \, \sum_{j} W^{[2]}_{ji} \delta^{[2]}_{j}" in printed
    assert r"p_{i} - \mathbf{1}[i = y]" in latex("softmax_mlp", "index")


def test_components_count_from_one() -> None:
    printed = latex("toy_2_2_1", "components")
    assert r"z^{[1]}_{2} &= W^{[1]}_{21} x_{1} + W^{[1]}_{22} x_{2} + b^{[1]}_{2}" in printed
    assert r"\frac{\partial \ell}{\partial W^{[1]}_{21}} &= \delta^{[1]}_{2} x_{1}" in printed
    sums = latex("multilabel", "components")
    inner = r"(W^{[2]}_{12} \delta^{[2]}_{1} + W^{[2]}_{22} \delta^{[2]}_{2})"
    assert rf"\delta^{{[1]}}_{{2}} &= {inner} a^{{[1]}}_{{2}}(1 - a^{{[1]}}_{{2}})" in sums


def test_components_of_a_large_network_are_refused() -> None:
    with pytest.raises(NetError, match="too large"):
        render(derivation("softmax_mlp"), fmt="text", notation="components")


@pytest.mark.parametrize("name", _BUT_THE_LARGEST)
def test_markdown_is_safe_for_katex(name: str) -> None:
    printed = render(derivation(name), fmt="markdown")
    assert not re.search(r"\\(intertext|label|DeclareMathOperator)", printed)
    assert all(display.count(r"\tag") <= 1 for display in printed.split("$$")[1::2])


@pytest.mark.parametrize("name", _BUT_THE_LARGEST)
def test_text_fits_the_terminal(name: str) -> None:
    lines = render(derivation(name), fmt="text").splitlines()
    assert not [line for line in lines[2:] if columns(line) > 98]


_OF_MARKDOWN = re.compile(r"\\[^\w\s]|_(?! )")


@pytest.mark.slow
def test_no_formula_in_a_sentence_reads_as_markdown() -> None:
    r"""Where a site takes \{ for an escaped brace, or }_{ for an emphasis, first of all."""
    seen = 0
    for name in _NAMES:
        page = render(derivation(name), fmt="markdown", steps="short")
        words = "\n".join(page.split("$$")[::2]).split("\n", 1)[1]
        formulas = words.split("$")[1::2]
        seen += len(formulas)
        assert [f for f in formulas if _OF_MARKDOWN.search(f) or f != f.strip()] == []
    assert seen > 100


@pytest.mark.parametrize("name", ["softmax_mlp", "digits_conv", "lstm"])
def test_a_document_has_two_columns_where_half_the_page_is_wide_enough(name: str) -> None:
    """And one where it is not: they begin and end in turns, and hold every equation once."""
    document = render(derivation(name), fmt="tex", steps="short")
    body = render(derivation(name), fmt="latex", steps="short")
    turns = re.findall(r"\\(begin|end)\{multicols\}", document)
    assert turns == ["begin", "end"] * (len(turns) // 2) != []
    assert re.findall(r"\\tag\{(.*?)\}", document) == re.findall(r"\\tag\{(.*?)\}", body)


_SHORT = Row("a", ("b + c",))
_HIGH = Row("z", ("x_{1} x_{2} x_{3} x_{4}", *(f"+ x_{{{k}}} x_{{1}} x_{{2}}" for k in range(40))))


def _turns(*displays: tuple[Row, ...]) -> list[list[tuple[bool, int]]]:
    """Of each display whether in columns, and how many rows."""
    return [[(narrow, len(rows)) for narrow, rows in runs] for runs in in_columns(displays)]


def test_what_is_high_has_the_width_of_the_page() -> None:
    """A column could neither hold it whole at the end of a page nor be balanced by it."""
    assert _turns((_SHORT,) * 6) == [[(True, 6)]]
    assert _turns((*(_SHORT,) * 6, _HIGH)) == [[(True, 6), (False, 1)]]


def test_columns_are_worth_it() -> None:
    """A few rows stand where the wide ones do; those of displays side by side are counted once."""
    assert _turns((_SHORT,) * 3, (_HIGH, *(_SHORT,) * 5)) == [[(False, 3)], [(False, 6)]]
    assert _turns((_SHORT,) * 3, (_SHORT,) * 3) == [[(True, 3)], [(True, 3)]]


@pytest.mark.parametrize(
    ("said", "heading"), [("A line.", "A line"), ("A line ...", "A line ..."), (".", "net")]
)
def test_a_title_has_no_full_stop(said: str, heading: str) -> None:
    net = f'"""{said}"""\nfrom bpgen import *\nx, w = input(), param()\nL = loss((w * x) ** 2)\n'
    assert render(derived(net), fmt="text").startswith(f"{heading}\n{'═' * len(heading)}\n")

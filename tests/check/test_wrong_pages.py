"""A page that is wrong in one place is refused."""

from __future__ import annotations

import numpy as np
import pytest

from bpgen.check.page.proof import prove_page
from bpgen.check.page.proof.comparison import differ
from bpgen.derive import derive
from bpgen.load import declared_by
from bpgen.network import build
from bpgen.render import render
from tests.check.proved_pages import MORE, derived_page, page_of
from tests.conftest import derived
from tests.few import few, one_in

# (kind, network, notation, what is printed, what is wrong): the first place that reads so.
_D2 = r"\delta^{[2]}"
WRONG = [
    ("sign", "classifier", "matrix", r"\delta^{[2]} &= p - e_{y}", r"\delta^{[2]} &= p + e_{y}"),
    ("sign", "classifier", "matrix", r"= -\frac{1}{p_{y}}", r"= \frac{1}{p_{y}}"),
    ("sign", "classifier", "index", r"\ell &= -\log p_{y}", r"\ell &= \log p_{y}"),
    ("sign", "max_pool", "index", "(m_{ij} - t_{ij})", "(m_{ij} + t_{ij})"),
    ("transpose", "classifier", "matrix", r"a^{[1]\top} + 0.02", "a^{[1]} + 0.02"),
    ("transpose", "classifier", "matrix", r"= W^{[2]\top} \delta", r"= W^{[2]} \delta"),
    ("transpose", "classifier", "matrix", r"\delta^{[1]} x^{\top}", r"\delta^{[1]} x"),
    ("index", "classifier", "index", "W^{[2]}_{ji} \\delta", "W^{[2]}_{ij} \\delta"),
    ("index", "lstm", "index", r"U_{kj} h_{t-1,j}", r"U_{jk} h_{t-1,j}"),
    ("index", "lstm", "index", r"\delta_{ti} x_{tj}", r"\delta_{tj} x_{ti}"),
    ("index", "classifier", "matrix", r"\delta^{[2]}_{i} a^{[1]}_{j}", _D2 + "_{j} a^{[1]}_{j}"),
    ("missing term", "classifier", "matrix", " + 0.02 W^{[2]}_{ij} \\\\", " \\\\"),
    ("missing term", "classifier", "matrix", r" x + b^{[1]}", " x"),
    (
        "missing term",
        "lstm",
        "index",
        r" + \frac{1}{T} \, \frac{\partial \ell}{\partial q_{i}}",
        "",
    ),
    ("layer", "classifier", "matrix", r"W^{[2]} a^{[1]}", r"W^{[1]} a^{[1]}"),
    ("layer", "classifier", "matrix", r"b^{[2]}} &= \delta^{[2]} ", r"b^{[2]}} &= \delta^{[1]} "),
    ("layer", "classifier", "components", r"= \delta^{[2]}_{1} a", r"= \delta^{[1]}_{1} a"),
    ("lost superscript", "lstm", "index", r"h_{-1,i} &= h^{[0]}_{i}", "h_{-1,i} &= h_{i}"),
    ("lost superscript", "classifier", "matrix", r"\sigma(z^{[1]})", r"\sigma(z)"),
    ("missing factor", "classifier", "matrix", r" \odot (1 - a^{[1]})", ""),
    ("missing factor", "lstm", "index", r"(1 - \tanh(c_{ti})^{2})", ""),
    ("missing factor", "max_pool", "index", r" \, \frac{\partial m_{cp}}{\partial a_{ck}}", ""),
    ("sum for mean", "classifier", "matrix", r"L &= \frac{1}{N} \, \sum", r"L &= \sum"),
    ("sum for mean", "lstm", "index", r"q_{i} &= \frac{1}{T} \, \sum", r"q_{i} &= \sum"),
    ("sum for mean", "classifier", "matrix", r"\frac{1}{N}(p_{n}", "(p_{n}"),
    ("step", "lstm", "index", r"U_{kj} h_{t-1,j}", r"U_{kj} h_{tj}"),
    ("step", "lstm", "index", r"U_{ki} \delta_{t+1,k}", r"U_{ki} \delta_{tk}"),
    ("step", "lstm", "index", r"\sigma(z_{t+1,i+2})", r"\sigma(z_{t,i+2})"),
    ("class", "classifier", "matrix", r"&= p - e_{y}", r"&= p - e_{x}"),
    ("words", "softmax", "matrix", "avoids the logarithm of 0)", "avoids the logarithm of 1)"),
    ("words", "softmax", "matrix", "(this spelling avoids", "(this spelling hardly avoids"),
    ("words", "softmax", "matrix", "the logarithm of 0)}", "the logarithm of 0}"),
    (
        "words",
        "softmax",
        "matrix",
        r"\text{(this",
        r"\text{since }\text{they say so} \quad \text{(this",
    ),
    ("words", "padded_pool", "matrix", r"\text{; 0 elsewhere}", r"\text{; 1 elsewhere}"),
    ("class", "classifier", "index", r"p_{i} - \mathbf{1}[i = y]", r"p_{i} - \mathbf{1}[i = 0]"),
    ("class", "classifier", "matrix", r"e_{y_{n}}", "e_{y}"),
    ("condition", "lstm", "index", r" \quad \text{for }i<2", ""),
    ("condition", "max_pool", "index", r" \\ 2p+r=k", ""),
    ("condition", "max_pool", "index", r" \, \mathbf{1}[a_{c,2p+r}\text{ gives }m_{cp}]", ""),
    ("swap", "classifier", "matrix", r"W^{[2]\top} \delta^{[2]}", _D2 + r" W^{[2]\top}"),
    ("swap", "classifier", "matrix", r"\delta^{[2]} a^{[1]\top}", r"a^{[1]\top} \delta^{[2]}"),
    ("exponent", "classifier", "matrix", r"W^{[1]} \rVert_F^{2}", r"W^{[1]} \rVert_F^{3}"),
    ("exponent", "lstm", "index", r"\tanh(c_{ti})^{2}", r"\tanh(c_{ti})^{3}"),
    ("exponent", "max_pool", "index", r"t_{ij})^{2}", "t_{ij})"),
    ("constant", "classifier", "matrix", "0.02", "0.01"),
    ("constant", "max_pool", "index", r"&= 2 m_{cp}", r"&= m_{cp}"),
    ("constant", "classifier", "index", r"a^{[1]}_{i}(1 - a", r"a^{[1]}_{i}(2 - a"),
    ("end of a loop", "lstm", "index", r"$t = 0, \dots, T-1$", r"$t = 0, \dots, T$"),
    ("end of a loop", "lstm", "index", r"T-1, \dots, 0", r"T-1, \dots, 1"),
    ("end of a loop", "residual", "index", r"\dots, 2$", r"\dots, 3$"),
    ("function", "classifier", "matrix", r"= \log \sum", r"= \exp \sum"),
    ("function", "classifier", "matrix", r"\sigma'(", r"\sigma("),
    ("function", "classifier", "matrix", r"\frac{1}{1 + \exp(-z)}", r"\frac{1}{1 + \exp(z)}"),
    ("lost sum", "classifier", "matrix", r"&= \sum_{j} W", "&= W"),
    ("lost sum", "classifier", "matrix", r"&= \sum_{n} \delta", r"&= \delta"),
    ("number", "classifier", "matrix", r"\overset{(8)}", r"\overset{(9)}"),
    ("composed", "classifier", "matrix", "p_{i} - p_{i} p_{j}", "p_{i} - p_{j}"),
    (
        "composed",
        "a log-sum-exp with a name",
        "index",
        r"\frac{\partial^{+} p_{i}}{\partial z_{i}} = p_{i}",
        r"\frac{\partial^{+} p_{i}}{\partial z_{i}} = p_{i} - p_{i}^{2}",
    ),
    (
        "immediate",
        "a log-sum-exp with a name",
        "index",
        r"\frac{\partial^{+} p_{i}}{\partial z_{i}} = p_{i}",
        r"\frac{\partial p_{i}}{\partial z_{i}} = p_{i}",
    ),
    ("definition", "classifier", "matrix", r"\exp(z^{[2]}_{i})", r"\exp(2 z^{[2]}_{i})"),
    ("shape", "classifier", "matrix", r"\mathbb{R}^{3 \times 2}", r"\mathbb{R}^{2 \times 3}"),
    ("elsewhere", "padded", "index", "y_{i+1} &= x_{i}", "y_{i} &= x_{i}"),
    ("immediate", "lstm", "index", r"\partial^{+} q_{i}", r"\partial q_{i}"),
    ("range", "sums over parts of an axis", "index", r"j<2 \\ j=i", r"j<3 \\ j=i"),
    ("range", "samples that nothing shows", "index", "m<N", "m<3"),
    ("elsewhere", "a parameter written at places", "index", "w_{2k+p,k+p}} &", "w_{2k+p,k}} &"),
    (
        "immediate",
        "two steps of a recurrence at once",
        "index",
        r"\frac{\partial^{+} u^{[1]}_{ir}}{\partial h_{tk}} = ",
        r"\frac{\partial u^{[1]}_{ir}}{\partial h_{tk}} = ",
    ),
    (
        "spelling",
        "a logarithm in a product, by its entries",
        "matrix",
        r"as }-\sum_{k} v_{ki} \zeta(z^{[1]}_{kj})",
        r"as }-\sum_{k} v_{ki} \zeta(z^{[1]}_{jk})",
    ),
    ("first", "the first of equals", "components", "(h_{1}, h_{2}, h", "(h_{2}, h_{1}, h"),
    ("first", "equals, the last of them first", "index", r"i<3} h_{2-i}", r"i<3} h_{i}"),
    ("first", "equal steps before the first", "index", "h_{j-1,2-q}", "h_{j-1,q}"),
    ("first", "equals of several indices", "index", "{p,j ", "{j,p "),
    ("first", "equal products in another order", "index", "at }(j,i)", "at }(i,j)"),
    ("largest", "the largest of products", "index", "0.7 w_{i} x_{tj}", "0.8 w_{i} x_{tj}"),
    (
        "step",
        "one step",
        "index",
        r"t+1}}{\partial h_{ti}} = U",
        r"t+2}}{\partial h_{ti}} = U",
    ),
    (
        "parentheses",
        "an exponential less 1, subtracted",
        "matrix",
        r" - \left(e^{-\frac{1}{2} \, x^{2}} - 1\right)",
        r" - e^{-\frac{1}{2} \, x^{2}} - 1",
    ),
    ("lost sum", "a number of each sample, summed", "matrix", r"\sum_{n,k}", r"\sum_{n}"),
    ("index", "an index of two digits", "matrix", "x_{t_{10},y", "x_{y"),
    ("sign", "a loss of a number", "matrix", "= -y^{[2]}", "= y^{[2]}"),
    (
        "function",
        "a reason beside a sum",
        "index",
        r"+ w_{0,i+p} x_{i} \cos",
        r"- w_{0,i+p} x_{i} \cos",
    ),
    ("parentheses", "max_pool", "index", "(m_{ij} - t_{ij})^{2}", "m_{ij} - t_{ij}^{2}"),
    (
        "another spelling",
        "another spelling of each block",
        "matrix",
        r"as }z^{(l-1)} - \zeta",
        r"as }z^{(l-1)} - 2 \zeta",
    ),
    (
        "another spelling",
        "another spelling of a start",
        "index",
        r"as }\operatorname{relu}(-(",
        r"as }\operatorname{relu}(-2(",
    ),
    (
        "another spelling",
        "another spelling over the batch",
        "matrix",
        r"as }\exp(x_{n} - s",
        r"as }\exp(-x_{n} - s",
    ),
    ("index", "the diagonal of all pairs", "matrix", r"\mathbf{1}[m = n]", r"\mathbf{1}[m = m]"),
    (
        "index",
        "indices with numbers of their own",
        "index",
        r"w_{i_{0},\mathrm{row}_{1}} \, x_{\mathrm{row}_{1}}",
        r"w_{i_{0},\mathrm{row}_{1}} \, x_{i_{0}}",
    ),
    *(
        (
            "condition",
            "the largest so far",
            "index",
            r"first } k\text{ with } k\le t",
            f"first }} k{wrong}",
        )
        for wrong in ("", r"\text{ with } k<t", r"\text{ with } k\ge t", r"\text{ with } k\le 0")
    ),
    ("missing term", "a softmax of an output", "index", r"&= \bar{z}_{i} + p", "&= p"),
    (
        "missing term",
        "a softmax of the last step",
        "index",
        r"\mathbf{1}[j = i] \, p^{[2]}_{i} - p^{[2]}_{i} p^{[2]}_{j}",
        r"\mathbf{1}[j = i] \, p^{[2]}_{i}",
    ),
    ("unreadable", "max_pool", "index", r"w_{c} x_{ck}", r"w_{c} \star x_{ck}"),
]


FIRST = [*{kind: case for kind, *case in reversed(WRONG)}.values()]  # of each kind


@pytest.mark.parametrize(
    ("net", "notation", "right", "wrong"),
    few([w[1:] for w in WRONG], lambda case: [*case] in FIRST[::6]),
    ids=[w[0] for w in WRONG],
)
def test_a_wrong_page_is_refused(net: str, notation: str, right: str, wrong: str) -> None:
    page = page_of(net, notation)
    assert right in page
    network, false = derived_page(net).network, page.replace(right, wrong, 1)
    assert any(not prove_page(false, network, (seed,)).ok for seed in (0, 1))


@pytest.mark.parametrize(
    ("right", "wrong"),
    one_in(
        2,
        [
            (r"W^{[2]} \in \mathbb{R}^{3 \times 2}", r"W^{[2]} \in \mathbb{R}^{2 \times 3}"),
            (r"$x$, $b^{[1]}$", r"$x$, $b^{[2]}$"),
            (r"a^{[1]} \in \mathbb{R}^{2}", r"a^{[2]} \in \mathbb{R}^{2}"),
            (r"y \in \{0, 1, 2\}", r"y \in \{0, \dots, 3\}"),
            (r"y \in \{0, 1, 2\}", r"y \in \{1, 2, 3\}"),
            (r"y \in \{0, 1, 2\}", r"y \in \{0, 2\}"),
            (r"y \in \{0, 1, 2\}", r"y \in \{0, 1\}"),
            (r"y \in \{0, 1, 2\}", r"y \in \{0, 1, , 2\}"),
            (r"with respect to $z^{[2]}$, $z^{[1]}$", r"with respect to $z^{[1]}$, $z^{[2]}$"),
        ],
    ),
)
def test_a_wrong_sentence_is_refused(right: str, wrong: str) -> None:
    page = render(derived_page("classifier"), fmt="latex", steps="short")
    assert right in page
    assert prove_page(page, derived_page("classifier").network, (0,)).ok
    assert not prove_page(page.replace(right, wrong, 1), derived_page("classifier").network).ok


def test_wrong_pages_are_of_many_kinds() -> None:
    assert len(WRONG) >= 40
    assert len({kind for kind, *_ in WRONG}) >= 15


def test_a_false_line_is_told_with_both_its_values() -> None:
    page = page_of("classifier", "matrix").replace("0.02 W^{[2]} ", "0.01 W^{[2]} ", 1)
    (line,) = prove_page(page, derived_page("classifier").network).false
    assert "0.01 W^{[2]}" in line.line
    assert " is not " in line.reason
    assert not line.unread


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (r"\sin(u_{i})", r"(\sin(u_{i}) + 0.0001)"),
        (r"\cos(u_{i})", r"(\cos(u_{i}) + 0.0001)"),
    ],
)
def test_what_roundings_might_make_of_a_large_number_is_no_excuse(right: str, wrong: str) -> None:
    """The sines are of numbers around 1e10, of which float64 knows six digits after the point."""
    derivation = derived(MORE["a sine of what is large"])
    page = render(derivation, fmt="latex", notation="index")
    assert right in page
    assert not prove_page(page.replace(right, wrong), derivation.network, (0,)).ok


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (1.0, np.inf, "1 is not inf"),
        (np.inf, 1.0, "inf is not 1"),
        (-np.inf, np.inf, "-inf is not inf"),
        (np.inf, np.inf, ""),
        (1e74, np.inf, ""),  # the slope of a root at 0, by a complex step
        (-1e74, np.inf, "-1e+74 is not inf"),
        (0.0, np.inf, ""),  # by convention 0 is taken where a slope has no end
        (1.0, np.nan, "it reads what is not there"),
    ],
)
def test_nothing_is_near_infinity(one: float, other: float, said: str) -> None:
    assert differ(np.full((1, 1), one), np.full((1, 1), other), 1e-9) == said


def test_a_gradient_of_what_a_mask_leaves_out_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """bpgen refuses such an output, as it says of masked(z, keep) that it varies as z does: a page
    of one is false where the mask is 0.
    """
    monkeypatch.setattr(build, "refuse_lowest", lambda *_: None)
    network = declared_by(
        "from bpgen import *\nx, k, w = input(3), input(3), param(3)\noutput(masked(w * x, k))\n"
    )
    report = prove_page(render(derive(network), fmt="latex"), network)
    assert any(r"\bar{u}^{[1]} \odot x" in line.line and not line.unread for line in report.false)

"""Claims as they are written on paper: layers above and below, letters for places, chains of sides,
the lines that bpgen prints itself.
"""

from __future__ import annotations

import re
from itertools import product

import pytest

from bpgen.check.claims.grid import NoGrid
from bpgen.commands.claims import court_of
from bpgen.derive import derive
from bpgen.errors import NetError
from bpgen.load import declared_by
from bpgen.render import render
from bpgen.render.style import Style
from tests.check.claimed import CLASSIFIER, CONVOLUTION, RECURRENT, TOY, TWO, answer
from tests.few import one_in

LETTERED = [
    (CONVOLUTION, "dK[o, u] = sum(delta[o, p] * x[p + u], p)"),
    (CONVOLUTION, "dK[o, u] = sum(delta[o, p] * x[p], p)"),
    (CONVOLUTION, "dK[o, u] = sum(delta[o, p] * x[p + 2*u], p)"),  # beyond the end
    (RECURRENT, "dU[i, j] = sum(dh[t, i] * (1 - h[t, i]**2) * h[t - 1, j], t)"),
    (RECURRENT, "dU[i, j] = sum(dh[t + 1, i] * (1 - h[t, i]**2) * h[t, j], t)"),
    (RECURRENT, "h[t, i] = tanh(sum(W[i, j] * x[t, j], j) + sum(U[i, j] * h[t - 1, j], j))"),
    (TOY, "delta1[i] = sum(W2[j, i] * delta2[j], j) * a1[i] * (1 - a1[i])"),
    (TOY, "delta1[i] = sum(W2[j, i] * delta2[j], j) * a1[i] ** i"),
    (
        TOY,
        "delta1[i] = delta2[0] * W2[0, i] * sigmoid(z1[i]) * sigmoid(-z1[i]) * (1 + i) / (i + 1)",
    ),
    (TOY, "delta1[i] = mean(W2[j, i] * delta2[j] * np.exp(b2[j]), j) / (i + 1)"),
    (TOY, "dW2[i, j] = sum(delta2[n, i] * a1[n, j], n)"),
    (CLASSIFIER, "delta1[i] = sum(delta2[j] * W2[j, i], j) * (z1[i] > 0)"),
    (CLASSIFIER, "delta1[i] = sum(delta2[j] * W2[j, i], j) * relu_prime(z1[i])"),
    (CLASSIFIER, "dW2[i, j] = delta2[i] * sum(W1[j, i] * x[i], i)"),
]


@pytest.mark.parametrize(("net", "claim"), one_in(4, LETTERED))
def test_all_places_at_once_are_each_place(
    net: str, claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is computed of a line in index letters is what each place of them gives."""

    def answers() -> list[str]:
        try:
            return [str(a) for a in court_of(declared_by(net)).answers(claim)]
        except NetError as error:
            return [str(error)]

    def none(*_: object) -> None:
        raise NoGrid

    found = answers()
    monkeypatch.setattr("bpgen.check.claims.evaluate.at_once", none)
    assert answers() == found


PAPER = [
    (TOY, r"\delta_1 = (W_2^T \delta_2) \odot a_1 \odot (1 - a_1)"),
    (TOY, r"\delta_{1} = (W_{2}^{\top} \delta_{2}) \odot a_{1} \odot (1 - a_{1})"),
    (TOY, r"\delta^{(1)} = (W^{(2)\top} \delta^{(2)}) \odot a^{(1)} \odot (1 - a^{(1)})"),
    (TOY, r"\delta_{1,i} = a_{1,i} (1 - a_{1,i}) \sum_j W_{2,ji} \delta_{2,j}"),
    (TOY, r"\frac{\partial L}{\partial W_{1,ij}} = \delta_{1,i} x_j"),
    (TOY, r"\frac{dL}{dW_1} = \delta_1 x^\mathsf{T}"),
    (TOY, r"\partial L/\partial W_1 = \delta_1 x^T"),
    (TOY, r"\delta_1 = {W_2}^T \delta_2 \odot a_1 \odot (1 - a_1)"),
    (TOY, r"\nabla_{W_1} L = \delta_1 x^T"),
    (TOY, r"\nabla_{W^{[1]}} \mathcal{L} = \delta^{[1]} x^\top"),
    (TOY, "dL/dW1 = delta1 x^T"),
    (TOY, "dL/dW_1 = delta_1 x^T"),
    (TOY, "z_1 = W_1 x + b_1"),
    (TOY, "δ_1 = (W_2^T δ_2) * a_1 * (1 - a_1)"),
    (TOY, "L = 1/2 sum((a2 - y)^2)"),
    (CLASSIFIER, r"\delta_2 = p - e_y"),
    (CLASSIFIER, r"\delta_2 = \frac{\partial L}{\partial z_2} = p - e_y"),
]


@pytest.mark.parametrize(("net", "claim"), one_in(2, PAPER), ids=[c for _, c in PAPER])
def test_layers_and_products_as_on_paper(net: str, claim: str) -> None:
    found = answer(net, claim)
    assert (found.right, found.verdict.exact, found.reason) == (True, True, "")


@pytest.mark.parametrize(
    ("source", "layers"),
    one_in(9, [*product([TOY, CLASSIFIER, TWO], ["brackets", "parentheses", "plain"])]),
)
def test_what_derive_prints_is_true_however_layers_are_written(source: str, layers: str) -> None:
    page = render(
        derive(declared_by(source)), fmt="latex", steps="short", style=Style(layers=layers)
    )
    told = page.partition("\\section{Over the batch}")[0]
    rows = re.findall(r"^.*&=.*\\tag.*$", told, re.MULTILINE)
    assert len(rows) > 4
    assert [r for r in rows if not answer(source, r).right] == []


def test_the_same_line_of_a_wrong_sign_is_not_equal() -> None:
    for net, claim in PAPER:
        left, _, right = claim.partition("=")
        assert not answer(net, f"{left} = -({right.rpartition('=')[2]})").right


def test_a_number_below_is_a_layer_or_an_index() -> None:
    layer, entry = ", where a number below is a layer", ", where it is an index"
    assert answer(TWO, r"a^{[1]} = W x + a").verdict.reading.words == "of one sample"
    slope = r"\frac{\partial L}{\partial a_1} = 2 (a^{[1]}_1 - y_1)"
    assert answer(TWO, slope).verdict.reading.words == "of one sample"
    for claim, said in (
        (r"\frac{\partial L}{\partial a_1} = 2 (a_1 - y)", layer),
        (r"a_1 = W x + \frac{1}{2} (a + a)", layer),
        (r"\frac{\partial L}{\partial a_1} = 2 (\sum_j W_{1j} x_j + a_1 - y_1)", entry),
    ):
        found = answer(TWO, claim)
        assert (found.right, found.verdict.reading.words) == (True, "of one sample" + said)
    assert not answer(TWO, r"\frac{\partial L}{\partial a_1} = a_1 - y").right


def test_every_side_of_a_chain_is_judged() -> None:
    assert answer(CLASSIFIER, r"\delta^{[2]} = \frac{\partial L}{\partial z^{[2]}} = p - e_y").right
    assert not answer(CLASSIFIER, r"\delta^{[2]} = 7 = p - e_y").right
    assert not answer(CLASSIFIER, r"\delta^{[2]} = e_y - p = p - e_y").right


def test_numbers_beside_letters_may_count_from_one() -> None:
    line = r"\delta^{[1]}_i = (W^{[2]}_{%di} \delta^{[2]}_%d + W^{[2]}_{%di} \delta^{[2]}_%d)"
    two = TOY.replace("param(1, 2), param(1)", "param(2, 2), param(2)").replace(
        "target(1)", "target(2)"
    )
    line += r" a^{[1]}_i (1 - a^{[1]}_i)"
    assert answer(two, line % (0, 0, 1, 1)).right
    found = answer(two, line % (1, 1, 2, 2))
    assert found.right
    assert not answer(two, line % (1, 1, 1, 1)).right


# in the notation of the claim, and what is right in it

RELU = """from bpgen import *
x, y = input(3), target(2)
W1, b1, W2, b2 = param(4, 3), param(4), param(2, 4), param(2)
z1 = W1 @ x + b1
a1 = tanh(z1)
z2 = W2 @ a1 + b2
a2 = relu(z2)
L = loss(half_squared_error(a2, y))
"""
_BACK = r"(W^{[2]\top} \delta^{[2]}) \odot "
ON_PAPER = [
    rf"\delta^{{[1]}} = {_BACK} (1 - \tanh^2(z^{{[1]}}))",
    rf"\delta^{{[1]}} = {_BACK} \left(1 - \tanh^{{2}}\left(z^{{[1]}}\right)\right)",
    r"\delta^{[1]}_i = (1 - \tanh^2 z^{[1]}_i) \sum_k W^{[2]}_{ki} \delta^{[2]}_k",
    r"a^{[2]}_i = \begin{cases} z^{[2]}_i & z^{[2]}_i > 0 \\ 0 & \text{otherwise} \end{cases}",
    r"a^{[2]}_i = \begin{cases} z^{[2]}_i, & \text{if } z^{[2]}_i \geq 0 \\ 0, & \text{else.} \end{cases}",
    r"\delta^{[2]}_i = \begin{cases} a^{[2]}_i - y_i & z^{[2]}_i > 0 \\ 0 & z^{[2]}_i \leq 0 \end{cases}",
    r"\delta^{[2]}_i = \begin{cases} 0 & 0 \ge z^{[2]}_i \\ a^{[2]}_i - y_i & z^{[2]}_i > 0 \end{cases}",
    r"\partial z^{[2]}_i / \partial a^{[1]}_j = W^{[2]}_{ij}",
    r"\frac{\partial a^{[1]}_i}{\partial z^{[1]}_j} = \delta_{ij} (1 - (a^{[1]}_i)^2)",
    r"\frac{\partial a^{[1]}_i}{\partial z^{[1]}_j} = (1 - \tanh^2(z^{[1]}_i)) \mathbf{1}[i = j]",
    r"\frac{\partial z^{[2]}_i}{\partial z^{[1]}_j} = W^{[2]}_{ij} (1 - (a^{[1]}_j)^2)",
]


@pytest.mark.parametrize("claim", ON_PAPER)
def test_right_as_on_paper(claim: str) -> None:
    assert answer(RELU, claim).right


@pytest.mark.parametrize(
    ("claim", "reason"),
    one_in(
        2,
        [
            (
                rf"\delta^{{[1]}} = {_BACK} (1 + \tanh^2(z^{{[1]}}))",
                r"a sign: 1 - \tanh(z^{[1]})^{2} belongs where 1 + \tanh(z^{[1]})^{2} stands",
            ),
            (
                r"\delta^{[2]}_i = \begin{cases} y_i - a^{[2]}_i & z^{[2]}_i > 0 \\ 0 & \text{otherwise}"
                r" \end{cases}",
                r"a sign: a^{[2]}_{i} - y_{i} belongs where y_{i} - a^{[2]}_{i} stands",
            ),
            (
                r"\partial z^{[2]}_i / \partial a^{[1]}_j = W^{[2]}_{ji}",
                r"an index: W^{[2]}_{ij} belongs where W^{[2]}_{ji} stands",
            ),
            (
                r"\partial z^{[2]}_i / \partial a^{[1]}_j = -W^{[2]}_{ij}",
                "a sign: all of it is to be negated",
            ),
            (
                r"\frac{\partial L}{\partial W^{[2]}} = a^{[1]} \delta^{[2]\top}",
                r"the order of a product: \delta^{[2]} \, a^{[1]\top} belongs where"
                r" a^{[1]} \, \delta^{[2]\top} stands",
            ),
        ],
    ),
)
def test_wrong_as_on_paper_with_its_reason(claim: str, reason: str) -> None:
    found = answer(RELU, claim)
    assert (found.right, found.reason) == (False, reason)


@pytest.mark.slow
def test_delta_of_two_indices_is_kroneckers_where_the_networks_has_one() -> None:
    net = """from bpgen import *
x, y = input(2), label(3)
W = param(3, 2)
z = W @ x
p = softmax(z)
L = loss(-log(p[y]))
"""
    assert answer(net, r"\delta_i = p_i - \mathbf{1}[i = y]").right
    assert answer(net, r"\frac{\partial p_i}{\partial z_j} = p_i (\delta_{ij} - p_j)").right
    assert not answer(net, r"\frac{\partial p_i}{\partial z_j} = p_j (1 - p_i)").right


def test_of_two_steps_that_are_moved_the_one_is_told_that_the_page_has() -> None:
    """delta[t+1] h[t] is delta[t] h[t-1], too: but it is h that is of another step."""
    net = """from bpgen import *
x, y = input("T", 2), target(1)
h = rnn(x, 3)
yhat = dense(last(h), 1)
L = loss(half_squared_error(yhat, y))
"""
    found = answer(net, "dU1[i, j] = sum(delta1[t, i] * h[t, j], t)")
    assert found.reason == "an index: h[t - 1, j] belongs where h[t, j] stands"


def test_cases_that_leave_something_out_are_no_cases() -> None:
    claim = r"a^{[2]}_i = \begin{cases} z^{[2]}_i & z^{[2]}_i > 0 \\ 0 & z^{[2]}_i < -1 \end{cases}"
    with pytest.raises(NetError, match="it cannot be read"):
        answer(RELU, claim)


@pytest.mark.parametrize(
    ("net", "claim"),
    [
        (RELU, r"\delta^{[1]} = W^{[2]\top} \delta^{[2]}"),
        (RELU, r"\delta^{[2]} = a^{[2]} - y"),
        (RELU, r"\frac{\partial L}{\partial W^{[2]}} = a^{[1]} \delta^{[2]\top}"),
        (CLASSIFIER, r"\delta^{[2]} = p"),
        (CLASSIFIER, r"\delta^{[1]} = W^{[2]\top} \delta^{[2]}"),
        (TOY, r"\delta^{[1]} = W^{[2]\top} \delta^{[2]}"),
    ],
)
def test_what_is_told_to_be_true_can_be_claimed(net: str, claim: str) -> None:
    found = answer(net, claim)
    assert not found.right
    true = re.sub(r"^true(?: of one sample)? is ", "", found.true)
    assert true.startswith(claim.split(" = ")[0])
    assert answer(net, true).right

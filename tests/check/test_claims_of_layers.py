"""Claims of several layers at once, as the page has them: z^[l] = W^[l] a^[l-1] + b^[l]."""

from __future__ import annotations

import re
from itertools import product

import pytest

from bpgen.derive import derive
from bpgen.errors import NetError
from bpgen.load import declared_by
from bpgen.render import render
from bpgen.render.style import Style
from tests.check.claimed import answer
from tests.few import few, one_in

DEEP = """from bpgen import *
x = input(2)
y = label(2)
W1, W2, W3, W4 = param(3, 2), param(3, 3), param(3, 3), param(2, 3)
b1, b2, b3, b4 = param(3), param(3), param(3), param(2)
z1 = W1 @ x + b1
a1 = tanh(z1)
z2 = W2 @ a1 + b2
a2 = tanh(z2)
z3 = W3 @ a2 + b3
a3 = tanh(z3)
p = softmax(W4 @ a3 + b4)
L = loss(categorical_cross_entropy(p, y))
"""
# Whose second layer is another, by its activation and by a sign.
ODD = DEEP.replace("a2 = tanh(z2)", "a2 = sigmoid(z2)").replace("W2 @ a1 + b2", "W2 @ a1 - b2")
# Whose rules no page prints: two layers are told each by itself.
TWO = """from bpgen import *
x = input(2)
y = target(2)
W1, b1 = param(3, 2), param(3)
W2, b2 = param(2, 3), param(2)
z1 = W1 @ x + b1
a1 = tanh(z1)
z2 = W2 @ a1 + b2
L = loss(half_squared_error(z2, y))
"""
SLOPE = r"(1 - (a^{[l]})^2)"
DELTA = rf"\delta^{{[l]}} = (W^{{[l+1]\top}} \delta^{{[l+1]}}) \odot {SLOPE}"
BOLD = r"\mathbf{z}^{[l]} = \mathbf{W}^{[l]} \mathbf{a}^{[l-1]} + \mathbf{b}^{[l]}"
AFFINE = "z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]}"
ONE = "of one sample"
RIGHT = [
    (DEEP, rf"{BOLD}, \quad l = 1, \dots, 4", f"{ONE}, at l = 1, 2, 3, 4"),
    (DEEP, rf"{AFFINE} \quad \text{{for }}l = 1, \ldots, 3", f"{ONE}, at l = 1, 2, 3"),
    (DEEP, rf"{AFFINE} \qquad (l = 1, 3)", f"{ONE}, at l = 1, 3"),
    (DEEP, rf"{AFFINE} \quad \forall l \in \{{1, ..., L\}}", f"{ONE}, at l = 1, 2, 3, 4"),
    (DEEP, "z^{(l)} = W^{(l)} a^{(l-1)} + b^{(l)}", f"{ONE}, at l = 1, 2, 3, 4"),
    (DEEP, DELTA, f"{ONE}, at l = 1, 2, 3"),
    (DEEP, rf"{DELTA}, \quad l = L-1, \dots, 1", f"{ONE}, at l = 3, 2, 1"),
    (
        DEEP,
        r"z_l = W_l a_{l-1} + b_l, \quad l = 1, \dots, L",
        f"{ONE}, where a number below is a layer, at l = 1, 2, 3, 4",
    ),
    (
        DEEP,
        r"\delta^{[l]}_i = (1 - (a^{[l]}_i)^2) \sum_j W^{[l+1]}_{ji} \delta^{[l+1]}_j, l = 1, 2, 3",
        f"{ONE}, at l = 1, 2, 3",
    ),
    (
        DEEP,
        r"\frac{\partial \ell}{\partial W^{[k]}} = \delta^{[k]} a^{[k-1]\top}, k = 1, 2, 3, 4",
        f"{ONE}, at k = 1, 2, 3, 4",
    ),
    (ODD, rf"{DELTA}, l = 3, 1", f"{ONE}, at l = 3, 1"),
    (TWO, rf"{AFFINE} \quad l = 1, 2", f"{ONE}, at l = 1, 2"),
    (DEEP, "z^{[1]} = W^{[1]} a^{[0]} + b^{[1]}", ONE),
    (DEEP, r"\delta^{[L]} = p - e_y", ONE),
    (DEEP, "z^{[L]} = W^{[L]} a^{[L-1]} + b^{[L]}", ONE),
]


@pytest.mark.parametrize(("net", "claim", "words"), RIGHT, ids=[c for _, c, _ in RIGHT])
def test_right_at_every_layer(net: str, claim: str, words: str) -> None:
    found = answer(net, claim)
    assert (found.right, found.verdict.exact) == (True, True)
    assert (found.verdict.reading.words, found.text) == (words, claim)


WRONG = [
    (
        ODD,
        f"{DELTA}, l = 3, 2, 1",
        " at l = 2",
        "equal at l = 3, 1",
        "",
    ),
    (
        ODD,
        AFFINE,
        " at l = 2",
        "equal at l = 1, 3, 4",
        r"a sign: W^{[2]} \, a^{[1]} - b^{[2]} belongs where W^{[2]} \, a^{[1]} + b^{[2]} stands",
    ),
    (
        DEEP,
        DELTA.replace("1 -", "1 +"),
        " at l = 1, 2, 3",
        "",
        "a sign: 1 - (a^{[1]})^{2} belongs where 1 + (a^{[1]})^{2} stands",
    ),
    (
        DEEP,
        DELTA.replace(r"W^{[l+1]\top}", "W^{[l+1]}") + ", l = 1, 2",
        " at l = 1, 2",
        "",
        r"a transpose: W^{[2]\top} belongs where W^{[2]} stands",
    ),
    (
        DEEP,
        AFFINE.replace("l-1", "l") + ", l = 2, 3",
        " at l = 2, 3",
        "",
        "another tensor: a^{[1]} belongs where a^{[2]} stands",
    ),
    (
        DEEP,
        AFFINE.replace(" + b^{[l]}", ""),
        " at l = 1, 2, 3, 4",
        "",
        "the bias: b^{[1]} is missing",
    ),
]


@pytest.mark.parametrize(("net", "claim", "at", "holds", "reason"), one_in(2, [*WRONG]))
def test_wrong_at_a_layer_that_is_named(
    net: str, claim: str, at: str, holds: str, reason: str
) -> None:
    found = answer(net, claim)
    assert (found.right, found.at, found.holds, found.reason) == (False, at, holds, reason)
    assert f"not equal{at}: " in str(found)


def _rules(source: str, layers: str, notation: str) -> list[str]:
    derivation = derive(declared_by(source))
    style = Style(layers=layers)
    page = render(derivation, fmt="latex", notation=notation, steps="short", style=style)
    return re.findall(r"^.*&= .*\\text\{for \}l = .*\\tag.*$", page, re.MULTILINE)


@pytest.mark.parametrize(
    ("layers", "notation"),
    few(
        product(["brackets", "parentheses", "plain"], ["matrix", "index"]),
        lambda case: case == ("brackets", "matrix"),
    ),
)
def test_the_rules_of_a_page_are_true_as_it_prints_them(layers: str, notation: str) -> None:
    rows = _rules(DEEP, layers, notation)
    assert len(rows) >= 5
    for row in rows:
        assert answer(DEEP, row).right, row
        found = answer(DEEP, re.sub(r"&= (.*?) (\\quad \\text\{for )", r"&= -(\1) \2", row))
        assert not found.right and found.at, row


REFUSED = {
    f"{AFFINE}, l = 1, 2, 3, 4, 5": (
        "at l = 5, the network has no z^{[5]}; it has z^{[1]}, z^{[2]}, z^{[3]}, z, z^{[4]}"
    ),
    r"q^{[l]} = z^{[l]}": "the network has no q^{[1]}; did you mean z^{[1]}?",
    rf"{AFFINE}, l = 1, 3, \dots, 4": (
        "1, ..., 4 counts no layers; write it as l = 1, ..., 4 or l = 4, ..., 1"
    ),
    r"z^{[1]}_i = \sum_j W^{[1]}_{ij} x_j + b^{[1]}_i, i = 1, \dots, 3": (
        "i = 1, ..., 3 counts no layers; claim it without saying how far an index runs"
    ),
    r"\delta^{[L]} = p - q": "the network has no q",
}


@pytest.mark.parametrize("claim", REFUSED)
def test_a_layer_that_is_not_there_is_refused(claim: str) -> None:
    with pytest.raises(NetError) as error:
        answer(DEEP, claim)
    assert f"{error.value.fact}; {error.value.remedy}".startswith(REFUSED[claim])
    assert error.value.place == f'claim "{claim}"'

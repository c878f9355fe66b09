"""Claims that cannot be judged, and why: what is no line of mathematics, and names that the network
lacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bpgen.commands.claims import answered
from bpgen.errors import NetError
from tests.check.claimed import BLOCKS, CLASSIFIER, MASKED, TOY, answer, court
from tests.check.test_claims import RIGHT, WRONG
from tests.check.test_claims_on_paper import PAPER

REFUSED = {
    "delta1 = W3.T @ delta2": "the network has no W3\n  did you mean W2?",
    "delta1": "a claim says that two sides are equal\n"
    '  write it as "delta1 = (W2.T @ delta2) * a1 * (1 - a1)"',
    "delta1 = delta1": "both sides are the same\n  say what it is made of",
    "delta1 = (W2.T @ delta2": "syntax error in '(W2.T @ delta2': '(' was never closed\n"
    '  write it as "delta1 = (W2.T @ delta2) * a1 * (1 - a1)"',
    "delta1 + 1 = a1": "delta1 + 1 is no gradient and no value of the network\n"
    '  one name stands on the left: write it as "delta1 = (W2.T @ delta2) * a1 * (1 - a1)"',
    "delta1 = __import__('os').getcwd()": "no function that a claim may call is getcwd\n"
    "  write it out in + - * / ** @ and exp, log",
    "delta1 = [a for a in a1]": "[a for a in a1] cannot stand in a claim\n"
    "  it is made of + - * / ** @ .T and functions",
    "delta1 = a1.__class__": ".__class__ cannot stand in a claim\n  it may have T, shape",
    "delta1 = sigmod(z1)": "no function that a claim may call is sigmod\n  did you mean sigmoid?",
    "delta1 = sum(a1, dtype=3)": "dtype= cannot stand in a claim\n  it may have axis, keepdims",
    "delta1 = 'a'": None,
    "delta1 = da1 * da1/dW1": "da1/dW1 is no derivative of the loss\n"
    "  write it out: a1 * (1 - a1), or sigmoid_prime(z1)",
    "delta1 = x @ W2": "x @ W2 has the shapes 2 and 1x2\n"
    "  true is delta1 = W2.T @ delta2 * a1 * (1 - a1)",
    "delta1 = ones(10**9)": None,
    "delta1 = eye(10**6) @ a1": None,
    "delta1 = a1 ** 99": None,
    r"\delta^{[1]} = \foo": None,
    "delta1[i] = a1[k]": None,
}


@pytest.mark.parametrize("claim", REFUSED)
def test_nonsense_is_refused(claim: str) -> None:
    with pytest.raises(NetError) as error:
        answer(TOY, claim)
    assert error.value.place == f'claim "{claim}"'
    if REFUSED[claim] is not None:
        assert f"{error.value.fact}\n  {error.value.remedy}" == REFUSED[claim]


def test_a_label_has_no_gradient() -> None:
    with pytest.raises(NetError, match="y holds whole numbers, and has no gradient"):
        answer(CLASSIFIER, "dy = p")


def test_what_stands_outside_of_repeat() -> None:
    assert answer(BLOCKS, "dyhat = 2 * (yhat - y)").right
    with pytest.raises(NetError, match="h is of a block that is repeated"):
        answer(BLOCKS, "dw = dyhat * h")


@pytest.mark.slow
def test_masks_are_drawn_of_ones_and_zeros() -> None:
    assert answer(MASKED, "delta = p * (dp - dot(dp, p))").right
    assert answer(MASKED, "delta = p * (dp - dot(dp, p)) * keep").right
    assert not answer(MASKED, "delta = p * (dp - dot(dp, p)) / keep").right


def test_large_networks_are_looked_at_at_smaller_sizes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bpgen.commands.claims.LARGE", 0)
    path = tmp_path / "net.py"
    path.write_text(
        TOY.replace("param(2, 2), param(2)", "param(9, 2), param(9)").replace(
            "param(1, 2)", "param(1, 9)"
        )
    )
    said = str(answered(str(path), ["da1 = W2.T @ delta2"]))
    assert "\nlooked at at smaller sizes: the same equations with shorter axes\n" in said
    with pytest.raises(NetError, match="9 is a size of the network"):
        answered(str(path), ["a1 = sigmoid(z1) / 9"])
    with pytest.raises(NetError, match="looked at at smaller sizes, without index 8"):
        answered(str(path), [r"a^{[1]}_8 = \sigma(z^{[1]}_8)"])


STRANGERS = {
    r"\delta^{[1]} = W^{[7]} x": r"the network has no W^{[7]}; it has W^{[1]}, W^{[2]}",
    r"\delta_1 = W_7 x": r"the network has no W_{7}; it has W^{[1]}, W^{[2]}",
    r"\delta^{[3]} = a^{[2]} - y": (
        r"the network has no \delta^{[3]}; it has \delta^{[1]}, \delta^{[2]}"
    ),
    r"\delta_1 = q_{1}": "the network has no q_{1}; did you mean z^{[1]}?",
    r"\nabla_{W_3} L = \delta_1 x^T": "the network has no W_{3}; it has W^{[1]}, W^{[2]}",
    r"\partial L/\partial W = \delta_1 x^T": "the network has no W; it has W^{[1]}, W^{[2]}",
    r"\frac{\partial a_{1,i}}{\partial z_{1,i}} = 1 - q_{1,i}": (
        "the network has no q_{1}; did you mean z^{[1]}?"
    ),
    "dL/dW1 = delta3 x^T": "the network has no delta3; did you mean delta2?",
    "delta_3 = W_2 x": "the network has no delta_3; did you mean delta2?",
    r"W^{[1]}_{9,9} = 1": (
        "index 9 is out of range: W^{[1]} has the shape 2x2; indices count from 1, or from 0"
    ),
    r"\frac{\partial a_{1,9}}{\partial z_{1,9}} = 1": (
        "index 9 is out of range: a^{[1]} has the shape 2; indices count from 1, or from 0"
    ),
    r"W_{1,1,1,1} = 1": "W^{[1]} has 2 indices, not 3; an index is one letter or digit",
    r"\delta_{1,x} = 1": (
        "x is a tensor of the network, and no index; let another letter be the index"
    ),
}


@pytest.mark.parametrize("claim", STRANGERS)
def test_what_the_network_lacks_is_refused(claim: str) -> None:
    with pytest.raises(NetError) as error:
        answer(TOY, claim)
    assert f"{error.value.fact}; {error.value.remedy}" == STRANGERS[claim]
    assert error.value.place == f'claim "{claim}"'


@pytest.mark.slow
def test_blocks_that_are_not_there() -> None:
    for claim in (r"w^{(7)} = \hat{y}", r"W^{(7)} x = h", r"h^{(9)} = x", r"u^{(7)} = x"):
        with pytest.raises(NetError):
            answer(BLOCKS, claim)


def _with_strangers(claim: str) -> Iterator[str]:
    """A claim with each of its names in turn for one that no network has."""
    if "\\" in claim:
        one = r"(?<![\\a-zA-Z])[WabxyzphL](?![a-zA-Z])|\\delta|(?<=\[)\d(?=\])"
    else:
        one = r"\b(?:delta|da|dW|db|W|b|a|z)\d\b|\b[xyp]\b"
    for found in re.finditer(one, claim):
        other = "7" if found[0].isdigit() else r"\Omega" if "\\" in claim else "Q7"
        yield f"{claim[: found.start()]}{other} {claim[found.end() :]}"


@pytest.mark.parametrize("claims", [RIGHT, PAPER, [(TOY, w[1]) for w in WRONG if w[0] is TOY]])
def test_a_claim_with_an_unknown_name_is_never_judged(claims: list[tuple[str, str]]) -> None:
    judged = []
    count = 0
    for net, claim in claims:
        for stranger in _with_strangers(claim):
            count += 1
            try:
                judged += [str(a) for a in court(net).answers(stranger)]
            except NetError:
                continue
    assert count > 20 and judged == []

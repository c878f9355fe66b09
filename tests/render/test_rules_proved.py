"""Every instance of a rule for l is proved, and a false rule is refused."""

from __future__ import annotations

import re
from itertools import product

import pytest

from bpgen.check.page.proof import ReadBack, prove_page
from bpgen.load import declared_by
from tests.few import one_in
from tests.render.equal_layers import FIVE, NETS, PAGES, TWOS, by_hand, page_of


def _proved(page: str, net: str) -> ReadBack:
    return prove_page(page, declared_by(net), (0,))


# A few; all of them are among the recorded proofs (`tests.proofs.corpus`).
@pytest.mark.parametrize(("name", "page"), [*product(NETS, PAGES)][::25])
def test_every_instance_is_proved(name: str, page: tuple[str, str]) -> None:
    found = _proved(page_of(NETS[name], "latex", *page), NETS[name])
    assert found.ok, found.false[:2]


def test_an_instance_is_an_equation_of_the_page() -> None:
    """Of z^[l], a^[l] and the five kinds of gradients there are as many as layers."""
    three = _proved(page_of(by_hand(*["sigmoid"] * 3)), by_hand(*["sigmoid"] * 3)).total
    four = _proved(page_of(FIVE), FIVE).total
    assert four - three > 7


FALSE_RULES = {
    "a range that is one too long": (
        r"a^{[l]} \odot (1 - a^{[l]}) \quad \text{for }l = 4, \dots, 1",
        r"a^{[l]} \odot (1 - a^{[l]}) \quad \text{for }l = 4, \dots, 0",
    ),
    "a range and its numbers that are one too long": (
        r"\sigma(z^{[l]}) \quad \text{for }l = 1, \dots, 4 \tag{2, 4, 6, 8}",
        r"\sigma(z^{[l]}) \quad \text{for }l = 1, \dots, 5 \tag{2, 4, ..., 10}",
    ),
    "a range that is one too short": (
        r"b^{[l]} \quad \text{for }l = 1, \dots, 5",
        r"b^{[l]} \quad \text{for }l = 1, \dots, 4",
    ),
    "no range": (r"\quad \text{for }l = 1, \dots, 5", ""),
    "another letter": (r"\text{for }l = 1, \dots, 5", r"\text{for }k = 1, \dots, 5"),
    "the weights of the layer itself": (
        r"(W^{[l+1]\top} \delta^{[l+1]}) \odot",
        r"(W^{[l]\top} \delta^{[l+1]}) \odot",
    ),
    "the delta of the layer itself": (
        r"(W^{[l+1]\top} \delta^{[l+1]}) \odot",
        r"(W^{[l+1]\top} \delta^{[l]}) \odot",
    ),
    "the values of the layer itself": (r"\delta^{[l]} a^{[l-1]\top}", r"\delta^{[l]} a^{[l]\top}"),
    "the layer before": (r"\sigma(z^{[l]}) \quad", r"\sigma(z^{[l-1]}) \quad"),
    "a lost transpose": (r"(W^{[l+1]\top} \delta", r"(W^{[l+1]} \delta"),
    "another factor": (r"a^{[l]} \odot (1 - a^{[l]})", r"a^{[l]} \odot (1 + a^{[l]})"),
    "a sum over nothing": (r"\sum_{j} W^{[l+1]}_{ji}", r"W^{[l+1]}_{ji}"),
    "a reason": (
        r"\text{since } \sigma'(z^{[l]}_{i}) =",
        r"\text{since } \sigma'(z^{[l+1]}_{i}) =",
    ),
    "what the other name is of": (r"$a^{[0]}$ is $x$", r"$a^{[0]}$ is $y$"),
    "the other name": (r"$a^{[0]}$ is $x$", r"$a^{[1]}$ is $x$"),
    "no other name": ("In the rules for $l$, $a^{[0]}$ is $x$.\n", ""),
    "a number too few": (r"\tag{14, 18, 22, 26}", r"\tag{14, 18, 22}"),
    "numbers that are no run": (r"\tag{1, 3, ..., 9}", r"\tag{1, 4, ..., 9}"),
    "layers without end": (
        r"\text{for }l = 4, \dots, 1",
        r"\text{for }l = 4, \dots, 99999999",
    ),
}


@pytest.mark.parametrize("name", one_in(10, [*FALSE_RULES]))
def test_a_false_rule_is_refused(name: str) -> None:
    right, wrong = FALSE_RULES[name]
    page = page_of(FIVE)
    assert right in page
    assert not _proved(page.replace(right, wrong, 1), FIVE).ok


FALSE_GROUPS = {
    "a step too long": ("1, 3, \\dots, 7", "1, 4, \\dots, 7"),
    "a step too short": ("1, 3, \\dots, 7", "1, \\dots, 7"),
    "a step too long, and its numbers": (
        "1, 3, \\dots, 7 \\tag{2, 6, 10, 14}",
        "1, 4, \\dots, 7 \\tag{2, 6, 10}",
    ),
    "the other layers": ("1, 3, \\dots, 7", "2, 4, \\dots, 8"),
    "those after the others": ("2, 4, \\dots, 8", "1, 3, \\dots, 7"),
    "a group too far": ("1, 3, \\dots, 7", "3, 5, \\dots, 9"),
    "a last layer that is none of them": ("1, 3, \\dots, 7", "1, 3, \\dots, 8"),
    "a group too few": ("1, 3, \\dots, 7", "1, 3, \\dots, 5"),
    "a group too many, and its numbers": (
        "2, 4, \\dots, 8 \\tag{4, 8, 12, 16}",
        "2, 4, \\dots, 10 \\tag{4, 8, 12, 16, 20}",
    ),
    "no step": ("1, 3, \\dots, 7", "1, 1, \\dots, 7"),
    "one layer of the others": ("6, 4, 2", "6, 5, 2"),
    "a layer for another": ("6, 4, 2", "8, 4, 2"),
    "the rule of the others": (r"\tanh(z^{[l]})", r"\sigma(z^{[l]})"),
    "a comma lost": ("6, 4, 2", "6, 4 2"),
    "a number too few": (r"\tag{2, 6, 10, 14}", r"\tag{2, 6, 10}"),
}


@pytest.mark.parametrize("name", one_in(10, [*FALSE_GROUPS]))
def test_a_false_rule_of_groups_is_refused(name: str) -> None:
    right, wrong = FALSE_GROUPS[name]
    page = page_of(TWOS)
    assert right in page
    assert not _proved(page.replace(right, wrong, 1), TWOS).ok


@pytest.mark.parametrize("layer", [3, 4])
def test_a_rule_that_is_wrong_in_one_group_is_refused(layer: int) -> None:
    """The page of equal groups, of a network where one has a layer of another function."""
    functions = ["tanh", "sigmoid"] * 4
    functions[layer - 1] = "relu"
    other = "".join(
        f"h = dense(h, {3 if k % 2 == 0 else 2}, {name})\n" for k, name in enumerate(functions)
    )
    net = f"from bpgen import *\nx, y = input(2), target(2)\nh = x\n{other}"
    assert not _proved(page_of(TWOS), net + "L = loss(half_squared_error(h, y))\n").ok


@pytest.mark.parametrize("notation", ["index", "components"])
def test_a_false_rule_is_refused_in_other_notations(notation: str) -> None:
    page = page_of(FIVE, notation=notation)
    wrong = re.sub(r"W\^\{\[l\+1\]\}(_\{\w+\} \\delta)", r"W^{[l]}\1", page, count=1)
    assert wrong != page
    assert not _proved(wrong, FIVE).ok


@pytest.mark.parametrize("layer", one_in(4, [1, 2, 3, 4]))
def test_a_rule_that_is_wrong_in_one_layer_is_refused(layer: int) -> None:
    """The page of equal layers, of a network where one has another function."""
    functions = ["sigmoid"] * 4
    functions[layer - 1] = "tanh"
    assert not _proved(page_of(FIVE), by_hand(*functions)).ok

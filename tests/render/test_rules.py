"""What is equal in every layer is told once, as a rule for l that names its instances."""

from __future__ import annotations

import re
from itertools import product

import pytest

from bpgen.check.page.proof import PageReport, prove_page
from bpgen.check.page.world import World
from bpgen.derive import derive
from bpgen.emit import emitted
from bpgen.errors import NetError
from bpgen.load import declared_by
from bpgen.record import Derivation
from bpgen.render import render
from bpgen.render.style import Style
from bpgen.worked import Example, worked
from tests.few import one_in
from tests.render.tags import tags

_LAYER = "W{l}, b{l} = param(2, 2), param(2)\nz{l} = W{l} @ {a} + b{l}\n"


def _by_hand(*functions: str, width: int = 2, more: str = "") -> str:
    """A perceptron written out, z1, a1, z2, ...; the last layer has no function."""
    lines = [f"from bpgen import *\nx, y = input({width}), target(2)\n"]
    a = "x"
    for k, function in enumerate(functions, 1):
        lines.append(_LAYER.format(l=k, m=width, n=width, a=a) + f"a{k} = {function}(z{k})\n")
        a = f"a{k}"
    lines.append(_LAYER.format(l=len(functions) + 1, m=2, n=width, a=a))
    last = f"z{len(functions) + 1}"
    return "".join(lines) + f"L = loss(half_squared_error({last}, y))\n{more}"


FIVE = _by_hand(*["sigmoid"] * 4)
AS_LAYERS = (
    "from bpgen import *\nx, y = input(2), target(2)\nh = x\nfor _ in range(4):\n"
    "    h = dense(h, 2, tanh)\nz = dense(h, 2)\nL = loss(half_squared_error(z, y))\n"
)
WIDE = (
    "from bpgen import *\nx, y = input(3), label(2)\nh = dense(x, 4, relu)\nh = dense(h, 5, relu)\n"
    "h = dense(h, 3, relu)\nz = dense(h, 2)\nL = loss(categorical_cross_entropy_with_logits(z, y))\n"
)
BESIDE = (  # three layers that read the same, and not one another
    "from bpgen import *\nx, y = input(3), target(2)\nh1, h2, h3 = (dense(x, 4, tanh) for _ in 'abc')\n"
    "z = dense(h1 * h2 * h3, 2)\nL = loss(half_squared_error(z, y))\n"
)
RESIDUAL = (
    "from bpgen import *\nx, y = input(3), target(3)\n"
    "h1 = x + dense(x, 3, tanh)\nh2 = h1 + dense(h1, 3, tanh)\nh3 = h2 + dense(h2, 3, tanh)\n"
    "h4 = h3 + dense(h3, 3, tanh)\nL = loss(half_squared_error(h4, y))\n"
)
_GROUPS = (
    "from bpgen import *\nx, y = input(2), target(2)\nh = x\nfor _ in range({times}):\n"
    "{group}L = loss(half_squared_error(h, y))\n"
)
_TANH, _RELU, _SIGMOID = (
    f"    h = dense(h, {width}, {function})\n"
    for width, function in ((3, "tanh"), (2, "relu"), (2, "sigmoid"))
)
TWOS = _GROUPS.format(times=4, group=_TANH + _SIGMOID)
THREES = _GROUPS.format(times=3, group=_TANH + _RELU + _SIGMOID)
REPEATED_THREES = (  # a block with steps of its own is written out, and its layers are numbered
    "from bpgen import *\nx, y = input(2), target(2)\ndef inner(u):\n    return dense(u, 2, tanh)\n"
    f"def block(h):\n{_TANH}{_SIGMOID}    return repeat(2, inner, h)\n"
    "L = loss(half_squared_error(repeat(3, block, x), y))\n"
)
NETS = {
    "five": FIVE,
    "as_layers": AS_LAYERS,
    "wide": WIDE,
    "beside": BESIDE,
    "residual": RESIDUAL,
    "two_kinds": _by_hand("sigmoid", "sigmoid", "sigmoid", "tanh", "tanh", "tanh"),
    "twos": TWOS,
    "threes": THREES,
    "repeated_threes": REPEATED_THREES,
    "called_l": FIVE.replace("x, y", "l, y").replace("@ x", "@ l"),
}


def _derivation(net: str) -> Derivation:
    return derive(declared_by(net))


def _page(net: str, fmt: str = "latex", notation: str = "matrix", layers: str = "brackets") -> str:
    derivation = _derivation(net)
    style = Style(layers=layers)
    return render(derivation, fmt=fmt, notation=notation, steps="short", style=style)


def _squeezed(page: str) -> str:
    return re.sub(" +", " ", page)


def _proved(page: str, net: str) -> PageReport:
    return prove_page(page, declared_by(net), (0,))


# what is told


def test_each_kind_of_equation_of_equal_layers_is_one_rule() -> None:
    page = _squeezed(_page(FIVE, "text"))
    for line in (
        "In the rules for l, a^[0] is x.",
        "z^[l] = W^[l] a^[l−1] + b^[l] for l = 1, …, 5 (1, 3, …, 9)",
        "a^[l] = σ(z^[l]) for l = 1, …, 4 (2, 4, 6, 8)",
        "∂ℓ/∂W^[l] = δ^[l] a^[l−1]ᵀ for l = 5, …, 1 (12, 16, …, 28)",
        "∂ℓ/∂b^[l] = δ^[l] for l = 5, …, 1 (13, 17, …, 29)",
        "∂ℓ/∂a^[l] = W^[l+1]ᵀ δ^[l+1] for l = 4, …, 1 (14, 18, 22, 26)",
        "δ^[l] = (W^[l+1]ᵀ δ^[l+1]) ⊙ a^[l] ⊙ (1 − a^[l]) for l = 4, …, 1 (15, 19, 23, 27)",
        "δ^[l] says how ℓ changes with z^[l]. Each a^[l]ᵢ feeds every z^[l+1]ⱼ, so Σ[j]",
    ):
        assert line in page
    assert page.count("since σ'") == 1


@pytest.mark.parametrize(
    ("notation", "line"),
    [
        ("index", r"\delta^{[l]}_{i} &= a^{[l]}_{i}(1 - a^{[l]}_{i}) \, \textstyle \sum_{j}"),
        ("components", r"W^{[l+1]}_{11} \delta^{[l+1]}_{1} + W^{[l+1]}_{21} \delta^{[l+1]}_{2}"),
    ],
)
def test_rules_are_told_in_every_notation(notation: str, line: str) -> None:
    page = _page(FIVE, notation=notation)
    assert line in page
    assert r"\text{for }l = 4, \dots, 1" in page


@pytest.mark.parametrize(
    ("layers", "line"),
    [
        ("parentheses", r"z^{(l)} &= W^{(l)} a^{(l-1)} + b^{(l)}"),
        ("plain", r"z_{l} &= W_{l} a_{l-1} + b_{l}"),
    ],
)
def test_rules_are_told_however_layers_are_written(layers: str, line: str) -> None:
    assert line in _page(FIVE, layers=layers)


def test_what_counts_no_layer_has_another_name_in_the_rules() -> None:
    page = _squeezed(_page(AS_LAYERS, "text"))
    names = "a^[0] is x, z^[5] is z, a^[4] is h and δ^[5] is δ."
    assert f"In the rules for l, {names}" in page
    assert "z^[l] = W^[l] a^[l−1] + b^[l] for l = 1, …, 5" in page


def test_the_letter_is_no_other_letter_of_the_page() -> None:
    page = _page(NETS["called_l"], "text")
    assert "In the rules for r, a^[0] is l." in page
    assert "z^[r] = W^[r] a^[r−1] + b^[r]" in page


def test_a_last_layer_whose_gradient_has_no_letter_is_told_by_itself() -> None:
    page = _squeezed(_page(AS_LAYERS.replace("z = ", "h = ").replace("(z,", "(h,"), "text"))
    assert "∂ℓ/∂W^[5] = (∂ℓ/∂h)" in page
    assert "δ^[l] = (W^[l+1]ᵀ δ^[l+1]) ⊙ (1 − (a^[l])²) for l = 3, …, 1" in page
    assert "In the same way: (16, 20, 24, 28) as (12)" in page


def test_another_function_ends_a_rule_and_begins_another() -> None:
    page = _squeezed(_page(NETS["two_kinds"], "text"))
    assert "a^[l] = σ(z^[l]) for l = 1, …, 3" in page
    assert "a^[l] = tanh(z^[l]) for l = 4, …, 6" in page
    assert "z^[l] = W^[l] a^[l−1] + b^[l] for l = 1, …, 7" in page


GROUPS = {
    "twos": (
        TWOS,
        "In the rules for l, a^[0] is x and a^[8] is h.",
        "z^[l] = W^[l] a^[l−1] + b^[l] for l = 1, …, 8 (1, 3, …, 15)",
        "a^[l] = tanh(z^[l]) for l = 1, 3, …, 7 (2, 6, 10, 14)",
        "a^[l] = σ(z^[l]) for l = 2, 4, …, 8 (4, 8, 12, 16)",
        "δ^[l] = (W^[l+1]ᵀ δ^[l+1]) ⊙ (1 − (a^[l])²) for l = 7, 5, …, 1 (23, 31, 39, 47)",
        "δ^[l] = (W^[l+1]ᵀ δ^[l+1]) ⊙ a^[l] ⊙ (1 − a^[l]) for l = 6, 4, 2 (27, 35, 43)",
    ),
    "threes": (
        THREES,
        "In the rules for l, a^[0] is x and a^[9] is h.",
        "z^[l] = W^[l] a^[l−1] + b^[l] for l = 1, …, 9 (1, 3, …, 17)",
        "a^[l] = tanh(z^[l]) for l = 1, 4, 7 (2, 8, 14)",
        "a^[l] = relu(z^[l]) for l = 2, 5, 8 (4, 10, 16)",
        "a^[l] = σ(z^[l]) for l = 3, 6, 9 (6, 12, 18)",
        "δ^[l] = (W^[l+1]ᵀ δ^[l+1]) ⊙ 𝟙[z^[l] > 0] for l = 8, 5, 2 (25, 37, 49)",
        "δ^[l] = (W^[l+1]ᵀ δ^[l+1]) ⊙ (1 − (a^[l])²) for l = 7, 4, 1 (29, 41, 53)",
        "δ^[6] = (W^[7]ᵀ δ^[7]) ⊙ a^[6] ⊙ (1 − a^[6]) (33)",
    ),
    "threes that are repeated": (
        REPEATED_THREES,
        "aᵣ = tanh(zᵣ) for r = 1, 4, 7 (2, 9, 16)",
        "aᵣ = σ(zᵣ) for r = 2, 5, 8 (4, 11, 18)",
        "∂ℓ/∂aᵣ = W[r+1]ᵀ δ[r+1] for r = 7, 4, 1 (32, 45, 58)",
        "δᵣ = (W[r+1]ᵀ δ[r+1]) ⊙ (1 − (aᵣ)²) for r = 7, 4, 1 (33, 46, 59)",
    ),
}


@pytest.mark.parametrize("name", one_in(3, [*GROUPS]))
def test_layers_that_are_repeated_in_groups_are_one_rule_each(name: str) -> None:
    net, *lines = GROUPS[name]
    page = _squeezed(_page(net, "text"))
    for line in lines:
        assert line in page


@pytest.mark.parametrize(
    "net", [_by_hand("sigmoid", "sigmoid"), _by_hand("sigmoid", "tanh", "relu", "sigmoid")]
)
def test_two_layers_or_unequal_ones_are_told_each(net: str) -> None:
    """Their deltas are too few to be a rule, or are none."""
    page = _page(net, "text")
    assert not re.search(r"^ *δ\^\[l\]", page, re.MULTILINE)
    assert "a^[1] = σ(z^[1])" in page
    assert "a^[2] = " in page


def test_layers_are_found_by_their_equations_and_not_by_names() -> None:
    """A third layer that is told in other words is no instance, though it is called alike."""
    net = FIVE.replace("z3 = W3 @ a2 + b3", "z3 = W3 @ a2 - b3")
    page = _squeezed(_page(net, "text"))
    assert "z^[3] = W^[3] a^[2] − b^[3]" in page
    assert "∂ℓ/∂b^[3] = −δ^[3]" in page
    assert "W^[l] a^[l−1] + b^[l] for l = 1, …, 5" not in page
    assert "∂ℓ/∂W^[l] = δ^[l] a^[l−1]ᵀ for l = 5, …, 1" in page


def test_all_steps_keep_every_single_one() -> None:
    page = render(_derivation(FIVE), fmt="text", steps="all")
    assert "[l]" not in page
    for layer in range(1, 6):
        assert f"δ^[{layer}] says how ℓ changes with z^[{layer}]." in page
    for layer in range(1, 5):
        assert f"Each a^[{layer}]ᵢ feeds every z^[{layer + 1}]ⱼ, so Σ[j] adds what comes" in page


def test_the_numbers_of_a_rule_are_those_of_the_module() -> None:
    derivation = _derivation(FIVE)
    module = emitted(derivation)
    page = render(derivation, fmt="latex", steps="short")
    told = {int(n) for tag in tags(page) for n in tag}
    numbered = {int(n): name for n, name in re.findall(r"^ *# \((\d+)\) (\w+)", module, re.M)}
    own = {f.number: f.equation.name for f in derivation.forward}
    own |= {s.number: s.equation.name for s in derivation.steps}
    assert len(numbered) > 20
    assert numbered.items() <= own.items()
    assert numbered.keys() <= told


def test_the_first_instance_labels_a_rule_and_references_find_it() -> None:
    page = render(_derivation(FIVE), fmt="latex", steps="short", style=Style(counter=True))
    labels = re.findall(r"\\label\{(.*?)\}", page)
    assert {"eq:net:z1", "eq:net:delta4"} <= {*labels}
    assert "eq:net:z2" not in labels
    assert set(re.findall(r"\\eqref\{(.*?)\}", page)) <= {*labels}


def test_every_instance_has_its_numbers() -> None:
    derivation = _derivation(_by_hand("sigmoid", "sigmoid", "sigmoid"))
    given = Example({"x": [0.5, -1.0], "y": [1.0, 0.0]})
    numbers = worked(derivation, emitted(derivation), given)
    page = render(derivation, fmt="text", steps="short", worked=numbers)
    assert "z^[l] = W^[l] a^[l−1] + b^[l]" in page
    for name in ("z^[1]", "z^[4]", "a^[2]", "δ^[1]", "δ^[3]", "∂ℓ/∂W^[2]"):
        assert re.search(rf"^ +{re.escape(name)} +≈ \(", page, re.MULTILINE), name
    markdown = render(derivation, fmt="markdown", steps="short", worked=numbers)
    (display,) = (d for d in markdown.split("$$") if r"\tag{1, 3, 5, 7}" in d)
    assert display.count(r"\approx") == 4
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    latex = render(derivation, fmt="latex", steps="short", worked=numbers)
    found = prove_page(latex, derivation.network, (0,), at=world)
    assert found.ok, found.false


def test_layers_whose_samples_meet_are_refused_in_components() -> None:
    """And no rule is looked for in what cannot be written out."""
    layers = "".join("h = tanh(batch_norm(dense(h, 2)))\n" for _ in range(4))
    net = f"from bpgen import *\nh, y = input(2), target(2)\n{layers}"
    with pytest.raises(NetError, match="known only at run time"):
        _page(net + "L = loss(half_squared_error(h, y))\n", notation="components")


# what is proved


@pytest.mark.parametrize(
    ("name", "notation", "layers"),
    one_in(25, [*product(NETS, ["matrix", "index", "components"], ["brackets", "plain"])]),
)
def test_every_instance_is_proved(name: str, notation: str, layers: str) -> None:
    page = _page(NETS[name], notation=notation, layers=layers)
    found = _proved(page, NETS[name])
    assert found.ok, found.false[:2]


def test_an_instance_is_an_equation_of_the_page() -> None:
    """Of z^[l], a^[l] and the five kinds of gradients there are as many as layers."""
    three = _proved(_page(_by_hand(*["sigmoid"] * 3)), _by_hand(*["sigmoid"] * 3)).total
    four = _proved(_page(FIVE), FIVE).total
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
    page = _page(FIVE)
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
    page = _page(TWOS)
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
    assert not _proved(_page(TWOS), net + "L = loss(half_squared_error(h, y))\n").ok


@pytest.mark.parametrize("notation", ["index", "components"])
def test_a_false_rule_is_refused_in_other_notations(notation: str) -> None:
    page = _page(FIVE, notation=notation)
    wrong = re.sub(r"W\^\{\[l\+1\]\}(_\{\w+\} \\delta)", r"W^{[l]}\1", page, count=1)
    assert wrong != page
    assert not _proved(wrong, FIVE).ok


@pytest.mark.parametrize("layer", one_in(4, [1, 2, 3, 4]))
def test_a_rule_that_is_wrong_in_one_layer_is_refused(layer: int) -> None:
    """The page of equal layers, of a network where one has another function."""
    functions = ["sigmoid"] * 4
    functions[layer - 1] = "tanh"
    assert not _proved(_page(FIVE), _by_hand(*functions)).ok

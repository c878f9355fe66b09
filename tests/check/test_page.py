"""The page is proved: what bpgen prints holds."""

from __future__ import annotations

import re

import pytest

from bpgen.check.page.formula import Call, Product
from bpgen.check.page.names import Names
from bpgen.check.page.proof import prove_page
from bpgen.check.page.reading import Reading
from bpgen.check.page.statements import groups
from bpgen.check.page.tokens import tokens
from bpgen.check.page.world import World
from bpgen.derive import derive
from bpgen.load import declared_by
from bpgen.network.shrink import shrunk
from bpgen.record import Derivation
from bpgen.render import render
from bpgen.render.document import STEPS
from bpgen.render.style import Style
from tests.check.proved_pages import MORE, NOTATIONS, derived_page, page_of
from tests.conftest import derived
from tests.few import one_in

# As few as hold all that pages are made of: those of all networks, and of all examples, and every
# page of MORE, are among the recorded proofs (`tests.proofs.corpus`).
QUICK = {
    "matrix": (
        *("two_gathers", "function", "penalties", "weighted_log", "batch_norm", "padded_pool"),
        *("gates_in_one", "a_start_that_is_not_read", "blocks_to_huber"),
    ),
    "index": ("mean_pool", "elman", "residual"),
    "components": ("max_vector", "logits_one_hot"),
}


def _assert_proved(derivation: Derivation, notation: str, steps: str) -> None:
    page = render(derivation, fmt="latex", notation=notation, steps=steps)
    report = prove_page(page, derivation.network)
    assert report.ok, "\n".join(map(str, report.false))


@pytest.mark.parametrize(
    ("net", "notation"), [(net, notation) for notation, nets in QUICK.items() for net in nets]
)
def test_every_equation_of_a_page_holds(net: str, notation: str) -> None:
    _assert_proved(derived_page(net), notation, "short")


@pytest.mark.parametrize("notation", one_in(2, NOTATIONS))
def test_every_equation_of_a_page_in_full_holds(notation: str) -> None:
    _assert_proved(derived_page("classifier"), notation, "all")


WIDE = """from bpgen import *
v3, y8 = input("T", 2, 14), target("T", 2, 14)
v4 = exp(tanh(relu(v3)))
v5 = log(1 + v4**2)
v7 = exp(tanh(v5 * exp(-(v5**2) / 2)))
L = loss(half_squared_error(v7, y8))
"""


@pytest.mark.slow
def test_each_side_stands_below_a_left_side_on_a_line_of_its_own() -> None:
    """A chain whose left side is two: delta = dl/dz. What follows is no more of the chain above."""
    derivation = derived(WIDE)
    page = render(derivation, fmt="latex", steps="short")
    first, second = re.findall(r"\n&.*", page.partition(r"&\delta^{[4]}_{tij} =")[2])[:2]
    assert all(line.startswith("\n&\\quad = ") for line in (first, second)), page
    assert prove_page(page, derivation.network).ok
    wrong = page.replace(second, second.replace("(v^{[4]}_{tij})^{2}", "v^{[4]}_{tij}", 1))
    assert wrong != page and not prove_page(wrong, derivation.network).ok


NARROW = """from bpgen import *
x, w, y = input(5), param(5), target()
L = loss((sum({}) - y) ** 2)
"""


@pytest.mark.parametrize("function", ["w * log(x - 1)", "log(w * x - 9)", "w * sqrt(-x - 2)"])
def test_values_are_found_where_every_function_is_defined(function: str) -> None:
    network = declared_by(NARROW.format(function))
    report = prove_page(render(derive(network), fmt="latex"), network)
    assert report.ok, "\n".join(map(str, report.false))


def test_where_no_function_is_defined_a_page_is_not_said_to_be_false() -> None:
    network = declared_by(NARROW.format("w * sqrt(-1 - x * x)"))
    report = prove_page(render(derive(network), fmt="latex"), network)
    assert report.false and all(line.unread for line in report.false)
    reasons = {line.reason for line in report.false}
    assert reasons == {"no values were found at which every equation has one"}


def test_an_empty_page_proves_nothing() -> None:
    assert not prove_page("", derived_page("classifier").network).ok


@pytest.mark.parametrize("net", [*MORE][::12])
def test_what_pages_of_these_say_holds_too(net: str) -> None:
    _assert_proved(derived(MORE[net]), "matrix", "short")


FAR = """from bpgen import *
x, w, j = input(12), param(12), indices("j", size=3)
output(sum(w[4*j] * x[4*j] * x[10], j))
"""


@pytest.mark.parametrize("notation", ["index", "components"])
def test_places_of_two_digits_and_multiples_of_a_letter(notation: str) -> None:
    """10 below a letter is one number, 4j a product."""
    _assert_proved(derived(FAR), notation, "short")


BESIDE = "from bpgen import *\nx = input(3)\nL = loss({} * max(x))\n"


@pytest.mark.parametrize("notation", one_in(3, NOTATIONS))
@pytest.mark.parametrize(
    "beside", one_in(3, ["max(x[0], x[1])", "maximum(x[1], x[2])", "max(x[2], x[0])"])
)
def test_a_gradient_that_is_a_maximum_tells_of_no_other(beside: str, notation: str) -> None:
    """The gradient by one maximum is the other: it does not say of what the one is the largest."""
    derivation = derived(BESIDE.format(beside))
    _assert_proved(derivation, notation, "short")
    page = render(derivation, fmt="latex", notation=notation)
    at = "{1}" if notation == "components" else "{i}"
    other = "{3}" if notation == "components" else "{2-i}"
    for told in (f"x_{at} = u^{{[1]}}", f"x_{at}\\text{{ gives }}u^{{[1]}}"):
        false = told.replace(at, other)
        first, last = (false.join(page.split(told, 1)), false.join(page.rsplit(told, 1)))
        assert page not in (first, last)
        assert not prove_page(first, derivation.network, (0, 1)).ok
        assert not prove_page(last, derivation.network, (0, 1)).ok


def test_a_label_left_out_counts_from_1_where_labels_do() -> None:
    derivation = derived(MORE["a label left out"])
    page = {n: render(derivation, fmt="latex", notation=n) for n in NOTATIONS}
    assert r"\operatorname{unless}(s - z_{y}, y, 1)" in page["index"]
    assert r"\operatorname{unless}(s - z_{y}, y, 2)" in page["components"]


def test_written_out_a_negative_sum_keeps_its_sign_in_every_addend() -> None:
    page = page_of("shift", "components")
    assert r"&= -\delta_{1} - \delta_{2} - \delta_{3}" in page


def test_a_sum_of_a_softmax_runs_over_all_of_its_entries() -> None:
    derivation = derived(MORE["the entries of a softmax"])
    page = render(derivation, fmt="latex", steps="short")
    right = r"\sum_{j} \operatorname{softmax}(v_{t})_{j}"
    assert right in page
    for wrong in (
        r"\sum_{j} 2 \operatorname{softmax}(v_{t})_{j}",
        r"\operatorname{softmax}(v_{t})_{1}",
    ):
        assert not prove_page(page.replace(right, wrong), derivation.network, (0,)).ok


@pytest.mark.parametrize("steps", STEPS)
def test_what_is_made_of_parameters_alone_is_differentiated_as_it_is_spelled(steps: str) -> None:
    """Of the batch, too: a step of a state space, of which dt is in the spelling and exp ldt."""
    net = "x, la, ldt = input(2), param(2), param(2)\ndt, A = exp(ldt), -exp(la)\n"
    net += "B = (1 + dt * A / 2) / (1 - dt * A / 2)\nL = loss(sum(B * x) ** 2)\n"
    page = render(derived(f"from bpgen import *\n{net}"), fmt="latex", steps=steps)
    assert "evaluated, and differentiated, as" in page
    _assert_proved(derived(f"from bpgen import *\n{net}"), "matrix", steps)


@pytest.mark.parametrize("name", ["pi", "pi1", "pi_old"])
def test_a_tensor_called_by_the_letter_of_the_number(name: str) -> None:
    net = f"from bpgen import *\nx, y, W = input(2), target(2), param(2, 2)\n{name} = tanh(W @ x)\n"
    derivation = derived(net + f"L = loss(squared_error({name}, y))\n")
    shown = render(derivation, fmt="latex", steps="short")
    assert r"\pi" in shown and prove_page(shown, derivation.network, (0,)).ok


@pytest.mark.parametrize("value", ["softmax(W @ x) * sqrt(2 * pi)", "gelu(W @ x)"])
def test_a_tensor_called_pi_beside_the_number(value: str) -> None:
    """It is a word where the number is on the page, and a letter where it is not."""
    net = "from bpgen import *\nx, y, W = input(2), target(2), param(2, 2)\npi_ = {}\n"
    net += "L = loss(squared_error(pi_, y))\n"
    right = render(derived(net.format(value)), fmt="latex", steps="short")
    assert r"\mathrm{pi\_} &=" in right and r"\sqrt{\pi}" in right
    assert prove_page(right, derived(net.format(value)).network, (0,)).ok
    assert r"\pi &=" in render(derived(net.format("W @ x")), fmt="latex", steps="short")


@pytest.mark.parametrize("layers", ["brackets", "plain"])
def test_what_only_a_softmax_holds_takes_no_entrys_name(layers: str) -> None:
    """s_1 is an entry of s, though the log-sum-exp of s is s1."""
    net = "from bpgen import *\nx, y, W = input(2), target(2), param(2, 2)\ns = W @ x\n"
    derivation = derived(net + "p = softmax(s)\nL = loss(squared_error(p, y))\n")
    style, short = Style(layers=layers), "short"
    page = render(derivation, fmt="latex", notation="components", style=style, steps=short)
    assert prove_page(page, derivation.network, (0,)).ok


SATURATED = (
    "from bpgen import *\nx = input(3)\ny = target()\nA = param(3, 3)\n"
    "v = 9 * dot(x, A @ x)\nL = loss(binary_cross_entropy(sigmoid(v), y))\n"
)


@pytest.mark.slow
def test_lines_are_judged_where_values_keep_their_digits() -> None:
    """Of log(1 - a) where a is 1 but for a rounding nothing can be said; a wrong line is still one
    wherever it is looked at.
    """
    made = derive(shrunk(declared_by(SATURATED)))
    page = render(made, fmt="latex")
    right = "&= u^{[2]} - y "
    assert right in page
    for seed in range(12):
        assert prove_page(page, made.network, (seed,)).ok, seed
        assert not prove_page(page.replace(right, "&= u^{[2]} + y "), made.network, (seed,)).ok, (
            seed
        )


@pytest.mark.parametrize("words", ["", r"\quad \text{evaluated as }"])
def test_a_left_side_on_a_line_of_its_own_is_that_of_the_next(words: str) -> None:
    """Not that of the row before."""
    rows = rf"u &= v \\ &w \\ &\quad {words or '='} x"
    (group,) = groups(rf"\section{{Derivation}}\begin{{align*}}{rows}\end{{align*}}")
    assert [s.tokens for s in group.statements] == [["u", "=", "v"], ["w", "=", "x"]]


def test_a_formula_is_read_anew_once_a_name_is_given() -> None:
    """Sigma of x is a function's value until sigma is what a gradient is called."""
    network = declared_by("from bpgen import *\nx = input(3)\noutput(x * x)\n")
    reading = Reading(World(network, {}), Names.of(network), "", True, 1)
    formula = tokens(r"\sigma (x)")
    assert isinstance(reading.parse(formula), Call)
    reading.names.call(reading.parser([r"\sigma"]).symbol(), "x")
    assert isinstance(reading.parse(formula), Product)

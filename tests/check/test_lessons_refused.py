"""A wrong number of a lesson is refused, a right one beside it is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner

from bpgen.check.lesson import READERS, Ground, Wrong, false_numbers
from bpgen.cli import main
from bpgen.emit import emitted
from bpgen.gates import lesson as lesson_gate
from bpgen.gates.lesson import ground_of
from bpgen.lesson import sections
from bpgen.render import render
from bpgen.worked import Example, worked
from bpgen.worked.drawn import at_drawn
from tests.conftest import ROOT, derived, of_example
from tests.few import one_in
from tests.test_lesson_mistakes import RNN
from tests.test_lesson_sections import TOY


@cache
def _toy() -> tuple[str, Ground]:
    derivation = of_example("toy_2_2_1")
    made = worked(derivation, emitted(derivation), Example(TOY, 0.5))
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    return page, ground_of(derivation, made, 4)


@cache
def _rnn() -> tuple[str, Ground]:
    derivation = derived(RNN)
    made = at_drawn(derivation)
    assert made is not None
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    return page, ground_of(derivation, made, 4)


def _false(page: tuple[str, Ground], section: str, before: str, after: str) -> list[Wrong]:
    """What is found where one thing is another in a section of a page."""
    latex, ground = page
    begin = latex.index(rf"\section{{{section}}}")
    head, rest = latex[:begin], latex[begin:]
    assert before in rest, before
    return false_numbers(head + rest.replace(before, after, 1), ground)[1]


_UNKNOWN = [  # sentences that no lesson has
    (
        "A bias is a weight whose input is 1",
        "whose input is 1 in every",
        "whose input is 2 in every",
    ),
    ("One product", "are one product", "are two products"),
]
_WRONG = [
    ("What the signs say", "is $-0.2380$", "is $-0.2381$"),
    ("What the signs say", "about $4.315", "about $4.316"),
    ("What the signs say", "is smaller by about", "is larger by about"),
    ("What the signs say", "is too small, and a larger", "is too large, and a smaller"),
    ("What the signs say", "& negative & all grow", "& positive & all grow"),
    ("What the signs say", "& negative & all grow", "& negative & all fall"),
    ("What the signs say", r"\times 1$, negative", r"\times 2$, negative"),
    ("Functions and their derivatives", r"\sigma(z))$ & 0.25", r"\sigma(z))$ & 0.5"),
    ("Functions and their derivatives", "& 0.25 & 0.25", "& 0.25 & 0.5"),
    ("Functions and their derivatives", r"$1 - \tanh(z)^{2}$", r"$1 + \tanh(z)^{2}$"),
    ("Functions and their derivatives", "s up to 1 & s", "s up to 1 & 1"),
    ("Functions and their derivatives", "(0.605, 0.745)", "(0.605, 0.746)"),
    ("Functions and their derivatives", "(0.2284, 0.2183)", "(0.2284, 0.2813)"),
    ("The size of the error", "$0.04315$", "$0.04316$"),
    ("The size of the error", r"\rule{6.30em}", r"\rule{5.60em}"),
    ("The size of the error", "$0.6021$", "$0.6022$"),
    ("The size of the error", "is $0.01110$", "is $0.01111$"),
    ("The size of the error", r"0.1813 \times", r"0.1183 \times"),
    ("The size of the error", "multiplies it by $0.1342$", "multiplies it by $0.1343$"),
    ("The size of the error", "after 10", "after 11"),
    (
        "The length of the step",
        "Before any step $L$ is $0.02831$",
        "Before any step $L$ is $0.02813$",
    ),
    ("The length of the step", "$0.02814$", "$0.02815$"),
    ("The length of the step", "$0.05$", "$0.06$"),
    ("The length of the step", "$0.002511$", "$0.002512$"),
    (
        "The length of the step",
        "$0.002511$ & the loss falls",
        "rounding decides & too long: the loss wanders",
    ),
    ("The length of the step", "& the loss falls", "& the loss falls slowly"),
    ("The length of the step", "& the loss falls", "& nothing is learned"),
    ("The length of the step", "& the loss falls", "& too long: the loss grows"),
    ("The length of the step", "& the loss falls", "& too long: the loss goes up and down"),
    ("Forward again", "(0.6091, 0.7494)", "(0.6091, 0.7495)"),
    ("Forward again", "$0.02658$", "$0.02831$"),
    ("Forward again", "$0.02749$", "$0.02794$"),
    ("Forward again", "& with biases held", "& before"),
    ("Batch, stochastic, mini-batch", "44 M - 9", "45 M - 9"),
    ("Batch, stochastic, mini-batch", "& $35$", "& $36$"),
    ("Edge cases", "$L$ is $0$", "$L$ is $0.1$"),
    ("Edge cases", "and was $0.04315$", "and was $0.04314$"),
    (
        "Edge cases",
        "every gradient is exactly 0: nothing is learned",
        "what is left is not of the error: a penalty, or a loss whose least is elsewhere",
    ),
    ("Edge cases", "saturated: next to nothing is learned, and nothing is nan", "nothing is nan"),
    (
        "Edge cases",
        "saturated: next to nothing is learned, and nothing is nan",
        "nothing is nan; it explodes",
    ),
    (
        "Edge cases",
        "saturated: next to nothing is learned, and nothing is nan",
        "too large for numbers",
    ),
    (
        "Classic mistakes",
        "After a right step $L$ is $0.02658$",
        "After a right step $L$ is $0.02568$",
    ),
    ("Classic mistakes", "$23.75$", "$23.76$"),
    ("Classic mistakes", "$0.01924$", "$0.01923$"),
    ("Classic mistakes", "& $2$ &", "& $1$ &"),
    ("Classic mistakes", "$0.05223$", "$0.05225$"),
    ("Classic mistakes", "$1.253$", "$1.254$"),
    ("The network as a graph", r"x \to z^{[1]} \to a^{[1]}", r"x \to a^{[1]} \to z^{[1]}"),
    ("The network as a graph", r"\to a^{[2]} \to \ell$", r"\to a^{[2]}$"),
    ("The network as a graph", r"Backward: $\ell \to \frac", r"Backward: $a^{[2]} \to \frac"),
    ("The network as a graph", "$z^{[2]}$ & $a^{[1]}$ &", "$z^{[2]}$ & $x$ &"),
    ("The network as a graph", "& $W^{[1]}$, $b^{[1]}$ &", "& $W^{[1]}$ &"),
    ("The network as a graph", r"& $\delta^{[1]}$ & $a^{[1]}$", r"& $\delta^{[2]}$ & $a^{[1]}$"),
    ("The network as a graph", r"& $\delta^{[1]}$ & $a^{[1]}$", r"& $\delta^{[1]}$ & $z^{[2]}$"),
    ("The network as a graph", r"& $\ell$ \\", r"& it begins here \\"),
    ("A bias is a weight whose input is 1", "$W^{[1]}$ & $x$ &", "$W^{[1]}$ & $y$ &"),
    ("A bias is a weight whose input is 1", "& $W^{[2]}$ & $a", "& $W^{[1]}$ & $a"),
    ("A bias is a weight whose input is 1", "$b^{[1]}$ & $1$", "$W^{[1]}$ & $1$"),
    ("Learning, in steps", "$b^{[2]}$ at 0", "$b^{[2]}$ at 1"),
    ("Learning, in steps", "of variance 1", "of variance 2"),
    ("Learning, in steps", ", $b^{[2]}$ at 0", " at 0"),
    ("Learning, in steps", "samples of $x$, $y$: (1)", "samples of $x$: (1)"),
    ("Learning, in steps", "$: (1) to (5)", "$: (1) to (6)"),
    ("Learning, in steps", "left: (6) to (14)", "left: (7) to (14)"),
    ("Learning, in steps", r"b^{[1]}}$", r"b^{[2]}}$"),
    ("Learning, in steps", r"there: $W^{[1]} \leftarrow", r"there: $W^{[2]} \leftarrow"),
    ("Learning, in steps", "until $L$", "until $y$"),
    ("What a pass costs", "& $6$ &", "& $7$ &"),
    ("What a pass costs", "$18 N - 6$", "$18 N - 5$"),
    ("What a pass costs", "$2 N$", "$3 N$"),
    ("What a pass costs", "$5 N$", "$6 N$"),
    ("What a pass costs", "is 1.8 times", "is 1.9 times"),
    ("What a pass costs", "$9$ numbers are learned", "$8$ numbers are learned"),
]


@cache
def _at_kinks() -> tuple[str, Ground]:
    derivation = derived(
        "from bpgen import *\nx, y = input(2), target(2)\n"
        "h = dense(dense(dense(x, 2, relu), 2, leaky_relu), 2, elu)\n"
        "z = maximum(dense(h, 2), h)\nb = hard_tanh(z)\na = clip(b, -0.5, 0.5)\nL = loss(squared_error(a, y))\n"
    )
    made = at_drawn(derivation)
    assert made is not None
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    return page, ground_of(derivation, made, 4)


@cache
def _near_the_start() -> tuple[str, Ground]:
    """A network in which nothing saturates."""
    derivation = derived(
        "from bpgen import *\nx, y, w = input(), target(), param()\nL = loss((w * x - y) ** 2)"
    )
    made = at_drawn(derivation)
    assert made is not None
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    return page, ground_of(derivation, made, 4)


def test_what_is_said_to_be_next_to_nothing_is_compared() -> None:
    before = re.search(r"the largest gradient is (\S+), and was", _near_the_start()[0])
    assert before is not None and not false_numbers(*_near_the_start())[1]
    after = "less than a ten-billionth of what it was"
    assert _false(_near_the_start(), "Edge cases", before[1], after)


_PRIME = r"\textquotesingle{}"
_WRONG_AT_KINKS = [
    (f"lrelu{_PRIME}(0) is the slope of the negative side", f"lrelu{_PRIME}(0) = 0"),
    ("are 0 at both ends", "(0) is the slope of the negative side"),
    (f"clip{_PRIME} is 1 at both ends", f"clip{_PRIME}(0) = 0"),
    ("at the kink of relu", "at the kink of elu"),
    ("at the kink of relu", "at the kink of softplus"),
    ("a convention: from the left and the right it differs", "there is none"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), _WRONG_AT_KINKS)
def test_what_is_said_at_a_kink_is_computed(before: str, after: str) -> None:
    """An elu whose s is 1 has none."""
    assert r"at the kink of leaky\_relu" in _at_kinks()[0]
    assert "at the kink of elu" not in _at_kinks()[0]
    assert not false_numbers(*_at_kinks())[1]
    assert _false(_at_kinks(), "Edge cases", before, after)


def test_nothing_is_false_where_nothing_is_changed() -> None:
    for latex, ground in (_toy(), _rnn()):
        count, found = false_numbers(latex, ground)
        assert not found
        assert count > 30


@pytest.mark.slow
@pytest.mark.parametrize(("section", "before", "after"), _UNKNOWN)
def test_a_sentence_that_no_lesson_has_is_refused(section: str, before: str, after: str) -> None:
    found = _false(_toy(), section, before, after)
    assert [(w.line, w.unread) for w in found] == [(section, True)]


@pytest.mark.parametrize(("section", "before", "after"), one_in(5, _WRONG))
def test_one_wrong_number_is_refused(section: str, before: str, after: str) -> None:
    found = _false(_toy(), section, before, after)
    assert found
    assert all(w.line.startswith(section) and not w.unread for w in found)


def _of_example(text: str, values: dict[str, object], rate: float) -> tuple[str, Ground]:
    derivation = derived(f"from bpgen import *\n{text}")
    made = worked(derivation, emitted(derivation), Example(values, rate))
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    return page, ground_of(derivation, made, 4)


def test_a_loss_falls_however_large_other_values_are() -> None:
    """tanh(x[1]) is 1, and a rounding of x[1] moves no loss."""
    of_one = _of_example(
        "x, y, w = input(2), target(), param()\na = w * x[0] + tanh(x[1])\n"
        "L = loss(half_squared_error(a, y))\n",
        {"x": [0.01, 1e9], "y": 1.02, "w": 1.0},
        1000.0,
    )
    falls, nothing = "& the loss falls", "& nothing is learned"
    assert nothing not in of_one[0]
    assert not false_numbers(*of_one)[1]
    assert _false(of_one, "The length of the step", falls, nothing)


def test_what_values_that_cancel_leave_is_no_fall() -> None:
    """A loss of 1e-11 as the difference of two numbers near 75, of which two digits are known."""
    latex, _ = _of_example(
        "x, y, W = input(2), label(2), param(2, 2)\n"
        "L = loss(categorical_cross_entropy_with_logits(W @ x, y))\n",
        {"x": [30.0, 20.0], "y": 1, "W": [[1.0, 1.0], [1.5, 1.5]]},
        0.1,
    )
    assert latex.count("& nothing is learned") == 3


_IN_TIME = re.compile(
    r"^(?:a term: of the steps|an index: the loop|a term: no error|an index: the state).*$", re.M
)


@pytest.mark.parametrize(("k", "cell"), one_in(3, [*product(range(4), (2, 3))]))
def test_a_wrong_number_of_a_mistake_through_time_is_refused(k: int, cell: int) -> None:
    latex, _ = _rnn()
    row = _IN_TIME.findall(latex)[k]
    cells = row.split(" & ")
    digits = cells[cell].removesuffix(r" \\").strip("$")
    cells[cell] = cells[cell].replace(digits, f"{float(digits) * 1.01:.4g}")
    (found,) = _false(_rnn(), "Classic mistakes", row, " & ".join(cells))
    assert found.line == f"Classic mistakes: {cells[0]}"


def test_another_gradient_is_not_the_most_wrong() -> None:
    latex, _ = _rnn()
    row = _IN_TIME.findall(latex)[3]
    found = _false(_rnn(), "Classic mistakes", row, row.replace("partial U", "partial V", 1))
    assert found


def test_a_table_that_nobody_reads_counts_as_false() -> None:
    latex, ground = _toy()
    other = latex.replace(r"\section{Forward again}", r"\section{Backward again}")
    assert false_numbers(other, ground)[1] == [
        Wrong("Backward again", "a table that nobody reads", unread=True)
    ]


def test_every_section_with_a_reader_is_on_a_page() -> None:
    latex, _ = _toy()
    assert all(rf"\section{{{title}}}" in latex for title in READERS)


def test_a_lesson_with_a_wrong_number_is_not_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = lesson_gate.render
    monkeypatch.setattr(
        lesson_gate, "render", lambda *a, **k: right(*a, **k).replace("$23.75$", "$32.75$")
    )
    text = (ROOT / "examples" / "toy_2_2_1.py").read_text()
    (tmp_path / "net.py").write_text(text)
    said = CliRunner().invoke(main, ["derive", "--lesson", str(tmp_path / "net.py")])
    assert (said.exit_code, said.stdout) == (2, "")
    assert said.stderr.startswith(
        f"bpgen: {tmp_path}/net.py: not printed, for it would be false: Classic mistakes: the"
        " derivative of the activation: left out wherever there is one: 32.75 is printed, and it"
    )
    unchecked = ["derive", "--lesson", "--unchecked", str(tmp_path / "net.py")]
    assert CliRunner().invoke(main, unchecked).exit_code == 0


@cache
def _exact_step() -> tuple[str, Ground]:
    """A step that leads to the target: what is left of the loss is rounding."""
    derivation = derived(
        "from bpgen import *\nx, y, w = input(), target(), param()\na = w * x\n"
        "L = loss((a - y)**2 / 2)\n"
    )
    given = {"x": 0.7, "y": 30.0, "w": 3.0}
    made = worked(derivation, emitted(derivation), Example(given, 1 / 0.7**2))
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    return page, ground_of(derivation, made, 4)


@pytest.mark.parametrize(
    ("left", "right"),
    [(r"1.2 \cdot 10^{-29}", True), (r"3.2 \cdot 10^{-24}", False), (r"1.2 \cdot 10^{-11}", False)],
)
def test_next_to_nothing_is_what_rounding_leaves(left: str, right: bool) -> None:
    """Of a loss of 388 before the step."""
    latex, ground = _exact_step()
    assert false_numbers(latex, ground)[1] == []
    row = next(line for line in latex.splitlines() if line.startswith("$2.041$ & "))
    cells = row.split(" & ")
    other = " & ".join([cells[0], f"${left}$", *cells[2:]])
    assert (_false((latex, ground), "The length of the step", row, other) == []) is right


@cache
def _dead() -> tuple[str, Ground]:
    """Of the hidden layer nothing passes: its gradients are 0, and not without the derivative."""
    return _of_example(
        "x, y, W, V, c = input(2), target(1), param(2, 2), param(1, 2), param(1)\n"
        "z = W @ x\na = relu(z)\nL = loss(half_squared_error(V @ a + c, y))\n",
        {"x": [1, 2], "y": [0], "W": [[-1, 0], [0, -1]], "V": [[1, 2]], "c": [0.5]},
        0.5,
    )


def test_a_mistake_may_be_wrong_where_the_gradient_is_0() -> None:
    latex, ground = _dead()
    assert not false_numbers(latex, ground)[1]
    row = next(line for line in latex.splitlines() if line.startswith("the derivative of the"))
    assert "partial W}" in row and "& it is 0 &" in row


@pytest.mark.parametrize(
    ("before", "after"),
    [("& it is 0 &", "& $0$ &"), ("partial W}", "partial V}"), ("partial W}", "partial c}")],
)
def test_what_is_0_is_not_said_of_another(before: str, after: str) -> None:
    latex, _ = _dead()
    row = next(line for line in latex.splitlines() if line.startswith("the derivative of the"))
    assert _false(_dead(), "Classic mistakes", row, row.replace(before, after))


def test_a_right_gradient_is_not_the_most_wrong() -> None:
    latex, _ = _dead()
    row = next(line for line in latex.splitlines() if line.startswith("the bias:"))
    number = row.split(" & ")[2]
    assert _false(_dead(), "Classic mistakes", row, row.replace(number, "it is 0"))


def test_one_number_is_learned() -> None:
    latex, ground = _of_example(
        "x, w = input(), param()\nL = loss((w * x - 1) ** 2)\n", {"x": 2.0, "w": 1.0}, 0.1
    )
    assert "$1$ number is learned" in latex and not false_numbers(latex, ground)[1]


@cache
def _of_one_unit() -> tuple[str, Ground]:
    derivation = of_example("relu_neuron")
    made = at_drawn(derivation)
    assert made is not None
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    return page, ground_of(derivation, made, 4)


@pytest.mark.parametrize(
    ("page", "before", "after"),
    [
        (_of_one_unit, "$z$ is below 0: the branch", "$z$ is above 0: the branch"),
        (_of_one_unit, "whose derivative is $0$.", "whose derivative is $1$."),
        (_of_one_unit, "$z$ is below 0: the branch", "$a$ is below 0: the branch"),
        (_at_kinks, "is above 0 at 2 of 2", "is above 0 at 1 of 2"),
        (_at_kinks, "is above 0 at 2 of 2", "is above 0 at 2 of 3"),
        (_at_kinks, "these numbers: the bias; a term.", "these numbers: the bias; a sign."),
    ],
)
def test_a_sentence_on_branches_and_on_what_has_no_effect_is_computed(
    page: Callable[[], tuple[str, Ground]], before: str, after: str
) -> None:
    latex, ground = page()
    assert before in latex
    assert not false_numbers(latex, ground)[1]
    (wrong,) = false_numbers(latex.replace(before, after, 1), ground)[1]
    assert not wrong.unread


def test_a_sentence_that_nobody_reads_counts_as_false() -> None:
    latex, ground = _toy()
    said = "The forward pass with the parameters after the step."
    other = latex.replace(said, "The forward pass with the parameters before the step.")
    assert [w.line for w in false_numbers(other, ground)[1] if w.unread] == ["Forward again"]


def test_a_loss_that_begins_at_0_and_falls_does_not_fall_slowly() -> None:
    derivation = derived(
        "from bpgen import *\nx, w, v = input(), param(), param(init='zeros')\nL = loss(v * w * x)\n"
    )
    made = at_drawn(derivation)
    assert made is not None and made.values["L"] == 0
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    assert "the loss falls slowly" not in page
    assert not false_numbers(page, ground_of(derivation, made, 4))[1]

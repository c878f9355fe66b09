"""A wrong number of a lesson is refused, a right one beside it is not."""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner
from lessons import Page, drawn, false

from bpgen.check.lesson import READERS, Wrong, false_numbers
from bpgen.cli import main
from bpgen.emit import emitted
from bpgen.gates import lesson as lesson_gate
from bpgen.gates.lesson import ground_of
from bpgen.lesson import sections
from bpgen.render import render
from bpgen.worked import Example, worked
from tests.conftest import ROOT, derived, of_example
from tests.few import one_in
from tests.test_lesson_mistakes import RNN
from tests.test_lesson_sections import TOY


@cache
def _toy() -> Page:
    derivation = of_example("toy_2_2_1")
    made = worked(derivation, emitted(derivation), Example(TOY, 0.5))
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    return page, ground_of(derivation, made, 4)


@cache
def _rnn() -> Page:
    derivation = derived(RNN)
    return drawn(derivation)


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


def test_nothing_is_false_where_nothing_is_changed() -> None:
    for latex, ground in (_toy(), _rnn()):
        count, found = false_numbers(latex, ground)
        assert not found
        assert count > 30


@pytest.mark.slow
@pytest.mark.parametrize(("section", "before", "after"), _UNKNOWN)
def test_a_sentence_that_no_lesson_has_is_refused(section: str, before: str, after: str) -> None:
    found = false(_toy(), section, before, after)
    assert [(w.line, w.unread) for w in found] == [(section, True)]


@pytest.mark.parametrize(("section", "before", "after"), one_in(10, _WRONG))
def test_one_wrong_number_is_refused(section: str, before: str, after: str) -> None:
    found = false(_toy(), section, before, after)
    assert found
    assert all(w.line.startswith(section) and not w.unread for w in found)


_IN_TIME = re.compile(
    r"^(?:a term: of the steps|an index: the loop|a term: no error|an index: the state).*$", re.M
)


@pytest.mark.parametrize(("k", "cell"), one_in(6, [*product(range(4), (2, 3))]))
def test_a_wrong_number_of_a_mistake_through_time_is_refused(k: int, cell: int) -> None:
    latex, _ = _rnn()
    row = _IN_TIME.findall(latex)[k]
    cells = row.split(" & ")
    digits = cells[cell].removesuffix(r" \\").strip("$")
    cells[cell] = cells[cell].replace(digits, f"{float(digits) * 1.01:.4g}")
    (found,) = false(_rnn(), "Classic mistakes", row, " & ".join(cells))
    assert found.line == f"Classic mistakes: {cells[0]}"


def test_another_gradient_is_not_the_most_wrong() -> None:
    latex, _ = _rnn()
    row = _IN_TIME.findall(latex)[3]
    found = false(_rnn(), "Classic mistakes", row, row.replace("partial U", "partial V", 1))
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


def test_a_sentence_that_nobody_reads_counts_as_false() -> None:
    latex, ground = _toy()
    said = "The forward pass with the parameters after the step."
    other = latex.replace(said, "The forward pass with the parameters before the step.")
    assert [w.line for w in false_numbers(other, ground)[1] if w.unread] == ["Forward again"]

"""The numbers of a lesson are read back and computed again: right ones are, wrong ones are refused."""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner

from bpgen.check.lesson import READERS, Ground, Wrong, false_numbers
from bpgen.cli import main
from bpgen.derive import derive
from bpgen.emit import emitted
from bpgen.gates import lesson as lesson_gate
from bpgen.gates.lesson import ground_of, numbers
from bpgen.lesson import sections
from bpgen.load import declared_by, load
from bpgen.render import render
from bpgen.worked import Example, worked
from bpgen.worked.drawn import at_drawn
from tests.conftest import ROOT, derived, of_example
from tests.few import one_in
from tests.render.nets import NETS
from tests.test_lesson_mistakes import ALIKE, BLOCKS, LSTMS, RNN
from tests.test_lesson_sections import TOY

_RIGHT = {
    **{n: NETS[n] for n in ("softmax", "embedding", "past", "max_pool", "leaky", "log_cosh")},
    **{"rnn": RNN, "blocks": BLOCKS, "alike": ALIKE, "lstms": LSTMS},
    **dict.fromkeys(("toy_2_2_1", "softmax_mlp", "two_heads", "diabetes", "relu_neuron")),
}


@pytest.mark.parametrize("name", one_in(4, [*_RIGHT]))
def test_the_numbers_of_a_lesson_are_right(name: str) -> None:
    net = _RIGHT[name]
    derivation = derive(declared_by(net) if net else load(ROOT / "examples" / f"{name}.py"))
    drawn = at_drawn(derivation)
    assert drawn is not None
    assert numbers(derivation, drawn, 4) == []


@pytest.mark.slow
def test_the_slope_of_the_tanh_form_of_a_normal_distribution_has_a_bound() -> None:
    """Far out it is 0 but for digits that a formula by its names alone does not have."""
    derivation = derived(
        "from bpgen import *\nx, y = input(2), target(2)\nz = param(2, 2) @ x\n"
        'a = gelu(z, "tanh")\nL = loss(squared_error(a, y))\n'
    )
    made = at_drawn(derivation)
    assert made is not None
    assert numbers(derivation, made, 4) == []
    page = render(derivation, fmt="text", steps="short", worked=made, lesson=sections)
    (row,) = (line for line in page.splitlines() if line.lstrip().startswith("here"))
    assert row.split()[-2:] == ["0.399", "0.399"]


@pytest.mark.slow
@pytest.mark.parametrize("f", ["softplus({})", "sqrt({})", "({}) ** (2 / 3)", "({}) ** 2"])
def test_what_a_function_is_of_is_updated_where_its_derivative_reads_it(f: str) -> None:
    """The root's derivative is one of its value, and so of the forward pass: softplus's is not."""
    derivation = derived(
        "from bpgen import *\nx, y = input(2), target()\n"
        'v, w = param(2, init="ones"), param(2, init="ones")\nu = v * x\n'
        f"a = {f.format('w * u + 2')}\nL = loss((sum(a * a) - y) ** 2)\n"
    )
    made = at_drawn(derivation)
    assert made is not None
    assert numbers(derivation, made, 4) == []


_V, _W = 'v = param(3, init="ones")\n', "w = param()\n"
_H, _ERROR = "h = dense(x, 3, softplus)\n", "L = loss(half_squared_error(a, y))\n"
_POWERS_AND_LOGARITHMS = {
    "z^w": f"{_W}{_H}a = sum(h ** w)\n{_ERROR}",
    "(v z)^w": f"{_V}{_W}{_H}a = sum((v * h) ** w)\n{_ERROR}",
    "z^(v u), beside 2^(v u)": (
        f"{_V}{_H}u = dense(x, 3, sigmoid)\nb = h ** (v * u)\nc = 2 ** (v * u)\na = sum(b * c)\n{_ERROR}"
    ),
    "log-sum-exp of v z": f"{_V}{_H}a = logsumexp(v * h)\n{_ERROR}",
    "softmax of v z": f"{_V}{_W}{_H}p = softmax(v * h + w)\na = sum(p * p)\n{_ERROR}",
    "log of a sum of exp": (
        f'{_V}{_W}i = indices("i")\na = log(sum(exp(v[i] * x[0] + w), i))\n'
        "L = loss((a - y - x[1]) ** 2)\n"
    ),
    "slope of a prelu": "h = prelu(dense(x, 3))\na = sum(h * h)\n" + _ERROR,
    "mixture": (
        "h = dense(x, 3, tanh)\nu = dense(h, 2)\nm = dense(h, 2)\ns = dense(h, 2)\n"
        "L = loss(mixture_density(u, m, s, y))\n"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", _POWERS_AND_LOGARITHMS)
def test_a_lesson_on_powers_and_logarithms_is_right(name: str) -> None:
    """Of a parameter in an exponent a = z^w is kept; of a logsumexp s, and what it is of is read."""
    begin = "from bpgen import *\nx, y = input(2), target()\n"
    derivation = derived(begin + _POWERS_AND_LOGARITHMS[name])
    made = at_drawn(derivation)
    assert made is not None
    assert numbers(derivation, made, 4) == []


@pytest.mark.slow
def test_steps_of_which_rounding_decides_where_they_lead_have_no_number() -> None:
    derivation = derived(
        "from bpgen import *\ni, j, t = indices('i j t')\nx, y = input('T', 2), target()\n"
        "w, u, b = param(2, 2), param(2, 2, init='normal'), param(2)\nh = recurrent('T', 2)\n"
        "h[t, i] = sin(sum(w[i, j] * x[t, j], j) + sum(u[i, j] * h[t - 1, j], j) + b[i])\n"
        "L = loss((sum(last(h)) - y) ** 2)\n"
    )
    made = at_drawn(derivation)
    assert made is not None
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    assert page.count("rounding decides & too long: the loss wanders") == 1
    assert numbers(derivation, made, 4) == []


@pytest.mark.slow
def test_a_right_step_may_lead_to_no_number() -> None:
    derivation = derived(
        "from bpgen import *\nx, y, w = input(), target(), param(init=0.7)\n"
        "o = 1.3 * silu(w * x) - 2\nL = loss(exp(2 * (o - y) ** 2))\n"
    )
    made = at_drawn(derivation)
    assert made is not None
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    assert "After a right step $L$ is no number" in page
    assert numbers(derivation, made, 4) == []


@pytest.mark.slow
def test_what_is_right_to_the_last_bit_has_no_gradient() -> None:
    """A sign does not forgive a rounding: the target is what the module's forward returns."""
    kinks = "relu, leaky_relu, elu, selu, relu6, hard_tanh, hard_sigmoid, hard_swish"
    derivation = derived(
        f"from bpgen import *\nx, y = input(3), target(3)\nh = x\nfor f in ({kinks}):\n"
        "    h = dense(h, 3, f)\na = abs(prelu(h))\nL = loss(absolute_error(a, y))\n"
    )
    made = at_drawn(derivation)
    assert made is not None
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    assert "every gradient is exactly 0" in page
    assert numbers(derivation, made, 4) == []


@pytest.mark.slow
def test_what_is_read_from_either_end_is_read_at_two_places() -> None:
    """By = for += the second product, of the same entries in another order, is all that is left."""
    derivation = derived(
        'from bpgen import *\nx, y, W = input("T", 2), target(), param(2, 2)\n'
        "e = tanh(x @ W)\nh = bidirectional(rnn, e, 2)\nL = loss((sum(h) - y) ** 2)\n"
    )
    made = at_drawn(derivation)
    assert made is not None
    assert numbers(derivation, made, 4) == []


@pytest.mark.slow
def test_a_target_that_is_the_states_is_so_at_each_step() -> None:
    """What stands before the first step is no target."""
    derivation = derived(
        'from bpgen import *\nt = indices("t")\nx, y, w = input("T"), target("T"), param(init=0.5)\n'
        'h = recurrent("T")\nh[t] = tanh(w * h[t - 1] + x[t])\nL = loss(mean((h - y) ** 2))\n'
    )
    made = at_drawn(derivation)
    assert made is not None
    assert "already right" in render(
        derivation, fmt="latex", steps="short", worked=made, lesson=sections
    )
    assert numbers(derivation, made, 4) == []


@pytest.mark.slow
def test_of_pairs_of_samples_no_ratio_is_told() -> None:
    """What grows with the square of the batch is most of both passes."""
    derivation = derived(
        "from bpgen import *\nn, m, i = samples(), samples(), indices('i')\nx, W = input(3), param(3, 3)\n"
        "a = tanh(W @ x)\nL = loss(log(sum(exp(sum(a[i] * a[m, i], i)), m)) - sum(a * a))\n"
    )
    made = at_drawn(derivation)
    assert made is not None
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    assert "numbers are learned" in page
    assert "times as many" not in page
    assert numbers(derivation, made, 4) == []


def test_a_value_that_a_step_makes_too_large_is_no_number() -> None:
    derivation = derived(
        "from bpgen import *\nx, y, w = input(2), target(), param(2)\n"
        "a = sigmoid(dot(w, x))\nL = loss((a - y) ** 2)\n"
    )
    made = worked(derivation, emitted(derivation), Example({"x": [1e200, -1e200], "y": 1}, 0.5))
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    assert "& no number" in page
    ground = ground_of(derivation, made, 4)
    assert not false_numbers(page, ground)[1]
    wrong = page.replace("$a$ & $0.5$ & $1$", "$a$ & $0.5$ & no number")
    assert wrong != page
    assert [w.reason for w in false_numbers(wrong, ground)[1]] == ["it is 1.0"]


@pytest.mark.slow
def test_of_many_layers_the_cost_of_all_alone_is_told_and_read() -> None:
    layers = "".join("h = dense(h, 2, tanh)\n" for _ in range(14))
    derivation = derived(
        f"from bpgen import *\nx, y = input(2), target(2)\nh = x\n{layers}"
        "L = loss(squared_error(h, y))\n"
    )
    made = at_drawn(derivation)
    assert made is not None
    assert numbers(derivation, made, 4) == []
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    right = re.search(r"^all & \$(\d+)\$ & ", page, re.M)
    assert right is not None
    wrong = page.replace(right[0], f"all & ${int(right[1]) + 1}$ & ")
    (found,) = false_numbers(wrong, ground_of(derivation, made, 4))[1]
    assert "all" in found.line and not found.unread


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


_WRONG = [
    ("What the signs say", "is $-0.2380$", "is $-0.2381$"),
    ("What the signs say", "about $-4.315", "about $-4.316"),
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
        "z = dense(h, 2)\na = hard_tanh(z)\nL = loss(squared_error(a, y))\n"
    )
    made = at_drawn(derivation)
    assert made is not None
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    return page, ground_of(derivation, made, 4)


_PRIME = r"\textquotesingle{}"
_WRONG_AT_KINKS = [
    (f"lrelu{_PRIME}(0) is the slope of the negative side", f"lrelu{_PRIME}(0) = 0"),
    (f"clip{_PRIME} is 0 at both ends", f"clip{_PRIME}(0) is the slope of the negative side"),
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

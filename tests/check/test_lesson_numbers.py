"""The numbers of a lesson are read back and computed again: right ones are, wrong ones are refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from bpgen.check.lesson import false_numbers
from bpgen.cli import main
from bpgen.derive import derive
from bpgen.emit import emitted
from bpgen.gates.lesson import ground_of, numbers
from bpgen.lesson import sections
from bpgen.load import declared_by, load
from bpgen.record import Derivation
from bpgen.render import render
from bpgen.worked import Example, Worked, worked
from bpgen.worked.drawn import at_drawn
from tests.conftest import ROOT, derived
from tests.few import one_in
from tests.render.nets import NETS
from tests.test_lesson_mistakes import ALIKE, BLOCKS, LSTMS, RNN

_RIGHT = {
    **{n: NETS[n] for n in ("softmax", "embedding", "past", "max_pool", "leaky", "log_cosh")},
    **{"rnn": RNN, "blocks": BLOCKS, "alike": ALIKE, "lstms": LSTMS},
    **dict.fromkeys(("toy_2_2_1", "softmax_mlp", "two_heads", "diabetes", "relu_neuron")),
}


def _right(derivation: Derivation) -> Worked:
    """The example that is drawn, every number of whose lesson is right."""
    made = at_drawn(derivation)
    assert made is not None
    assert numbers(derivation, made, 4) == []
    return made


@pytest.mark.parametrize("name", one_in(8, [*_RIGHT]))
def test_the_numbers_of_a_lesson_are_right(name: str) -> None:
    net = _RIGHT[name]
    derivation = derive(declared_by(net) if net else load(ROOT / "examples" / f"{name}.py"))
    drawn = at_drawn(derivation)
    assert drawn is not None
    assert numbers(derivation, drawn, 4) == []


def test_next_to_nothing_is_told_without_digits() -> None:
    """1 - p of a sigmoid that is 1 but for a few roundings has none, or is 0."""
    net = "from sympy import Symbol, asinh, atan\nfrom bpgen import *\nt = Symbol('t')\n"
    net += "f = activation(atan(t) + asinh(t))\nx, y = input(3), target(1)\n"
    net += "p = sigmoid(dense(dense(x, 2, f), 1))\nL = loss(squared_error(p, y))\n"
    _right(derived(net))


@pytest.mark.slow
def test_the_slope_of_the_tanh_form_of_a_normal_distribution_has_a_bound() -> None:
    """Far out it is 0 but for digits that a formula by its names alone does not have."""
    derivation = derived(
        "from bpgen import *\nx, y = input(2), target(2)\nz = param(2, 2) @ x\n"
        'a = gelu(z, "tanh")\nL = loss(squared_error(a, y))\n'
    )
    made = _right(derivation)
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
    _right(derivation)


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
    _right(derivation)


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
def test_of_a_loss_next_to_nothing_no_digit_is_told() -> None:
    """log(1 + u^2) of a small u: what a formula makes of it and what the module does differ."""
    derivation = derived(
        "from bpgen import *\nx, y, w = input(), target(), param(init='ones')\n"
        "L = loss(log(1 + (w * x - y) ** 2))\n"
    )
    made = _right(derivation)
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    wrong = page.replace("$0.01824$", "below $10^{-12}$ of $L$ before")
    (found,) = false_numbers(wrong, ground_of(derivation, made, 4))[1]
    assert found.reason == "it is 0.01824, of 0.1034" and not found.unread


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
def test_the_larger_of_two_is_no_activation(tmp_path: Path) -> None:
    """So that without its derivative nothing is said to be another."""
    net = tmp_path / "net.py"
    net.write_text(
        "from bpgen import *\nx, y, W, u = input(3), target(2), param(2, 3), param(2)\n"
        "z = W @ x + param(2)\na = maximum(z, u)\nc = clip(a, -0.5, 1)\n"
        "L = loss(half_squared_error(c, y))\nexample(x=[0.5, 0.9, 0.1], y=[1, 0.5], lr=0.5)\n"
    )
    done = CliRunner().invoke(main, ["derive", "--lesson", str(net)])
    assert (done.exit_code, done.stderr) == (0, "")


@pytest.mark.slow
def test_what_is_read_from_either_end_is_read_at_two_places() -> None:
    """By = for += the second product, of the same entries in another order, is all that is left."""
    derivation = derived(
        'from bpgen import *\nx, y, W = input("T", 2), target(), param(2, 2)\n'
        "e = tanh(x @ W)\nh = bidirectional(rnn, e, 2)\nL = loss((sum(h) - y) ** 2)\n"
    )
    _right(derivation)


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
    made = _right(derivation)
    page = render(derivation, fmt="latex", steps="short", worked=made, lesson=sections)
    right = re.search(r"^all & \$(\d+)\$ & ", page, re.M)
    assert right is not None
    wrong = page.replace(right[0], f"all & ${int(right[1]) + 1}$ & ")
    (found,) = false_numbers(wrong, ground_of(derivation, made, 4))[1]
    assert "all" in found.line and not found.unread

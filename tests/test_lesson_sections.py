"""What a lesson adds is computed: its numbers are found again in other ways, and it is left out where
it cannot be.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from click.testing import CliRunner

from bpgen.check.claims.mistakes import TABLE as CLAIMED
from bpgen.check.page.proof import prove_page
from bpgen.check.page.world import World
from bpgen.cli import main
from bpgen.emit import emitted
from bpgen.functions import ROWS
from bpgen.lesson import activations, sections
from bpgen.lesson.code import listing
from bpgen.lesson.counts import backward, forward
from bpgen.lesson.lesson import Lesson
from bpgen.lesson.mistakes.paths import forward as values_of
from bpgen.lesson.mistakes.paths import gradients_by
from bpgen.lesson.mistakes.table import TABLE, kinds
from bpgen.lesson.sizes import sizes
from bpgen.record import Derivation
from bpgen.render import render
from bpgen.render.lines import columns
from bpgen.render.numerals import Numerals
from bpgen.render.sample import View
from bpgen.render.style import WIDEST
from bpgen.render.text import TEXT
from bpgen.render.writer import Writer
from bpgen.worked import Example, worked
from bpgen.worked.drawn import at_drawn
from tests.conftest import ROOT, derived, of_example
from tests.few import one_in
from tests.listings import listed, runs_alone

PUBLISHED = json.loads((ROOT / "tests" / "data" / "worked_examples.json").read_text())
TOY = {n: PUBLISHED["toy_2_2_1"][n] for n in ("x", "y", "W1", "b1", "W2", "b2")}
RELUS = """from bpgen import *
x, y = input(3), target(2)
W1, b1 = param(4, 3), param(4)
W2, b2 = param(2, 4), param(2)
z1 = W1 @ x + b1
a1 = relu(z1)
z2 = W2 @ a1 + b2
L = loss(sum((z2 - y)**2) / 2)
"""


def _toy() -> Derivation:
    return of_example("toy_2_2_1")


def _lesson(derivation: Derivation, example: Example | None = None) -> Lesson:
    numbers = (
        at_drawn(derivation)
        if example is None
        else worked(derivation, emitted(derivation), example)
    )
    assert numbers is not None
    writer = Writer.of(derivation, TEXT)
    view = View.of(derivation, sample=True)
    return Lesson(derivation, writer, view, Numerals(numbers, TEXT, derivation.network.tensors))


def _text(net: str, example: Example | None = None) -> str:
    derivation = derived(net)
    numbers = (
        at_drawn(derivation)
        if example is None
        else worked(derivation, emitted(derivation), example)
    )
    return render(derivation, fmt="text", steps="short", worked=numbers, lesson=sections)


# cost


class Counting(np.ndarray):
    """An array that counts what it takes part in."""

    operations = functions = 0

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [i.view(np.ndarray) if isinstance(i, Counting) else i for i in inputs]
        out = kwargs.pop("out", None)
        if out is not None:
            kwargs["out"] = tuple(o.view(np.ndarray) for o in out)
        made = getattr(ufunc, method)(*plain, **kwargs)
        size = np.size(made)
        if method == "reduce":
            Counting.operations += np.size(plain[0]) - size
        elif ufunc is np.matmul:
            Counting.operations += size * (2 * np.shape(plain[0])[-1] - 1)
        elif ufunc in (np.maximum, np.greater):
            Counting.functions += size
        elif ufunc is not np.negative:
            Counting.operations += size
        return np.asarray(made).view(Counting)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    Counting.functions += z.size
    return (1 / (1 + np.exp(-z.view(np.ndarray)))).view(Counting)


def _measured(lines: tuple[str, ...], values: dict[str, Any]) -> tuple[int, int]:
    Counting.operations = Counting.functions = 0
    space = {"np": np, "sigmoid": _sigmoid}
    space |= {n: np.asarray(v, float).view(Counting) for n, v in values.items()}
    for line in lines:
        if not line.startswith("dx "):  # of an input, which only who asks for it pays
            exec(line, space)
    return Counting.operations, Counting.functions


@pytest.mark.parametrize("samples", [1, 2, 5])
@pytest.mark.parametrize("net", ["toy", RELUS])
def test_operations_are_those_that_the_module_does(net: str, samples: int) -> None:
    derivation = _toy() if net == "toy" else derived(net)
    rng = np.random.default_rng(0)
    values = {
        t.name: rng.normal(size=[samples if s == "N" else s for s in (i.size for i in t.indices)])
        for t in derivation.network.tensors.values()
        if t.role in ("param", "input", "target")
    }
    found = _measured(listing(emitted(derivation)), values)
    counts = [*forward(derivation), *backward(derivation)]
    for have, told in zip(found, ("operations", "functions"), strict=True):
        total = sp.Add(*(getattr(c, told) for c in counts))
        assert have == total.subs(dict.fromkeys(total.free_symbols, samples))


def test_products_and_sums_of_a_convolution_and_an_attention() -> None:
    """By hand: an output of a convolution is C U V products and as many sums, with its bias; a
    score of an attention is d products, d - 1 sums and a quotient.
    """
    net = "from bpgen import *\nx, y = input(2, 6, 5), target(3, 4, 3)\nz = conv2d(x, 3, 3)\nL = loss(squared_error(z, y))\n"
    counts = {c.name: c.operations for c in forward(derived(net))}
    (n,) = counts["z"].free_symbols if "z" in counts else (None,)
    assert counts["z"] == n * (3 * 4 * 3) * (2 * 2 * 3 * 3)
    net = "from bpgen import *\ni, j, k = indices('i j k')\nq, K = input(5, 4), input(6, 4)\nw = param()\ns = tensor(w * sum(q[i, k] * K[j, k], k), i, j)\nL = loss(sum(s))\n"
    total = sp.expand(sp.Add(*(c.operations for c in forward(derived(net)))))
    (n,) = total.free_symbols
    assert total == n * (5 * 6 * (4 + 3 + 1) + 29) + n  # the scores, their sum, the mean


def test_cost_in_letters() -> None:
    net = "from bpgen import *\nx, y = input('p'), target('m')\nW = param('m', 'p')\nz = W @ x\nL = loss(sum((z - y)**2))\n"
    page = render(derived(net), fmt="text", steps="short", lesson=sections)
    assert "m p" in page
    assert "2 m p N" in page
    assert "What is left out" in page


def test_the_largest_derivative_is_told_where_there_is_one() -> None:
    page = _text(
        "from bpgen import *\nx, y = input(2), target(2)\na = exp(x)\nb = log(a)\nt = tan(b)\nc = arctan(t)\n"
        "w = param(2)\nL = loss(sum((w * c - y)**2))\n"
    )
    told = [" ".join(line.split()) for line in page.splitlines()]
    for line in (
        "here exp(z) exp(z) no bound 1",
        "here log(z) 1/z no bound",
        "here tan(z) 1 + tan(z)² no bound 1",
        "here arctan(z) 1/(1 + z²) 1 1",
        "tanh(z) 1 − tanh(z)² 1 1",
        "elu(z, s) is {z if z > 0; s(exp(z) − {1 if z > 0; s exp(z) otherwise} 1, s up to 1 s",
    ):
        assert line in told


# the listing


@pytest.mark.parametrize("name", ["toy_2_2_1", "softmax_mlp", "multilabel", "relu_neuron"])
def test_the_lines_of_numpy_give_the_loss_and_the_gradients(name: str) -> None:
    """By themselves, with numpy alone."""
    runs_alone(listed(name), of_example(name))


# mistakes


def test_mistakes_have_the_names_that_claims_have() -> None:
    own = {m.kind for m in CLAIMED}
    assert {*kinds()} - own == {"another pass"}


def _by_hand(mistake: str) -> dict[str, np.ndarray]:
    """The gradients of the toy network with a mistake, written out."""
    x, y, W1, b1, W2, b2 = (np.array(TOY[n], float) for n in ("x", "y", "W1", "b1", "W2", "b2"))
    y = y.reshape(1)
    rate = 0.5

    def s(z: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-z))

    if mistake == "the bias":
        b1, b2 = 0 * b1, 0 * b2
    a1 = s(W1 @ x + b1)
    a2 = s(W2 @ a1 + b2)
    slope1, slope2 = a1 * (1 - a1), a2 * (1 - a2)
    if mistake == "the derivative of the activation":
        slope1, slope2 = np.ones(2), np.ones(1)
    error = y - a2 if mistake == "a sign" else a2 - y
    d2 = error * slope2
    dW2 = np.outer(d2, a1)
    seen = W2 - rate * dW2 if mistake == "weights after their update" else W2
    d1 = (seen.T @ d2) * slope1
    found = {"W1": np.outer(d1, x), "b1": d1, "W2": dW2, "b2": d2}
    return {n: 2 * g for n, g in found.items()} if mistake == "a mean or a sum" else found


_BY_HAND = [m for m in TABLE[:6] if m.kind != "another pass"]


@pytest.mark.parametrize("mistake", _BY_HAND, ids=[m.kind for m in _BY_HAND])
def test_what_a_mistake_makes_of_the_gradients(mistake: Any) -> None:
    lesson = _lesson(_toy(), Example(TOY, 0.5))
    made, meant = mistake.made(lesson), _by_hand(mistake.kind)
    assert made.keys() == meant.keys()
    for name in made:
        assert made[name] == pytest.approx(meant[name], rel=1e-12), name


def test_another_pass_is_at_the_parameters_after_the_update() -> None:
    lesson = _lesson(_toy(), Example(TOY, 0.5))
    (mistake,) = (m for m in TABLE if m.kind == "another pass")
    after, values = lesson.worked.after, lesson.worked.values_after  # type: ignore[union-attr]
    a1, a2 = values["a1"], values["a2"]
    d2 = (a2 - 1) * a2 * (1 - a2)
    d1 = (d2 @ after["W2"]) * a1 * (1 - a1)
    made = mistake.made(lesson)
    assert made["W2"] == pytest.approx(d2.T @ a1, rel=1e-12)
    assert made["W1"] == pytest.approx(d1.T @ np.array([TOY["x"]]), rel=1e-12)


@pytest.mark.parametrize("name", ["toy_2_2_1", "softmax_mlp", "multilabel", "two_heads", "digits"])
def test_without_a_mistake_the_paths_give_the_gradients(name: str) -> None:
    lesson = _lesson(of_example(name))
    for param, gradient in (gradients_by(lesson, values=values_of(lesson)) or {}).items():
        assert gradient == pytest.approx(lesson.worked.slopes[param], rel=1e-9, abs=1e-12)  # type: ignore[union-attr]


# sizes


def test_the_factors_of_the_error() -> None:
    found = sizes(_lesson(_toy(), Example(TOY)))
    a2, delta2 = PUBLISHED["toy_2_2_1"]["yhat"], PUBLISHED["toy_2_2_1"]["delta2"][0]
    delta1 = np.linalg.norm(PUBLISHED["toy_2_2_1"]["delta1"])
    assert [s.name for s in found] == ["a2", "z2", "a1", "z1", "x"]
    assert [s.norm for s in found[:2]] == pytest.approx([1 - a2, -delta2], abs=1e-8)
    assert found[3].norm == pytest.approx(delta1, abs=1e-8)
    assert found[2].factor == pytest.approx(np.linalg.norm([0.4, 0.45]), rel=1e-12)
    assert np.prod([s.factor for s in found[1:]]) == pytest.approx(found[-1].norm / found[0].norm)


@pytest.mark.slow
def test_the_largest_of_several_is_no_layer() -> None:
    """What a maximum passes on is all of it: a layer is the weights and the maximum together."""
    net = (
        "from bpgen import *\nx, y = input(3), target(2)\ni, j, k = indices('i j k')\n"
        "W = param(2, 3, 3)\nz = tensor(max(sum(W[i, k, j] * x[j], j), k), i)\n"
        "L = loss(half_squared_error(z, y))\n"
    )
    derivation = derived(net)
    page = render(derivation, fmt="text", worked=at_drawn(derivation), lesson=sections)
    assert "From z to x: " in page
    assert "A layer multiplies it" not in page


def test_dead_and_saturated_units_are_said_where_they_are() -> None:
    values = {"x": [1, 1, 1], "y": [0, 1], "W1": np.eye(4, 3), "W2": np.ones((2, 4))}
    page = _text(RELUS, Example({**values, "b1": [1, -5, -5, 1], "b2": [0, 0]}))
    assert "2 of the 4 units of a^[1] pass nothing on from any sample here (dead)" in page
    alive = _text(RELUS, Example({**values, "b1": [1, 1, 1, 1], "b2": [0, 0]}))
    assert "(dead)" not in alive
    assert "saturated" not in alive
    tanhs = RELUS.replace("relu", "tanh")
    full = _text(tanhs, Example({**values, "b1": [9, -9, 0, 0], "b2": [0, 0]}))
    assert "2 of the 4 values of a^[1] are saturated" in full


# the pages


def _pages() -> Iterator[tuple[str, str]]:
    for name in ("toy_2_2_1", "multilabel", "softmax_mlp", "gate"):
        derivation = of_example(name)
        numbers = at_drawn(derivation)
        for fmt in ("text", "markdown"):
            page = render(derivation, fmt=fmt, steps="short", worked=numbers, lesson=sections)
            yield fmt, page


def test_no_line_is_too_wide_and_every_row_of_a_table_has_its_cells() -> None:
    for fmt, page in _pages():
        lines = page.splitlines()
        if fmt == "text":
            assert max(map(columns, lines)) <= WIDEST
        rows = [k for k, line in enumerate(lines) if line.startswith("| ---")]
        for k in rows:
            cells = lines[k].count("|")
            assert all(line.count("|") == cells for line in (lines[k - 1], lines[k + 1]))
        assert bool(rows) == (fmt == "markdown")


def test_without_the_option_nothing_is_added() -> None:
    derivation = _toy()
    page = render(derivation, fmt="text", steps="short")
    longer = render(derivation, fmt="text", steps="short", lesson=sections)
    assert longer.startswith(page.rstrip("\n"))
    assert "Classic mistakes" not in page


@pytest.mark.parametrize("name", one_in(3, ["toy_2_2_1", "linear_chain", "two_heads"]))
def test_every_equation_of_a_lesson_is_proved(name: str) -> None:
    derivation = of_example(name)
    numbers = at_drawn(derivation)
    assert numbers is not None
    page = render(derivation, fmt="latex", steps="short", worked=numbers, lesson=sections)
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    plain = render(derivation, fmt="latex", steps="short", worked=numbers)
    found = prove_page(page, derivation.network, (0,), at=world)
    assert found.ok, found.false
    assert found.total > prove_page(plain, derivation.network, (0,), at=world).total


def test_the_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(RELUS)
    done = CliRunner().invoke(main, ["derive", "-f", "text", "--lesson", "net.py"])
    assert done.exit_code == 0, done.stderr
    assert "Classic mistakes" in done.stdout


def test_the_largest_derivative_of_every_function_is_found_in_numbers() -> None:
    """All points at once: one by one in symbols, those of six functions took the longest of all
    that the lesson of six blocks tells.
    """
    z, s = activations._Z, activations._S
    known = {
        "tanh": ("1", "1"),
        "relu": ("1", "0"),
        "elu": ("1, s up to 1", "s"),
        "hard_sigmoid": ("0.167", "0.167"),
        "bell": ("", "0"),
        "log": ("no bound", ""),
        "log_softplus": ("1", "0.721"),  # sigmoid over softplus, which is 1 far below 0
    }
    for name, told in known.items():
        function = ROWS[name].function
        call = function(z, s) if ROWS[name].arity == 2 else function(z)
        slope = activations._spelled(sp.diff(call, z))
        found = activations._numbers(slope)
        assert found[1] == told[1] and (name == "bell" or found == told), name


@pytest.mark.slow  # 784 inputs
def test_a_loss_that_is_next_to_nothing_is_no_false_number(tmp_path: Path) -> None:
    """A step without slopes leaves a cross-entropy of 2.7e-17, which s - z is not told from 0."""
    net = tmp_path / "five.py"
    net.write_text(
        "from bpgen import *\nx, y = input(784), label(10)\na = x\nfor _ in range(4):\n"
        "    a = dense(a, 100, relu)\nz = dense(a, 10)\n"
        "L = loss(categorical_cross_entropy(softmax(z), y))\n"
    )
    done = CliRunner().invoke(main, ["derive", "-f", "text", "--lesson", str(net)])
    assert done.exit_code == 0, done.stderr
    assert "Classic mistakes" in done.stdout


DIFFERENTIATED_OTHERWISE = {
    "powers": "p = sigmoid(z)\nr = tensor(p**y * (1 - p)**(1 - y))\nL = loss(-log(r))",
    "a target that may not be what is said": "L = loss((z - log(y))**2)",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DIFFERENTIATED_OTHERWISE)
def test_a_lesson_of_what_is_differentiated_otherwise(name: str, tmp_path: Path) -> None:
    """The graph and the slopes are those of the spelling that is; what has no number is left out."""
    net = "from bpgen import *\nx, y, w = input(3), target(), param(3)\nz = dot(w, x)\n"
    given = "\nexample(x=[1, -2, 0.5], y=1, w=[0.2, 0.3, 0.1], lr=0.1)\n"
    (tmp_path / "net.py").write_text(net + DIFFERENTIATED_OTHERWISE[name] + given)
    result = CliRunner().invoke(main, ["derive", "--lesson", str(tmp_path / "net.py")])
    assert (result.exit_code, result.stderr) == (0, "")

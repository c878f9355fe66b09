"""Worked examples: the numbers that others worked out by hand stand on the pages of their networks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from click.testing import CliRunner, Result

from bpgen.check.page.proof import prove_page
from bpgen.check.page.world import World
from bpgen.cli import main
from bpgen.derive import derive
from bpgen.emit import emitted
from bpgen.errors import NetError
from bpgen.lesson import sections
from bpgen.load import declared_by
from bpgen.prove import claimed, proved
from bpgen.render import render
from bpgen.render.latex import LATEX
from bpgen.render.lines import columns
from bpgen.render.numerals import Numerals
from bpgen.render.style import WIDEST
from bpgen.worked import Example, Worked, worked
from bpgen.worked.drawn import at_drawn
from tests.conftest import ROOT, derived, of_example
from tests.render.nets import NETS

PUBLISHED = json.loads((ROOT / "tests" / "data" / "worked_examples.json").read_text())
GIVEN = {
    "linear_chain": ("x", "w1", "w2", "y"),
    "relu_neuron": ("x", "w", "b", "y"),
    "single_neuron": ("x", "w", "y"),
    "toy_2_2_1": ("x", "y", "W1", "b1", "W2", "b2"),
}
CHAIN = "from bpgen import *\nx, y = input(), target()\nw = param()\na = tanh(w * x)\nL = loss((a - y)**2)\n"


def _example(name: str, held: tuple[str, ...] = ()) -> Example:
    printed = PUBLISHED[name]
    rate = printed.get("learning_rate", 0.1)
    return Example({n: printed[n] for n in GIVEN[name]}, rate, held)


def _worked(name: str, held: tuple[str, ...] = ()) -> Worked:
    derivation = of_example(name)
    return worked(derivation, emitted(derivation), _example(name, held))


def _page(name: str, held: tuple[str, ...] = (), digits: int = 8) -> str:
    derivation = of_example(name)
    numbers = _worked(name, held)
    return render(derivation, fmt="text", steps="short", worked=numbers, digits=digits)


def _lines(page: str, *wanted: str) -> Iterable[bool]:
    squeezed = [" ".join(normalize("NFC", line).split()) for line in page.splitlines()]
    return (any(w in line for line in squeezed) for w in wanted)


def test_linear_chain() -> None:
    page = _page("linear_chain")
    assert all(
        _lines(
            page,
            "a^[1] = w^[1] x = 6",
            "= 24",
            "∂ℓ/∂w^[2] = (ŷ − y) a^[1] = −36",
            "∂ℓ/∂w^[2] = ∂ℓ/∂ŷ · ∂ŷ/∂w^[2] = (ŷ − y) a^[1] = (−6) · 6",
            "∂ℓ/∂w^[1] = w^[2] x(ŷ − y) = −48",
            "= (−24) · 2",
            "w^[2] − 0.01 · ∂C/∂w^[2] = 4.36",
            "w^[1] − 0.01 · ∂C/∂w^[1] = 3.48",
        )
    ), page


def test_relu_neuron() -> None:
    """Each factor: dL/da = 4, da/dz = 1, and their product."""
    page = _page("relu_neuron")
    assert all(_lines(page, "= 7", "= 4", "= 4 · 1", "∂ℓ/∂w = δ x = 8", "∂ℓ/∂b = δ = 4")), page


def test_single_neuron() -> None:
    page = _page("single_neuron")
    assert all(_lines(page, "= 1", "= 9", "= −12", "w − 0.1 · ∂L/∂w = 1.7")), page


@pytest.mark.parametrize("held", [(), ("b1", "b2")])
def test_toy(held: tuple[str, ...]) -> None:
    printed, page = PUBLISHED["toy_2_2_1"], _page("toy_2_2_1", held).replace("−", "-")
    a = _worked("toy_2_2_1").values["a2"][0, 0]
    of_factors = [f"{a - 1:.8g}", f"{a * (1 - a):.8g}"]
    arrays = (printed[n] for n in ("a1", "yhat", "delta2", "dW2", "delta1", "dW1"))
    numbers = [v for a in arrays for v in np.ravel(a)]
    found = {round(float(n), 8) for n in re.findall(r"-?\d+\.\d+", page)}
    assert {round(v, 8) for v in numbers} <= found
    assert f"({of_factors[0]}) · {of_factors[1]}" in page
    after = printed["after_one_step_biases_held" if held else "after_one_step"]
    assert f"L goes from {printed['L']:.8g} to {after['L']:.8g}: it helped." in page
    assert ("b^[1], b^[2] are held as they are." in page) == bool(held)
    assert ("b^[1] - 0.5 · ∂L/∂b^[1]" in page) == (not held)


def test_already_right_nothing_is_learnt() -> None:
    derivation = derived(CHAIN)
    numbers = worked(derivation, emitted(derivation), Example({"x": 0.0, "y": 0.0, "w": 3.0}))
    page = render(derivation, fmt="text", steps="short", worked=numbers)
    assert "L stays 0: there is nothing to learn here." in page


def test_text_of_many_numbers_fits_the_terminal() -> None:
    net = "from bpgen import *\nx, y = input(5), target(4)\nL = loss(squared_error(dense(x, 4, tanh), y))\n"
    derivation = derived(net)
    given = Example({"x": [0.123456] * 5, "y": [1, 0, 1, 0]})
    page = render(
        derivation,
        fmt="text",
        steps="short",
        worked=worked(derivation, emitted(derivation), given),
        digits=8,
    )
    assert max(map(columns, page.splitlines())) <= WIDEST


def test_the_full_page_has_them_too() -> None:
    derivation = derived(CHAIN)
    numbers = worked(derivation, emitted(derivation), Example({"x": 1.0, "y": 0.5, "w": 0.4}))
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    page = render(derivation, fmt="latex", worked=numbers)
    assert "A step of descent" in page
    assert prove_page(page, derivation.network, at=world).ok


def test_too_long_a_step_does_not_help() -> None:
    derivation = derived(CHAIN)
    values = {"x": 1.0, "y": 0.5, "w": 0.4}
    numbers = worked(derivation, emitted(derivation), Example(values, rate=40.0))
    assert numbers.values_after["L"] > numbers.values["L"]
    page = render(derivation, fmt="text", steps="short", worked=numbers)
    assert "it did not help: the step is too long." in page


# the page's proof covers the numbers


def _at(name: str) -> tuple[str, World]:
    derivation = of_example(name)
    numbers = _worked(name)
    page = render(derivation, fmt="latex", steps="short", worked=numbers)
    return page, World.at(derivation.network, numbers.point.lengths, numbers.point.values)


@pytest.mark.parametrize("name", GIVEN)
def test_every_number_is_proved(name: str) -> None:
    page, world = _at(name)
    plain = prove_page(render(derive(world.network), fmt="latex", steps="short"), world.network)
    found = prove_page(page, world.network, at=world)
    assert found.ok, found.false
    assert found.total >= plain.total / 2 + 6


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("0.6468", "0.6467"),  # a digit
        (r"\approx -0.04315", r"\approx 0.04315"),  # a sign
        (r"\approx 1.164", "= 1.164"),  # it is rounded
        (r"\approx (-0.2380)", r"\approx (-0.2381)"),  # a factor
        (r"0.1813", r"0.1814"),
        (r"0.1510 & 0.2018", r"0.1500 & 0.2000"),  # no step taken
        (r"(0.605, 0.745)", r"(0.745, 0.605)"),  # the order
        (r"(0.605, 0.745)", r"0.605"),  # an entry lost
        (r"= (0.605, 0.745)", r"= nothing"),
    ],
)
def test_a_wrong_number_is_refused(right: str, wrong: str) -> None:
    page, world = _at("toy_2_2_1")
    assert right in page
    (line,) = prove_page(page.replace(right, wrong, 1), world.network, at=world).false
    assert wrong.split()[-1] in line.line


LONG = """from bpgen import *
x = input(6)
y = target(6)
W = param(6, 6)
z = W @ x
a = tanh(z)
L = loss(half_squared_error(a, y))
"""


def _long() -> tuple[str, World]:
    """A page whose numbers are too many for a line, of a product and of a vector."""
    derivation = derived(LONG)
    numbers = at_drawn(derivation)
    assert numbers is not None
    page = render(derivation, fmt="latex", steps="short", worked=numbers, digits=6)
    return page, World.at(derivation.network, numbers.point.lengths, numbers.point.values)


def test_numbers_that_are_too_many_for_a_line_go_on_in_the_next() -> None:
    page, world = _long()
    lines = re.findall(r"^& \\qquad ([^=\\].*?|\\odot .*?)(?: \\tag.*)?(?: \\\\)?$", page, re.M)
    assert any(g.startswith(r"\odot") for g in lines) and len(lines) > 3
    assert prove_page(page, world.network, at=world).ok
    for line in lines:
        last = re.findall(r"\d(?=[,)])", line)[-1]
        at = page.index(line) + line.rindex(last)
        wrong = page[:at] + ("7" if last != "7" else "3") + page[at + 1 :]
        (false,) = prove_page(wrong, world.network, at=world).false
        assert not false.unread and "is printed, and it is" in false.reason


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("goes from $0.02831$", "goes from $0.02832$"),
        ("to $0.02658$: it helped", "to $0.02659$: it helped"),
        (": it helped", ": it did not help: the step is too long"),
        (r"$\eta = 0.5$ long", r"$\eta = 0.6$ long"),
        ("$L$ goes from", "$y$ goes from"),
        ("$L$ goes from $0.02831$ to", "$L$ falls from $0.02831$ to"),
        (
            "goes from $0.02831$ to $0.02658$: it helped",
            "stays $0.02831$: there is nothing to learn here",
        ),
    ],
)
def test_a_wrong_sentence_on_the_loss_is_refused(right: str, wrong: str) -> None:
    page, world = _at("toy_2_2_1")
    assert right in page
    found = prove_page(page.replace(right, wrong), world.network, at=world).false
    assert any("0.0283" in f.line or "a step of descent" in f.line for f in found)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("goes from $0.7620$", "goes from $0.7621$"),
        ("to $0.7695$.", "to $0.7655$."),
        ("$a^{[2]}$ goes from", "$a^{[1]}$ goes from"),
        ("is negative: ", "is positive: "),
        ("is too small.", "is too large."),
        ("is negative: $a^{[2]}$ is too small", "is positive: $a^{[2]}$ is too large"),
        ("negative: $a^{[2]}$", "negative: $z^{[2]}$"),
    ],
)
def test_a_wrong_sentence_on_the_output_is_refused(right: str, wrong: str) -> None:
    page, world = _at("toy_2_2_1")
    assert page.count(right) == 1
    (found,) = prove_page(page.replace(right, wrong), world.network, at=world).false
    assert "goes from" in found.line or "is too" in found.line


def test_what_is_held_is_read_back() -> None:
    derivation = of_example("toy_2_2_1")
    numbers = _worked("toy_2_2_1", ("b1", "b2"))
    page = render(derivation, fmt="latex", steps="short", worked=numbers)
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    assert prove_page(page, world.network, at=world).ok
    free = page.replace(" are held as they are.", " are free.")
    found = prove_page(free, world.network, at=world).false
    assert len(found) == 2 and all("goes from" in f.line for f in found)


def test_a_long_rate_is_not_rounded() -> None:
    derivation = derived(CHAIN)
    given = Example({"x": 1.0, "y": 0.5, "w": 0.4}, rate=0.0123456789)
    numbers = worked(derivation, emitted(derivation), given)
    page = render(derivation, fmt="latex", steps="short", worked=numbers)
    assert r"\eta = 0.0123456789$" in page
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    assert prove_page(page, derivation.network, at=world).ok


@pytest.mark.parametrize("notation", ["index", "components"])
def test_equations_at_their_indices_have_numbers(notation: str) -> None:
    derivation = of_example("toy_2_2_1")
    numbers = _worked("toy_2_2_1")
    page = render(derivation, fmt="latex", notation=notation, steps="short", worked=numbers)
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    assert prove_page(page, derivation.network, at=world).ok
    if notation == "index":
        right = r"\begin{smallmatrix}-0.001972 & -0.003549"
        wrong = page.replace(right, r"\begin{smallmatrix}-0.003549 & -0.001972", 1)
    else:
        right = r"\approx -0.003549"
        wrong = page.replace(right, r"\approx -0.001972", 1)
    assert right in page
    assert not prove_page(wrong, derivation.network, at=world).ok


def test_of_a_matrix_at_its_indices_rows_are_rows() -> None:
    """A matrix that is not square, in the index notation: as many rows as its first index has."""
    net = "from bpgen import *\nx, y = input(3), target(2)\nW = param(2, 3)\nz = W @ x\nL = loss(sum((z - y)**2))\n"
    derivation = derived(net)
    given = Example({"x": [1, 2, 3], "y": [0, 1], "W": [[1, 0, 0], [0, 1, 0]]})
    numbers = worked(derivation, emitted(derivation), given)
    page = render(derivation, fmt="latex", notation="index", steps="short", worked=numbers)
    assert r"= \left(\begin{smallmatrix}2 & 4 & 6 \\ 2 & 4 & 6\end{smallmatrix}\right)" in page
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    assert prove_page(page, derivation.network, at=world).ok


def test_of_several_samples_no_number_stands_beside_an_equation_of_one() -> None:
    """What one sample gives is no part of the mean; the step, which is of the mean, is told."""
    derivation = derived(CHAIN)
    given = Example({"x": [1, 2], "y": [0, 1], "w": 0.5})
    numbers = worked(derivation, emitted(derivation), given)
    page = render(derivation, fmt="latex", steps="short", worked=numbers, lesson=sections)
    before, _, after = page.partition("A step of descent")
    assert r"\qquad" not in before
    assert "goes from" in after
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    assert prove_page(page, derivation.network, (0,), at=world).ok


def test_of_samples_that_meet_all_are_told() -> None:
    derivation = derived(NETS["batch_norm"])
    given = {t.name: t for t in derivation.network.tensors.values()}
    rng = np.random.default_rng(1)
    samples = {
        n: rng.uniform(0, 1, (3, *(i.size for i in t.indices[1:])))
        for n, t in given.items()
        if t.role in ("input", "target")
    }
    numbers = worked(derivation, emitted(derivation), Example(samples))
    page = render(derivation, fmt="latex", steps="short", worked=numbers, lesson=sections)
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    assert prove_page(page, derivation.network, (0,), at=world).ok


_HARD = {"elman", "batch_norm"}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * (n not in _HARD)) for n in NETS]
)
def test_numbers_of_hard_pages_hold(name: str) -> None:
    """Of recurrences without what stands before the first step, of samples that meet without the
    factors of one, of another spelling that is differentiated: and so every equation of a lesson.
    """
    derivation = derived(NETS[name])
    numbers = at_drawn(derivation)
    page = render(derivation, fmt="latex", steps="short", worked=numbers, lesson=sections)
    network = derivation.network
    at = numbers and World.at(network, numbers.point.lengths, numbers.point.values)
    found = prove_page(page, network, (0,), at=at)
    assert found.ok, found.false
    text = render(derivation, fmt="text", steps="short", worked=numbers, lesson=sections)
    assert max(map(columns, text.splitlines())) <= WIDEST


def test_the_spelling_that_is_differentiated_has_its_own_gradients() -> None:
    """Of s - z_y for -log p_y, p has no part: (x_0 - x_1)^2 is all that its gradient holds."""
    derivation = derived(NETS["two_gathers"])
    numbers = at_drawn(derivation)
    assert numbers is not None
    x = numbers.values["x"][0]
    assert numbers.slopes["p"][0] == pytest.approx([(x[0] - x[1]) ** 2, 0, 0])


def test_a_recurrence_has_as_many_numbers_as_steps() -> None:
    derivation = derived(NETS["past"])
    numbers = at_drawn(derivation)
    assert numbers is not None
    assert numbers.values["h"].shape == numbers.slopes["h"].shape == (1, 3)


def test_what_is_masked_out_has_no_number_on_a_page_that_has_them() -> None:
    derivation = derived(NETS["causal_blocks"])
    numbers = at_drawn(derivation)
    assert numbers is not None
    masked_out = [n for n, v in numbers.values.items() if np.any(np.isneginf(v))]
    told = Numerals(numbers, LATEX, derivation.network.tensors)
    assert masked_out
    assert not any(map(told.value, masked_out))
    page = render(derivation, fmt="latex", steps="short", worked=numbers)
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    found = prove_page(page, derivation.network, (0,), at=world)
    assert found.ok, found.false


def test_numbers_of_no_example_are_not_believed() -> None:
    page, world = _at("toy_2_2_1")
    assert not prove_page(page, world.network).ok


def test_check_proves_the_numbers_of_net_py() -> None:
    network = declared_by(CHAIN)
    report = proved(claimed(network, Example({"x": 1.0, "y": 0.5, "w": 0.4})))
    assert report.ok, str(report)
    assert report.page is not None
    assert report.page.total > proved(claimed(network)).page.total  # type: ignore[union-attr]


# how it is given


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("net.py")


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["derive", "-f", "text", *arguments], prog_name="bpgen")


def _refused(net: Path, line: str) -> str:
    net.write_text(CHAIN + line)
    done = _run("net.py")
    assert done.exit_code == 2, done.stdout
    return done.stderr


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("example(x=1, y=2, v=3)", "net.py:6: the example gives v, which is no tensor"),
        ("example(x=1, y=2, a=3)", "net.py:6: a is computed: an example gives parameters, inputs"),
        ("example(x=1)", "net.py:6: the example gives no y\n  add y=... to it"),
        ("example(x=[1, 2, 3, [4]], y=2)", "net.py:6: the example's x is not numbers"),
        ("example(x=1, y='1')", "net.py:6: the example's y is not numbers: '1'"),
        ("example(x=1, y=[['1']])", "net.py:6: the example's y is not numbers: [['1']]"),
        ("example(x=float('nan'), y=2)", "net.py:6: the example's x is not finite"),
        ("example(x=1, y=2, w=[1, 2])", "net.py:6: the example's w has the shape (2,)"),
        ("example(x=1, y=2, lr=0)", "net.py:6: the example's lr is 0\n  give a positive number"),
        (
            "example(x=1, y=2, held=w * x)",
            "net.py:6: the example gives a value, which is no tensor",
        ),
        ("example(x=1, y=2)\nexample(x=1, y=3)", "net.py:7: two examples: one on line 6"),
    ],
)
def test_what_is_no_example_is_refused(net: Path, line: str, error: str) -> None:
    assert error in _refused(net, line)


def test_what_is_not_given_is_drawn(net: Path) -> None:
    net.write_text(CHAIN + "example(x=1, y=2, held=[w])\n")
    done = _run("net.py")
    assert done.exit_code == 0
    assert "w is held as it is." in done.stdout
    assert "w is as init(0) of the module draws." in done.stdout
    net.write_text(CHAIN + "example(x=1, y=2, w=3)\n")
    assert "init(0)" not in _run("net.py").stdout


def test_values_of_a_file(net: Path) -> None:
    net.write_text(CHAIN + "example(x=1, y=2, w=3)\n")
    Path("v.json").write_text('{"y": 0.5, "w": 0.4, "lr": 0.25}')
    np.savez("v.npz", y=0.5, w=0.4, lr=0.25)
    pages = [_run("--values", f"v.{kind}", "net.py").stdout for kind in ("json", "npz")]
    assert pages[0] == pages[1]
    assert "w − 0.25 · ∂L/∂w" in pages[0]
    assert _run("--values", "none.json", "net.py").stderr.startswith(
        "bpgen: none.json: no such file"
    )
    Path("v.json").write_text('{"y": "1"}')
    assert (
        "v.json: the example's y is not numbers: '1'" in _run("--values", "v.json", "net.py").stderr
    )
    Path("v.json").write_text("[1, 2]")
    assert (
        "v.json holds a list, not names and numbers" in _run("--values", "v.json", "net.py").stderr
    )


def test_digits(net: Path) -> None:
    net.write_text(CHAIN + "example(x=1, y=2, w=0.3)\n")
    assert "≈ 0.29\n" in _spaces(_run("--digits", "2", "net.py").stdout)
    assert "≈ 0.29131261" in _run("--digits", "8", "net.py").stdout


def _spaces(page: str) -> str:
    return "\n".join(line.split("  (")[0].rstrip() for line in page.splitlines()) + "\n"


def test_labels_matrices_and_tiny_numbers() -> None:
    derivation = derive(
        declared_by(
            "from bpgen import *\nx, k, y = input(2), label(3), target()\nW = param(3, 2)\n"
            "z = W @ x\nL = loss(1e-9 * z[k] * y)\n"
        )
    )
    given = Example({"x": [1, 2], "k": 2, "y": 5, "W": [[1, 0], [0, 1], [1, 1]]})
    page = render(
        derivation,
        fmt="text",
        steps="short",
        worked=worked(derivation, emitted(derivation), given),
    )
    assert "= (1, 2, 3)" in page
    assert "= 1.5 · 10⁻⁸" in page
    assert "(0, 0; 0, 0; 5 · 10⁻⁹, 1 · 10⁻⁸)" in page


def _at_example(net: str, **values: object) -> Worked:
    derivation = derived(f"from bpgen import *\n{net}")
    return worked(derivation, emitted(derivation), Example(values))


@pytest.mark.parametrize(
    ("net", "values", "fact"),
    [
        ("x, w = input(), param()\ny = w * x\noutput(y)\n", {"x": 1}, "a worked example needs a"),
        ("x, w = input(), param()\nL = loss(log(w * x)**2)\n", {"x": -1, "w": 1}, "has no value"),
        (
            "k, w = input(below=3), param(3)\nL = loss(w[k]**2)\n",
            {"k": 1.5},
            "the example's k is 1.5",
        ),
        ("k, w = input(below=3), param(3)\nL = loss(w[k]**2)\n", {"k": 3}, "the example's k is 3"),
    ],
)
def test_values_that_say_nothing_are_refused(
    net: str, values: dict[str, object], fact: str
) -> None:
    with pytest.raises(NetError, match=re.escape(fact)):
        _at_example(net, **values)


def test_a_module_that_is_not_its_equations_has_no_numbers() -> None:
    derivation = derived(CHAIN)
    module = emitted(derivation)
    wrong = module.replace("(1 - a**2)", "(1 - a)")
    assert wrong != module
    with pytest.raises(NetError, match="dL/dw of the module is not what its equations say"):
        worked(derivation, wrong, Example({"x": 1.0, "y": 0.5, "w": 0.4}))


def test_of_many_numbers_the_first_and_the_last_are_shown() -> None:
    net = "x, w = input(9), param(9)\nz = w * x\nL = loss(sum(z**2))\n"
    derivation = derived(f"from bpgen import *\n{net}")
    numbers = worked(derivation, emitted(derivation), Example({"x": list(range(9)), "w": [1] * 9}))
    page = render(derivation, fmt="latex", steps="short", worked=numbers)
    assert r"= (0, 1, 2, 3, \dots, 8)" in page
    world = World.at(derivation.network, numbers.point.lengths, numbers.point.values)
    assert prove_page(page, derivation.network, at=world).ok
    wrong = page.replace(r"3, \dots, 8)", r"3, \dots, 7)", 1)
    assert not prove_page(wrong, derivation.network, at=world).ok


def test_a_file_that_is_none(net: Path) -> None:
    net.write_text(CHAIN + "example(x=1, y=2, w=3)\n")
    Path("v.npz").write_bytes(b"no arrays")
    assert "v.npz cannot be read" in _run("--values", "v.npz", "net.py").stderr
    Path("v.json").write_text('{"lr": 0.5, "held": "w"}')
    assert "w is held as it is." in _run("--values", "v.json", "net.py").stdout


def test_beside_a_constant_the_loss_of_a_sample_has_factors_of_its_own():
    """dl/dv is of the sample's loss alone, whatever the mean over the batch adds to it."""
    net = """from bpgen import *
from sympy import Symbol
x, y = input(), target()
u = sqrt(1 + x**2)
w = sqrt(1 + sqrt(1 + u**2 + x**2)**2)
t = Symbol('t')
f = activation(t/(1 + t**2), t)
v = arctan(swiglu(f(w), u))
L = loss(sqrt(1 + (v - y)**2) - 1)
"""
    derivation = derived(net)
    numbers = worked(derivation, emitted(derivation), Example({"x": 0.5, "y": 1}))
    off = numbers.values["v"] - 1
    assert np.allclose(numbers.locals["v"], off / np.sqrt(1 + off**2), rtol=1e-12)
    assert np.allclose(numbers.slopes["v"], numbers.locals["v"], rtol=1e-12)

"""Networks in letters, as a course writes them: any activation, any widths, layers 1 to L."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bpgen.check.entrywise.named import smooth
from bpgen.check.page.proof import prove_page
from bpgen.cli import main
from bpgen.errors import NetError
from bpgen.lesson import sections
from bpgen.load import declared_by
from bpgen.render import render
from tests.conftest import derived
from tests.few import few

ONE = """from bpgen import *
f = activation("f")
x, y = input("p"), target("m")
W, b = param("m", "p"), param("m")
z = W @ x + b
a = f(z)
J = loss(sum((a - y)**2) / 2)
"""
COURSE = """from bpgen import *
f = activation("f")
x, y = input("m"), target("m")
def layer(a):
    W, b = param("m", "m"), param("m")
    z = W @ a + b
    return f(z)
a = repeat("L", layer, x)
J = loss(sum((a - y)**2) / 2)
"""
NUMBERED = """from bpgen import *
x, y = input("n0"), target("mu2")
W, b, V = param("n1", "n0"), param("n1"), param("mu2", "n1")
a = sigmoid(W @ x + b)
J = loss(mean((V @ a - y)**2) + mean(a) / 2)
"""


def _page(net: str, fmt: str = "latex", steps: str = "short", notation: str = "matrix") -> str:
    return render(derived(net), fmt=fmt, steps=steps, notation=notation)


def test_any_function_has_a_derivative_that_is_called_so() -> None:
    page = _page(ONE)
    assert "$f$ is any function that has a derivative, $f'$." in page
    assert "a &= f(z)" in page
    assert r"\delta &= (a - y) \odot f'(z)" in page
    assert "δ = (a − y) ⊙ f'(z)" in _page(ONE, "text")


def test_the_derivative_of_a_derivative() -> None:
    """A slope in the loss: d/dw of f'(w x) is f''(w x) x."""
    from bpgen.functions import by_name
    from bpgen.ir import element

    z = element("z", ())
    slope = by_name("f")(z).fdiff()
    assert slope == by_name("f", 1)(z)
    assert slope.fdiff() == by_name("f", 2)(z) != by_name("g", 2)(z)


def test_layers_1_to_L() -> None:
    page = _page(COURSE, "text")
    for line in (
        "for l = 1, …, L: from a⁽ˡ⁻¹⁾ to a⁽ˡ⁾. The last leaves a⁽L⁾.",
        "a⁽⁰⁾ = x",
        "z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾ + b⁽ˡ⁾",
        "for l = L, …, 1: from the gradient",
        "δ⁽ˡ⁾ = (∂ℓ/∂a⁽ˡ⁾) ⊙ f'(z⁽ˡ⁾)",
        "∂ℓ/∂a⁽ˡ⁻¹⁾ = W⁽ˡ⁾ᵀ δ⁽ˡ⁾",
        "∂ℓ/∂W⁽ˡ⁾ = δ⁽ˡ⁾ a⁽ˡ⁻¹⁾ᵀ",
        "∂ℓ/∂b⁽ˡ⁾ = δ⁽ˡ⁾",
    ):
        assert line in page


@pytest.mark.parametrize("steps", ["short", "all"])
@pytest.mark.parametrize("notation", ["matrix", "index"])
@pytest.mark.parametrize(
    "net", few((ONE, COURSE, COURSE.replace('"f"', '"phi"'), NUMBERED), (ONE, COURSE).__contains__)
)
def test_the_page_in_letters_is_proved(net: str, notation: str, steps: str) -> None:
    network = declared_by(net)
    page = _page(net, steps=steps, notation=notation)
    found = prove_page(page, network, (0,))
    assert found.ok, found.false


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (r"\odot f'(z)", r"\odot f(z)"),
        (r"\odot f'(z)", r"\odot f'(a)"),
        (r"a &= f(z)", r"a &= f'(z)"),
        (r"(a - y) \odot f'(z)", r"(a - y)"),
        ("is any function that has a derivative, $f'$", "is a function"),
    ],
)
def test_a_false_page_of_any_function_is_refused(right: str, wrong: str) -> None:
    page = _page(ONE)
    assert right in page
    assert not prove_page(page.replace(right, wrong, 1), declared_by(ONE), (0,)).ok


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (r"l = 1, \dots, L", r"l = 0, \dots, L"),
        (r"l = L, \dots, 1", r"l = 1, \dots, L"),
        (r"W^{(l)\top} \delta^{(l)}", r"W^{(l)} \delta^{(l)}"),
        (r"\delta^{(l)} a^{(l-1)\top}", r"\delta^{(l)} a^{(l)\top}"),
        (r"a^{(0)} &= x", r"a^{(1)} &= x"),
    ],
)
def test_a_false_page_of_L_layers_is_refused(right: str, wrong: str) -> None:
    page = _page(COURSE)
    assert right in page
    assert not prove_page(page.replace(right, wrong, 1), declared_by(COURSE), (0,)).ok


def test_the_function_that_is_drawn_is_its_own_derivative_s() -> None:
    z = np.linspace(-2, 2, 7)
    for order in range(3):
        slope = np.imag(smooth("f", order)(z + 1e-30j)) / 1e-30
        assert smooth("f", order + 1)(z) == pytest.approx(slope, rel=1e-12)
    assert not np.allclose(smooth("f")(z), smooth("g")(z))


# code needs formulas and numbers


@pytest.mark.parametrize("command", ["emit", "check"])
@pytest.mark.parametrize(
    ("net", "error"),
    [
        (
            ONE.replace('"m"', "2").replace('"p"', "3"),
            "net: f of a is a name alone, and code needs its formula\n"
            "  derive tells it by its name; for emit and check give a formula, as in"
            " activation(z / (1 + exp(-z)), z)\n",
        ),
        (
            COURSE,
            "net: param W has the letter L for a count of blocks, and code needs numbers\n"
            "  derive tells it in letters; for emit and check give numbers, as in repeat(3, ...)\n",
        ),
        (
            ONE,
            "net: param W has the letter m for a width, and code needs numbers\n"
            "  derive tells it in letters; for emit and check give numbers, as in param(4, 3)\n",
        ),
    ],
)
def test_code_of_letters_is_refused(
    command: str, net: str, error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(net)
    done = CliRunner().invoke(main, [command, "net.py"], prog_name="bpgen")
    assert (done.exit_code, done.stderr) == (2, f"bpgen: {error}")
    assert CliRunner().invoke(main, ["derive", "net.py"]).exit_code == 0


def test_a_claim_is_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(ONE)
    claim = ["check", "net.py", "--claim", "delta = (a - y) * a"]
    done = CliRunner().invoke(main, claim, prog_name="bpgen")
    assert done.exit_code == 2
    assert done.stderr.startswith("bpgen: net: f of a is a name alone, and code needs its formula")


@pytest.mark.parametrize(
    ("net", "error"),
    [
        (
            'f = activation("relu")\n',
            "net.py:3: relu is a function that bpgen knows\n  use it as it is: relu(z)",
        ),
        (
            'f = activation("f1")\n',
            'net.py:3: f1 is no name of a function\n  use letters: activation("f")',
        ),
        (
            'f = activation("my f")\n',
            "net.py:3: str is not part of a formula\n"
            "  use numbers, tensors, and sympy expressions that are not in quotes",
        ),
        (
            'y, W = target("J"), param("J", 3)\nJ = loss(sum((W @ x - y)**2))\n',
            "net.py:3: J is a tensor, and a width of W (J, 3)\n"
            "  call one of them by another letter",
        ),
        (
            'J = loss(sum(repeat("J", lambda a: dense(a, 3, tanh), x)))\n',
            "net.py:3: J is a tensor, and a count of blocks\n  call one of them by another letter",
        ),
        (
            'a = repeat("L", lambda h: h + rnn(h, 3), x)\noutput(a)\n',
            "repeat: 'L' is not a size\n  this one must be a whole number",
        ),
    ],
)
def test_letters_that_say_nothing_are_refused(net: str, error: str) -> None:
    shape = '"T", 3' if "rnn" in net else "3"
    with pytest.raises(NetError) as raised:
        declared_by(f"from bpgen import *\nx = input({shape})\n{net}")
    assert error in str(raised.value)


def test_a_lesson_of_letters() -> None:
    page = render(derived(COURSE), fmt="text", steps="short", lesson=sections)
    row = next(line for line in page.splitlines() if line.strip().startswith("z⁽ˡ⁾, a⁽ˡ⁾, ℓ, J"))
    assert "L m² + L m" in row
    assert re.search(r"2 L m N\b", row)  # f and f' of every unit
    assert "a⁽ˡ⁻¹⁾" in page.partition("The network as a graph")[2]


def test_a_width_with_a_number_is_no_other() -> None:
    page = _page(NUMBERED)
    for right, wrong in (
        (r"n_{1} \times n_{0}", r"n_{0} \times n_{1}"),
        (r"{2 n_{1}}", r"{2 n_{0}}"),
    ):
        assert right in page
        assert not prove_page(page.replace(right, wrong, 1), declared_by(NUMBERED), (0,)).ok

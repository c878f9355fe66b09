"""How the numbers of an example are given, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from bpgen.cli import main
from bpgen.emit import emitted
from bpgen.errors import NetError
from bpgen.worked import Example, Worked, worked
from tests.conftest import derived
from tests.worked_pages import CHAIN, spaces

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


RADIAL = """from bpgen import *
i, k = indices("i k")
x, y, c, w, g = input(2), target(), param(5, 2), param(5), param(5)
d = tensor(sum((x[i] - c[k, i])**2, i), k)
phi = exp(-d / (2 * g**2))
L = loss((dot(w, phi) - y)**2)
"""


def test_a_gradient_without_a_value_is_told_and_nothing_besides(
    net: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The value of exp(-d / 0) is 0, and its slope none; numpy warns of both."""
    net.write_text(f"{RADIAL}example(x=[0.5, -0.2], y=1)\n")
    done = _run("net.py")
    assert done.exit_code == 2
    fact = "net.py:7: dL/dc has no value at the example"
    assert done.stderr == f"bpgen: {fact}\n  give other values; 0 where it gives none: w, g\n"
    net.write_text(f"{RADIAL}example(x=[0.5, -0.2], y=1, g=[1] * 5)\n")
    assert _run("net.py").exit_code == 0
    net.write_text(RADIAL)
    done = _run("--lesson", "net.py")
    assert done.exit_code == 0 and done.stderr == "" and capfd.readouterr().err == ""
    assert "something has no value at numbers that bpgen draws" in " ".join(done.stdout.split())


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
    assert "≈ 0.29\n" in spaces(_run("--digits", "2", "net.py").stdout)
    assert "≈ 0.29131261" in _run("--digits", "8", "net.py").stdout


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


def test_a_file_that_is_none(net: Path) -> None:
    net.write_text(CHAIN + "example(x=1, y=2, w=3)\n")
    Path("v.npz").write_bytes(b"no arrays")
    assert "v.npz cannot be read" in _run("--values", "v.npz", "net.py").stderr
    Path("v.json").write_text('{"lr": 0.5, "held": "w"}')
    assert "w is held as it is." in _run("--values", "v.json", "net.py").stdout

"""emit writes nothing that is not what its equations say: each fault is put back, and refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import bpgen.commands.emit as commands
from bpgen.check.agreement import Verdict, difference
from bpgen.check.difference import differing
from bpgen.check.trial import Trial, trials
from bpgen.cli import main
from bpgen.derive import derive
from bpgen.emit import emit, emitted
from bpgen.gates.module import LARGE, refuse_wrong
from bpgen.ir import BATCH, Equation, Index, Network, Term
from bpgen.load import declared_by
from bpgen.record import Derivation

REMEDY = (
    "\n  a defect of bpgen: report it with net.py; --unchecked writes the module all the same\n"
)
DENSE = """
from bpgen import *
x, y = input(3), target(3)
W, b = param(3, 3), param(3)
z = W @ x + b
a = tanh(z)
L = loss(sum((a - y) ** 2))
"""
EMBEDDED = """
from bpgen import *
k = input(4, below=3)
y = target()
E = param(3, 2)
t, i = indices("t i")
e = tensor(E[k[t], i], t, i)
L = loss((sum(tanh(e)) - y) ** 2)
"""
STEPWISE = """
from bpgen import *
t, i = indices("t i")
x = input("T", 2)
w = param()
a, h = recurrent("T", 2), recurrent("T")
a[t, i] = x[t, i] + w * h[t - 1]
h[t] = tanh(a[t, 0])
output(h)
"""
SAMPLES = """
from bpgen import *
n = samples()
x, y = input(), target()
w = param()
u = w * x
mu = tensor(mean(u[n], n))
c = tensor(u[n] - mean((u[n] - mu) ** 3, n), n)
L = loss((c - y) ** 2)
"""
SHARED = """
from bpgen import *
n, x = samples(), input()
y = tensor(sum(x[n] ** 2, n))
output(y)
"""
MASKED = """
from bpgen import *
z, keep = input(4), input(4)
w = param(4)
p = softmax(masked(w * z, keep))
output(p)
"""
DROPPED = """
from bpgen import *
x, w = input(2), param()
h = repeat(2, lambda h: dropout(w * tanh(dropout(h, 0.1)), 0.3), dropout(x, 0.5))
y = dropout(repeat(3, lambda h: h + dropout(sin(h), 0.2), h), 0.25)
output(y)
"""

Change = Callable[[str], str]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="bpgen")


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def instead(pattern: str, by: str) -> Change:
    """A part of the module's text in another spelling."""

    def change(text: str) -> str:
        assert re.search(pattern, text), f"{pattern} is not in\n{text}"
        return re.sub(pattern, by, text)

    return change


def last_in_its_step(function: str, name: str) -> Change:
    """The first statement of a loop's step that writes a tensor, after all others of the step."""

    def change(text: str) -> str:
        lines = text.splitlines()
        start = next(k for k, s in enumerate(lines) if s.startswith(f"def {function}("))
        loop = next(k for k in range(start, len(lines)) if lines[k].startswith("    for "))
        end = next(k for k in range(loop + 1, len(lines)) if not lines[k].startswith(" " * 8))
        mine = next(k for k in range(loop, end) if lines[k].strip().startswith(f"{name}["))
        order = [*lines[:mine], *lines[mine + 1 : end], lines[mine], *lines[end:]]
        return "\n".join([*order, ""])

    return change


FAULTS: dict[str, tuple[str, Change, str]] = {
    "a transpose lost": (DENSE, instead(r"x @ W\.T", "x @ W"), r"a\[0, 0\]"),
    "a term dropped": (DENSE, instead(r"x @ W\.T \+ b", "x @ W.T"), r"a\[0, 0\]"),
    "a wrong sign": (DENSE, instead(r"dW = ", "dW = -"), r"dL/dW\[0, 0\]"),
    "a sum for a mean": (DENSE, instead(r" / N", ""), r"dL/d\w\[0\]"),
    "a sum for a mean in the loss": (DENSE, instead(r"ell\.mean\(\)", "ell.sum()"), "L"),
    "what is written twice, once": (
        EMBEDDED,
        instead(r"np\.add\.at\(dE, (\w+), (.*)\)", r"dE[\1] = \2"),
        r"dL/dE\[\d, \d\]",
    ),
    "one array under two names": (
        DENSE,
        instead(r"z = (x @ W\.T \+ b)", r"z = np.add(x @ W.T, b, out=x)"),
        "the module",
    ),
    "an input's gradient forgotten": (DENSE, instead(r'grads\["x"\] = ', 'grads["z"] = '), "dL/d"),
    "a step read before it is computed": (STEPWISE, last_in_its_step("forward", "a"), r"h\[0, 0\]"),
    "a step's gradient read too early": (STEPWISE, last_in_its_step("backward", "da"), "dL/dw"),
    "an upstream gradient for each sample": (
        SHARED,
        instead(r'_state\("d_y", d_y, \(\), params\)', '_array("d_y", d_y, (), N, params)'),
        "the module",
    ),
    "a mask not looked at": (
        MASKED,
        instead(r"np\.where\(keep[^,]*, ([^,]*), [^)]*\)", r"\1"),
        "p",
    ),
    "a block's other noise": (DROPPED, instead(r"w \* m2 \* m3", "w * m3 * m3"), "dL/d"),
    "a module that does not run": (DENSE, instead(r"ell = ", "ell = nothing + "), "the module"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_module_is_not_written(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    net, change, named = FAULTS[fault]
    Path("net.py").write_text(net)
    monkeypatch.setattr(commands, "files_of", lambda d, *_: {".py": change(emitted(d))})
    done = run("emit", "net.py")
    assert (done.exit_code, done.stdout) == (2, "")
    head = f"bpgen: net.py: not written, for it would be wrong: {named}"
    assert re.match(head, done.stderr) and done.stderr.endswith(REMEDY), done.stderr
    assert not Path("generated").exists()
    assert run("emit", "net.py", "--unchecked").exit_code == 0
    assert Path("generated/net.py").is_file()


def test_an_old_module_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("net.py").write_text(DENSE)
    run("emit", "net.py")
    before = Path("generated/net.py").read_text()
    change = instead(r"dW = ", "dW = -")
    monkeypatch.setattr(commands, "files_of", lambda d, *_: {".py": change(emitted(d))})
    assert run("emit", "net.py").exit_code == 2
    assert Path("generated/net.py").read_text() == before


def of_one_name(derivation: Derivation) -> Derivation:
    """All indices of samples as one: what a pass that captures an index makes."""
    one = Index("n", BATCH)

    def renamed(equation: Equation) -> Equation:
        every = {*equation.indices, *(k for t in equation.terms for k in t.over)}
        new: dict[Any, Any] = {i: one for i in every if i.size == BATCH}
        terms = tuple(
            Term(t.body.xreplace(new), tuple(dict.fromkeys(new.get(k, k) for k in t.over)))
            for t in equation.terms
        )
        return replace(
            equation, indices=tuple(new.get(i, i) for i in equation.indices), terms=terms
        )

    steps = (
        replace(s, equation=renamed(s.equation), stable=s.stable and renamed(s.stable))
        for s in derivation.steps
    )
    return replace(derivation, steps=tuple(steps))


def test_a_captured_index_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("net.py").write_text(SAMPLES)
    monkeypatch.setattr(commands, "derive", lambda network: of_one_name(derive(network)))
    done = run("emit", "net.py")
    assert done.exit_code == 2
    assert "would be wrong: dL/d" in done.stderr, done.stderr
    assert not Path("generated").exists()


@pytest.mark.parametrize("net", [DENSE, EMBEDDED, MASKED, DROPPED])
def test_right_modules_are_written(net: str) -> None:
    Path("net.py").write_text(net)
    done = run("emit", "net.py")
    assert (done.exit_code, done.stderr) == (0, "")


def test_the_smallest_thing_that_differs_is_said() -> None:
    """Of the bias and the weights the bias; both values are given."""
    network = declared_by(DENSE)
    text = emit(network).replace(" / N", "")
    found = difference(text, network)
    assert found is not None and found.entries == 3
    assert re.fullmatch(r"is \S+, where the equations say \S+", found.said)


def test_what_is_no_number_is_said() -> None:
    Path("net.py").write_text("from bpgen import *\nx = input()\noutput(log(-1 - x ** 2))\n")
    done = run("emit", "net.py")
    said = "dL/dx: no number at any point tried, and so not compared\n"
    assert done.exit_code == 0
    assert re.fullmatch(rf"bpgen: net.py: \w+, {said}", done.stderr), done.stderr


WIDE = DENSE.replace("(3, 3)", "(400, 300)").replace("input(3)", "input(300)")
WIDE = WIDE.replace("param(3)", "param(400)").replace("target(3)", "target(400)")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (instead(r"dW = ", "dW = -"), r"dL/dW\[0, 0\]"),
        (instead(r"dW = (.*)", r"dW = \1; dW[7, 9] += 1e-4"), r"dL/dW\[7, 9\]"),
        (instead(r"x @ W\.T \+ b", "x @ W.T"), r"a\[0, 0\]"),
    ],
    ids=["all", "one entry", "values"],
)
def test_a_large_module_is_run_too(change: Change, named: str) -> None:
    network = declared_by(WIDE)
    text = emit(network)
    assert difference(text, network) is None
    found = difference(change(text), network)
    assert found is not None and re.fullmatch(named, found.what)


def test_of_a_huge_module_a_smaller_one_of_the_same_form_is_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = declared_by(WIDE)
    text = emit(network)
    ran: list[Network] = []

    def right(_: str, network: Network) -> Verdict:
        ran.append(network)
        return Verdict(None)

    monkeypatch.setattr("bpgen.gates.module.verdict", right)
    monkeypatch.setattr("bpgen.gates.module.cost", lambda _: LARGE + 1)
    refuse_wrong(text, network, "net.py")
    assert ran[0].tensors["W"].sample_shape == (3, 2)
    refuse_wrong(text.replace("np.tanh", "np.sin"), network, "net.py")
    assert ran[1] is network, "its form is another"


def test_masks_are_drawn_as_both() -> None:
    network = declared_by(MASKED)
    drawn = [t.point.inputs["keep"] for t in trials(emit(network), network, 3, True)]
    assert {*np.ravel(drawn)} == {0.0, 1.0}


def trial_of(net: str) -> Trial:
    network = declared_by(net)
    return next(iter(trials(emit(network), network, 1, True)))


def test_rounding_is_no_difference() -> None:
    """A variance of two near numbers has few digits left."""
    found, meant = {"v": np.array([1.0 + 1e-7])}, {"v": np.array([1.0])}
    assert [*differing(found, meant, lambda: {"v": 0.0}, "")]
    assert not [*differing(found, meant, lambda: {"v": 1e-9}, "")]


def test_noise_is_that_of_the_roundings() -> None:
    values, gradients = trial_of(DENSE).noise
    assert all(0 < n < 1e-13 for n in (*values.values(), *gradients.values()))


def test_what_is_undefined_may_be_anything() -> None:
    found, meant = {"v": np.array([1.0, 2.0])}, {"v": np.array([np.nan, 2.0])}
    assert not [*differing(found, meant, dict, "")]
    wrong = {"v": np.array([1.0, np.nan])}
    assert [d.what for d in differing(wrong, meant, lambda: {"v": 0.0}, "")] == ["v[1]"]

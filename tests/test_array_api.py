"""The module by the array API standard, under numpy: the same numbers, the same doors, the same proofs.

Under torch and jax it runs in tests/parity.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import bpgen.commands.emit as commands
from bpgen.check.whole import check_module
from bpgen.cli import main
from bpgen.emit import emit, emitted
from bpgen.errors import NetError
from bpgen.load import declared_by
from bpgen.targets.array_api.allowed import ALLOWED
from bpgen.targets.array_api.translated import translated
from bpgen.targets.numpy.allowed import Forbidden, verified
from tests.conftest import EXAMPLES, declared, derived, module_of, of_example
from tests.few import few, one_in
from tests.proofs.words import WORDS
from tests.standard import TOLERANCE, distance

QUICK = ("toy_2_2_1", "own_loss", "two_heads")
DENSE = """
from bpgen import *
x, y = input(3), label(2)
W, b = param(2, 3), param(2)
z = W @ x + b
L = loss(categorical_cross_entropy_with_logits(z, y))
"""
BACKWARDS = """
from bpgen import *
i, j = indices("i j")
x = input(4)
w, v = param(4), param(3)
a, c = zeros(4), zeros(4, 4)
a[3 - i] = w[i] * x[i]
c[2 - j, j] = v[j]
L = loss(sum(a[i] ** 2 * w[i], i) + sum(v[2 - j] ** 3 * x[j + 1], j) + sum(c[i, j] ** 2, i, j))
"""
WINDOWS = """
from bpgen import *
i, q = indices("i q")
j, p = indices("j p", size=2)
x, w = input(4, 3), param(3, 2)
a = tensor(sum(x[3 - q, p + j] * w[q, j] ** 2, q, j), p)
c = tensor(sum(x[2 - p + j, i] * w[i, j], i, j), p)
L = loss(sum(a * c))
"""
KERNEL = """
from bpgen import *
p, q = indices("p q", size=2)
u, v = indices("u v")
x, k, w = input(3, 4), param(2, 3), param(3, 4)
a = x * w
c = tensor(sum(a[p + u, q + v] * k[u, v], u, v), p, q)
L = loss(sum(c**2))
"""
PLACES = """
from bpgen import *
t, i, j = indices("t i j")
k = input(2, below=3)
x = input(3, 2, 3)
E = param(3, 2, 3)
e = tensor(E[k[t], 1, k[t]] * sum(x[k[t], i, j] ** 2, i, j), t)
f = tensor(sum(E[k[t], i, k[t]], i), t)
L = loss(sum(e * f + exp(f)))
"""
SPELLED = {
    "read and written backwards": BACKWARDS,
    "windows that slide backwards, and beside what is read backwards": WINDOWS,
    "looked up where a number stands between": PLACES,
    "added place by place along two axes": KERNEL,
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="bpgen")


def standard(source: str) -> Any:
    return module_of(emit(declared(source), "array-api"))


@pytest.mark.parametrize("name", few([p.stem for p in EXAMPLES], lambda name: name in QUICK))
def test_an_example_has_the_same_gradients(name: str) -> None:
    assert distance(of_example(name)) <= TOLERANCE


@pytest.mark.parametrize("word", one_in(9, [*WORDS]))
def test_a_word_has_the_same_gradients(word: str) -> None:
    assert distance(derived(WORDS[word])) <= TOLERANCE


def test_a_number_is_added_to_exponentials_as_an_array_is() -> None:
    """A plain number is no array, of whose library its sum with one could be."""
    net = "from bpgen import *\nx = input(3)\nL = loss(sum(log(1e-8 + exp(dense(x, 3)))))\n"
    assert "log_add_exp(-18.4" in emit(declared(net), "array-api")
    assert distance(derived(net)) <= TOLERANCE


@pytest.mark.parametrize("what", SPELLED)
def test_what_is_spelled_otherwise_has_the_same_gradients(what: str) -> None:
    assert distance(derived(SPELLED[what])) <= TOLERANCE


@pytest.mark.parametrize("source", [BACKWARDS, WINDOWS])
def test_nothing_is_cut_out_backwards(source: str) -> None:
    """torch has no steps below 0."""
    assert not re.search(r":[^:\[\],]*:-\d", emit(declared(source), "array-api"))


@pytest.mark.parametrize("count", few([len(QUICK), len(EXAMPLES)], lambda n: n == len(QUICK)))
def test_it_is_lint_and_format_clean(count: int, tmp_path: Path) -> None:
    others = (p.stem for p in EXAMPLES if p.stem not in QUICK)
    for name in [*QUICK, *others][:count]:
        (tmp_path / f"{name}.py").write_text(emit(of_example(name).network, "array-api"))
    for command in (["check"], ["format", "--check"]):
        line = [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", str(tmp_path)]
        done = subprocess.run(line, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_it_is_proved_as_any_module() -> None:
    source = emit(declared(DENSE), "array-api")
    report = check_module(source, None)
    assert report.ok and report.selftest is not None, report
    wrong = source.replace("delta / N", "delta").replace("softmax(z) / N", "softmax(z)")
    assert wrong != source and not check_module(wrong, None).ok


def test_it_checks_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert standard(DENSE)._self_check()
    assert capsys.readouterr().out.count(" ok\n") == 3


# The command


def test_the_command_writes_it_and_sees_what_is_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(DENSE)
    given = ("emit", "--target", "array-api", "net.py", "-o", "m.py")
    assert run(*given).exit_code == 0
    assert Path("m.py").read_text() == emit(declared_by(DENSE), "array-api")
    assert run(*given, "--check").exit_code == 0
    stale = run("emit", "net.py", "-o", "m.py", "--diff")
    assert stale.exit_code == 1 and "-from typing import Any\n" in stale.stdout


def test_another_target_is_refused_with_the_list() -> None:
    done = run("emit", "--target", "fortran", "net.py")
    assert done.exit_code == 2
    assert done.stderr == (
        "bpgen: Invalid value for '--target': 'fortran' is not one of 'numpy', 'array-api', 'c'.\n"
        "  see bpgen emit --help\n"
    )


def test_a_wrong_one_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(derivation: Any, target: str) -> dict[str, str]:
        text = emitted(derivation, target)
        changed = re.sub(r"dW = ", "dW = -", text)
        assert changed != text
        return {".py": changed}

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands, "files_of", wrong)
    Path("net.py").write_text(DENSE)
    done = run("emit", "--target", "array-api", "net.py")
    assert done.exit_code == 2 and not Path("generated").exists()
    assert done.stderr.startswith(
        "bpgen: net.py: not written, for it would be wrong: dL/dW[0, 0] is "
    )


def test_an_older_numpy_cannot_run_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delattr(np, "permute_dims")
    Path("net.py").write_text(DENSE)
    done = run("emit", "--target", "array-api", "net.py")
    assert done.exit_code == 2
    assert done.stderr == (
        f"bpgen: net.py: numpy {np.__version__} has not the functions by which the module would be run first\n"
        "  install numpy 2, or write it with --unchecked\n"
    )


@pytest.mark.parametrize("name", ["xp", "on", "AT"])
def test_a_name_of_its_own_is_refused(name: str) -> None:
    source = f"from bpgen import *\n{name}, w = input(2), param(2)\noutput(dot(w, {name}))\n"
    assert emit(declared_by(source))
    with pytest.raises(NetError) as error:
        emit(declared_by(source), "array-api")
    assert f"{name} is what a module by the array API standard calls its own" in str(error.value)
    assert f"call it {name}1, or emit it for numpy" in str(error.value)


@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "from os import path",
        "xp.load('f')",
        "getattr(np, 'load')",
        "class A: pass",
        "xp.add.x",
    ],
)
def test_it_holds_nothing_but_arithmetic(line: str) -> None:
    with pytest.raises(Forbidden):
        verified(f"import numpy as np\n{line}\n", ALLOWED)


# Its door

X, Y = np.ones((4, 3)), np.array([0, 1, 1, 0])
DOOR: dict[str, tuple[Any, Any, str]] = {
    "no array": ([[1.0]], Y, "x is <class 'list'>, not an array"),
    "a masked array": (np.ma.ones((4, 3)), Y, "x is .*MaskedArray.*, not a plain array"),
    "another shape": (np.ones((4, 2)), Y, r"x needs shape \(N, 3\), not \(4, 2\)"),
    "one sample": (
        np.ones(3),
        Y,
        r"x needs shape \(N, 3\), not \(3,\); for one sample give x\[None\]",
    ),
    "no sample": (np.ones((0, 3)), Y, "x is an empty batch"),
    "words": (np.full((4, 3), "a"), Y, "x holds <U1, not real numbers"),
    "labels that are real": (X, Y * 1.0, "y holds float64, not whole numbers"),
    "a label too large": (X, Y * 2, r"y has a label outside 0 \.\. 1"),
    "a label below 0": (X, -Y, r"y has a label outside 0 \.\. 1"),
    "a row for each label": (X, np.eye(2)[Y], r"y has a one-hot row .*: give y\.argmax\(-1\)"),
    "another number of labels": (X, Y[:3], r"y needs shape \(4,\), not \(3,\)"),
}


@pytest.mark.parametrize("what", DOOR)
def test_wrong_arguments_are_refused_in_the_users_words(what: str) -> None:
    x, y, said = DOOR[what]
    m = standard(DENSE)
    with pytest.raises((TypeError, ValueError), match=said):
        m.loss(m.init(0), x, y)


def test_whole_numbers_take_the_precision_of_the_parameters() -> None:
    m = standard(DENSE)
    params = m.init(0, np.float32)
    loss, grads = m.loss_and_grad(params, X.astype(int), Y.astype(np.uint8))
    assert loss == m.loss(params, X.astype(np.float32), Y)
    assert all(g.dtype == np.float32 for g in grads.values())


def test_parameters_are_packed_and_unpacked() -> None:
    m = standard(DENSE)
    params = m.init(0)
    flat = m.pack(params)
    assert np.array_equal(flat, np.concatenate([params["W"].ravel(), params["b"]]))
    views = m.unpack(flat)
    assert all(np.array_equal(views[n], params[n]) for n in params)
    with pytest.raises(ValueError, match=r"flat needs shape \(8,\), not \(7,\)"):
        m.unpack(flat[:7])
    with pytest.raises(ValueError, match="params: W is missing"):
        m.pack({"b": params["b"]})


def test_what_is_written_for_numpy_is_translated() -> None:
    source = '''
def f(n: int, z: np.ndarray) -> np.ndarray:
    """Says so."""
    return np.asarray((z > 0).astype(z.dtype) + z.max(axis=-1, keepdims=True) * np.arctan(z) + z.dtype.type(n))
'''
    assert translated(source) == (
        'def f(n: int, z: Array) -> Array:\n    """Says so."""\n    xp = _of(z)\n'
        "    return xp.astype(z > 0, z.dtype) + xp.max(z, axis=-1, keepdims=True) * xp.atan(z)"
        " + xp.zeros_like(z) + n"
    )

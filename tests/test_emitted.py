"""The emitted modules as files: fresh, standalone, lint-clean, typed, and the same bytes on any
machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bpgen.emit import FAST, emit
from bpgen.load import load
from bpgen.targets.numpy.allowed import Forbidden, verified
from tests.conftest import EXAMPLES, ROOT, TYPES, declared, emitted, example
from tests.few import one_in
from tests.proofs.corpus import LARGE
from tests.proofs.proof import checks_itself
from tests.texts.corpus import SOURCES, TARGETS, digests, frozen

GENERATED = sorted((ROOT / "generated").glob("*.py"))
BLOCKED = (
    "import sys\nfor name in ('sympy', 'jinja2', 'click', 'bpgen'): sys.modules[name] = None\n"
)


def run(*arguments: str, seed: str = "0", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=cwd, env=environment
    )


def test_every_example_has_its_module() -> None:
    assert [p.stem for p in GENERATED] == [p.stem for p in EXAMPLES]


@pytest.mark.parametrize("name", ["example attention_weights", "example lstm", "page two_repeats"])
def test_the_texts_of_a_few_are_the_frozen_ones(name: str) -> None:
    """Of every target; those of all networks are slow."""
    every, found = frozen(), digests(name, SOURCES[name], TARGETS[name])
    assert found == {text: every[text] for text in found}, "see python -m tests.texts"


@pytest.mark.parametrize("net", one_in(4, EXAMPLES), ids=lambda p: p.stem)
def test_generated_is_fresh(net: Path) -> None:
    """The shipped file is the golden record: `bpgen emit examples/*.py` rewrites it."""
    assert emit(load(net)) == (ROOT / "generated" / net.name).read_text()


def test_the_planned_module_of_an_example_is_fresh() -> None:
    """`bpgen emit --fast examples/digits.py -o generated/fast/digits.py` rewrites it."""
    text = (ROOT / "generated" / "fast" / "digits.py").read_text()
    assert emit(load(ROOT / "examples" / "digits.py"), FAST) == text


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("z", 2),  # of the loss, and of its gradient
        ("s", 0),  # it is computed, under its equation
    ],
)
def test_what_a_comment_speaks_of_and_no_statement_computes_is_said(output: str, said: int) -> None:
    net = declared(
        "from bpgen import *\nx, y = input(2), label(3)\nz = dense(x, 3)\n"
        f"s = logsumexp(z)\noutput({output})\nL = loss(s - z[y])\n"
    )
    assert emit(net).count(") where s[n] = logsumexp_i z[n,i]\n") == said
    assert emit(net).count(") s[n] = logsumexp_i z[n,i]\n") == (not said)


@pytest.mark.slow  # of small networks, the command line's tests ask the same
@pytest.mark.parametrize("seed", ["1", "2"])
def test_same_bytes_under_any_hash_seed(seed: str, tmp_path: Path) -> None:
    done = run("-m", "bpgen", "emit", *map(str, EXAMPLES), "-o", str(tmp_path), seed=seed)
    assert done.returncode == 0, done.stderr
    for file in GENERATED:
        assert (tmp_path / file.name).read_bytes() == file.read_bytes()


def test_imports_with_numpy_alone_and_checks_itself() -> None:
    lines = [f"import runpy; runpy.run_path({str(f)!r})" for f in GENERATED]
    done = run("-c", BLOCKED + "\n".join(lines))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "file",
    one_in(3, [f for f in GENERATED if f.stem not in {p.stem for p in LARGE}]),
    ids=lambda f: f.stem,
)
def test_module_checks_itself(file: Path) -> None:
    """The large ones do in `tests.proofs`, recorded."""
    checks_itself(file.read_text())


def test_self_check_can_fail(capsys: pytest.CaptureFixture[str]) -> None:
    source = (ROOT / "generated" / "toy_2_2_1.py").read_text()
    wrong = source.replace("a1 * (1 - a1)", "a1 * (1 + a1)")
    assert wrong != source
    space: dict[str, object] = {"__name__": "wrong"}
    exec(wrong, space)
    assert not space["_self_check"]()  # type: ignore[operator]
    assert "W1           (2, 2)" in capsys.readouterr().out
    with pytest.raises(AssertionError):
        checks_itself(wrong)


def test_lint_and_format_clean() -> None:
    files = [str(f) for f in GENERATED]
    for command in (["check"], ["format", "--check"]):
        done = run("-m", "ruff", *command, "--isolated", "--no-cache", *files)
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_typed() -> None:
    done = run(
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        f"--cache-dir={TYPES}",
        *[str(f) for f in GENERATED],
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "from os import path",
        "eval('1')",
        "open('f')",
        "np.load('f')",
        "np.core.x",
        "x.__class__",
        "x.tofile('f')",
        "np.random.bytes(3)",
        "np.lib.format.open_memmap('f')",
        "n = np\nn.fromfile('f')",
        "sorted([], key=eval)",
        "f = open",
        "f'{x.tobytes()}'",
        "[print][0]()",
        "np.memmap('f', mode='w+', shape=(3,))",
        "x = 1 not in (np.memmap('f'), 2)",
        "sorted([], key=__builtins__['eval'])",
        "def e():\n    return 0\ne = 1",
        "def g():\n    return 0\ndef f(g):\n    return g()",
        "def f(np):\n    return np.exp(1)",
        "match 1:\n    case int(__globals__=g):\n        g",
        "@print\ndef f():\n    return 0",
        "type('A', (), {})",
        "while True:\n    x = 1",
        "from numpy import *",
        "import numpy as np, os",
        "len = 1",
        "def print():\n    return 0",
        "x.max.at()",
        "'{}'.format(x)",
        "(lambda: 0)()",
        "exec('')",
        "global x",
        "try:\n    x\nexcept Exception:\n    x",
        "x = 'é'",
    ],
)
def test_nothing_but_arithmetic_is_ever_written(line: str) -> None:
    with pytest.raises(Forbidden):
        verified(f"import numpy as np\n{line}\n")


@pytest.mark.parametrize("file", GENERATED, ids=lambda p: p.stem)
def test_float32_stays_float32(file: Path) -> None:
    """Parameters and inputs in float32: every output, cached value and gradient too."""
    m = example(file.stem)
    rng = np.random.default_rng(0)
    params = m.init(0, np.float32)

    def drawn(name: str, shape: tuple[int | str, ...]) -> np.ndarray:
        sizes = (3, *(7 if isinstance(s, str) else s for s in shape))
        if name in m.INTEGERS:
            return rng.integers(m.INTEGERS[name], size=sizes)
        return rng.uniform(0.2, 1, sizes).astype(np.float32)

    inputs = [drawn(n, s) for n, s in m.INPUTS.items()]
    outputs, cache = m.forward(params, *inputs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    if hasattr(m, "loss"):
        last = [
            drawn(n, s) if n in m.INTEGERS else np.full((3, *s), 1 / s[0] if s else 0.5, np.float32)
            for n, s in m.TARGETS.items()
        ]
    else:
        last = [np.ones_like(o) for o in outputs]
    grads = m.backward(params, cache, *last, inputs=True)
    for array in (*outputs, *cache.values(), *grads.values()):
        assert array.dtype == np.float32 or array.dtype.kind == "i"
    assert all(g.dtype == np.float32 for g in grads.values())


def test_interface() -> None:
    m = example("two_heads")
    assert list(m.INPUTS) == ["left", "right"]
    assert list(m.TARGETS) == ["kind", "amount"]
    assert m.INTEGERS == {"kind": 4}
    params = m.init(3)
    assert list(params) == list(m.SHAPES) == ["U", "V", "c", "A", "d", "B", "e"]
    flat = m.pack(params)
    views = m.unpack(flat)
    assert all(
        np.array_equal(views[n], params[n]) and np.shares_memory(views[n], flat) for n in params
    )
    assert all(np.array_equal(m.init(3)[n], params[n]) for n in params)


def test_text_of_the_net_cannot_become_code() -> None:
    title = 'x\\"""\nimport os\n\x00\x0c coding: utf-7 é'
    source = (
        f"__doc__ = {title!r}\nfrom bpgen import *\nx = input(2)\nw = param(2)\noutput(dot(w, x))\n"
    )
    assert emitted(source).SHAPES == {"w": (2,)}

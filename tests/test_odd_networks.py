"""Networks of shapes that no example has: each emits a module that is right, lean and pure."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bpgen.check.module import Subject
from bpgen.check.numbers import numbers
from bpgen.emit import emit
from bpgen.errors import NetError
from bpgen.load import declared_by
from tests.conftest import declared, emitted, written
from tests.few import one_in
from tests.odd_networks import NETS, module_text, source
from tests.one_sample import INDICES, agrees


@pytest.mark.parametrize("name", one_in(16, [*NETS]))
def test_gradients(name: str) -> None:
    found = numbers(Subject(module_text(name), declared(source(name))), 0)
    assert found.ok, [str(f) for f in found.findings] + [
        f"{r.name}: {r.verdict}" for r in found.rows
    ]


def test_a_product_with_a_sum_is_told_in_two_steps() -> None:
    assert "q = h * u" in module_text("a recurrence written out")
    assert ".sum(axis=2)" not in module_text("a recurrence written out")


def test_constants_are_written_as_people_would() -> None:
    text = module_text("constants that floats stand for")
    assert "z = 0.7071067811865476 * (x @ W.T) + 0.3333333333333333" in text
    assert "dW = 0.7071067811865476 * (delta.T @ x) + np.sign(W) / 3" in text
    assert "delta = (sigmoid(z) - y) / N" in text


def test_what_forward_returns_by_default() -> None:
    m = emitted(f"from bpgen import *\n{NETS['an autoencoder with tied weights']}\n")
    assert m.forward(m.init(0), np.ones((2, 4)))[0].shape == (2, 4)


@pytest.mark.slow
def test_a_long_residual_chain_stays_linear() -> None:
    source = (
        "from bpgen import *\nx = input(3); W = param(3, 3)\nh = x\n"
        "for k in range({}):\n    h = h + tanh(W @ h)\noutput(h)\n"
    )
    short, long = (len(written(source.format(n))) for n in (20, 40))
    assert long - short < 1.2 * (short - len(written(source.format(1))) + 2000)


@pytest.mark.slow
def test_every_module_is_lint_clean(tmp_path: Path) -> None:
    for k, name in enumerate(NETS):
        (tmp_path / f"m{k}.py").write_text(module_text(name))
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "end", ["L = loss(u)", "output(u)", "a = 2 * x\noutput(a)\nL = loss(exp(u))"]
)
def test_what_came_to_a_number_is_refused(end: str) -> None:
    """Of a loss or an output; anywhere else the number is written where it is read."""
    with pytest.raises(NetError, match="whatever the inputs are"):
        declared_by(f"from bpgen import *\nx = input(3)\nu = triplet(x, 2*x, 2*x)\n{end}\n")
    text = emit(
        declared_by(
            "from bpgen import *\nx, w = input(3), param(3)\nu = triplet(x, 2*x, 2*x)\n"
            "v = exp(u) - 1\nb = v*dot(w, x)\noutput(b)\n"
        )
    )
    assert re.search(r"b = 1\.7182818284590\d+ \* \(x @ w\)", text)


@pytest.mark.parametrize(
    ("what", "value"),
    [("max((s - s) * x[i], i)", 0.0), ("logsumexp((s - s) * x[i], i)", np.log(3))],
)
def test_what_cancels_within_a_reduction_is_a_number(what: str, value: float) -> None:
    agrees(
        f"{INDICES}x, w = input(3), param(3)\ns = dot(w, x)\nL = loss({what} * s + s)",
        lambda p, x: (value + 1) * np.dot(p["w"], x),
    )

"""The table of figures that every example must show, and depth: slow, so CI runs it by itself."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from bpgen.check.module import Subject
from bpgen.check.numbers import NumberRow, numbers
from bpgen.derive import derive
from bpgen.emit import emit, emitted
from bpgen.load import declared_by, load
from bpgen.network.shrink import shrunk
from bpgen.prove import prove
from bpgen.render import render
from tests.conftest import EXAMPLES, ROOT, module_of

pytestmark = pytest.mark.slow

ONE_WEIGHT = {"linear_chain", "relu_neuron", "single_neuron"}  # few places to break


def _bar(row: NumberRow) -> float:
    """How exact a gradient must be; where terms cancel, as a saturated sigmoid's do at the draw of
    the largest parameters, it is ten roundings of the terms.
    """
    return max(1e-11, 2e-15 * row.cancelled) if row.method == "complex step" else 1e-7


@pytest.mark.parametrize("net", EXAMPLES, ids=lambda p: p.stem)
def test_proof(net: Path) -> None:
    report = prove(str(net))
    assert report.ok, str(report)
    for row in report.rows:
        assert row.exact is not None
        assert row.exact.proved == row.exact.total > 0
        if row.number is not None:
            assert row.number.error <= _bar(row.number)
    tested = report.selftest
    assert tested is not None
    assert tested.caught == tested.tried
    if net.stem not in ONE_WEIGHT:
        assert tested.tried >= 30
        assert tested.kinds >= 12


@pytest.mark.parametrize("net", EXAMPLES, ids=lambda p: p.stem)
def test_no_false_alarm_over_twenty_seeds(net: Path) -> None:
    """As they are; the GPT at smaller sizes, as it takes minutes for each seed."""
    network = load(net)
    text = (ROOT / "generated" / net.name).read_text()
    if net.stem == "gpt":
        network = shrunk(network)
        text = emit(network)
    subject = Subject(text, network)
    for seed in range(20):
        found = numbers(subject, seed)
        assert found.ok, (seed, found)


def test_a_thousand_layers() -> None:
    """Under the default recursion limit: derived, printed, emitted, and right."""
    deep = declared_by(
        "from bpgen import *\nx = input(4)\ny = target(4)\nh = x\n"
        "for _ in range(1000):\n    h = dense(h, 4, tanh)\nL = loss(half_squared_error(h, y))\n"
    )
    derivation = derive(deep)
    assert len(derivation.steps) > 4000
    assert render(derivation, fmt="latex").count(r"\tag{") > 4000
    module = module_of(emitted(derivation))
    rng = np.random.default_rng(0)
    params = {n: np.eye(4) + 0.01 * rng.normal(size=s) if len(s) == 2 else np.zeros(s)
              for n, s in module.SHAPES.items()}  # fmt: skip
    x, y = rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    grads = module.loss_and_grad(params, x, y)[1]
    for name in ("W1", "W500", "b1000"):
        at = (0,) * params[name].ndim
        moved = {**params, name: params[name].astype(complex)}
        moved[name][at] += 1e-20j
        slope = module.loss(moved, x, y).imag / 1e-20
        assert grads[name][at] == pytest.approx(slope, rel=1e-9)


def test_a_thousand_layers_are_checked(tmp_path: Path) -> None:
    """Under the default recursion limit: by numbers, exactly, and with every broken copy caught."""
    net = tmp_path / "net.py"
    net.write_text(
        "from bpgen import *\nx = input(2)\ny = target(2)\nh = x\n"
        "for _ in range(1000):\n    h = h + dense(h, 2, tanh)/200\n"
        "L = loss(half_squared_error(h, y))\n"
    )
    assert sys.getrecursionlimit() == 1000
    report = prove(str(net))
    assert report.ok, str(report)[-2000:]
    assert len(report.rows) > 2000

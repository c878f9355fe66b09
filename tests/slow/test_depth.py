"""Depth: a thousand layers, derived, printed and emitted. Slow, so CI runs it by itself."""

from __future__ import annotations

import numpy as np
import pytest

from bpgen.derive import derive
from bpgen.emit import emitted
from bpgen.load import declared_by
from bpgen.render import render
from tests.conftest import module_of

pytestmark = pytest.mark.slow


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

"""Depth: a thousand layers, derived, printed and emitted. Slow, so CI runs it by itself."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from bpgen.render import render
from tests.conftest import derived, emitted
from tests.proofs.corpus import DEEP

pytestmark = [pytest.mark.slow, pytest.mark.long]


@pytest.mark.parametrize("of_corpus", ["a thousand layers"])
def test_depth(of_corpus: str) -> None:
    """Under the default recursion limit: derived, printed, emitted, and right."""
    assert sys.getrecursionlimit() == 1000
    derivation = derived(DEEP)
    assert len(derivation.steps) > 4000
    assert render(derivation, fmt="latex").count(r"\tag{") > 4000
    module = emitted(DEEP)
    rng = np.random.default_rng(0)
    params = {n: rng.normal(size=shape) for n, shape in module.SHAPES.items()}
    x, y = rng.normal(size=(2, 2)), rng.normal(size=(2, 2))
    grads = module.loss_and_grad(params, x, y)[1]
    for name in ("W1", "W500", "b1000"):
        at = (0,) * params[name].ndim
        moved = {**params, name: params[name].astype(complex)}
        moved[name][at] += 1e-20j
        slope = module.loss(moved, x, y).imag / 1e-20
        assert grads[name][at] == pytest.approx(slope, rel=1e-9)

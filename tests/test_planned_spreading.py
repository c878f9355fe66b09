"""Operands that are not like what is computed of them are copied along all its axes before, where
samples are small.
"""

from __future__ import annotations

import numpy as np
import pytest

from bpgen.check.agreement import difference
from bpgen.emit import FAST, emitted
from bpgen.load import declared_by
from bpgen.planning.lowering import spreading
from tests.conftest import derived, module_of

HEAD = "from bpgen import *\n"
NET = f"{HEAD}x, y = input(3), label(4)\nh = dense(x, 5, relu)\nz = dense(h, 4)\n"
NET += "L = loss(categorical_cross_entropy_with_logits(z, y))\n"
LARGE = f"{HEAD}x, c = input(2), target({spreading.SOME + 1})\n"
LARGE += f"L = loss(sum(dense(x, {spreading.SOME + 1}) * c))\n"


def step_of(net: str) -> str:
    """The step of a planned module."""
    return emitted(derived(net), FAST).split("def loss_and_grad")[1].split("def workspace")[0]


def test_a_bias_a_column_and_a_mask() -> None:
    step = step_of(NET)
    assert "    t1[...] = b1\n    z1 += t1\n" in step
    assert "    t2[...] = t3_column\n    np.subtract(z, t2, t2)\n" in step
    assert "    t[...] = mask\n    delta1 *= t\n" in step


def test_not_where_samples_are_large() -> None:
    assert "z1 += b1" in (step := step_of(LARGE))
    assert "[...] = b" not in step


def test_in_whatever_precision() -> None:
    """A copy holds what it is a copy of: parameters may be narrower than what is computed."""
    module, plain = module_of(emitted(derived(NET), FAST)), module_of(emitted(derived(NET)))
    rng = np.random.default_rng(0)
    params = {**module.init(0), "b1": rng.normal(size=5).astype(np.float32)}
    given = rng.normal(size=(6, 3)), rng.integers(4, size=6)
    (ours, grads), (theirs, others) = (m.loss_and_grad(params, *given) for m in (module, plain))
    assert ours == pytest.approx(theirs, rel=1e-14)
    for name, gradient in grads.items():
        assert np.allclose(gradient, others[name], rtol=1e-13, atol=1e-14), name


def test_a_copy_over_what_is_read_beside_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "_is_free", lambda *_: True)
    wrong = emitted(derived(f"{NET}# copied over\n"), FAST)
    assert difference(wrong, declared_by(NET)) is not None

"""Arrays that a module of C lets in once: a call of what they hold by then, and what would be copied
is refused.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from bpgen.compiled.library import compiler
from tests.nets_in_c import NETS, both_modules

pytestmark = [
    pytest.mark.skipif(compiler() is None, reason="there is no C compiler"),
    pytest.mark.usefixtures("libraries"),
]


def _stays(module: ModuleType) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """Arrays that C reads where they are."""
    rng = np.random.default_rng(0)
    params = module.unpack(module.pack(module.init(0)))
    return params, rng.standard_normal((2, 3)), rng.integers(4, size=2).astype(np.intc)


def test_a_call_is_of_what_its_arrays_hold_by_then() -> None:
    ours, _ = both_modules(NETS["dense"])
    params, x, y = _stays(ours)
    call, grads = ours.bound(params, x, y)
    for _ in range(2):
        value, slopes = ours.loss_and_grad(params, x, y)
        assert call() == value
        assert all(np.array_equal(grads[n], slopes[n]) for n in slopes) and [*grads] == [*slopes]
        for n in params:
            params[n] -= slopes[n]
        x[...], y[...] = -x, (y + 1) % 4


def test_a_call_keeps_its_arrays() -> None:
    ours, _ = both_modules(NETS["dense"])
    params, x, y = _stays(ours)
    x.flags.writeable = False
    kept = [weakref.ref(a) for a in (x, y, params["W1"].base)]
    call, _ = ours.bound(params, x, y)
    value = call()
    del params, x, y
    assert all(k() is not None for k in kept) and call() == value
    del call
    assert all(k() is None for k in kept)


COPIED: dict[str, tuple[Callable[..., Any], str]] = {
    "a list": (lambda p, x, y: (p, x.tolist(), y), "x is .*: bound needs an array"),
    "every other": (
        lambda p, x, y: (p, np.zeros((2, 6))[:, ::2], y),
        "x: .* contiguous .* float64",
    ),
    "other floats": (lambda p, x, y: (p, x.astype(np.float32), y), "x: .* array of float64"),
    "long labels": (lambda p, x, y: (p, x, y.astype(np.int64)), "y: .* array of int32"),
    "apart": (lambda p, x, y: ({n: a.copy() for n, a in p.items()}, x, y), r"params: .* unpack"),
    "no label": (lambda p, x, y: (p, x, y + 4), "y has a label outside 0 .. 3"),
}


@pytest.mark.parametrize("kind", COPIED)
def test_a_call_of_copies_is_refused(kind: str) -> None:
    ours, _ = both_modules(NETS["dense"])
    change, said = COPIED[kind]
    with pytest.raises((TypeError, ValueError), match=said):
        ours.bound(*change(*_stays(ours)))


@pytest.mark.slow
def test_each_call_drops_otherwise() -> None:
    named = "x, bound = input(5), target(2)\nz = dense(dropout(x, 0.5), 2)\n"
    ours, _ = both_modules(named + "L = loss(mean_squared_error(z, bound))\n")
    params = ours.unpack(ours.pack(ours.init(0)))
    x, y = np.ones((4, 5)), np.zeros((4, 2))
    call, _ = ours.bound(params, x, y, np.random.default_rng(0))
    assert call() == ours.loss_and_grad(params, x, y, np.random.default_rng(0))[0] != call()
    still, _ = ours.bound(params, x, y)
    assert still() == still() == ours.loss_and_grad(params, x, y)[0]

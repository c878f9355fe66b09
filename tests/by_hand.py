"""A network beside its values as numpy has them, written by hand: values, gradients by central
differences of these, the precision of both, and every line of its page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bpgen.check.agreement import verdict
from bpgen.check.page.proof import prove_page
from bpgen.load import declared_by
from bpgen.prove import claimed
from tests.conftest import module_of

SAMPLES, LENGTH = 4, 5
STEP = 1e-6


@dataclass(frozen=True)
class Case:
    """A net.py without its first line, and what it computes of all it is given, by their names: the
    loss of a batch, or its outputs.
    """

    net: str
    meant: Callable[..., Any]
    name: str


def agrees(case: Case) -> None:
    """Whether module and page say what numpy does."""
    claim = claimed(declared_by(f"from bpgen import *\n{case.net}"))
    m, rng = module_of(claim.module), np.random.default_rng(5)
    params = {name: 0.7 * np.asarray(rng.normal(size=shape)) for name, shape in m.SHAPES.items()}
    inputs = {name: _drawn(rng, m, name, shape) for name, shape in m.INPUTS.items()}
    targets = {n: _drawn(rng, m, n, s) for n, s in getattr(m, "TARGETS", {}).items()}
    given = {**params, **inputs, **targets}

    output, cache = m.forward(params, *inputs.values())
    if hasattr(m, "loss"):
        found, rest = m.loss(params, *inputs.values(), *targets.values()), list(targets.values())
        weights = [np.ones(())]
    else:
        found = output
        weights = rest = [rng.normal(size=np.shape(y)) for y in _tuple(output)]
    for ours, theirs in zip(_tuple(found), _tuple(case.meant(**given)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)

    def total(**moved: Any) -> Any:
        values = _tuple(case.meant(**{**given, **moved}))
        return sum(np.sum(w * v) for w, v in zip(weights, values, strict=True))

    grads = m.backward(params, cache, *rest, inputs=True)
    assert {*grads} == {*params, *inputs} - {*m.INTEGERS}
    for name, gradient in grads.items():
        assert gradient.shape == np.shape(given[name])
        np.testing.assert_allclose(gradient, _slopes(total, name, given[name]), 1e-6, 1e-7)
    _keeps_precision(m, params, inputs, rest)
    assert verdict(claim.module, claim.network).wrong is None
    report = prove_page(str(claim.page), claim.shown, (0,))
    assert report.ok, "\n".join(map(str, report.false))


def _keeps_precision(m: Any, params: Any, inputs: Any, rest: list[Any]) -> None:
    """Whether nothing lifts float32."""

    def single(a: Any) -> Any:
        return a.astype(np.float32) if a.dtype.kind == "f" else a

    params = {n: single(np.asarray(a)) for n, a in params.items()}
    output, cache = m.forward(params, *map(single, inputs.values()))
    grads = m.backward(params, cache, *map(single, rest), inputs=True)
    for array in (*_tuple(output), *grads.values()):
        assert array.dtype == np.float32


def _tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _drawn(rng: np.random.Generator, m: Any, name: str, shape: tuple[Any, ...]) -> Any:
    sizes = (SAMPLES, *(LENGTH if isinstance(s, str) else s for s in shape))
    if name in m.INTEGERS:
        return rng.integers(0, m.INTEGERS[name], sizes)
    return rng.normal(size=sizes)


def _slopes(total: Callable[..., Any], name: str, at: Any) -> Any:
    found = np.zeros(np.shape(at))
    for place in np.ndindex(found.shape):
        ends = []
        for step in (STEP, -STEP):
            moved = np.array(at)
            moved[place] += step
            ends.append(total(**{name: moved}))
        found[place] = (ends[0] - ends[1]) / (2 * STEP)
    return found

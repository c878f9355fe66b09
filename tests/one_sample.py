"""A network against a formula of one sample, written here in numpy: its loss, and every gradient by
complex steps of that formula.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

from tests.conftest import emitted

STEP = 1e-20
SAMPLES = 3
LENGTHS = {"T": 4}
INDICES = 'i, j, k, m, t = indices("i j k m t")\n'
Arrays = dict[str, Any]
Formula = Callable[..., Any]  # of the parameters and one sample's arrays, by name: a scalar


def drawn(module: ModuleType, seed: int = 0, **given: Any) -> tuple[Arrays, Arrays]:
    """Parameters, and a batch of every input and target; `given` replaces what is drawn."""
    rng = np.random.default_rng(seed)
    params = {n: rng.uniform(0.2, 1.0, s) for n, s in module.SHAPES.items()}
    arrays: Arrays = {}
    for name, shape in {**module.INPUTS, **module.TARGETS}.items():
        full = (SAMPLES, *(LENGTHS[s] if isinstance(s, str) else s for s in shape))
        bound = module.INTEGERS.get(name)
        arrays[name] = (
            rng.uniform(0.2, 1.0, full) if bound is None else rng.integers(bound, size=full)
        )
    return params, {**arrays, **given}


def agrees(source: str, formula: Formula, seed: int = 0, **given: Any) -> None:
    """The module's loss is the mean of the formula over the samples, and its gradients are the
    formula's.
    """
    module = emitted(f"from bpgen import *\n{source}\n")
    params, arrays = drawn(module, seed, **given)

    def value(p: Arrays, a: Arrays) -> Any:
        each = (formula(p, **{n: v[k] for n, v in a.items()}) for k in range(SAMPLES))
        return sum(each) / SAMPLES

    loss, grads = module.loss_and_grad(params, *arrays.values())
    np.testing.assert_allclose(loss, value(params, arrays), rtol=1e-12, atol=1e-12)
    inputs = [arrays[name] for name in module.INPUTS]
    targets = [arrays[name] for name in module.TARGETS]
    _, cache = module.forward(params, *inputs)
    grads = module.backward(params, cache, *targets, inputs=True)
    real = [n for n in module.INPUTS if n not in module.INTEGERS]
    assert set(grads) == {*params, *real}
    for name in grads:
        found = np.zeros_like(grads[name])
        for place, (p, a) in _stepped(name, params, arrays):
            found[place] = np.imag(value(p, a)) / STEP
        np.testing.assert_allclose(grads[name], found, rtol=1e-9, atol=1e-11, err_msg=name)


def _stepped(
    name: str, params: Arrays, arrays: Arrays
) -> Iterator[tuple[tuple[int, ...], tuple[Arrays, Arrays]]]:
    """Every entry of a tensor in turn, with parameters and arrays where it is a step further."""
    old = {**params, **arrays}[name]
    for place in np.ndindex(old.shape):
        new = old.astype(complex)
        new[place] += 1j * STEP
        yield (
            place,
            (
                ({**params, name: new}, arrays)
                if name in params
                else (params, {**arrays, name: new})
            ),
        )

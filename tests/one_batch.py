"""A net.py against its formula in numpy, of a whole batch: value, and gradients by complex steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.conftest import emitted

Arrays = dict[str, Any]
STEP = 1e-30


def slopes(formula: Callable[..., Any], arrays: list[Any]) -> list[Any]:
    """The gradient of a scalar of several arrays, entry by entry."""
    found = []
    for k, array in enumerate(arrays):
        slope = np.zeros(array.shape)
        for at in np.ndindex(array.shape) if array.dtype.kind == "f" else ():  # labels have none
            moved = [a if a.dtype.kind == "i" else a.astype(complex) for a in arrays]
            moved[k][at] += 1j * STEP
            slope[at] = np.imag(formula(*moved)) / STEP
        found.append(slope)
    return found


def agrees_in_batches(
    text: str, formula: Callable[..., Any], batches: tuple[int, ...] = (2, 5)
) -> None:
    """`formula(p, *inputs, *targets)` is the loss of the batch, or its outputs as a tuple, in which
    case each is given an upstream gradient of its own shape.
    """
    m = emitted(f"from bpgen import *\n{text}\n")
    for samples in batches:
        rng = np.random.default_rng(samples)
        p = {name: rng.uniform(0.2, 1, shape) for name, shape in m.SHAPES.items()}
        names = [*m.INPUTS, *m.TARGETS]
        given = [
            rng.integers(m.INTEGERS[name], size=(samples, *shape))
            if name in m.INTEGERS
            else rng.uniform(0.2, 1, (samples, *shape))
            for name, shape in {**m.INPUTS, **m.TARGETS}.items()
        ]

        def of(*arrays: Any) -> Any:
            return formula(dict(zip(p, arrays, strict=False)), *arrays[len(p) :])  # noqa: B023

        every = [*p.values(), *given]
        inputs = given[: len(m.INPUTS)]
        outputs, cache = m.forward(p, *inputs)
        if hasattr(m, "loss"):
            np.testing.assert_allclose(m.loss(p, *given), of(*every), rtol=1e-12)
            got = m.backward(p, cache, *given[len(m.INPUTS) :], inputs=True)
            expected = slopes(of, every)
        else:
            outputs = outputs if isinstance(outputs, tuple) else (outputs,)
            wanted = of(*every)
            upstream = [rng.standard_normal(np.shape(o)) for o in wanted]
            for one, other in zip(outputs, wanted, strict=True):
                assert np.shape(one) == np.shape(other)
                np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
            got = m.backward(p, cache, *upstream, inputs=True)
            expected = slopes(
                lambda *a: sum((o * u).sum() for o, u in zip(of(*a), upstream, strict=True)),  # noqa: B023
                every,
            )
        for name, slope in zip([*p, *names], expected, strict=True):
            if name not in m.TARGETS and name not in m.INTEGERS:
                np.testing.assert_allclose(got[name], slope, rtol=1e-9, atol=1e-12, err_msg=name)

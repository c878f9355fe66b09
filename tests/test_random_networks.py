"""Any network: its gradients are those of complex steps, pure, and covariant with permutations of
the batch.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import emitted
from tests.networks import networks

STEP = 1e-20
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def drawn(
    m: ModuleType, source: str, rng: np.random.Generator, batch: int
) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    params = {name: rng.normal(size=shape) for name, shape in m.SHAPES.items()}
    x = rng.normal(size=(batch, *m.INPUTS["x"]))
    shape = (batch, *m.TARGETS["y"])
    if "y" in m.INTEGERS:
        return params, x, rng.integers(m.INTEGERS["y"], size=shape)
    y = rng.uniform(0.1, 0.9, shape)
    return params, x, y / y.sum(-1, keepdims=True) if "one_hot" in source else y


def by_complex_step(
    m: ModuleType, params: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray
) -> dict[str, np.ndarray]:
    """The derivative of the loss in every entry of every parameter and of the input, one step at a
    time.
    """
    point = {**{k: v.astype(complex) for k, v in params.items()}, "x": x.astype(complex)}
    slopes = {name: np.empty(v.shape) for name, v in point.items()}
    for name, array in point.items():
        for at in np.ndindex(array.shape):
            array[at] += 1j * STEP
            value = m.loss({k: v for k, v in point.items() if k != "x"}, point["x"], y)
            slopes[name][at] = value.imag / STEP
            array[at] -= 1j * STEP
    return slopes


@QUICK
@given(networks(), st.integers(0, 10**6), st.sampled_from([1, 2, 5]))
def test_gradients(source: str, seed: int, batch: int) -> None:
    m = emitted(source)
    params, x, y = drawn(m, source, np.random.default_rng(seed), batch)
    before = [v.copy() for v in (*params.values(), x, y)]
    _, cache = m.forward(params, x)
    grads = m.backward(params, cache, y, inputs=True)
    true = by_complex_step(m, params, x, y)
    for name in true:
        scale = max(np.abs(true[name]).max(), 1e-3)
        np.testing.assert_allclose(
            grads[name], true[name], rtol=0, atol=1e-11 * scale, err_msg=f"{name}\n{source}"
        )
        assert grads[name].shape == true[name].shape
    assert all(np.array_equal(a, b) for a, b in zip(before, (*params.values(), x, y), strict=True))
    again = m.backward(params, cache, y, inputs=True)
    assert all(np.array_equal(grads[n], again[n]) for n in grads)
    arguments = [*params.values(), x, y, *cache.values()]
    assert not any(np.shares_memory(g, a) for g in grads.values() for a in arguments)


@QUICK
@given(networks(kinks=True), st.integers(0, 10**6))
def test_batches(source: str, seed: int) -> None:
    """A permuted batch permutes dL/dx, a doubled batch leaves the mean, and both leave the
    parameters' gradients.
    """
    m = emitted(source)
    params, x, y = drawn(m, source, np.random.default_rng(seed), 4)
    loss, grads = m.loss_and_grad(params, x, y)
    order = np.array([2, 0, 3, 1])
    for rows in (order, np.array([0, 1, 2, 3, 0, 1, 2, 3])):
        other_loss, other = m.loss_and_grad(params, x[rows], y[rows])
        np.testing.assert_allclose(other_loss, loss, rtol=1e-12)
        for name in grads:
            np.testing.assert_allclose(other[name], grads[name], rtol=1e-9, atol=1e-12)
    dx = m.backward(params, m.forward(params, x)[1], y, inputs=True)["x"]
    permuted = m.backward(params, m.forward(params, x[order])[1], y[order], inputs=True)["x"]
    np.testing.assert_allclose(permuted, dx[order], rtol=1e-9, atol=1e-12)


@QUICK
@given(networks(kinks=True), st.integers(0, 10**6))
def test_large_inputs_stay_finite(source: str, seed: int) -> None:
    m = emitted(source)
    params, x, y = drawn(m, source, np.random.default_rng(seed), 3)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        loss, grads = m.loss_and_grad(params, x * 1e3, y)
    assert np.isfinite(loss)
    assert all(np.isfinite(g).all() for g in grads.values())

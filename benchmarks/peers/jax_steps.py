"""jax: the whole step within `jax.jit`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.peers import arrays


def conv(p: Any, x: Any, y: Any) -> Any:
    for kernel in (p["K1"], p["K2"]):
        x = jax.nn.relu(jax.lax.conv(x, kernel, (1, 1), "VALID"))
    window = (1, 1, 2, 2)
    x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
    return arrays.cross_entropy(jnp, x.reshape(len(x), -1) @ p["W3"].T, y)


def lstm(p: Any, x: Any, ct: Any) -> Any:
    def one(state: Any, sums: Any) -> Any:
        return arrays.cell(jnp, jax.nn.sigmoid, state, sums + state[0] @ p["U1"].T), None

    sums = jnp.swapaxes(x, 0, 1) @ p["W1"].T + p["b1"]
    (h, _), _ = jax.lax.scan(one, (jnp.zeros_like(ct), jnp.zeros_like(ct)), sums)
    return jnp.sum(h * ct) / len(ct)


LOSSES: dict[str, Callable[..., Any]] = {
    "block": partial(arrays.block, jnp),
    "conv": conv,
    "lstm": lstm,
    **dict.fromkeys(("toy", "small", "middle", "mlp", "wide", "deep"), partial(arrays.dense, jnp)),
}


def step(name: str, params: Mapping[str, np.ndarray], given: list[np.ndarray]) -> Callable[[], Any]:
    gradient = jax.jit(jax.value_and_grad(LOSSES[name]))
    ours = {n: jnp.asarray(array) for n, array in params.items()}
    x, y = map(jnp.asarray, given)
    return lambda: jax.block_until_ready(gradient(ours, x, y))

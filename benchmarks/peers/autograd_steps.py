"""HIPS autograd, which has no convolution of images that is not a loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad

from benchmarks.peers import arrays


def sigmoid(z: Any) -> Any:
    return 0.5 + 0.5 * anp.tanh(0.5 * z)


def lstm(p: Any, x: Any, ct: Any) -> Any:
    state = np.zeros_like(ct), np.zeros_like(ct)
    sums = anp.dot(x, p["W1"].T) + p["b1"]
    for t in range(x.shape[1]):
        state = arrays.cell(anp, sigmoid, state, sums[:, t] + anp.dot(state[0], p["U1"].T))
    return anp.sum(state[0] * ct) / len(ct)


LOSSES: dict[str, Callable[..., Any]] = {
    "block": partial(arrays.block, anp),
    "lstm": lstm,
    **dict.fromkeys(("toy", "small", "middle", "mlp", "wide", "deep"), partial(arrays.dense, anp)),
}


def step(
    name: str, params: Mapping[str, np.ndarray], given: list[np.ndarray]
) -> Callable[[], Any] | None:
    if name not in LOSSES:
        return None
    gradient = value_and_grad(LOSSES[name])
    return lambda: gradient(dict(params), *given)

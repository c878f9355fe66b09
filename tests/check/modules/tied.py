"""A step of a recurrence taken twice with tied weights, over an embedding of integer tokens."""

import numpy as np

SHAPES: dict[str, tuple[int, ...]] = {"E": (5, 3), "U": (3, 3), "b": (3,)}
INPUTS: dict[str, tuple[int | str, ...]] = {"token": (2,)}
TARGETS: dict[str, tuple[int | str, ...]] = {"y": (3,)}
INTEGERS: dict[str, int] = {"token": 5}


def init(rng=None, dtype=np.float64):
    """Fresh parameters."""
    rng = np.random.default_rng(rng)
    draw = {
        n: rng.standard_normal(s) * s[-1] ** -0.5 if len(s) > 1 else np.zeros(s)
        for n, s in SHAPES.items()
    }
    return {name: value.astype(dtype) for name, value in draw.items()}


def forward(params, token):
    E, U, b = _params(params)
    token = _labels("token", token, (2,), 5)
    x = E[token]
    h1 = np.tanh(x[:, 0] + b)
    h2 = np.tanh(x[:, 1] + h1 @ U.T + b)
    h3 = np.tanh(h2 @ U.T)
    return h3, {"token": token, "h1": h1, "h2": h2, "h3": h3}


def loss(params, token, y):
    return _loss(params, token, y)[0]


def _loss(params, token, y):
    h3, cache = forward(params, token)
    y = _array("y", y, TARGETS["y"], h3.dtype, len(h3))
    return ((h3 - y) ** 2).sum(axis=1).mean().item(), cache


def backward(params, cache, y, inputs=False):
    E, U, b = _params(params)
    _cache(cache)
    token, h1, h2, h3 = cache["token"], cache["h1"], cache["h2"], cache["h3"]
    y = _array("y", y, TARGETS["y"], h3.dtype, len(h3))
    delta3 = 2 * (h3 - y) / len(y) * (1 - h3**2)
    delta2 = delta3 @ U * (1 - h2**2)
    delta1 = delta2 @ U * (1 - h1**2)
    dE = np.zeros_like(E)
    np.add.at(dE, token[:, 0], delta1)
    np.add.at(dE, token[:, 1], delta2)
    dU = delta3.T @ h2 + delta2.T @ h1
    db = delta1.sum(axis=0) + delta2.sum(axis=0)
    return {"E": dE, "U": dU, "b": db}


def loss_and_grad(params, token, y):
    value, cache = _loss(params, token, y)
    return value, backward(params, cache, y)

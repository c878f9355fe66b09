"""A 2-2-1 sigmoid net with half the squared error."""

import numpy as np

SHAPES: dict[str, tuple[int, ...]] = {"W1": (2, 2), "W2": (1, 2), "b1": (2,), "b2": (1,)}
INPUTS: dict[str, tuple[int | str, ...]] = {"x": (2,)}
TARGETS: dict[str, tuple[int | str, ...]] = {"y": (1,)}
INTEGERS: dict[str, int] = {}


def init(rng=None, dtype=np.float64):
    """Fresh parameters."""
    rng = np.random.default_rng(rng)
    draw = {
        n: rng.standard_normal(s) * s[-1] ** -0.5 if len(s) > 1 else np.zeros(s)
        for n, s in SHAPES.items()
    }
    return {name: value.astype(dtype) for name, value in draw.items()}


def forward(params, x):
    W1, W2, b1, b2 = _params(params)
    x = _array("x", x, INPUTS["x"], W1.dtype)
    z1 = x @ W1.T + b1
    a1 = sigmoid(z1)
    z2 = a1 @ W2.T + b2
    a2 = sigmoid(z2)
    return a2, {"x": x, "a1": a1, "a2": a2}


def loss(params, x, y):
    return _loss(params, x, y)[0]


def _loss(params, x, y):
    a2, cache = forward(params, x)
    y = _array("y", y, TARGETS["y"], a2.dtype, len(a2))
    return (0.5 * ((a2 - y) ** 2).sum(axis=1)).mean().item(), cache


def backward(params, cache, y, inputs=False):
    W1, W2, b1, b2 = _params(params)
    _cache(cache)
    x, a1, a2 = cache["x"], cache["a1"], cache["a2"]
    y = _array("y", y, TARGETS["y"], a2.dtype, len(a2))
    delta2 = (a2 - y) * a2 * (1 - a2) / len(y)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = delta2 @ W2 * a1 * (1 - a1)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    grads = {"W1": dW1, "W2": dW2, "b1": db1, "b2": db2}
    if inputs:
        grads["x"] = delta1 @ W1
    return grads


def loss_and_grad(params, x, y):
    value, cache = _loss(params, x, y)
    return value, backward(params, cache, y)


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)); only exp of what is not positive is taken, so nothing overflows."""
    e = np.exp(np.minimum(z, -z))
    return np.asarray(np.where(z >= 0, 1, e) / (1 + e))

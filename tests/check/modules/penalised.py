"""A 3-4-2 relu net with soft labels, and L2 and L1 penalties on its weights."""

import numpy as np

SHAPES: dict[str, tuple[int, ...]] = {"W1": (4, 3), "W2": (2, 4), "b1": (4,), "b2": (2,)}
INPUTS: dict[str, tuple[int | str, ...]] = {"x": (3,)}
TARGETS: dict[str, tuple[int | str, ...]] = {"y": (2,)}
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
    a1 = np.maximum(z1, 0)
    z2 = a1 @ W2.T + b2
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p, {"x": x, "z1": z1, "a1": a1, "z2": z2, "p": p}


def loss(params, x, y):
    return _loss(params, x, y)[0]


def _loss(params, x, y):
    W1, W2, b1, b2 = _params(params)
    _, cache = forward(params, x)
    z2 = cache["z2"]
    y = _one_hot("y", y, TARGETS["y"], z2.dtype, len(z2))
    m = z2.max(axis=1)
    total = m + np.log(np.exp(z2 - m[:, None]).sum(axis=1))
    data = (total - (y * z2).sum(axis=1)).mean()
    return (data + 0.05 * (W1**2).sum() + 0.02 * np.abs(W2).sum()).item(), cache


def backward(params, cache, y, inputs=False):
    W1, W2, b1, b2 = _params(params)
    _cache(cache)
    x, z1, a1, p = cache["x"], cache["z1"], cache["a1"], cache["p"]
    y = _one_hot("y", y, TARGETS["y"], p.dtype, len(p))
    delta2 = (p - y) / len(y)
    dW2 = delta2.T @ a1 + 0.02 * np.sign(W2)
    db2 = delta2.sum(axis=0)
    delta1 = delta2 @ W2 * (z1 > 0)
    dW1 = delta1.T @ x + 0.1 * W1
    db1 = delta1.sum(axis=0)
    grads = {"W1": dW1, "W2": dW2, "b1": db1, "b2": db2}
    if inputs:
        grads["x"] = delta1 @ W1
    return grads


def loss_and_grad(params, x, y):
    value, cache = _loss(params, x, y)
    return value, backward(params, cache, y)

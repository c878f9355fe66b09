"""A 5-3-2 tanh net with softmax and cross entropy of integer labels."""

import numpy as np

SHAPES: dict[str, tuple[int, ...]] = {"W1": (3, 5), "W2": (2, 3), "b1": (3,), "b2": (2,)}
INPUTS: dict[str, tuple[int | str, ...]] = {"x": (5,)}
TARGETS: dict[str, tuple[int | str, ...]] = {"label": ()}
INTEGERS: dict[str, int] = {"label": 2}


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
    a1 = np.tanh(x @ W1.T + b1)
    z2 = a1 @ W2.T + b2
    e = np.exp(z2 - z2.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p, {"x": x, "a1": a1, "z2": z2, "p": p}


def loss(params, x, label):
    return _loss(params, x, label)[0]


def _loss(params, x, label):
    _, cache = forward(params, x)
    label = _labels("label", label, (), 2, len(cache["p"]))
    z2 = cache["z2"]
    m = z2.max(axis=1)
    total = m + np.log(np.exp(z2 - m[:, None]).sum(axis=1))
    return (total - z2[np.arange(len(label)), label]).mean().item(), cache


def backward(params, cache, label, inputs=False):
    W1, W2, b1, b2 = _params(params)
    _cache(cache)
    x, a1, p = cache["x"], cache["a1"], cache["p"]
    label = _labels("label", label, (), 2, len(p))
    delta2 = p.copy()
    delta2[np.arange(len(label)), label] -= 1
    delta2 /= len(label)
    dW2 = delta2.T @ a1
    db2 = delta2.sum(axis=0)
    delta1 = delta2 @ W2 * (1 - a1**2)
    dW1 = delta1.T @ x
    db1 = delta1.sum(axis=0)
    grads = {"W1": dW1, "W2": dW2, "b1": db1, "b2": db2}
    if inputs:
        grads["x"] = delta1 @ W1
    return grads


def loss_and_grad(params, x, label):
    value, cache = _loss(params, x, label)
    return value, backward(params, cache, label)

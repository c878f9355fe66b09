"""A function of two inputs with two outputs and no loss; the weights are used twice."""

import numpy as np

SHAPES: dict[str, tuple[int, ...]] = {"W": (3, 3), "b": (3,)}
INPUTS: dict[str, tuple[int | str, ...]] = {"u": (3,), "v": (3,)}
TARGETS: dict[str, tuple[int | str, ...]] = {}
INTEGERS: dict[str, int] = {}


def init(rng=None, dtype=np.float64):
    """Fresh parameters."""
    rng = np.random.default_rng(rng)
    draw = {
        n: rng.standard_normal(s) * s[-1] ** -0.5 if len(s) > 1 else np.zeros(s)
        for n, s in SHAPES.items()
    }
    return {name: value.astype(dtype) for name, value in draw.items()}


def forward(params, u, v):
    W, b = _params(params)
    u = _array("u", u, INPUTS["u"], W.dtype)
    v = _array("v", v, INPUTS["v"], W.dtype, len(u))
    h = np.tanh(u @ W.T + b)
    s = np.log1p(np.exp(h @ W.T + v))
    return (h, s), {"u": u, "h": h, "v": v}


def backward(params, cache, d_h, d_s, inputs=False):
    W, b = _params(params)
    _cache(cache)
    u, h, v = cache["u"], cache["h"], cache["v"]
    d_h = _array("d_h", d_h, (3,), h.dtype, len(h))
    d_s = _array("d_s", d_s, (3,), h.dtype, len(h))
    ds = d_s * sigmoid(h @ W.T + v)
    dh = (d_h + ds @ W) * (1 - h**2)
    grads = {"W": ds.T @ h + dh.T @ u, "b": dh.sum(axis=0)}
    if inputs:
        grads["u"] = dh @ W
        grads["v"] = ds
    return grads


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)); only exp of what is not positive is taken, so nothing overflows."""
    e = np.exp(np.minimum(z, -z))
    return np.asarray(np.where(z >= 0, 1, e) / (1 + e))

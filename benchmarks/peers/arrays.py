"""The losses in the words of numpy, for libraries that differentiate numpy's functions."""

from __future__ import annotations

from typing import Any

import numpy

from benchmarks.peers.packed import layers


def cross_entropy(np: Any, z: Any, y: Any) -> Any:
    m = np.max(z, axis=1, keepdims=True)
    s = np.log(np.sum(np.exp(z - m), axis=1)) + m[:, 0]
    return np.mean(s - z[numpy.arange(len(y)), y])


def dense(np: Any, p: Any, x: Any, y: Any) -> Any:
    *hidden, (last, bias) = layers(p)
    for weight, b in hidden:
        x = np.maximum(np.dot(x, weight.T) + b, 0)
    return cross_entropy(np, np.dot(x, last.T) + bias, y)


def norm(np: Any, x: Any, g: Any, b: Any) -> Any:
    c = x - np.mean(x, axis=-1, keepdims=True)
    return g * c / np.sqrt(1e-5 + np.mean(c * c, axis=-1, keepdims=True)) + b


def gelu(np: Any, z: Any) -> Any:
    return 0.5 * z * (1 + np.tanh((2 / numpy.pi) ** 0.5 * (z + 0.044715 * z**3)))


def block(np: Any, p: Any, x: Any, ct: Any) -> Any:
    n, t, d = x.shape
    y = norm(np, x, p["g1"], p["b1"])
    joined = np.reshape(y @ p["Wqkv"].T + p["bqkv"], (n, t, 3, 4, d // 4))
    q, k, v = (np.transpose(joined[:, :, i], (0, 2, 1, 3)) for i in range(3))
    s = q @ np.swapaxes(k, 2, 3) / (d // 4) ** 0.5
    s = s + numpy.triu(numpy.full((t, t), -1e9, numpy.float32), 1)
    e = np.exp(s - np.max(s, axis=-1, keepdims=True))
    heads = e / np.sum(e, axis=-1, keepdims=True) @ v
    h = x + np.reshape(np.transpose(heads, (0, 2, 1, 3)), (n, t, d)) @ p["Wo2"].T + p["bo2"]
    a = gelu(np, norm(np, h, p["g3"], p["b3"]) @ p["W4"].T + p["b4"])
    return np.sum((h + a @ p["W5"].T + p["b5"]) * ct) / n


def cell(np: Any, sigmoid: Any, state: Any, z: Any) -> Any:
    """The next state of an LSTM from the last one and the sums of its four gates."""
    i, f, g, o = np.split(z, 4, axis=1)
    c = sigmoid(f) * state[1] + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c

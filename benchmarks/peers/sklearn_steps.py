"""scikit-learn's perceptron: its own pass backward (`_backprop`), nothing of its optimizer."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.peers.packed import layers


def step(
    name: str, params: Mapping[str, np.ndarray], given: list[np.ndarray]
) -> Callable[[], Any] | None:
    if name not in ("small", "middle", "mlp", "wide", "deep"):  # of two classes it makes one output
        return None
    pairs, (x, y) = layers(params), given
    classes = len(pairs[-1][1])
    model = MLPClassifier([len(b) for _, b in pairs[:-1]], alpha=0.0, max_iter=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one step is no training
        model.fit(np.resize(x, (classes, x.shape[1])), np.arange(classes))
    model.coefs_ = [np.asfortranarray(weight.T) for weight, _ in pairs]
    model.intercepts_ = [bias.copy() for _, bias in pairs]
    target = np.eye(classes, dtype=x.dtype)[y]
    weights = [None] * ("sample_weight" in inspect.signature(model._backprop).parameters)
    acts, deltas = [x, *[None] * len(pairs)], [None] * len(pairs)
    dW = [np.empty_like(weight) for weight in model.coefs_]
    db = [np.empty_like(bias) for bias in model.intercepts_]

    def once() -> Any:
        value, *_ = model._backprop(x, target, *weights, acts, deltas, dW, db)
        grads = {f"W{k}": d.T for k, d in enumerate(dW, 1)}
        return value, grads | {f"b{k}": d for k, d in enumerate(db, 1)}

    return once

"""Parameters as all peers take them: queries, keys and values are one matrix and one bias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

TOGETHER = {"Wqkv": ("Wq2", "Wk2", "Wv2"), "bqkv": ("bq2", "bk2", "bv2")}


def packed(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Parameters, or their gradients, with those stacked that are used together."""
    alone = {n for names in TOGETHER.values() for n in names}
    found = {name: array for name, array in arrays.items() if name not in alone}
    for name, parts in TOGETHER.items():
        if parts[0] in arrays:
            found[name] = np.concatenate([arrays[part] for part in parts])
    return found


def layers(params: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """The matrices and biases of a dense network, from its input on."""
    return [(params[f"W{k}"], params[f"b{k}"]) for k in range(1, len(params) // 2 + 1)]

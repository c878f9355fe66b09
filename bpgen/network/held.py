"""Tensors that a variable of net.py holds among others: W[1] of a dict or a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bpgen.declare.declaration import Declaration, Quantity


def held(declared: Declaration, variables: Mapping[str, Any]) -> Iterator[tuple[str, Quantity]]:
    """Each with the name that its place gives it: W1 for W[1], and W1 for params["W1"]."""
    for variable, value in variables.items():
        if variable.startswith("_") or variable[-1:].isdigit():
            continue
        for key, item in _items(value):
            if isinstance(item, Quantity) and item.home is declared:
                yield (key if isinstance(key, str) else f"{variable}{key}"), item


def _items(value: Any) -> list[tuple[int | str, Any]]:
    """What a plain dict, list or tuple holds, by its number or word."""
    if type(value) in (list, tuple):
        return list(enumerate(value))
    if type(value) is not dict:
        return []
    return [(k, v) for k, v in value.items() if type(k) is str or (type(k) is int and k >= 0)]

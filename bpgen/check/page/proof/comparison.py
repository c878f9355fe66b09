"""Whether the two sides of an equals sign are equal."""

from __future__ import annotations

import numpy as np

from bpgen.check.page.evaluate.arithmetic import is_scalar
from bpgen.check.page.world import LOWEST, Array


def differ(one: Array, other: Array, tolerance: float) -> str:
    """How two sides differ; nothing where they are equal."""
    if one.shape[-2:] != other.shape[-2:]:
        return f"a {_matrix(one)} is no {_matrix(other)}"
    try:
        one, other = np.broadcast_arrays(np.real(one), np.real(other))
    except ValueError:
        return f"{one.shape} is no {other.shape}"
    if np.isnan(one).any() or np.isnan(other).any():
        return "it reads what is not there"
    both = (one < LOWEST / 2) & (other < LOWEST / 2)
    one, other = np.where(both, 0, one), np.where(both, 0, other)
    scale = 1 + np.maximum(np.abs(one), np.abs(other))
    off = np.abs(one - other) > tolerance * scale
    if not off.any():
        return ""
    at = np.unravel_index(np.argmax(np.abs(one - other)), one.shape)
    return f"{one[at]:.6g} is not {other[at]:.6g}"


def _matrix(array: Array) -> str:
    return "scalar" if is_scalar(array) else "x".join(map(str, array.shape[-2:])) + " matrix"

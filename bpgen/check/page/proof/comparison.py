"""Whether the two sides of an equals sign are equal."""

from __future__ import annotations

import numpy as np

from bpgen.check.page.evaluate.arithmetic import is_scalar
from bpgen.check.page.world import LOWEST, Array

_END = 1e60  # a root's slope by a complex step at 0 is larger


def differ(one: Array, other: Array, tolerance: float) -> str:
    """How two sides differ; nothing where they are equal."""
    if one.shape[-2:] != other.shape[-2:]:
        return f"a {_matrix(one)} is no {_matrix(other)}"
    if one.shape == other.shape and (np.real(one) == np.real(other)).all():
        return ""
    try:
        one, other = np.broadcast_arrays(np.real(one), np.real(other))
    except ValueError:
        return f"{one.shape} is no {other.shape}"
    if np.isnan(one).any() or np.isnan(other).any():
        return "it reads what is not there"
    both = (one < LOWEST / 2) & (other < LOWEST / 2)
    # By convention 0 is taken where a slope has no end, as of a norm at 0.
    both |= ((one == 0) & (np.abs(other) > _END)) | ((other == 0) & (np.abs(one) > _END))
    one, other = np.where(both, 0, one), np.where(both, 0, other)
    scale = 1 + np.maximum(np.abs(one), np.abs(other))
    with np.errstate(invalid="ignore"):  # infinity less infinity
        off = np.abs(one - other) > tolerance * scale
    # Nothing is near infinity but a slope that has no end, as a complex step tells it.
    endless = np.minimum(np.abs(one), np.abs(other)) > _END
    endless &= np.sign(one) == np.sign(other)
    off |= (one != other) & ~(np.isfinite(one) & np.isfinite(other)) & ~endless
    if not off.any():
        return ""
    at = np.unravel_index(np.argmax(np.abs(one - other)), one.shape)
    return f"{one[at]:.6g} is not {other[at]:.6g}"


def _matrix(array: Array) -> str:
    return "scalar" if is_scalar(array) else "x".join(map(str, array.shape[-2:])) + " matrix"

"""Operations on the values of formulas: arrays whose last two axes are a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpgen.check.page.scalars import ELEMENTARY, Array
from bpgen.check.page.tokens import Unreadable

FUNCTIONS: dict[str, Any] = {
    **{n: ELEMENTARY[n] for n in ("log", "exp", "tanh", "sin", "cos", "tan", "sinh", "cosh")},
    "arctan": ELEMENTARY["atan"],
    "arsinh": ELEMENTARY["asinh"],
    "abs": ELEMENTARY["Abs"],
    "sign": ELEMENTARY["sign"],
    "erf": ELEMENTARY["erf"],
    "sech": lambda z: 1 / np.cosh(z),
    "erfc": lambda z: 1 - ELEMENTARY["erf"](z),
    "floor": lambda z: np.floor(np.real(z)),
}


def ended(array: Array, axis: int, size: int, place: Array) -> Array:
    """Zeros beyond the last step, where gradients end."""
    if not (place == size).any():
        return array
    shape = list(array.shape)
    stored = shape[axis]
    shape[axis] = 1
    if stored > size:  # what stands before the first step stays last
        parts = np.split(array, [size], axis)
        return np.concatenate([parts[0], np.zeros(shape), parts[1]], axis)
    return np.concatenate([array, np.zeros(shape)], axis)


def times(one: Array, other: Array) -> Array:
    """A product; 0 times what is not there is 0, as of a gradient beyond the last step."""
    made = one * other
    nothing = ((one == 0) & np.isnan(other)) | ((other == 0) & np.isnan(one))
    return np.where(nothing, 0, made)


def over(one: Array, other: Array) -> Array:
    """A quotient; 0 over what is not there is 0, as of a gradient beyond the last step."""
    return np.where((one == 0) & np.isnan(other), 0, np.divide(one, other))


def is_scalar(array: Array) -> bool:
    return array.shape[-2:] == (1, 1)


def shape_of(array: Array) -> str:
    return "x".join(map(str, array.shape[-2:]))


def fitted(operation: Any, one: Array, other: Array) -> Array:
    """An operation entry by entry on matrices of one shape, or a scalar and a matrix."""
    if one.shape[-2:] != other.shape[-2:] and not is_scalar(one) and not is_scalar(other):
        raise Unreadable(f"{shape_of(one)} beside {shape_of(other)}")
    return np.asarray(operation(one, other))

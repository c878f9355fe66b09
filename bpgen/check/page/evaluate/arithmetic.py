"""Sums, products and powers of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from bpgen.check.entrywise import scalars
from bpgen.check.page import formula as f
from bpgen.check.page.evaluate.scope import Scope
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.world import Array


def number(scope: Scope, node: f.Number) -> Array:
    """Its decimal digits, in as long a number as the world's."""
    return np.full((1, 1), scope.world.dtype(repr(node.value)))


def sum_of(scope: Scope, node: f.Sum) -> Array:
    found = scope.value(node.addends[0])
    for addend in node.addends[1:]:
        found = fitted(np.add, found, scope.value(addend))
    return found


def negative(scope: Scope, node: f.Negative) -> Array:
    return -scope.value(node.inner)


def product(scope: Scope, node: f.Product) -> Array:
    found = scope.value(node.factors[0])
    for factor in node.factors[1:]:
        other = scope.value(factor)
        if node.entrywise or is_scalar(found) or is_scalar(other):
            found = fitted(_times, found, other)
        elif found.shape[-1] == other.shape[-2]:
            found = found @ other
        else:
            raise Unreadable(f"{_shape(found)} times {_shape(other)}")
    return found


def quotient(scope: Scope, node: f.Quotient) -> Array:
    return fitted(_over, scope.value(node.top), scope.value(node.bottom))


def power_of(scope: Scope, node: f.Power) -> Array:
    """A whole power by multiplication: (-2)^2 has no imaginary part of its own."""
    base, exponent = scope.value(node.base), scope.value(node.exponent)
    if exponent.size == 1 and not np.imag(exponent):
        flat = float(np.real(exponent).item())
        if flat.is_integer():
            return np.asarray(scalars.whole_power(int(flat))(base))
    return np.asarray(scalars.power(base, exponent))


def transposed(scope: Scope, node: f.Transposed) -> Array:
    return np.swapaxes(scope.value(node.inner), -1, -2)


def norm(scope: Scope, node: f.Norm) -> Array:
    return np.asarray((scope.value(node.inner) ** 2).sum((-1, -2), keepdims=True))


def is_scalar(array: Array) -> bool:
    return array.shape[-2:] == (1, 1)


def fitted(operation: Any, one: Array, other: Array) -> Array:
    """An operation entry by entry on matrices of one shape, or a scalar and a matrix."""
    if one.shape[-2:] != other.shape[-2:] and not is_scalar(one) and not is_scalar(other):
        raise Unreadable(f"{_shape(one)} beside {_shape(other)}")
    return np.asarray(operation(one, other))


def _shape(array: Array) -> str:
    return "x".join(map(str, array.shape[-2:]))


def _times(one: Array, other: Array) -> Array:
    """A product; 0 times what is not there is 0, as of a gradient beyond the last step, and so is 0
    times what has no end, as of the slope of a root at the first.
    """
    nothing = ((one == 0) & ~np.isfinite(other)) | ((other == 0) & ~np.isfinite(one))
    return np.where(nothing, 0, one * other)


def _over(one: Array, other: Array) -> Array:
    """A quotient; 0 over what is not there is 0, as of a gradient beyond the last step, and so is 0
    over 0, as of a norm at the first.
    """
    nothing = (one == 0) & (np.isnan(other) | (other == 0))
    return np.where(nothing, 0, np.divide(one, np.where(nothing, 1, other)))

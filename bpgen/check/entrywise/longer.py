"""Functions that numpy has not, of numbers as long as there are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

_BITS = 80  # of mpmath's numbers: no fewer than of numpy's longest


def elementwise(call: Callable[[float], float], name: str) -> Callable[[Any], Any]:
    """A function of Python's floats on arrays; of longer numbers that which mpmath calls so."""
    known = np.vectorize(call, otypes=[float])
    longer = np.vectorize(lambda x: _of_long(name, x), otypes=[np.longdouble])

    def of(x: Any) -> Any:
        array = np.asarray(x)
        return longer(array) if array.dtype == np.longdouble else known(array)

    return of


def _of_long(name: str, x: Any) -> Any:
    high = float(x)
    if not math.isfinite(high):
        return np.longdouble(getattr(math, name)(high))
    with mpmath.workprec(_BITS):
        value = getattr(mpmath, name)(mpmath.mpf(high) + mpmath.mpf(float(x - np.longdouble(high))))
        top = float(value)
        return np.longdouble(top) + np.longdouble(float(value - top))

"""The functions of arrays that a claim may call, by numpy's names."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from bpgen.check.claims.scalars import SCALAR, slope_of
from bpgen.check.claims.view import View

_MOST = 10**6  # entries of what a claim makes


def _sum(view: View, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.sum(np.asarray(a), axis=axis, keepdims=keepdims)


def _mean(view: View, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    total = _sum(view, a, axis, keepdims)
    return total / (np.size(a) // max(np.size(total), 1))


def _softmax(view: View, z: Any, axis: int | None = None) -> Any:
    raised = view.scalar("exp", z - view.top(z, axis))
    return raised / np.sum(raised, axis=view.along(z, axis), keepdims=True)


def _logsumexp(view: View, z: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    top = view.top(z, axis)
    raised = view.scalar("exp", z - top)
    total = np.sum(raised, axis=view.along(z, axis), keepdims=True)
    found = view.scalar("log", total) + top
    return found if keepdims else np.squeeze(found, axis=view.along(z, axis))


def _log_softmax(view: View, z: Any, axis: int | None = None) -> Any:
    return z - _logsumexp(view, z, axis, keepdims=True)


def _largest(view: View, a: Any, *other: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if other and axis is None:
        return np.maximum(a, *other)
    return np.max(np.asarray(a), axis=axis, keepdims=keepdims)


def _norm(view: View, a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return view.scalar("sqrt", np.sum(np.square(a), axis=axis, keepdims=keepdims))


def _diag(view: View, a: Any) -> Any:
    """Of a vector, on paper a column, the matrix that has it on its diagonal."""
    column = view.reading.paper and np.ndim(a) == 2 and np.shape(a)[1] == 1
    return np.diag(np.ravel(a) if column else a)


def _sized(create: Callable[..., Any], square: int = 1) -> Callable[..., Any]:
    """A function that makes an array, of a size that fits; of an identity the square of a side."""

    def make(view: View, shape: Any, *rest: Any) -> Any:
        sizes = shape if isinstance(shape, tuple) else (shape, *rest)
        whole = all(isinstance(s, int) and s >= 0 for s in sizes)
        if not whole or prod(sizes) ** square > _MOST:
            raise ValueError(f"no array has the shape {sizes}")
        return create(shape, *rest)

    return make


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda view, *args, **options: function(*args, **options)


_NUMPY = """
    dot matmul outer inner transpose multiply add subtract divide einsum tensordot trace
    ones_like zeros_like concatenate stack where maximum minimum expand_dims squeeze ravel
"""
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: _plain(getattr(np, name)) for name in _NUMPY.split()},
    "reshape": lambda view, a, *shape: np.reshape(a, shape[0] if len(shape) == 1 else shape),
    "diag": _diag,
    "sum": _sum,
    "mean": _mean,
    "max": _largest,
    "norm": _norm,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "logsumexp": _logsumexp,
    "eye": _sized(np.eye, square=2),
    "ones": _sized(np.ones),
    "zeros": _sized(np.zeros),
    "len": _plain(len),
    "float": lambda view, a: a,
    "one_hot": lambda view, label, size: view.one_hot(label, _sized(np.eye, 2)(view, size)),
}
METHODS = {"sum", "mean", "max", "dot", "reshape", "transpose", "ravel", "squeeze", "trace"}


def known(name: str) -> bool:
    return name in FUNCTIONS or name in SCALAR or slope_of(name) is not None

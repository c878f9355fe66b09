"""The functions of numpy, and a module's own helpers, for an exact run: on `Exact` scalars."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p

from bpgen import functions
from bpgen.check.scalar import Exact, World
from bpgen.check.written import evaluate

_UNARY: dict[str, Callable[[Any], Any]] = {
    "exp": sp.exp,
    "log": sp.log,
    "log1p": log1p,
    "expm1": expm1,
    "tanh": sp.tanh,
    "sin": sp.sin,
    "cos": sp.cos,
    "tan": sp.tan,
    "sinh": sp.sinh,
    "cosh": sp.cosh,
    "arctan": sp.atan,
    "arcsinh": sp.asinh,
    "sqrt": sp.sqrt,
}
_CREATE = (
    "zeros",
    "ones",
    "empty",
    "full",
    "eye",
    "zeros_like",
    "ones_like",
    "empty_like",
    "full_like",
)
_CONVERT = ("asarray", "array", "ascontiguousarray", "asanyarray")


def overrides(world: World) -> dict[str, Any]:
    """The functions of numpy that must know of exact scalars; others take arrays of objects as they
    are.
    """
    table: dict[str, Any] = {
        name: _elementwise(world, function) for name, function in _UNARY.items()
    }
    table.update({name: _creator(getattr(np, name)) for name in _CREATE})
    table.update({name: _converter(getattr(np, name)) for name in _CONVERT})
    table["isfinite"] = lambda a: np.ones(np.shape(a), bool)
    table["isnan"] = table["isinf"] = lambda a: np.zeros(np.shape(a), bool)
    table["logaddexp"] = lambda a, b: table["log"](table["exp"](a) + table["exp"](b))
    table["square"] = lambda a: a * a
    return table


def meanings(world: World) -> dict[str, Any]:
    """The helpers that approximate, as the functions that they stand for."""
    return {
        row.name: _elementwise(world, row.definition, row.arity)
        for row in functions.ROWS.values()
        if row.numeric and row.definition is not None
    }


def _elementwise(world: World, function: Callable[..., Any], arity: int = 1) -> Any:
    def apply(*numbers: Any) -> Exact:
        lifted = [world.lift(x) for x in numbers]
        if any(x is None for x in lifted):
            raise TypeError(f"{numbers!r} are no numbers")
        expr = function(*(x.expr for x in lifted if x is not None))
        size = 1 + sum(x.size for x in lifted if x is not None)
        return world.scalar(expr, evaluate(expr, world.written.values), size)

    ufunc = np.frompyfunc(apply, arity, 1)
    return lambda *x, out=None, dtype=None, **_: ufunc(*x) if out is None else ufunc(*x, out=out)


def _floating(dtype: Any) -> bool:
    return dtype is None or np.dtype(dtype).kind in "fO"


def _creator(create: Callable[..., Any]) -> Callable[..., Any]:
    def make(first: Any, *rest: Any, **kwargs: Any) -> Any:
        array = create(first, *rest, **kwargs)
        if array.dtype.kind != "f":
            return array
        whole = np.array(
            [int(v) if v == int(v) else v for v in np.nan_to_num(array.ravel()).tolist()], object
        )
        return whole.reshape(array.shape)

    return make


def _converter(convert: Callable[..., Any]) -> Callable[..., Any]:
    def make(value: Any, dtype: Any = None, *rest: Any, **kwargs: Any) -> Any:
        exact = isinstance(value, Exact) or np.asarray(value).dtype.kind == "O"
        return convert(value, object if exact and _floating(dtype) else dtype, *rest, **kwargs)

    return make

"""The functions of numpy, and a module's own helpers, on the scalars of an exact run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from bpgen import functions
from bpgen.check.residues.entries import Entries
from bpgen.check.residues.scalar import Scalar
from bpgen.check.residues.tape import Tape

_UNARY = {
    **{n: n for n in ("exp", "log", "log1p", "expm1", "tanh", "sin", "cos", "tan", "sinh")},
    **{"cosh": "cosh", "arctan": "atan", "arcsinh": "asinh", "sqrt": "sqrt"},
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
LEAST = -(10**300)  # for the least number of a type: below all that are computed
_CONVERT = ("asarray", "array", "ascontiguousarray", "asanyarray")


def overrides(tape: Tape) -> dict[str, Any]:
    """The functions of numpy that must know of exact scalars; others take arrays of objects as they
    are.
    """
    table: dict[str, Any] = {
        name: _elementwise(tape, partial(tape.call, function)) for name, function in _UNARY.items()
    }
    table.update({name: _creator(getattr(np, name)) for name in _CREATE})
    table.update({name: _converter(getattr(np, name)) for name in _CONVERT})
    table["float32"] = object  # of a scalar no digits are lost, as by a conversion above
    table["isfinite"] = lambda a: np.ones(np.shape(a), bool)
    table["isnan"] = table["isinf"] = lambda a: np.zeros(np.shape(a), bool)
    table["finfo"] = lambda _: SimpleNamespace(min=LEAST)
    table["logaddexp"] = _elementwise(tape, partial(_added_in_logarithms, tape), 2)
    table["square"] = _elementwise(tape, lambda x: x * x)
    table.update({name: _of_truth(getattr(np, name)) for name in ("logical_and", "logical_or")})
    return table


def _of_truth(function: Any) -> Any:
    """A function of what is true: of objects numpy gives one of them, which no mask can hold."""

    def called(one: Any, other: Any, *out: Any) -> Any:
        return function(np.not_equal(one, 0), np.not_equal(other, 0), *out)

    return called


def _added_in_logarithms(tape: Tape, one: Scalar, other: Scalar) -> Scalar:
    return tape.call("log", tape.call("exp", one) + tape.call("exp", other))


def meanings(entries: Entries) -> dict[str, Any]:
    """The helpers that approximate, as the functions that they stand for; those, too, that write
    where they are told.
    """
    table = {
        row.name: _elementwise(entries.tape, _meaning(entries, row), row.arity)
        for row in functions.ROWS.values()
        if row.numeric and row.definition is not None
    }
    return table | {f"{name}_into": meaning for name, meaning in table.items()}


def _meaning(entries: Entries, row: functions.FunctionRow) -> Callable[..., Any]:
    assert row.definition is not None
    return entries.expressions.function(row.definition, row.arity)


def _elementwise(tape: Tape, function: Callable[..., Any], arity: int = 1) -> Any:
    def apply(*numbers: Any) -> Any:
        lifted = [tape.lift(x) for x in numbers]
        if any(x is None for x in lifted):
            raise TypeError(f"{numbers!r} are no numbers")
        return function(*lifted)

    ufunc = np.frompyfunc(apply, arity, 1)

    def called(*given: Any, out: Any = None, **_: Any) -> Any:
        """Of numbers; what comes after them is where it writes, and what it needs on the way."""
        numbers, into = given[:arity], given[arity : arity + 1]
        return ufunc(*numbers, *(into or (out,)))

    return called


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
        exact = isinstance(value, Scalar) or np.asarray(value).dtype.kind == "O"
        return convert(value, object if exact and _floating(dtype) else dtype, *rest, **kwargs)

    return make

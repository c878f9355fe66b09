"""Functions of tensors and formulas: sums, elementary functions, softmax. Each is a few lines."""

from __future__ import annotations

import builtins
import functools
import operator
from collections.abc import Callable, Iterable
from typing import Any

import sympy as sp

from bpgen import functions as f
from bpgen.declare.formula import Formula, fresh, reduce
from bpgen.declare.given import checked_name, number
from bpgen.declare.ranges import ranges
from bpgen.declare.symbolic import Symbolic, said, written
from bpgen.declare.tensor import Tensor, axis_of, count_of, pointwise, total
from bpgen.declare.words import Scalar
from bpgen.errors import NetError
from bpgen.ir import Index, extent

At = tuple[Index, ...]
_OF_NETWORK = (Symbolic, sp.Basic)


def sum(value: Scalar, *over: Any, axis: int | None = None) -> Any:
    """The sum of a tensor (over all or one axis), of a formula over the named indices, or of the
    items of a list.
    """
    if isinstance(value, Tensor) and not over:
        return total(value, axis)
    if isinstance(value, Iterable) and not isinstance(value, (Symbolic, str)) and not over:
        items = list(value)
        return functools.reduce(operator.add, items) if items else 0
    return reduce(value, _said_over(value, over, "sum"), "sum")


def mean(value: Scalar, *over: Any, axis: int | None = None) -> Any:
    """The mean of a tensor over all or one axis, or of a formula over the named indices."""
    if isinstance(value, Tensor) and not over:
        return total(value, axis) / number(count_of(value, axis))
    added = reduce(value, _said_over(value, over, "mean"), "sum", "mean")
    sizes = ranges((), Formula.of(value).terms)
    return added / extent(sizes[k].size for k in over)


def max(value: Scalar, *over: Any, axis: int | None = None, **named: Any) -> Any:
    """The largest of a tensor, of all or along one axis, or of a formula over the named indices; of
    several values or a list of them `maximum`. Of what the network does not hold it is Python's.
    """
    if values := _several(value, over, "max"):
        return maximum(*values)
    if not isinstance(value, _OF_NETWORK):
        return builtins.max(value, *over, **named)
    if isinstance(value, Tensor) and not over:
        i = tuple(fresh(s) for s in _vector(value, "max").shape)
        along = i if axis is None else (i[axis_of(value, axis)],)
        return Tensor.of((k for k in i if k not in along), reduce(value[i], along, "max"))
    return reduce(value, _said_over(value, over, "max"), "max")


def min(value: Scalar, *over: Any, axis: int | None = None, **named: Any) -> Any:
    """The least, of whatever `max` is the largest of."""
    if values := _several(value, over, "min"):
        return minimum(*values)
    if not isinstance(value, _OF_NETWORK):
        return builtins.min(value, *over, **named)
    if isinstance(value, Tensor) and not over:
        _vector(value, "min")
        return -max(-value, axis=axis)
    return -reduce(-Formula.of(value), _said_over(value, over, "min"), "max", "min")


def _several(value: Any, others: tuple[Any, ...], what: str) -> tuple[Any, ...]:
    """The values of the network that stand beside each other, or in a list; NetError where a number
    may be that of an axis.
    """
    values = tuple(value) if isinstance(value, (list, tuple)) and not others else (value, *others)
    if len(values) < 2 or not any(isinstance(v, _OF_NETWORK) for v in values):
        return ()
    if any(isinstance(v, Index) for v in values):
        return ()
    if _is_axis(*values[:2]):
        both = ", ".join(map(written, values))
        raise NetError(
            f"{what}({both}): an axis, or a value?",
            f"along an axis: axis={values[1]}; of two values: {what}imum({both})",
        )
    return values


def _said_over(value: Any, over: tuple[Any, ...], what: str) -> tuple[Any, ...]:
    """The indices; NetError where there are none."""
    if not over:
        raise NetError(
            f"{what} of {said(value)}: over what is not said",
            f"name the indices: {what}(x[i], i)",
        )
    return over


def _is_axis(value: Any, index: Any) -> bool:
    axes = value.rank if isinstance(value, Tensor) and value.rank > 1 else 0
    return isinstance(index, int) and index in range(-axes, axes)


def dot(one: Tensor, two: Tensor) -> Tensor:
    """The inner product of two vectors."""
    return _vector(one, "dot") @ _vector(two, "dot")


def word(function: Callable[..., sp.Expr], name: str, count: int = 0) -> Callable[..., Any]:
    """A scalar function, with a `count` of constants, as a word: of tensors element by element, of
    formulas, of sympy expressions.
    """

    def apply(value: Scalar, *constants: float) -> Any:
        if len(constants) != count:
            raise NetError(f"{name} is of one value, not of {1 + len(constants)}", f"{name}(z)")
        fixed = tuple(number(c) for c in constants)
        if isinstance(value, Formula) and value.free:
            return value.apply(lambda b: function(b, *fixed))
        if isinstance(value, Symbolic):  # without open indices it is a value of its own
            return pointwise(name, lambda z: z.apply(lambda b: function(b, *fixed)), value)
        return function(number(value), *fixed)

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"{name}, element by element."
    return apply


def _of_several(function: Callable[..., sp.Expr], name: str) -> Callable[..., Any]:
    """A function of two values, as a word of two or more: from the left, element by element."""

    def of_two(one: Scalar, other: Scalar) -> Any:
        if isinstance(one, Tensor) or isinstance(other, Tensor):
            return pointwise(name, lambda y, z: y.apply(function, z), one, other)
        if isinstance(one, Formula) or isinstance(other, Formula):
            return Formula.of(one).apply(function, other)
        return function(number(one), number(other))

    def apply(*values: Scalar) -> Any:
        if len(values) < 2:
            entry = "" if name not in ("maximum", "minimum") else f"; of one, {name[:3]}(x)"
            raise NetError(f"{name} is of two values or more", f"{name}(x, u){entry}")
        return functools.reduce(of_two, values)

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"{name} of two values or more, element by element."
    return apply


maximum = _of_several(f.larger, "maximum")
minimum = _of_several(f.smaller, "minimum")

exp = word(sp.exp, "exp")
log = word(sp.log, "log")
sqrt = word(sp.sqrt, "sqrt")
sin = word(sp.sin, "sin")
cos = word(sp.cos, "cos")
tan = word(sp.tan, "tan")
sinh = word(sp.sinh, "sinh")
cosh = word(sp.cosh, "cosh")
tanh = word(sp.tanh, "tanh")
arctan = word(sp.atan, "arctan")
arsinh = word(sp.asinh, "arsinh")
abs = word(sp.Abs, "abs")
erf = word(f.erf, "erf")
erfc = word(f.erfc, "erfc")
pi = sp.pi


def log2(value: Scalar) -> Any:
    """log(z) / log(2)."""
    return log(value) / sp.log(2)


def log10(value: Scalar) -> Any:
    """log(z) / log(10)."""
    return log(value) / sp.log(10)


def logsumexp(value: Scalar, *over: Any, axis: int = -1) -> Any:
    """log of the sum of exp along an axis, or of a formula over the named indices."""
    if isinstance(value, Formula):
        return reduce(value, _said_over(value, over, "logsumexp"), "logsumexp")
    along: Any = over[0] if len(over) == 1 else over or axis
    i, k, others = _along(value, along, "logsumexp")
    return Tensor.of(others, reduce(value[i], (k,), "logsumexp"), hint="s")


def softmax(value: Tensor, axis: int = -1) -> Tensor:
    """exp(z) over its sum along an axis: exp(z - s) with s = log sum exp z."""
    i, _, others = _along(value, axis, "softmax")
    s = logsumexp(value, axis)
    return Tensor.of(i, (value[i] - s[others]).apply(sp.exp), hint="p")


def log_softmax(value: Tensor, axis: int = -1) -> Tensor:
    """z - s with s = log sum exp z along an axis."""
    i, _, others = _along(value, axis, "log_softmax")
    s = logsumexp(value, axis)
    return Tensor.of(i, value[i] - s[others], hint="logp")


def _along(value: Any, axis: int, what: str) -> tuple[At, Index, At]:
    """Indices of a tensor's element, that of the axis, and all but that."""
    i = tuple(fresh(s) for s in _vector(value, what).shape)
    k = i[axis_of(value, axis)]
    return i, k, tuple(other for other in i if other is not k)


def _vector(value: Any, what: str) -> Tensor:
    if not isinstance(value, Tensor) or not value.rank:
        raise NetError(
            f"{what} is of a vector, not of {said(value)}",
            "give it a tensor with at least one axis",
        )
    return value


def activation(expression: Any, symbol: sp.Symbol | None = None) -> Callable[[Scalar], Any]:
    """An activation of one's own, from a sympy expression in one symbol: `swish = activation(z / (1
    + exp(-z)), z)`; or by its name alone, `f = activation("f")`: any function, for a derivation,
    since code needs its formula.
    """
    if isinstance(expression, str) and expression.isidentifier():
        return _by_name(expression)
    if callable(expression) and not isinstance(expression, sp.Basic):
        raise NetError(
            "activation is of a sympy expression, not of a function",
            "call the function itself, on a tensor: swish(z), or f(z) of your own",
        )
    expr = number(expression)
    symbols = sorted(expr.free_symbols, key=str)
    if symbol is not None and not isinstance(symbol, sp.Symbol):
        raise NetError(
            f"activation is given the symbol of {expr}, not what it is applied to",
            "f = activation(expr, t), and then f(z)",
        )
    variable = symbol if symbol is not None else (symbols[0] if len(symbols) == 1 else None)
    if variable is None or set(symbols) - {variable}:
        raise NetError(
            f"the activation {expr} has the symbols {', '.join(map(str, symbols)) or 'none'}",
            "an activation is an expression in one symbol: activation(expr, z)",
        )
    return word(lambda body: expr.xreplace({variable: body}), "activation")


def _by_name(name: str) -> Callable[[Scalar], Any]:
    """A function of which only the name is known."""
    if checked_name(name) in f.ROWS:
        raise NetError(f"{name} is a function that bpgen knows", f"use it as it is: {name}(z)")
    if not name.isalpha():
        raise NetError(f"{name} is no name of a function", 'use letters: activation("f")')
    return word(f.by_name(name), name)

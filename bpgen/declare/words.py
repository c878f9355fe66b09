"""The words of a net.py: declarations, functions, activations. Each is a few lines over tensors and formulas."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable
from typing import Any

import sympy as sp

from bpgen import functions as f
from bpgen.declare.declaration import here
from bpgen.declare.formula import Formula, fresh, reduce
from bpgen.declare.given import checked_name, number, size_of, whole
from bpgen.declare.symbolic import Symbolic
from bpgen.declare.tensor import Tensor, count_of, pointwise, total
from bpgen.errors import NetError
from bpgen.ir import Index, Size

Scalar = Any  # a Tensor, a Formula, a sympy expression or a number


def input(*shape: Size, name: str | None = None) -> Tensor:
    """An input of the network; `shape` is that of one sample."""
    return Tensor(_shape(shape, "input"), "input", name=checked_name(name), hint="x")


def target(*shape: Size, name: str | None = None) -> Tensor:
    """What the output is compared with; `shape` is that of one sample."""
    return Tensor(_shape(shape, "target"), "target", name=checked_name(name), hint="y")


def one_hot(classes: int, name: str | None = None) -> Tensor:
    """A target of `classes` numbers that sum to 1: one-hot, or soft labels."""
    return Tensor(_shape((classes,), "one_hot"), "target", name=checked_name(name), hint="y", sums_to_one=True)


def label(classes: int, name: str | None = None) -> Tensor:
    """A target that is one whole number, 0 .. classes - 1; it may be used as an index."""
    return Tensor((), "target", name=checked_name(name), hint="y", bound=whole(classes, "label"))


def param(*shape: int, init: str | float = "", name: str | None = None) -> Tensor:
    """A parameter.

    `init`: "zeros", "ones", "normal" (variance 1 / fan-in), "he" (2 / fan-in), or a standard deviation. By
    default matrices and scalars are normal, vectors zeros.
    """
    default = "zeros" if len(shape) == 1 else "normal"
    sizes = tuple(whole(s, "param") for s in shape)
    return Tensor(sizes, "param", name=checked_name(name), hint="w", init=_init(init) or default)


def _init(init: Any) -> str | float:
    if init in ("", "zeros", "ones", "normal", "he"):
        return str(init)
    if isinstance(init, (int, float)) and not isinstance(init, bool) and 0 <= init < float("inf"):
        return float(init) if init else "zeros"
    raise NetError(f"init={init!r:.40} is not known", 'use "zeros", "ones", "normal", "he" or a standard deviation')


def _shape(shape: tuple[Any, ...], what: str) -> tuple[Size, ...]:
    return tuple(size_of(s, what) for s in shape)


def indices(*names: str) -> Any:
    """Named indices: `i, j = indices("i j")`; their ranges follow from the axes they run over."""
    if not all(isinstance(n, str) for n in names):
        raise NetError("indices: the names are not strings", 'write i, j = indices("i j")')
    words = " ".join(names).replace(",", " ").split()
    if not words:
        raise NetError("indices: no name given", 'write i, j = indices("i j")')
    if len(set(words)) < len(words):
        raise NetError("indices: one name is given twice", 'write i, j = indices("i j")')
    if "n" in words:
        raise NetError("indices: n is the index of the sample", "call it another letter")
    made = tuple(Index(str(checked_name(n))) for n in words)
    return made if len(made) > 1 else made[0]


def tensor(formula: Scalar, *left: Index, name: str | None = None) -> Tensor:
    """The tensor defined by an index equation: `tensor(sum(W[i, j] * x[j], j) + b[i], i)`."""
    for index in left:
        if not isinstance(index, Index):
            raise NetError(f"{_said(index)} is not an index", 'declare them: i, j = indices("i j")')
    return Tensor.of(left, Formula.of(formula), name=checked_name(name))


def loss(value: Scalar) -> Tensor:
    """Declare the loss of one sample; the network's loss is its mean over the batch. Penalties may be added."""
    open_ = value.shape if isinstance(value, Tensor) else Formula.of(value).free
    if open_:
        what = value.said() if isinstance(value, Tensor) else f"a formula in {', '.join(map(str, open_))}"
        raise NetError(f"the loss is no scalar: it is {what}", "sum it: loss(sum(...))")
    made = Tensor.of((), value[()]) if isinstance(value, Tensor) and value.role != "value" else value
    made = made if isinstance(made, Tensor) else Tensor.of((), Formula.of(made))
    here().set_loss(made)
    return made


def output(*tensors: Tensor) -> None:
    """Declare what forward returns: one tensor or several."""
    if not tensors:
        raise NetError("output: nothing is given", "give the tensors that forward returns")
    for k, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise NetError(f"output: {_said(t)} is not a tensor", "give the tensors that forward returns")
        if t.role != "value":
            raise NetError(f"output: {t.said()} is {'an' if t.role == 'input' else 'a'} {t.role}, not computed",
                           "give the tensors that forward computes")  # fmt: skip
        if any(t is other for other in (*here().outputs, *tensors[:k])):
            raise NetError(f"output: {t.said()} is given twice", "give each output once")
    here().outputs += tensors


def _said(value: Any) -> str:
    return str(value.said()) if isinstance(value, Symbolic) else f"{value!r:.60}"


def sum(value: Scalar, *over: Any, axis: int | None = None) -> Any:
    """The sum of a tensor (over all or one axis), of a formula over the named indices, or of the items of a list."""
    if isinstance(value, Tensor) and not over:
        return total(value, axis)
    if isinstance(value, Iterable) and not isinstance(value, (Symbolic, str)) and not over:
        items = list(value)
        return functools.reduce(operator.add, items) if items else 0
    if not over:
        raise NetError(f"sum of {_said(value)}: over what is not said", "name the indices: sum(x[i], i)")
    return reduce(value, over, "sum")


def mean(value: Scalar, *over: Any, axis: int | None = None) -> Any:
    """The mean of a tensor over all or one axis."""
    if isinstance(value, Tensor) and not over:
        return total(value, axis) / number(count_of(value, axis))
    raise NetError("mean is of a tensor", "for a formula, write the sum over the size: sum(x[i], i) / 3")


def dot(one: Tensor, two: Tensor) -> Tensor:
    """The inner product of two vectors."""
    return _vector(one, "dot") @ _vector(two, "dot")


def _word(function: Callable[..., sp.Expr], name: str) -> Callable[..., Any]:
    """A scalar function as a word: of tensors element by element, of formulas, of sympy expressions."""

    def word(value: Scalar, *constants: float) -> Any:
        fixed = tuple(number(c) for c in constants)
        if isinstance(value, Tensor):
            return pointwise(name, lambda z: z.apply(lambda b: function(b, *fixed)), value)
        if isinstance(value, Formula):
            return value.apply(lambda b: function(b, *fixed))
        return function(number(value), *fixed)

    word.__name__ = name
    word.__doc__ = f"{name}, element by element."
    return word


exp = _word(sp.exp, "exp")
log = _word(sp.log, "log")
sqrt = _word(sp.sqrt, "sqrt")
sin = _word(sp.sin, "sin")
cos = _word(sp.cos, "cos")
tan = _word(sp.tan, "tan")
sinh = _word(sp.sinh, "sinh")
cosh = _word(sp.cosh, "cosh")
tanh = _word(sp.tanh, "tanh")
arctan = _word(sp.atan, "arctan")
arsinh = _word(sp.asinh, "arsinh")
abs = _word(sp.Abs, "abs")
sigmoid = _word(f.sigmoid, "sigmoid")
softplus = _word(f.softplus, "softplus")
relu = _word(f.relu, "relu")
_leaky = _word(f.leaky_relu, "leaky_relu")


def leaky_relu(value: Scalar, slope: float = 0.01) -> Any:
    """z where z > 0, slope * z elsewhere."""
    return _leaky(value, slope)


def identity(value: Scalar) -> Any:
    """z itself."""
    return value


def logsumexp(value: Tensor) -> Tensor:
    """log of the sum of exp over the last axis."""
    i = tuple(fresh(s) for s in _vector(value, "logsumexp").shape)
    return Tensor.of(i[:-1], reduce(value[i], i[-1:], "logsumexp"), hint="s")


def softmax(value: Tensor) -> Tensor:
    """exp(z) over its sum, along the last axis: exp(z - s) with s = log sum exp z."""
    i = tuple(fresh(s) for s in _vector(value, "softmax").shape)
    s = logsumexp(value)
    return Tensor.of(i, (value[i] - s[i[:-1]]).apply(sp.exp), hint="p")


def log_softmax(value: Tensor) -> Tensor:
    """z - s with s = log sum exp z, along the last axis."""
    i = tuple(fresh(s) for s in _vector(value, "log_softmax").shape)
    s = logsumexp(value)
    return Tensor.of(i, value[i] - s[i[:-1]], hint="logp")


def _vector(value: Any, what: str) -> Tensor:
    if not isinstance(value, Tensor) or not value.rank:
        raise NetError(f"{what} is of a vector, not of {_said(value)}", "give it a tensor with at least one axis")
    return value


def activation(expression: Any, symbol: sp.Symbol | None = None) -> Callable[[Scalar], Any]:
    """An activation of one's own, from a sympy expression in one symbol: `swish = activation(z / (1 + exp(-z)), z)`."""
    if callable(expression) and not isinstance(expression, sp.Basic):
        raise NetError("activation is of a sympy expression, not of a function", "use the function as it is: swish(z)")
    expr = number(expression)
    symbols = sorted(expr.free_symbols, key=str)
    variable = symbol if symbol is not None else (symbols[0] if len(symbols) == 1 else None)
    if not isinstance(variable, sp.Symbol) or set(symbols) - {variable}:
        raise NetError(f"the activation {expr} has the symbols {', '.join(map(str, symbols)) or 'none'}",
                       "an activation is an expression in one symbol: activation(expr, z)")  # fmt: skip
    return _word(lambda body: expr.xreplace({variable: body}), "activation")

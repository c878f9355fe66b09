"""What layers are made of: a number and parameters, indices, and questions about what they are
given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import Any

import sympy as sp

from bpgen.declare.activations import identity, leaky_relu, relu
from bpgen.declare.declaration import here
from bpgen.declare.formula import Formula, fresh
from bpgen.declare.given import remedy_for
from bpgen.declare.symbolic import Symbolic, said, written
from bpgen.declare.tensor import Tensor
from bpgen.errors import NetError
from bpgen.ir import Index, Size

Indices = tuple[Index, ...]
Activation = Callable[[Any], Any]


class Layer:
    """A layer of net.py: what it makes is numbered alike, W1, b1, z1, a1, then W2, ..."""

    def __init__(self, word: str) -> None:
        here().layers += 1
        self.word, self.number = word, here().layers

    def param(self, hint: str, *shape: Size, init: str | float = "zeros") -> Tensor:
        return Tensor(shape, "param", hint=hint, layer=self.number, init=init)

    def weight(self, hint: str, *shape: Size, then: Activation = identity) -> Tensor:
        """Weights (out, ...): the variance is 1 / fan-in, or 2 / fan-in before a rectifier."""
        rectified = then is relu or then is leaky_relu
        if len(shape) == 2:
            return self.param(hint, *shape, init="he" if rectified else "normal")
        variance = (2 if rectified else 1) / product(map(int, shape[1:]))
        return self.param(hint, *shape, init=variance**0.5)

    def tensor(self, hint: str, indices: Iterable[Index], formula: Any) -> Tensor:
        return Tensor.of(indices, Formula.of(formula), hint=hint, layer=self.number)

    def named(self, hint: str, tensor: Tensor) -> Tensor:
        tensor.hint, tensor.layer = hint, self.number
        return tensor

    def activated(self, z: Tensor, activation: Activation) -> Tensor:
        """a = activation(z)."""
        if activation is identity:
            return z
        if isinstance(activation, Symbolic) or not callable(activation):
            shown = said(activation) if isinstance(activation, Symbolic) else f"{activation!r:.60}"
            raise NetError(
                f"{self.word}: the activation {shown} is not a function", _activation(activation)
            )
        result = activation(z)
        if not isinstance(result, Tensor):
            raise NetError(
                f"{self.word}: the activation returned {result!r:.60}, no tensor",
                "return a function of its argument",
            )
        return self.named("a", result)


def _activation(given: Any) -> str:
    """What an activation is."""
    if isinstance(given, int):
        return "the size of what comes in is x's own: give that of what comes out alone"
    named = isinstance(given, str) and given.isidentifier()
    return f"give the word itself{', without the quotes' * named}: {given if named else 'relu'}"


def product(sizes: Iterable[Any]) -> Any:
    result: Any = 1
    for size in sizes:
        result *= size
    return result


def along(sizes: Iterable[Size], letters: str = "") -> Indices:
    """An index for each size, of the letter given or of one chosen later."""
    named = zip_longest(letters, tuple(sizes))
    return tuple(Index(letter, size) if letter else fresh(size) for letter, size in named)


def place(indices: Iterable[Index]) -> sp.Expr:
    """Where an element of several axes stands when they are laid out as one, the last fastest."""
    result: sp.Expr = sp.S.Zero
    for index in indices:
        result = result * index.size + index
    return result


def tensor_of_rank(x: Any, word: str, axes: str) -> Tensor:
    """x, which must have the axes that are named, or NetError."""
    rank = len(axes.split(", "))
    if not isinstance(x, Tensor) or x.rank != rank:
        raise NetError(
            f"{word}: {said(x)} is not of the axes ({axes})",
            _axes(x, rank, axes),
        )
    return x


def _axes(x: Any, rank: int, axes: str) -> str:
    """How many axes there are, and how a picture of one channel is said."""
    remedy = f"one sample has {rank} {'axis' if rank == 1 else 'axes'} here"
    if isinstance(x, Tensor) and x.rank == rank - 1 and axes.startswith("channels"):
        sizes = ", ".join(map(repr, (1, *x.shape))).replace("'", '"')
        return f"{remedy}: of one channel, reshape({written(x)}, {sizes})"
    if isinstance(x, Tensor) and x.rank == 1 and axes == "steps, width":
        return f'{remedy}: of a sequence of any length, {written(x)} = input("T", {x.shape[0]!r})'
    return remedy


def some_tensor(x: Any, word: str, remedy: str = "") -> Tensor:
    """x, which must be a tensor with at least one axis."""
    if not isinstance(x, Tensor) or not x.rank:
        raise NetError(f"{word}: {said(x)} is no tensor with axes", remedy or of_axes(x))
    return x


def of_axes(x: Any) -> str:
    """What to give a layer for what has no axes."""
    if isinstance(x, (list, tuple)) or hasattr(x, "dtype"):
        return remedy_for(x)
    remedy = "give it a tensor with at least one axis"
    return f"{remedy}: reshape({written(x)}, 1)" if isinstance(x, Tensor) else remedy


def axis_of(x: Tensor, axis: Any, word: str) -> int:
    """The axis counted from 0, the last also as -1."""
    if isinstance(axis, bool) or not isinstance(axis, int) or not -x.rank <= axis < x.rank:
        raise NetError(
            f"{word}: {x.said()} has no axis {axis!r:.20}", "count axes from 0; the last is -1"
        )
    return axis % x.rank


def known_size(size: Size, x: Tensor, word: str) -> int:
    """The length of an axis of x, which must be known now."""
    if not isinstance(size, int):
        raise NetError(
            f"{word}: an axis of {x.said()} is known only at run time", "it needs a number"
        )
    return size


def for_each(value: Any, axes: int, word: str, what: str, least: int = 1) -> tuple[int, ...]:
    """One whole number for all axes, or one for each."""
    values = value if isinstance(value, tuple) else (value,) * axes
    if len(values) != axes or not all(type(v) is int and v >= least for v in values):
        raise NetError(
            f"{word}: {what}={value!r:.40} is neither a whole number from {least} up nor {axes} of"
            f" them"
            if axes > 1
            else f"{word}: {what}={value!r:.40} is no whole number from {least} up",
            "one for all axes, or one for each" if axes > 1 else "such as 2",
        )
    return values


def divided(whole: int, parts: int, word: str, what: str, into: str = "groups") -> int:
    """How many are in each part, where the parts are equal."""
    if whole % parts:
        raise NetError(
            f"{word}: {whole} {what} do not divide into {parts} {into}",
            f"give a number of {into} that divides {whole}",
        )
    return whole // parts

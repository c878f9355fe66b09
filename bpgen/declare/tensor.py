"""Level two: tensors and operators, `z1 = W1 @ x + b1`, each defined by an index equation of level
three.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import sympy as sp

from bpgen.declare.access import accessed
from bpgen.declare.declaration import Quantity, here
from bpgen.declare.definition import defined
from bpgen.declare.formula import Formula, fresh, reduce
from bpgen.declare.mismatch import (
    ends_with,
    entry_by_entry,
    is_product,
    pair_by_pair,
    transposed,
)
from bpgen.declare.symbolic import Symbolic
from bpgen.declare.writing import write
from bpgen.errors import NetError
from bpgen.ir import Index, extent
from bpgen.notebook import shown

Binary = Callable[["Tensor", Any], "Tensor"]


def _binary(symbol: str, function: Callable[[Any, Any], Any]) -> tuple[Binary, Binary]:
    """An operator and its reflection, element by element."""
    return (
        lambda self, other: pointwise(symbol, function, self, other),
        lambda self, other: pointwise(symbol, function, other, self),
    )


class Tensor(Quantity, Symbolic):
    """A tensor of one sample. It is called what the variable in net.py is called."""

    def __repr__(self) -> str:
        return f"{self.name or self.role}{list(self.shape)}"

    def _repr_latex_(self) -> str | None:
        """What it is computed by, in a notebook."""
        equation: str | None = shown(self, "of_tensor")
        return equation

    @property
    def T(self) -> Tensor:
        """The transpose."""
        i = tuple(fresh(s) for s in self.shape)
        return Tensor.of(i[::-1], self[i])

    @staticmethod
    def of(indices: Iterable[Index], formula: Formula, **how: Any) -> Tensor:
        """The tensor whose element at `indices` is `formula`."""
        shape, indices, terms = defined(indices, formula.terms)
        return Tensor(shape, indices=indices, terms=terms, **how)

    def scalar_formula(self) -> Formula:
        if self.rank:
            raise NetError(
                f"{self.said()} is not a scalar", "in a formula, give it an index for each axis"
            )
        return self[()]

    def _sympy_(self) -> sp.Expr:
        if self.rank:
            raise NetError(
                f"a function of sympy cannot take {self.said()}",
                "use bpgen's own word, as `from bpgen import *` gives it, not sympy's of that name;"
                " or name an index: sympy.exp(z[i])",
            )
        return self[()].body()

    def __getitem__(self, key: Any) -> Formula:
        self._refuse_foreign()
        return accessed(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        """The elements at an access, of a tensor that zeros() or recurrent() made."""
        self._refuse_foreign()
        if not self.open:
            super().__setitem__(key, value)
        write(self, key, Formula.of(value))

    def _refuse_foreign(self) -> None:
        if self.home is not here():
            raise NetError(
                f"{self.said()} belongs to another net.py, or to another run of this one",
                "declare every tensor in the net.py that uses it",
            )

    def __matmul__(self, other: Any) -> Tensor:
        """The product of the last two axes, for each entry of those before, which one of the two
        may lack. numpy.matmul.
        """
        other = _operand("@", other)
        if not self.rank or not other.rank:
            raise NetError(
                f"{self.said()} @ {other.said()}: a scalar has no rows", "use * for a scalar"
            )
        inner = max(other.rank - 2, 0)
        if self.shape[-1] != other.shape[inner]:
            sizes = f"{self.shape[-1]} columns against {other.shape[inner]} rows"
            raise NetError(f"{self.said()} @ {other.said()}: {sizes}", transposed(self, other))
        batches = self.shape[:-2], other.shape[:-2]
        several = max(batches, key=len)
        if not all(ends_with(several, batch) for batch in batches):
            raise NetError(
                f"{self.said()} @ {other.said()}: the axes before the last two differ",
                pair_by_pair(self, other),
            )
        lead, k = tuple(fresh(s) for s in several), fresh(self.shape[-1])
        row = tuple(fresh(s) for s in self.shape[-2:-1])
        column = tuple(fresh(s) for s in other.shape[inner + 1 :])
        mine, others = (lead[len(lead) - len(batch) :] for batch in batches)
        product = self[(*mine, *row, k)] * other[(*others, k, *column)]
        return Tensor.of((*lead, *row, *column), reduce(product, (k,), "sum"))

    def __rmatmul__(self, other: Any) -> Tensor:
        return _operand("@", other) @ self

    __add__, __radd__ = _binary("+", operator.add)
    __sub__, __rsub__ = _binary("-", operator.sub)
    __mul__, __rmul__ = _binary("*", operator.mul)
    __truediv__, __rtruediv__ = _binary("/", operator.truediv)
    __pow__, __rpow__ = _binary("**", operator.pow)

    def __neg__(self) -> Tensor:
        return pointwise("-", operator.neg, self)

    def __pos__(self) -> Tensor:
        """What equals it: under a name of its own it keeps a line of its own."""
        return pointwise("+", operator.pos, self)

    def __abs__(self) -> Tensor:
        return pointwise("abs", lambda a: a.apply(sp.Abs), self)


def pointwise(symbol: str, function: Callable[..., Any], *operands: Any) -> Tensor:
    """A scalar function at each element. Shapes are equal, or one is the end of the other: a scalar
    goes to each element, a vector along the last axis.
    """
    tensors = [o for o in operands if isinstance(o, Tensor)]
    if any(isinstance(o, Formula) and o.free for o in operands):
        formula: Tensor = function(*map(Formula.of, operands))  # a scalar within a formula
        return formula
    shape = max((t.shape for t in tensors), key=len, default=())
    if any(not ends_with(shape, t.shape) for t in tensors) or is_product(symbol, *tensors):
        raise NetError(
            f"{f' {symbol} '.join(t.said() for t in tensors)}: the shapes differ"
            if not symbol.isalpha()
            else f"{symbol} of {' and '.join(t.said() for t in tensors)}: the shapes differ",
            entry_by_entry(symbol, *tensors),
        )
    indices = tuple(fresh(s) for s in shape)
    return Tensor.of(indices, Formula.of(function(*(_at(o, indices) for o in operands))))


def _at(operand: Any, indices: tuple[Index, ...]) -> Formula:
    if not isinstance(operand, Tensor):
        return Formula.of(operand)
    return operand[indices[len(indices) - operand.rank :]]


def _operand(symbol: str, value: Any) -> Tensor:
    if not isinstance(value, Tensor):
        Formula.of(value)  # says what is wrong with what is no number
        raise NetError(f"{symbol} is between two tensors", "use * for a number")
    return value


def total(tensor: Tensor, axis: int | None = None) -> Tensor:
    """The sum over one axis, or over all."""
    i = tuple(fresh(s) for s in tensor.shape)
    if not i:
        return tensor
    over = i if axis is None else (i[axis_of(tensor, axis)],)
    return Tensor.of((k for k in i if k not in over), reduce(tensor[i], over, "sum"))


def count_of(tensor: Tensor, axis: int | None = None) -> sp.Expr:
    sizes = tensor.shape if axis is None else (tensor.shape[axis_of(tensor, axis)],)
    return extent(sizes)


def axis_of(tensor: Tensor, axis: int) -> int:
    if (
        isinstance(axis, bool)
        or not isinstance(axis, int)
        or not -tensor.rank <= axis < tensor.rank
    ):
        raise NetError(
            f"{tensor.said()} has no axis {axis!r:.20}",
            "axes are those of one sample, without the batch's, counted from 0; the last is -1",
        )
    return axis

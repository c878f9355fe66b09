"""Level two: tensors and operators, `z1 = W1 @ x + b1`, each defined by an index equation of level
three.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import sympy as sp

from bpgen.declare.access import accessed, sized, tensor_of
from bpgen.declare.declaration import here
from bpgen.declare.formula import Formula, fresh, reduce
from bpgen.declare.symbolic import Symbolic
from bpgen.errors import NetError
from bpgen.ir import Index, Role, Size, element, length
from bpgen.network import admissible

_NAMELESS = {"value": "a tensor", "input": "an input", "target": "a target", "param": "a parameter"}
Binary = Callable[["Tensor", Any], "Tensor"]


def _binary(symbol: str, function: Callable[[Any, Any], Any]) -> tuple[Binary, Binary]:
    """An operator and its reflection, element by element."""
    return (
        lambda self, other: pointwise(symbol, function, self, other),
        lambda self, other: pointwise(symbol, function, other, self),
    )


class Tensor(Symbolic):
    """A tensor of one sample. It is called what the variable in net.py is called."""

    def __init__(
        self,
        shape: tuple[Size, ...],
        role: Role = "value",
        *,
        name: str | None = None,
        hint: str = "u",
        layer: int | None = None,
        bound: int | None = None,
        sums_to_one: bool = False,
        init: str | float = "",
        indices: tuple[Index, ...] = (),
        formula: Formula | None = None,
    ) -> None:
        self.shape, self.role, self.name, self.hint, self.layer = shape, role, name, hint, layer
        self.bound, self.sums_to_one, self.init = bound, sums_to_one, init
        self.indices, self.formula = indices, formula
        self.home = here()
        self.line = self.home.line()
        self.serial = self.home.add(self)

    def __repr__(self) -> str:
        return f"{self.name or self.role}{list(self.shape)}"

    def said(self) -> str:
        """How an error names it: its variable where it is known by now, what it is otherwise, and
        its shape.
        """
        name = self.name or here().variable(self) or _NAMELESS[self.role]
        return f"{name} ({', '.join(map(str, self.shape))}{',' * (self.rank == 1)})"

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def T(self) -> Tensor:
        """The transpose."""
        i = tuple(fresh(s) for s in self.shape)
        return Tensor.of(i[::-1], self[i])

    @staticmethod
    def of(indices: Iterable[Index], formula: Formula, **how: Any) -> Tensor:
        """The tensor whose element at `indices` is `formula`."""
        for term in formula.terms:
            _admit(term.body)
        indices, formula = sized(tuple(indices), formula)
        shape = tuple(i.size for i in indices if i.size is not None)
        return Tensor(shape, indices=indices, formula=formula, **how)

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
                "use bpgen's own word, or name an index: sympy.exp(z[i])",
            )
        return self[()].body()

    def __getitem__(self, key: Any) -> Formula:
        if self.home is not here():
            raise NetError(
                f"{self.said()} belongs to another net.py, or to another run of this one",
                "declare every tensor in the net.py that uses it",
            )
        return accessed(self, key)

    def __matmul__(self, other: Any) -> Tensor:
        other = _operand("@", other)
        if not self.rank or not other.rank:
            raise NetError(
                f"{self.said()} @ {other.said()}: a scalar has no rows", "use * for a scalar"
            )
        k = fresh(self.shape[-1])
        left = tuple(fresh(s) for s in self.shape[:-1])
        inner = max(other.rank - 2, 0)
        right = tuple(fresh(s) for s in (*other.shape[:inner], *other.shape[inner + 1 :]))
        if self.shape[-1] != other.shape[inner]:
            sizes = f"{self.shape[-1]} columns against {other.shape[inner]} rows"
            raise NetError(f"{self.said()} @ {other.said()}: {sizes}", _transposed(self, other))
        product = self[(*left, k)] * other[(*right[:inner], k, *right[inner:])]
        return Tensor.of(left + right, reduce(product, (k,), "sum"))

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
        return self

    def __abs__(self) -> Tensor:
        return pointwise("abs", lambda a: a.apply(sp.Abs), self)


def pointwise(symbol: str, function: Callable[..., Any], *operands: Any) -> Tensor:
    """A scalar function at each element. Shapes are equal, or one operand is a scalar."""
    tensors = [o for o in operands if isinstance(o, Tensor)]
    if any(isinstance(o, Formula) and o.free for o in operands):
        formula: Tensor = function(*map(Formula.of, operands))  # a scalar within a formula
        return formula
    shape = max((t.shape for t in tensors), key=len)
    if any(t.rank and t.shape != shape for t in tensors):
        raise NetError(
            f"{f' {symbol} '.join(t.said() for t in tensors)}: the shapes differ",
            "give both one shape, or write the index equation: tensor(a[i] + b[j], i, j)",
        )
    indices = tuple(fresh(s) for s in shape)
    return Tensor.of(indices, Formula.of(function(*(_at(o, indices) for o in operands))))


def _at(operand: Any, indices: tuple[Index, ...]) -> Formula:
    if not isinstance(operand, Tensor):
        return Formula.of(operand)
    return operand[indices if operand.rank else ()]


def _operand(symbol: str, value: Any) -> Tensor:
    if not isinstance(value, Tensor):
        Formula.of(value)  # says what is wrong with what is no number
        raise NetError(f"{symbol} is between two tensors", "use * for a number")
    return value


def _transposed(one: Tensor, two: Tensor) -> str:
    """What the user may have meant by a product whose sizes do not fit."""
    a, b = (here().variable(t) or "(...)" for t in (one, two))
    fits = {
        f"{a}.T @ {b}": one.rank == 2 and one.shape[0] == two.shape[max(two.rank - 2, 0)],
        f"{b} @ {a}": two.shape[-1] == one.shape[max(one.rank - 2, 0)],
        f"{a} @ {b}.T": two.rank == 2 and two.shape[1] == one.shape[-1],
    }
    meant = next((f"{text} would fit; " for text, fit in fits.items() if fit), "")
    return f"{meant}weights are (out, in), as in W @ x + b"


def _admit(body: sp.Expr) -> None:
    """Refuse what no network can compute, in a formula of a tensor."""
    admissible.finite(body)
    admissible.declared(body, map(length, here().lengths))
    for access in admissible.values(body):
        tensor = tensor_of(access)
        if tensor.bound is not None:
            raise NetError(
                f"{tensor.said()} is a label, a whole number to be used as an index,"
                " not in arithmetic",
                f"pick with it, p[y], or declare numbers: one_hot({tensor.bound}) or target()",
            )


def materialise(formula: Formula) -> sp.Expr:
    """A tensor of its own for a reduced formula; returns its element at the formula's open
    indices.
    """
    tensor = Tensor.of(formula.free, formula)
    return element(f"%{tensor.serial}", formula.free)


def total(tensor: Tensor, axis: int | None = None) -> Tensor:
    """The sum over one axis, or over all."""
    i = tuple(fresh(s) for s in tensor.shape)
    if not i:
        return tensor
    over = i if axis is None else (i[_axis(tensor, axis)],)
    return Tensor.of((k for k in i if k not in over), reduce(tensor[i], over, "sum"))


def count_of(tensor: Tensor, axis: int | None = None) -> sp.Expr:
    sizes = tensor.shape if axis is None else (tensor.shape[_axis(tensor, axis)],)
    return sp.Mul(*(length(s) for s in sizes))


def _axis(tensor: Tensor, axis: int) -> int:
    if (
        isinstance(axis, bool)
        or not isinstance(axis, int)
        or not -tensor.rank <= axis < tensor.rank
    ):
        raise NetError(
            f"{tensor.said()} has no axis {axis!r:.20}", "count axes from 0; the last is -1"
        )
    return axis

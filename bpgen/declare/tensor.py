"""Level two: tensors and operators, `z1 = W1 @ x + b1`, each defined by an index equation of level
three.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

import sympy as sp

from bpgen.declare.access import accessed, address, tensor_of
from bpgen.declare.declaration import here
from bpgen.declare.formula import Formula, fresh, reduce
from bpgen.declare.places import refuse_twice
from bpgen.declare.ranges import inside, ranges, renamed, sized
from bpgen.declare.symbolic import Symbolic
from bpgen.errors import NetError
from bpgen.ir import (
    BATCH,
    SAMPLE,
    Element,
    Index,
    Role,
    Size,
    Term,
    element,
    elements,
    length,
    spoken,
)
from bpgen.network import admissible
from bpgen.notebook import shown

_NAMELESS = {
    "value": "a tensor",
    "input": "an input",
    "target": "a target",
    "param": "a parameter",
    "state": "a state",
    "noise": "noise",
}
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
        terms: tuple[Term, ...] = (),
        open: bool = False,
        carried: int | None = None,
        keep: sp.Expr | None = None,
    ) -> None:
        self.shape, self.role, self.name, self.hint, self.layer = shape, role, name, hint, layer
        self.bound, self.sums_to_one, self.init, self.keep = bound, sums_to_one, init, keep
        self.indices, self.terms = indices, terms
        self.open, self.carried = open, carried  # open: written element by element, t[i] = ...
        self.written: list[tuple[sp.Expr, ...]] = []  # the places, line by line
        self.home, self.block = here(), here().block
        self.line = self.home.line()
        self.serial = self.home.add(self)
        self.moment = next(self.home.moments)

    def __repr__(self) -> str:
        return f"{self.name or self.role}{list(self.shape)}"

    def _repr_latex_(self) -> str | None:
        """What it is computed by, in a notebook."""
        equation: str | None = shown(self, "of_tensor")
        return equation

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
        indices, terms = sized(*of_each_sample(tuple(indices), formula))
        shape = tuple(i.size for i in indices if i.size is not None)
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
                "use bpgen's own word, or name an index: sympy.exp(z[i])",
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
        at, formula = address(self, key), Formula.of(value)
        sample = at[: len(at) - self.rank]
        own = sample[0] if sample else None
        at = tuple(e if own is None else of_one_sample(e, own) for e in at[len(sample) :])
        formula = of_own_sample(formula, own)
        for term in formula.terms:
            _admit(term.body)
        left = tuple(s for e in at for s in sorted(e.free_symbols, key=str))
        left = tuple(dict.fromkeys(i for i in left if isinstance(i, Index)))
        labels = tuple(e for e in at if isinstance(e, Element))
        lent = {i: size for i in left if (size := self._lends_size(i, at))}
        new = ranges(tuple(i for i in left if i not in lent), formula, labels, lent)
        new.update({i: Index(i.name, i.size or lent[i]) for i in left if i not in new})
        at = tuple(e.xreplace(new) for e in at)
        for axis, e in enumerate(at):
            inside(self, axis, e)
        refuse_twice(self, at)
        open_ = [i for i in formula.free if i not in (*left, SAMPLE)]
        if open_:
            raise NetError(
                f"index {spoken(open_[0])} comes out of nowhere: it is neither on the left nor"
                " summed",
                "sum over it, or put it on the left",
            )
        if any(t.reduce != "sum" for t in formula.terms):
            formula = Formula((Term(formula.body()),))
        self._place(at, tuple(renamed(t, new) for t in formula.terms))

    def _lends_size(self, index: Index, at: tuple[sp.Expr, ...]) -> Size | None:
        """The size that an index on the left takes from its axis, where it stands alone."""
        return next((s for s, e in zip(self.shape, at, strict=True) if e == index), None)

    def _place(self, at: tuple[sp.Expr, ...], terms: tuple[Term, ...]) -> None:
        """Terms at an access. An index that runs over a whole axis is the axis's own."""
        whole = {
            k: e
            for k, (e, size) in enumerate(zip(at, self.shape, strict=True))
            if isinstance(e, Index) and e.size == size and at.count(e) == 1
            if not any(
                e in other.free_symbols
                for j, other in enumerate(at)
                if j != k and not isinstance(other, Element)  # a label may be of the entry
            )
        }
        if not self.terms:  # the letters of the first equation
            self.indices = tuple(whole.get(k, i) for k, i in enumerate(self.indices))
        new: dict[sp.Expr, Index] = {e: self.indices[k] for k, e in whole.items()}
        scattered = []
        for e in at:
            for s in sorted(e.free_symbols, key=str):
                if isinstance(s, Index) and s not in new:
                    new[s] = fresh(s.size, spoken(s)) if s in self.indices else s
                    scattered.append(new[s])
        where = tuple(e.xreplace(new) for e in at) if len(whole) < len(at) else None
        self.terms += tuple(
            Term(t.body.xreplace(new), (*t.over, *scattered), t.reduce, where) for t in terms
        )
        self.moment = next(self.home.moments)

    def _refuse_foreign(self) -> None:
        if self.home is not here():
            raise NetError(
                f"{self.said()} belongs to another net.py, or to another run of this one",
                "declare every tensor in the net.py that uses it",
            )

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
        """What equals it: under a name of its own it keeps a line of its own."""
        return pointwise("+", operator.pos, self)

    def __abs__(self) -> Tensor:
        return pointwise("abs", lambda a: a.apply(sp.Abs), self)


def of_each_sample(left: tuple[Index, ...], formula: Formula) -> tuple[tuple[Index, ...], Formula]:
    """A formula whose left side names the sample, `xhat[n, i] = x[n, i] - mu[i]`, as it is written
    for one: without that index, or, where it counts an axis of something else, with the sample's.
    """
    own = sample_of(left, formula)
    return tuple(i for i in left if i != own), of_own_sample(formula, own)


def of_own_sample(formula: Formula, own: sp.Expr | None) -> Formula:
    """A formula in which an index is the sample's own."""
    if own is None:
        return formula
    return Formula(tuple(t.map(lambda body: of_one_sample(body, own)) for t in formula.terms))


def of_one_sample(expr: sp.Expr, own: sp.Expr) -> sp.Expr:
    """An expression whose elements do not name the sample; of gathers, inside out."""
    new: dict[sp.Expr, sp.Expr] = {own: SAMPLE}
    for e in sorted(expr.atoms(Element), key=lambda e: len(e.atoms(Element))):
        said = e.indices[:1] == (own,) and len(e.indices) > tensor_of(e).rank
        new[e] = element(e.name, (i.xreplace(new) for i in e.indices[said:]))
    return expr.xreplace(new)


def sample_of(left: Iterable[Index], formula: Formula) -> Index | None:
    """The index on the left that is the sample's own: the first over samples, unless the formula
    reads what is written without one, and so is the sample's already.
    """
    first = next((i for i in left if i.size == BATCH), None)
    read = (e for t in formula.terms for e in elements(t.body)) if first is not None else ()
    unsaid = (t for e in read if len(e.indices) == (t := tensor_of(e)).rank)
    return None if any(map(_differs, unsaid)) else first


def _differs(tensor: Tensor) -> bool:
    """Whether a tensor is another for each sample."""
    waiting, seen = [tensor], {tensor.serial}
    while waiting:
        one = waiting.pop()
        unwritten = one.carried is not None and not one.terms
        own = any(SAMPLE in t.body.free_symbols for t in one.terms)
        if one.role in ("input", "target", "noise") or unwritten or own:
            return True
        for access in (e for t in one.terms for e in elements(t.body)):
            read = tensor_of(access)
            if len(access.indices) == read.rank and read.serial not in seen:
                seen.add(read.serial)
                waiting.append(read)
    return False


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
            _entry_by_entry(symbol, *tensors),
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


def _entry_by_entry(symbol: str, one: Tensor, two: Tensor) -> str:
    """What the user may have meant by an operator between tensors of two shapes."""
    a, b = (here().variable(t) or "(...)" for t in (one, two))
    pairs = ((one, two, f"{a} @ {b}"), (two, one, f"{b} @ {a}"))
    for left, right, text in pairs if symbol == "*" and one.rank and two.rank else ():
        if left.rank == 2 and left.shape[-1] == right.shape[max(right.rank - 2, 0)]:
            return f"* is entry by entry, @ the product of matrices and vectors: {text}"
    sign = symbol if symbol in "+-*/" else "+"
    return f"give both one shape, or write the index equation: tensor(a[i] {sign} b[j], i, j)"


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
    admissible.declared(body, [length(size) for size in (*here().lengths, BATCH)])
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
    free = sorted(formula.free, key=_in_turn)
    own = sample_of(free, formula)
    tensor = Tensor.of(free, formula)
    others = (i for i in free if i != own)
    return element(f"%{tensor.serial}", (*([own] if own is not None else []), *others))


def _in_turn(index: Index) -> tuple[bool, int]:
    """The samples first, in the order in which net.py asked for their indices."""
    among = index.size == BATCH
    return not among, int("".join(filter(str.isdigit, index.name)) or 0) if among else 0


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

"""A tensor of zeros() or recurrent() written at an access: `y[i + 1] = x[i]`."""

from __future__ import annotations

from typing import Any

import sympy as sp

from bpgen.declare.access import address
from bpgen.declare.declaration import Quantity
from bpgen.declare.definition import admit
from bpgen.declare.formula import Formula, fresh
from bpgen.declare.ranges import inside, ranges
from bpgen.declare.samples import of_one_sample, of_own_sample
from bpgen.declare.twice import At, refuse_twice
from bpgen.equations.substitution import bound_as
from bpgen.errors import NetError
from bpgen.ir import SAMPLE, Element, Index, Size, Term, spoken


def write(tensor: Quantity, key: Any, value: Any) -> None:
    """Add `tensor[key] = value` to the equations that a tensor is defined by."""
    at, formula = address(tensor, key), Formula.of(value)
    at, formula = _of_one_sample(tensor, at, formula)
    for term in formula.terms:
        admit(term.body)
    left = _indices(at)
    new = _sizes(tensor, at, left, formula)
    at = tuple(e.xreplace(new) for e in at)
    for axis, e in enumerate(at):
        inside(tensor, axis, e)
    refuse_twice(tensor, at)
    open_ = [i for i in formula.free if i not in (*left, SAMPLE)]
    if open_:
        raise NetError(
            f"index {spoken(open_[0])} comes out of nowhere: it is neither on the left nor summed",
            "sum over it, or put it on the left",
        )
    if any(t.reduce != "sum" for t in formula.terms):
        formula = Formula((Term(formula.body()),))
    _put(tensor, at, tuple(bound_as(t, new) for t in formula.terms))


def _of_one_sample(tensor: Quantity, at: At, formula: Formula) -> tuple[At, Formula]:
    """Both sides as they are written for one sample, where the left one names the sample."""
    sample = at[: len(at) - tensor.rank]
    if not sample:
        return at, formula
    at = tuple(of_one_sample(e, sample[0]) for e in at[1:])
    return at, Formula(of_own_sample(formula.terms, sample[0]))


def _indices(at: At) -> tuple[Index, ...]:
    every = (s for e in at for s in sorted(e.free_symbols, key=str))
    return tuple(dict.fromkeys(i for i in every if isinstance(i, Index)))


def _sizes(
    tensor: Quantity, at: At, left: tuple[Index, ...], formula: Formula
) -> dict[Index, Index]:
    """Every index of both sides with its size. One that stands alone on the left may take it from
    its axis.
    """
    alone = dict(zip(reversed(at), reversed(tensor.shape), strict=True))  # of two axes, the first
    lent: dict[Index, Size] = {i: alone[i] for i in left if alone.get(i)}
    labels = tuple(e for e in at if isinstance(e, Element))
    new = ranges(tuple(i for i in left if i not in lent), formula.terms, labels, lent)
    return {**new, **{i: Index(i.name, i.size or lent[i]) for i in left if i not in new}}


def _put(tensor: Quantity, at: At, terms: tuple[Term, ...]) -> None:
    """Terms at an access. An index that runs over a whole axis is the axis's own."""
    whole = _of_whole_axes(tensor, at)
    if not tensor.terms:  # the letters of the first equation
        tensor.indices = tuple(whole.get(k, i) for k, i in enumerate(tensor.indices))
    new: dict[sp.Expr, Index] = {e: tensor.indices[k] for k, e in whole.items()}
    scattered = []
    for i in _indices(at):
        if i not in new:
            new[i] = fresh(i.size, spoken(i)) if i in tensor.indices else i
            scattered.append(new[i])
    where = tuple(e.xreplace(new) for e in at) if len(whole) < len(at) else None
    tensor.terms += tuple(
        Term(t.body.xreplace(new), (*t.over, *scattered), t.reduce, where) for t in terms
    )
    tensor.moment = next(tensor.home.moments)


def _of_whole_axes(tensor: Quantity, at: At) -> dict[int, Index]:
    """The axes that an index runs over as a whole, and nothing else in the access speaks of."""

    def others(k: int) -> list[sp.Expr]:  # a label may be of the entry
        return [e for j, e in enumerate(at) if j != k and not isinstance(e, Element)]

    return {
        k: e
        for k, (e, size) in enumerate(zip(at, tensor.shape, strict=True))
        if isinstance(e, Index) and e.size == size and at.count(e) == 1
        if not any(e in other.free_symbols for other in others(k))
    }

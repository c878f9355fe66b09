"""Elements of tensors, `x[i, 0]` and `p[y]`, and the ranges that indices take from the axes they
run over.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any

import sympy as sp

from bpgen.declare.declaration import here
from bpgen.declare.formula import Formula
from bpgen.declare.symbolic import Symbolic
from bpgen.errors import NetError
from bpgen.ir import Element, Index, Size, Term, element, elements, spoken

if TYPE_CHECKING:
    from bpgen.declare.tensor import Tensor


def accessed(tensor: Tensor, key: Any) -> Formula:
    """One element of a tensor, as a formula."""
    keys = key if isinstance(key, tuple) else (key,)
    if len(keys) != tensor.rank:
        raise NetError(
            f"{tensor.said()} has {tensor.rank} indices, not {len(keys)}",
            "name one index for each axis",
        )
    indices = (_index(tensor, axis, k) for axis, k in enumerate(keys))
    return Formula((Term(element(f"%{tensor.serial}", indices)),))


def tensor_of(access: Element) -> Tensor:
    """The tensor that an element is of, while net.py runs."""
    return here().tensors[int(access.name[1:])]


def _index(tensor: Tensor, axis: int, key: Any) -> sp.Expr:
    if isinstance(key, Index):
        return key
    size = tensor.shape[axis]
    if isinstance(key, Symbolic):
        if getattr(key, "rank", 0):
            raise NetError(
                f"{key.said()} is a vector of numbers and cannot be an index", _use_label(size)
            )
        return _label(tensor, axis, Formula.of(key).body())
    if isinstance(key, bool) or not isinstance(key, Integral):
        ends = (
            ["" if k is None else str(k) for k in (key.start, key.stop)]
            if isinstance(key, slice)
            else [str(key)]
        )
        raise NetError(
            f"{tensor.said()}: {':'.join(ends):.60} is no index",
            'an index is a name, as in i, j = indices("i j"), a whole number, or a label',
        )
    if isinstance(size, int) and not 0 <= int(key) < size:
        raise NetError(f"{tensor.said()}: index {key} is outside 0 .. {size - 1}", "count from 0")
    return sp.Integer(int(key))


def _label(tensor: Tensor, axis: int, body: sp.Expr) -> Element:
    """An integer tensor's element as an index."""
    size = tensor.shape[axis]
    if not isinstance(body, Element):
        raise NetError(f"{tensor.said()}: a computed number is no index", _use_label(size))
    source = tensor_of(body)
    if source.bound is None:
        raise NetError(
            f"{source.said()} holds real numbers and cannot be an index", _use_label(size)
        )
    if source.bound != size:
        raise NetError(
            f"{source.said()} has {source.bound} classes,"
            f" axis {axis} of {tensor.said()} has {size} entries",
            _use_label(size),
        )
    return body


def _use_label(size: Size) -> str:
    return f"declare a whole number below {size}: label({size})"


def sized(indices: tuple[Index, ...], formula: Formula) -> tuple[tuple[Index, ...], Formula]:
    """Give every index its size, from the axes it runs over."""
    sizes = _sizes(formula)
    for index in indices:
        if indices.count(index) > 1:
            raise NetError(f"index {index} is on the left twice", "use each index once on the left")
        if index not in sizes and index.size is None:
            raise NetError(
                f"index {index} is on the left but nothing on the right uses it",
                "use it, or leave it out",
            )
    open_ = [i for i in formula.free if i not in indices]
    if open_:
        raise NetError(
            f"index {open_[0]} comes out of nowhere: it is neither on the left nor summed",
            f"sum over it, or put it on the left: tensor(..., {open_[0]})",
        )
    new = {i: Index(i.name, size) for i, (size, _) in sizes.items()}
    return tuple(new.get(i, i) for i in indices), Formula(
        tuple(_renamed(t, new) for t in formula.terms)
    )


def _renamed(term: Term, new: Mapping[Index, Index]) -> Term:
    return Term(
        term.body.xreplace(new), tuple(new.get(k, k) for k in term.over), term.reduce, term.at
    )


def _sizes(formula: Formula) -> Mapping[Index, tuple[Size, Tensor]]:
    """The size of each index, and the tensor that it comes from."""
    sizes: dict[Index, tuple[Size, Tensor]] = {}
    for access in (e for term in formula.terms for e in elements(term.body)):
        tensor = tensor_of(access)
        for size, index in zip(tensor.shape, access.indices, strict=True):
            if isinstance(index, Index):
                known, at = sizes.setdefault(
                    index, (size if index.size is None else index.size, tensor)
                )
                if known != size:
                    raise NetError(
                        f"index {spoken(index)} runs over {known} in {at.said()}"
                        f" and over {size} in {tensor.said()}",
                        "one index has one range",
                    )
    return sizes

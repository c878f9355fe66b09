"""Elements of tensors, `x[i, 0]`, `x[c, p + u]` and `E[tok[t], d]`, and the ranges that indices take
from the axes they run over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any

import sympy as sp

from bpgen.affine import affine
from bpgen.declare.declaration import here
from bpgen.declare.formula import Formula
from bpgen.declare.symbolic import Symbolic
from bpgen.errors import NetError
from bpgen.ir import BATCH, Element, Index, Size, Term, element, elements, length, spoken

if TYPE_CHECKING:
    from bpgen.declare.tensor import Tensor

_NO_INDEX = 'an index is a name, as in i, j = indices("i j"), a whole number, or a label'


def accessed(tensor: Tensor, key: Any) -> Formula:
    """One element of a tensor, as a formula."""
    return Formula((Term(element(f"%{tensor.serial}", address(tensor, key))),))


def address(tensor: Tensor, key: Any) -> tuple[sp.Expr, ...]:
    """The indices of one element; one more, the sample's, may come first."""
    keys = key if isinstance(key, tuple) else (key,)
    batch = keys[:1] if len(keys) == tensor.rank + 1 and _is_batch(keys[0]) else ()
    keys = keys[len(batch) :]
    if len(keys) != tensor.rank:
        raise NetError(
            f"{tensor.said()} has {tensor.rank} indices, not {len(keys)}",
            "name one index for each axis",
        )
    return (*batch, *(_index(tensor, axis, k) for axis, k in enumerate(keys)))


def _is_batch(key: Any) -> bool:
    return isinstance(key, Index) and key.size == BATCH


def tensor_of(access: Element) -> Tensor:
    """The tensor that an element is of, while net.py runs."""
    return here().tensors[int(access.name[1:])]


def sample_axes(access: Element) -> Iterator[tuple[int, Size, sp.Expr]]:
    """The axes of one sample with what an element has there."""
    tensor = tensor_of(access)
    indices = access.indices[len(access.indices) - tensor.rank :]
    return ((k, s, i) for k, (s, i) in enumerate(zip(tensor.shape, indices, strict=True)))


def _index(tensor: Tensor, axis: int, key: Any) -> sp.Expr:
    size = tensor.shape[axis]
    if isinstance(key, sp.Expr) and not isinstance(key, sp.Integer):
        if affine(key) is None or not all(
            isinstance(s, Index) or str(s) in here().lengths for s in key.free_symbols
        ):
            raise NetError(
                f"{tensor.said()}: {key} is no index",
                "shift or stride an index by whole numbers, as in x[2*p + u]",
            )
        return key
    if isinstance(key, Symbolic):
        if getattr(key, "rank", 0):
            raise NetError(
                f"{key.said()} is a vector of numbers and cannot be an index", _use_label(size)
            )
        return _label(tensor, axis, Formula.of(key).body())
    if isinstance(key, bool) or not isinstance(key, (Integral, sp.Integer)):
        ends = (
            ["" if k is None else str(k) for k in (key.start, key.stop)]
            if isinstance(key, slice)
            else [str(key)]
        )
        raise NetError(f"{tensor.said()}: {':'.join(ends):.60} is no index", _NO_INDEX)
    if not _least(tensor, axis) <= int(key) < (size if isinstance(size, int) else 1):
        end = size - 1 if isinstance(size, int) else 0
        raise NetError(f"{tensor.said()}: index {key} is outside 0 .. {end}", "count from 0")
    return sp.Integer(int(key))


def _least(tensor: Tensor, axis: int) -> int:
    """The first index of an axis: a recurrence has an element before the first."""
    return -1 if tensor.carried == axis else 0


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


def sized(
    indices: tuple[Index, ...], formula: Formula
) -> tuple[tuple[Index, ...], tuple[Term, ...]]:
    """Give every index its size, from the axes it runs over."""
    new = ranges(indices, formula)
    open_ = [i for i in formula.free if i not in indices]
    if open_:
        raise NetError(
            f"index {open_[0]} comes out of nowhere: it is neither on the left nor summed",
            f"sum over it, or put it on the left: tensor(..., {open_[0]})",
        )
    return tuple(new.get(i, i) for i in indices), tuple(renamed(t, new) for t in formula.terms)


def ranges(left: tuple[Index, ...], formula: Formula) -> dict[Index, Index]:
    """Every index of a formula with its size; NetError where one has none, or leaves its axis."""
    sizes = _sizes(formula)
    for index in left:
        if left.count(index) > 1:
            raise NetError(f"index {index} is on the left twice", "use each index once on the left")
        if index not in sizes and index.size is None:
            raise NetError(
                f"index {index} is on the left but nothing on the right uses it",
                "use it, or leave it out",
            )
    new = {i: Index(i.name, size) for i, size in sizes.items()}
    for access in _accesses(formula):
        for axis, _, expr in sample_axes(access):
            inside(tensor_of(access), axis, expr.xreplace(new))
    return new


def inside(tensor: Tensor, axis: int, expr: sp.Expr) -> None:
    """NetError where an access with sized indices leaves its axis."""
    form = affine(expr)
    if form is None:  # a label: the module's door keeps it within
        return
    size, least = tensor.shape[axis], _least(tensor, axis)
    below = form.lowest - least
    above = sp.expand(length(size) - 1 - form.highest)
    if not (below.is_nonnegative and above.is_nonnegative):
        said = str(expr.xreplace({i: sp.Symbol(spoken(i)) for i, _ in form.steps}))
        raise NetError(
            f"{tensor.said()}: index {said} runs over {form.lowest} .. {form.highest},"
            f" axis {axis} over {least} .. {sp.expand(length(size) - 1)}",
            "pad the tensor, or give the index a smaller range",
        )


def renamed(term: Term, new: Mapping[Index, Index]) -> Term:
    """The term with other indices."""
    at = None if term.at is None else tuple(e.xreplace(dict(new)) for e in term.at)
    return Term(
        term.body.xreplace(dict(new)), tuple(new.get(k, k) for k in term.over), term.reduce, at
    )


def _accesses(formula: Formula) -> list[Element]:
    return [e for term in formula.terms for e in elements(term.body)]


def _sizes(formula: Formula) -> dict[Index, Size]:
    """The size of each index: its own, that of the axis it runs over alone, or as far as a shifted
    access lets it go.
    """
    sizes: dict[Index, Size] = {}
    origin: dict[Index, Tensor] = {}
    accesses = _accesses(formula)
    for access in accesses:
        if len(access.indices) > tensor_of(access).rank:
            first = access.indices[0]  # the sample, or one of a penalty's blocks
            sizes[first] = first.size or BATCH
        for _, size, index in sample_axes(access):
            if isinstance(index, Index) and index.size is not None:
                sizes[index] = index.size
            elif isinstance(index, Index):
                at = origin.setdefault(index, tensor_of(access))
                if sizes.setdefault(index, size) != size:
                    raise NetError(
                        f"index {spoken(index)} runs over {sizes[index]} in {at.said()}"
                        f" and over {size} in {tensor_of(access).said()}",
                        "one index has one range: give it a smaller one, as in indices(\"i\", size=3),"
                        " or use two",
                    )
    shifted = [x for access in accesses for x in sample_axes(access)]
    for _, size, expr in shifted:
        sizes.update({i: i.size for i, _ in _steps(expr) if i.size is not None})
    for _, size, expr in shifted:
        unknown = [i for i, _ in _steps(expr) if i not in sizes]
        if len(unknown) == 1:
            sizes[unknown[0]] = _reach(expr, unknown[0], size, sizes)
        elif unknown:
            raise NetError(
                f"the ranges of {' and '.join(map(spoken, unknown))} do not follow from"
                f" an axis of {size}",
                f'give one its size: {spoken(unknown[0])} = indices("{spoken(unknown[0])}", size=3)',
            )
    return sizes


def _steps(expr: sp.Expr) -> tuple[tuple[Index, int], ...]:
    form = affine(expr)
    return form.steps if form is not None else ()


def _reach(expr: sp.Expr, index: Index, size: Size, sizes: Mapping[Index, Size]) -> Size:
    """How far an index can run until a shifted access leaves its axis."""
    known = {i: Index(i.name, s) for i, s in sizes.items() if i in expr.free_symbols}
    step = expr.coeff(index, 1)
    rest = affine((expr - step * index).xreplace(known))
    if rest is None or not isinstance(size, int) or not rest.highest.is_Integer or step < 1:
        raise NetError(
            f"the range of index {spoken(index)} does not follow from {expr}",
            f'give its size: {spoken(index)} = indices("{spoken(index)}", size=3)',
        )
    reach = (size - 1 - int(rest.highest)) // int(step) + 1
    if reach < 1:
        raise NetError(
            f"{expr} does not fit an axis of {size}: the window is larger than what it slides over",
            "pad the tensor, or use a smaller window",
        )
    return reach

"""Elements of tensors: `x[i, 0]`, `x[c, p + u]` and `E[tok[t], d]`."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import sympy as sp

from bpgen.declare.axes import element_of, least, one_step_more, tensor_of
from bpgen.declare.declaration import OVER_BLOCKS, Quantity, here
from bpgen.declare.formula import Formula
from bpgen.declare.picked import picked
from bpgen.declare.symbolic import Symbolic
from bpgen.equations.affine import affine
from bpgen.errors import NetError
from bpgen.ir import Element, Index, Size, Term, is_batch

_NO_PART = (
    "part(x, 0, 2) takes a part along an axis; an index that runs is named: tensor(W[0, j], j)"
)
_NO_INDEX = 'an index is a name, as in i, j = indices("i j"), a whole number, or a label'


def accessed(tensor: Quantity, key: Any) -> Formula:
    """One element of a tensor, as a formula."""
    indices = address(tensor, key)
    _refuse_before_first(tensor, indices[len(indices) - tensor.rank :])
    return Formula((Term(element_of(tensor.serial, indices)),))


def _refuse_before_first(tensor: Quantity, indices: tuple[sp.Expr, ...]) -> None:
    """h[-1] is written, and what was written is read; Python's h[-1] would be the last step."""
    if tensor.carried not in (None, OVER_BLOCKS) and indices[tensor.carried] == -1:
        raise NetError(
            f"{tensor.said()}: index -1 is what stands before the first step, not the last step",
            "the last step is last(h), of a recurrence h; what is before the first is 0, or what"
            " you write there",
        )


def address(tensor: Quantity, key: Any) -> tuple[sp.Expr, ...]:
    """The indices of one element; one more, the sample's, may come first."""
    keys = key if isinstance(key, tuple) else (key,)
    batch = keys[:1] if len(keys) == tensor.rank + 1 and is_batch(keys[0]) else ()
    keys = keys[len(batch) :]
    if len(keys) != tensor.rank:
        several = "index" if tensor.rank == 1 else "indices"
        raise NetError(
            f"{tensor.said()} has {tensor.rank} {several}, not {len(keys)}",
            _by_vector(tensor, keys) or picked(tensor, keys) or _each_axis(tensor),
        )
    foreign = [k for k in keys if isinstance(k, slice) or k is None or k is Ellipsis]
    if foreign and (meant := picked(tensor, keys)):
        raise NetError(f"{tensor.said()}: {_shown(foreign[0])} is no index", meant)
    return (*batch, *(_index(tensor, axis, k) for axis, k in enumerate(keys)))


def _each_axis(tensor: Quantity) -> str:
    if not tensor.rank:
        return f"it is one number: write {here().variable(tensor) or 'it'} alone"
    return "name one index for each axis"


def _by_vector(tensor: Quantity, keys: tuple[Any, ...]) -> str:
    """What is meant by E[x], where x holds several numbers: a row for each, by whole numbers."""
    key, name = keys[0] if keys else None, here().variable(tensor)
    if not isinstance(key, Quantity) or key.rank != 1 or tensor.rank != 2 or not name:
        return ""
    x, size = here().variable(key) or "k", tensor.shape[0]
    rows = f'write tensor({name}[{x}[i], j], i, j), where i, j = indices("i j")'
    if key.bound is not None:
        return rows
    return f"{rows} and {x} = input({key.shape[0]!r}, below={size})".replace("'", '"')


def _shown(key: Any) -> str:
    """A key that is no index, as it is written."""
    if not isinstance(key, slice):
        return "..." if key is Ellipsis else str(key)
    ends = ("" if k is None else f"{k}" for k in (key.start, key.stop))
    return f"{':'.join(ends)}{'' if key.step is None else f':{key.step}'}"[:60]


def _index(tensor: Quantity, axis: int, key: Any) -> sp.Expr:
    size = tensor.shape[axis]
    if isinstance(key, sp.Expr) and not isinstance(key, sp.Integer):
        if affine(key) is None or not all(
            isinstance(s, Index) or str(s) in here().lengths for s in key.free_symbols
        ):
            raise NetError(f"{tensor.said()}: {key} is no index", _of_index(key))
        return key
    if isinstance(key, Symbolic):
        if getattr(key, "rank", 0):
            raise NetError(
                f"{key.said()} is a vector of numbers and cannot be an index", _use_label(size)
            )
        return _label(tensor, axis, Formula.of(key).body())
    if isinstance(key, bool) or not isinstance(key, (Integral, sp.Integer)):
        remedy = _NO_PART if isinstance(key, slice) else _NO_INDEX
        raise NetError(f"{tensor.said()}: {_shown(key):.60} is no index", remedy)
    if not least(tensor, axis) <= int(key) < (size if isinstance(size, int) else 1):
        end = size - 1 if isinstance(size, int) else 0
        raise NetError(
            f"{tensor.said()}: index {key} is outside 0 .. {end}",
            one_step_more(tensor, axis, sp.Integer(int(key))) or "count from 0",
        )
    return sp.Integer(int(key))


def _of_index(key: sp.Expr) -> str:
    """What an index is, for an expression that is none."""
    names = sorted(str(s) for s in key.free_symbols if type(s) is sp.Symbol)
    foreign = next((name for name in names if name not in here().lengths), "")
    if foreign:
        return f'no symbol of sympy is an index: {foreign} = indices("{foreign}") is'
    return "shift or stride an index by whole numbers, as in x[2*p + u]"


def _label(tensor: Quantity, axis: int, body: sp.Expr) -> Element:
    """An integer tensor's element as an index."""
    size = tensor.shape[axis]
    if not isinstance(body, Element):
        raise NetError(
            f"{tensor.said()}: a computed number is no index",
            _of_part(tensor, axis, body) or _use_label(size),
        )
    source = tensor_of(body)
    if source.bound is None:
        raise NetError(
            f"{source.said()} holds real numbers and cannot be an index", _use_label(size)
        )
    if source.bound != size:
        raise NetError(
            f"{source.said()} has {source.bound} classes,"
            f" axis {axis} of {tensor.said()} has {size} entries",
            _use_label(size, source.role),
        )
    return body


def _of_part(tensor: Quantity, axis: int, body: sp.Expr) -> str:
    """How to say p[y + 1], of a label: a part of p begins at 1."""
    first, label = body.as_coeff_Add()
    size, bound = tensor.shape[axis], tensor_of(label).bound if isinstance(label, Element) else None
    if not isinstance(size, int) or bound is None or not 0 <= first <= size - bound:
        return ""
    name = here().variable(tensor) or "p"
    where = f"part({name}, {first}, {first + bound}, axis={axis})"
    return f"a part counts from 0: {where}, read at the label as it is"


def _use_label(size: Size, role: str = "target") -> str:
    """No bound of whole numbers is a length known at run time; a place there is marked instead."""
    if isinstance(size, str):
        marks = f'k = input("{size}")'
        return f"mark the place by a 1 among zeros, {marks}, and sum: sum(k[t] * h[t], t)"
    whole = f"label({size})" if role == "target" else f"input(..., below={size})"
    return f"declare a whole number below {size}: {whole}"

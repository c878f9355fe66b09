"""Which equations have no value where a length known at run time is 0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sympy as sp

from bpgen.ir import BATCH, Element, Equation, Index, Size, TensorInfo, elements


def needs_one(equation: Equation, tensors: Mapping[str, TensorInfo]) -> bool:
    """Whether an equation has no value where a length known at run time is 0: it takes the largest
    of none, divides by the length, or reads or writes one place of the axis.
    """
    for term in equation.terms:
        largest = term.reduce != "sum" and any(_is_open(k.size) for k in term.over)
        divided = any(
            _is_open(str(s))
            for power in term.body.atoms(sp.Pow)
            if power.exp.is_negative
            for s in power.free_symbols - power.atoms(Index)
        )
        read = (next(_fixed(e.indices, tensors[e.name]), None) for e in elements(term.body))
        written = next(_fixed(term.at or (), tensors[equation.name]), None)
        if largest or divided or any(p is not None for p in (*read, written)):
            return True
    return False


def _is_open(size: Size | None) -> bool:
    return isinstance(size, str) and size != BATCH


def _fixed(at: tuple[sp.Expr, ...], info: TensorInfo) -> Iterator[sp.Expr]:
    """The places of an access along axes whose lengths are known at run time, where no index runs;
    before the first step of a recurrence there is one always.
    """
    for k, (place, axis) in enumerate(zip(at, info.indices, strict=False)):
        before = info.carried == k and place == -1
        if _is_open(axis.size) and not place.has(Index, Element) and not before:
            yield place

"""What lets the arguments of a function in, and the lengths that these tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sympy as sp

from bpgen.ir import BATCH, Equation, Index, TensorInfo
from bpgen.program.grammar import Admit


def doors(tensors: Iterable[TensorInfo], known: set[str]) -> Iterator[Admit]:
    """For each argument what lets it in; `known` are the lengths that have a value by now."""
    for tensor in tensors:
        yield door(tensor, tensor.name, known)
        known |= lengths_along([tensor])


def door(tensor: TensorInfo, name: str, known: set[str]) -> Admit:
    """What lets an argument in, or refuses it."""
    batch = (sp.Symbol(BATCH),) if tensor.batched and BATCH in known else ()
    return Admit(name, tensor, batch, frozenset(known))


def lengths_along(tensors: Iterable[TensorInfo]) -> set[str]:
    """The lengths known at run time that arrays tell."""
    return {i.size for t in tensors for i in t.indices if isinstance(i.size, str)}


def lengths_in(equations: Iterable[Equation]) -> Iterator[str]:
    """The lengths known at run time that equations speak of: those of indices, and in bodies."""
    for equation in equations:
        for term in equation.terms:
            sizes = (i.size for i in (*equation.indices, *term.over))
            yield from (size for size in sizes if isinstance(size, str))
            yield from (str(s) for s in term.body.free_symbols if not isinstance(s, Index))

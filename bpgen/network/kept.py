"""Where masks keep something: conditions on indices, asked at each of their values."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import prod

import numpy as np
import sympy as sp

from bpgen.ir import Element, Index, indices_of

Keeps = tuple[sp.Expr, ...]  # masks: of interest is where one of them is 0
_LENGTHS = (3, 5)  # of axes whose length is known at run time; two more than what they are told
_LARGEST = 10**7  # places at which a condition is asked


def nothing_kept(keeps: Keeps, over: Iterable[Index]) -> dict[Index, int] | None:
    """Values of the other indices at which conditions on indices alone keep none of those `over`
    which something runs.
    """
    kept = sp.Mul(*map(_of_indices, keeps))
    left = [i for i in indices_of(kept) if i not in set(over)]
    indices = [*left, *(i for i in indices_of(kept) if i not in left)]
    for length in _LENGTHS:
        holds = _on_grid(kept, indices, length)
        empty = ~holds.any(tuple(range(len(left), holds.ndim)))
        if empty.any():
            return dict(zip(left, map(int, np.argwhere(empty)[0]), strict=True))
    return None


@lru_cache(4096)
def always(keep: sp.Expr) -> bool:
    """Whether a mask is of indices alone, and holds at each of their values."""
    of_indices = _of_indices(keep)
    every = indices_of(keep)
    return of_indices == keep and all(_on_grid(keep, every, n).all() for n in _LENGTHS)


def _of_indices(keep: sp.Expr) -> sp.Expr:
    """The factors of a mask that are about indices alone."""
    return sp.Mul(*(f for f in sp.Mul.make_args(keep) if not f.has(Element, sp.Dummy)))


def _on_grid(keep: sp.Expr, indices: list[Index], length: int) -> np.ndarray:
    """Where a condition holds, an axis for each index; anywhere if these are too many places."""
    told = max((abs(int(n)) for n in keep.atoms(sp.Integer)), default=0)
    sizes = [i.size if isinstance(i.size, int) else told + length for i in indices]
    keep = keep.xreplace(dict.fromkeys(keep.free_symbols - {*indices}, sp.Integer(told + length)))
    if prod(sizes) > _LARGEST:
        return np.ones((1,) * len(sizes), dtype=bool)
    asked = sp.lambdify(indices, keep, [{"at_most": np.less_equal}, np], dummify=True)
    holds = np.asarray(asked(*np.ix_(*map(np.arange, sizes)))) != 0
    return np.broadcast_to(holds, sizes)

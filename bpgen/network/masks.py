"""Where tensors are infinite because something is masked: minus infinity is in what they read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod

import numpy as np
import sympy as sp

from bpgen.declare.axes import serial_of
from bpgen.equations.substitution import read_at
from bpgen.functions import defined, masked, row
from bpgen.ir import Element, Index, Term, indices_of
from bpgen.network.inline import Definition

Keeps = tuple[sp.Expr, ...]  # masks: there is an infinity where one of them is 0
_LENGTHS = (3, 5)  # of axes whose length is known at run time; two more than what they are told
_LARGEST = 10**7  # places at which a condition is asked
_SOMEWHERE = sp.Dummy("somewhere")  # a mask whose indices are summed over


@dataclass
class Infinite:
    """The masks by which tensors are infinite, found one after another. `rest` is what everything
    else is meanwhile: what is times 0 may be finite.
    """

    rest: sp.Expr
    found: dict[int, tuple[tuple[Index, ...], Keeps]] = field(default_factory=dict)

    def define(self, serial: int, definition: Definition) -> None:
        """Notice the masks of another tensor, which is read later."""
        indices, terms = definition
        keeps = (k for t in terms if t.reduce in ("sum", "max") for k in self._left(t))
        if every := tuple(dict.fromkeys(keeps)):
            self.found[serial] = indices, every

    def masks(self, body: sp.Expr) -> Keeps:
        """The masks where one of which is 0 a body is infinite."""
        atoms = {m: (m.args[1],) for m in body.atoms(masked)}
        atoms |= {e: self._read(e) for e in body.atoms(Element) if serial_of(e) in self.found}
        low = {atom: keeps for atom, keeps in atoms.items() if not all(map(_always, keeps))}
        if not low or not _diverges(body, low, self.rest):
            return ()
        return tuple(sorted({k for keeps in low.values() for k in keeps}, key=str))

    def _left(self, term: Term) -> Iterable[sp.Expr]:
        """The masks of a term. The largest of what some mask leaves is finite."""
        for keep in self.masks(term.body):
            if not set(term.over) & set(indices_of(keep)):
                yield keep
            elif term.reduce == "sum":
                yield _SOMEWHERE

    def _read(self, access: Element) -> Keeps:
        indices, keeps = self.found[serial_of(access)]
        at = access.indices[len(access.indices) - len(indices) :]
        places = dict(zip(indices, at, strict=True))
        return tuple(read_at(Term(k), places).body for k in keeps)


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


def _always(keep: sp.Expr) -> bool:
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
    asked = sp.lambdify(indices, keep, [{"at_most": np.less_equal}, "numpy"], dummify=True)
    holds = np.asarray(asked(*np.ix_(*map(np.arange, sizes)))) != 0
    return np.broadcast_to(holds, sizes)


def _diverges(body: sp.Expr, low: Iterable[sp.Expr], rest: sp.Expr) -> bool:
    """Whether a body is infinite where `low` ones in it are minus infinity; nan, as infinity times
    0, is what its function's convention makes of it.
    """
    fall = sp.Dummy()
    body = body.xreplace(dict.fromkeys(low, fall))
    others: Mapping[sp.Expr, sp.Expr] = dict.fromkeys(
        (*body.atoms(Element), *(body.free_symbols - {fall})), rest
    )
    body = _told(body.xreplace(others))
    return bool(body.xreplace({fall: -sp.oo}).is_infinite)


def _told(body: sp.Expr) -> sp.Expr:
    """A body in elementary functions, by their definitions."""
    calls = {c: defined(c) for c in body.atoms(sp.Function) if row(c) is not None}
    calls = {c: said for c, said in calls.items() if said != c}
    return _told(body.xreplace(calls)) if calls else body

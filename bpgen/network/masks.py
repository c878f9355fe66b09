"""What tensors are where something that they read is masked, and so minus infinity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
import sympy as sp

from bpgen.declare.axes import serial_of
from bpgen.equations.substitution import read_at
from bpgen.functions import defined, masked, row
from bpgen.ir import Element, Index, Term, elements, indices_of
from bpgen.network.inline import Definition

Keeps = tuple[sp.Expr, ...]  # masks: of interest is where one of them is 0
_LENGTHS = (3, 5)  # of axes whose length is known at run time; two more than what they are told
_LARGEST = 10**7  # places at which a condition is asked
_SOMEWHERE = sp.Dummy("somewhere")  # a mask whose indices are summed over
_FALLING = (sp.Float(-1e2), sp.Float(-1e5))  # in place of minus infinity, with which 0 is nan
_SETTLED = sp.Float(0.2)  # what it may still move, of its size
_APART = sp.Float(0.1)  # what is masked twice falls differently


@dataclass(frozen=True)
class Falling:
    """What a tensor is where something is masked: by which masks, and its values as that falls."""

    indices: tuple[Index, ...]
    keeps: Keeps
    values: tuple[sp.Expr, ...]


@dataclass
class Masked:
    """What tensors are where something is masked, found one after another. `rest` is what
    everything else is meanwhile: what is times 0 may be finite.
    """

    rest: sp.Expr
    found: dict[int, Falling] = field(default_factory=dict)
    called: dict[sp.Expr, sp.Expr] = field(default_factory=dict)  # how fast each call falls

    def define(self, serial: int, definition: Definition) -> None:
        """Notice what masks make of another tensor, which is read later."""
        indices, terms = definition
        keeps = tuple(dict.fromkeys(k for t in terms for k in self._left(t)))
        if keeps:
            values = zip(*(self._values(t.body) for t in terms), strict=True)
            self.found[serial] = Falling(indices, keeps, tuple(sp.Add(*v) for v in values))

    def unbounded(self, serial: int) -> bool:
        """Whether a tensor has no finite value where one of its masks is 0."""
        return serial in self.found and _unsettled(self.found[serial].values)

    def masks(self, body: sp.Expr) -> Keeps:
        """The masks where one of which is 0 a body has no finite value."""
        return self._keeps(body) if _unsettled(self._values(body)) else ()

    def _keeps(self, body: sp.Expr) -> Keeps:
        every = (k for keeps, _ in self._falling(body).values() for k in keeps)
        return tuple(sorted(set(every), key=str))

    def _left(self, term: Term) -> Iterator[sp.Expr]:
        """The masks of a term. The largest of what some mask leaves is finite, and so is a sum of
        finite ones.
        """
        summed = term.reduce == "sum"
        if term.reduce not in ("sum", "max") or (term.over and not self.masks(term.body)):
            return
        for keep in self._keeps(term.body):
            if not set(term.over) & set(indices_of(keep)):
                yield keep
            elif summed:
                yield _SOMEWHERE

    def _values(self, body: sp.Expr) -> list[sp.Expr]:
        falling = self._falling(body)
        if not falling:
            return [self.rest] * len(_FALLING)
        letters = {atom: sp.Dummy() for atom in falling}
        told = _told(body.xreplace(letters))
        others = {*told.atoms(Element), *told.free_symbols} - {*letters.values()}
        told = told.xreplace(dict.fromkeys(others, self.rest))
        columns = zip(*(values for _, values in falling.values()), strict=True)
        return [told.xreplace(dict(zip(letters.values(), v, strict=True))) for v in columns]

    def _falling(self, body: sp.Expr) -> dict[sp.Expr, tuple[Keeps, tuple[sp.Expr, ...]]]:
        """What falls in a body: calls that mask, and tensors that were found, but for those that
        are always kept there.
        """
        found: dict[sp.Expr, tuple[Keeps, tuple[sp.Expr, ...]]] = {}
        for call in sorted(body.atoms(masked), key=str):
            speed = self.called.setdefault(call, 1 + _APART * len(self.called))
            found[call] = (call.args[1],), tuple(speed * x for x in _FALLING)
        for access in (e for e in elements(body) if serial_of(e) in self.found):
            known = self.found[serial_of(access)]
            at = access.indices[len(access.indices) - len(known.indices) :]
            places = dict(zip(known.indices, at, strict=True))
            keeps = tuple(read_at(Term(k), places).body for k in known.keeps)
            found[access] = keeps, known.values
        return {x: known for x, known in found.items() if not all(map(_always, known[0]))}


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


def _unsettled(values: Sequence[sp.Expr]) -> bool:
    near, far = values
    moved, whole = abs(far - near), 1 + abs(far)
    return bool(moved.is_comparable and whole.is_comparable and moved > _SETTLED * whole)


def _told(body: sp.Expr) -> sp.Expr:
    """A body in elementary functions, by their definitions."""
    calls = {c: defined(c) for c in body.atoms(sp.Function) if row(c) is not None}
    calls = {c: said for c, said in calls.items() if said != c}
    return _told(body.xreplace(calls)) if calls else body

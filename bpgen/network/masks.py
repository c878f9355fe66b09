"""What tensors are where something that they read is masked, and so minus infinity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import sympy as sp

from bpgen.declare.axes import serial_of
from bpgen.equations.substitution import read_at
from bpgen.functions import defined, masked, row
from bpgen.ir import Element, Index, Term, elements, indices_of
from bpgen.network.inline import Definition
from bpgen.network.kept import Keeps, always

_SOMEWHERE = sp.Dummy("somewhere")  # a mask whose indices are summed over
_FALLING = (sp.Float(-1e2), sp.Float(-1e5))  # in place of minus infinity, with which 0 is nan
_SETTLED = sp.Float(0.2)  # what it may still move, of its size
_APART = sp.Float(0.1)  # what is masked twice falls differently


@dataclass(frozen=True)
class Falling:
    """What something is where one of these masks is 0: its values as what is masked falls."""

    keeps: Keeps
    values: tuple[sp.Expr, ...]

    @property
    def unbounded(self) -> bool:
        near, far = self.values
        moved, whole = abs(far - near), 1 + abs(far)
        return bool(moved.is_comparable and whole.is_comparable and moved > _SETTLED * whole)


@dataclass
class Masked:
    """What tensors are where something is masked, found one after another. `rest` is what
    everything else is meanwhile: what is times 0 may be finite.
    """

    rest: sp.Expr
    found: dict[int, tuple[tuple[Index, ...], Falling]] = field(default_factory=dict)
    called: dict[sp.Expr, sp.Expr] = field(default_factory=dict)  # how fast each call falls

    def define(self, serial: int, definition: Definition) -> None:
        """Notice what masks make of another tensor, which is read later."""
        indices, terms = definition
        every = [self._of(t.body) for t in terms]
        keeps = dict.fromkeys(k for t, f in zip(terms, every, strict=True) for k in _left(t, f))
        if keeps:
            values = zip(*(f.values for f in every), strict=True)
            falling = Falling(tuple(keeps), tuple(sp.Add(*v) for v in values))
            self.found[serial] = indices, falling

    def unbounded(self, serial: int) -> bool:
        """Whether a tensor has no finite value where one of its masks is 0."""
        return serial in self.found and self.found[serial][1].unbounded

    def masks(self, body: sp.Expr) -> Keeps:
        """The masks where one of which is 0 a body has no finite value."""
        falling = self._of(body)
        return falling.keeps if falling.unbounded else ()

    def _of(self, body: sp.Expr) -> Falling:
        """A body in which what falls does, and all else stays what it is."""
        falling = {x: f for x, f in self._in(body) if not all(map(always, f.keeps))}
        if not falling:
            return Falling((), (self.rest,) * len(_FALLING))
        keeps = sorted({k for f in falling.values() for k in f.keeps}, key=str)
        letters = {x: sp.Dummy() for x in falling}
        told = _told(body.xreplace(letters))
        others = {*told.atoms(Element), *told.free_symbols} - {*letters.values()}
        told = told.xreplace(dict.fromkeys(others, self.rest))
        columns = zip(*(f.values for f in falling.values()), strict=True)
        values = (told.xreplace(dict(zip(letters.values(), v, strict=True))) for v in columns)
        return Falling(tuple(keeps), tuple(values))

    def _in(self, body: sp.Expr) -> Iterator[tuple[sp.Expr, Falling]]:
        """What falls in a body: calls that mask, and tensors that were found."""
        for call in sorted(body.atoms(masked), key=str):
            speed = self.called.setdefault(call, 1 + _APART * len(self.called))
            yield call, Falling((call.args[1],), tuple(speed * x for x in _FALLING))
        for access in (e for e in elements(body) if serial_of(e) in self.found):
            indices, falling = self.found[serial_of(access)]
            at = access.indices[len(access.indices) - len(indices) :]
            places = dict(zip(indices, at, strict=True))
            keeps = tuple(read_at(Term(k), places).body for k in falling.keeps)
            yield access, Falling(keeps, falling.values)


def _left(term: Term, body: Falling) -> Iterator[sp.Expr]:
    """The masks that a term leaves of its body's. The largest of what some mask leaves is finite,
    and so is a sum of finite ones.
    """
    if term.reduce not in ("sum", "max") or (term.over and not body.unbounded):
        return
    for keep in body.keeps:
        if not {*term.over} & {*indices_of(keep)}:
            yield keep
        elif term.reduce == "sum":
            yield _SOMEWHERE


def _told(body: sp.Expr) -> sp.Expr:
    """A body in elementary functions, by their definitions."""
    calls = {c: defined(c) for c in body.atoms(sp.Function) if row(c) is not None}
    calls = {c: said for c, said in calls.items() if said != c}
    return _told(body.xreplace(calls)) if calls else body

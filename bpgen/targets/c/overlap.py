"""Whether an array may be read while it is written: element by element, or another part of it."""

from __future__ import annotations

from typing import Any

import sympy as sp

from bpgen.program import grammar as program
from bpgen.program.grammar import Expr
from bpgen.targets.c.stored import Names
from bpgen.targets.c.strides import address


def is_in_place(value: Expr, at: Expr, names: Names) -> bool:
    """Whether no element of an array is read when another of it is written."""
    array = _written(at)
    reads = (n.name for n in value.walk() if isinstance(n, program.Read))
    if array not in (_root(n, names) for n in reads) or _are_apart(value, at):
        return True
    if isinstance(value, program.Map):
        return all(is_in_place(x, at, names) for _, x in value.operands)
    if isinstance(value, program.Total):
        every = [*value.addends, *([value.last] if value.last is not None else [])]
        return all(is_in_place(x, at, names) for x in every)
    here = address(at, names) if array in names.arrays else None
    return here is not None and address(value, names) == here


def _written(at: Any) -> str:
    """The array of which a part is written."""
    while not isinstance(at, program.Read):
        at = at.array
    return at.name


def _root(name: str, names: Names) -> str:
    """The array that a name looks at."""
    alias = names.aliases.get(name)
    read = (n.name for n in alias.walk() if isinstance(n, program.Read)) if alias else ()
    return next((_root(n, names) for n in read), name)


def _are_apart(value: Expr, at: Expr) -> bool:
    """Whether a value is a part of the array that is written, and another part: at another place
    along an axis that neither runs along, as one step of a recurrence and the next.
    """
    if not isinstance(value, program.View) or not isinstance(at, program.View):
        return False
    if not isinstance(value.array, program.Read) or value.array != at.array:
        return False
    moving = {*value.axes, *at.axes}
    pairs = ((v.at, a.at) for v, a in zip(value.slots, at.slots, strict=True))
    fixed = (
        (v, a)
        for v, a in pairs
        if isinstance(v, sp.Expr)
        and isinstance(a, sp.Expr)
        and not (v.free_symbols | a.free_symbols) & moving
    )
    return any(sp.expand(v - a).is_nonzero for v, a in fixed)

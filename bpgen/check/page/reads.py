"""Which entries of a tensor an equation needs for which of its own, whatever their values are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import sympy as sp

from bpgen.check.entrywise.entries import Entries
from bpgen.check.entrywise.tape import tape
from bpgen.check.entrywise.values import Values
from bpgen.check.page.world import Array, World
from bpgen.functions import masked
from bpgen.ir import Element, Equation, elements


def read_by(world: World, equation: Equation, name: str) -> Array:
    """Whether an entry of the equation's tensor is made of one of the tensor of this name: by the
    places at which both are stored, those of the first ahead.
    """
    at = Values(world.network, world.lengths)
    at.values = world.lanes
    stored = (*world.values[equation.name].shape, *world.values[name].shape)
    found = np.zeros(stored, bool)
    for term in equation.terms:  # all steps of a recurrence at once
        entries = Entries(at, replace(equation, loop=None), term, None)
        for access in entries.tape.elements:
            if access.name == name:
                needed = _needed(term.body, access, entries)
                places = (*entries.left, *entries.places(access))
                every = np.broadcast_arrays(needed, np.empty(entries.grid.shape), *places)
                found[tuple(p[every[0]] for p in every[2:])] = True
    return found


def _needed(expr: sp.Basic, access: Element, entries: Entries) -> Array:
    """Where an expression needs what an access reads: not where indices alone leave it out, by a
    factor of 0 or a mask, as what comes later. Of masks that are data there may be others.
    """
    if expr == access:
        return np.asarray(True)
    if not expr.has(access) or isinstance(expr, Element):
        return np.asarray(False)
    parts = [_needed(part, access, entries) for part in expr.args]
    found = np.any(np.stack(np.broadcast_arrays(*parts)), 0)
    for kept in (f for f in _factors(expr) if not elements(f)):
        found = found & (tape(kept).run(lambda e: entries.grid.leaf(e, entries.at.real))[0] != 0)
    return np.asarray(found)


def _factors(expr: sp.Basic) -> tuple[sp.Basic, ...]:
    """Where one of these is 0, the others do not matter."""
    return expr.args if isinstance(expr, (sp.Mul, masked)) else ()

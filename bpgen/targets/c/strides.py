"""Where elements stand in memory: a place that is affine in the indices of an expression."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import sympy as sp

from bpgen.ir import Index, length
from bpgen.program import grammar as program
from bpgen.program.grammar import Expr
from bpgen.program.memory import is_identity
from bpgen.targets.c.stored import Names, Sizes, Stored

_SAME = (program.Broadcast, program.Cast, program.Copy, program.AsArray)
At = Mapping[Index, sp.Expr]


class Address(NamedTuple):
    """An array, and the place of an element in it as a function of indices."""

    array: Stored
    place: sp.Expr

    def stride(self, index: Index) -> sp.Expr:
        """How far one step along an index moves in memory."""
        return _stride(self.place, index)

    def at_0(self, indices: set[Index]) -> Address:
        return Address(self.array, self.place.xreplace(dict.fromkeys(indices, sp.S.Zero)))


@lru_cache(10_000)  # each index is asked about in each statement of a loop
def _stride(place: sp.Expr, index: Index) -> sp.Expr:
    return place.coeff(index, 1)


def address(node: Expr, names: Names, at: At | None = None) -> Address | None:
    """Where an expression's elements stand, if it only looks at an array in memory, and none of its
    places are looked up.
    """
    at = at or {}
    if is_identity(node):
        return address(node.operands[0][1], names, at)
    if isinstance(node, _SAME):
        return address(node.array, names, at)
    if isinstance(node, program.Read):
        return _of_array(node, names, at)
    if isinstance(node, program.Join) and names.is_stored(node.array):
        return _joined(node, names, at)
    if not isinstance(node, program.View):
        return None
    places = [s.at.xreplace(dict(at)) for s in node.slots if isinstance(s.at, sp.Expr)]
    if len(places) < len(node.slots):
        return None
    if names.is_stored(node.array):
        array = names.arrays[node.array.name]  # type: ignore[attr-defined]
        return _placed(array, places, tuple(s.length for s in node.slots))
    return address(node.array, names, {**at, **dict(zip(node.array.axes, places, strict=True))})


def _of_array(node: program.Read, names: Names, at: At) -> Address | None:
    alias = names.aliases.get(node.name)
    places = [at.get(i, i) for i in node.axes]
    if alias is not None:
        return address(alias, names, {**at, **dict(zip(alias.axes, places, strict=True))})
    sizes = tuple(length(i.size) for i in node.axes)
    return _placed(names.arrays[node.name], places, sizes)


def _joined(node: program.Join, names: Names, at: At) -> Address | None:
    """The elements stand in the same order under any axes."""
    assert isinstance(node.array, program.Read)
    sizes = tuple(length(i.size) for i in node.axes)
    array = Stored(names.arrays[node.array.name].text, sizes)
    return _placed(array, [at.get(i, i) for i in node.axes], sizes)


def _placed(array: Stored, places: list[sp.Expr], sizes: Sizes) -> Address | None:
    """An element of an array whose last axis is the fastest."""
    place, stride = sp.S.Zero, sp.S.One
    for at, size in reversed([*zip(places, array.sizes or sizes, strict=True)]):
        place, stride = place + stride * at, stride * size
    found = Address(array, sp.expand(place))
    moved = {s for s in found.place.free_symbols if isinstance(s, Index)}
    is_affine = all(not found.stride(i).has(*moved) for i in moved)
    return found if is_affine and not array.is_variable else None

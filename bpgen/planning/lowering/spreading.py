"""Operands that have fewer axes than what is computed of them, or hold yes or no, copied along all
its axes before: a bias, the largest of each row. numpy goes through arrays that are alike in one
run; through others row by row, or in pieces that it converts, which takes longer than the copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Protocol

import sympy as sp

from bpgen.planning.layout.layouts import Layouts
from bpgen.planning.lowering.scratch import Scratch
from bpgen.planning.nodes import Apply, Kind
from bpgen.planning.views import numbers_of_sample
from bpgen.program.grammar import Expr, Loop, Node, Read, Step, Store
from bpgen.program.memory import bare

SOME = 256  # numbers of a sample; of more, the copy costs memory and gains no time


class Lowered(Protocol):
    """What knows of arrays."""

    scratch: Scratch
    layouts: Layouts
    aliases: dict[str, str]

    def kind(self, at: Expr) -> Kind: ...


def spread(lowered: Lowered, body: Iterable[Node]) -> tuple[Node, ...]:
    """The statements, and such copies before those that gain by them."""
    return tuple(made for node in body for made in _statements(lowered, node))


def _statements(lowered: Lowered, node: Node) -> Iterator[Node]:
    if isinstance(node, (Step, Loop)):
        yield replace(node, body=spread(lowered, node.body))
        return
    short = _short(lowered, node) if isinstance(node, Store) and not node.adds else None
    if short is None:
        yield _bounded(lowered, node)
        return
    assert isinstance(node, Store) and isinstance(node.value, Apply)
    operands = node.value.operands
    whole = node.at if _is_free(lowered, node) else lowered.scratch.near(node.at, node.at.axes)
    yield Store(whole, bare(short), False)
    spread_out = tuple(whole if o == short else o for o in operands)
    yield replace(node, value=replace(node.value, operands=spread_out))


def _bounded(lowered: Lowered, node: Node) -> Node:
    """A bound by one number, as one by an array that holds it and stays: numpy vectorises that."""
    if not isinstance(node, Store) or not isinstance(node.value, Apply):
        return node
    at, value = node.at, node.value
    if value.call != "clip" or not isinstance(at, Read) or not _is_small(lowered, at):
        return node
    array, *ends = value.operands
    low, high = (_number(lowered, o) for o in ends)
    alike = isinstance(array, Expr) and _are_alike(lowered, at, array)
    if not alike or not lowered.layouts.is_declared(at) or sp.oo not in (high, -low):
        return node
    call, number = ("maximum", low) if high == sp.oo else ("minimum", high)
    return replace(
        node, value=Apply(call, (array, lowered.scratch.numbers(number, at.axes)), at.axes)
    )


def _number(lowered: Lowered, operand: Expr | sp.Expr) -> sp.Expr:
    """The number that a bound is, which may be kept as an array."""
    if isinstance(operand, sp.Expr):
        return operand
    assert isinstance(operand, Read)
    return lowered.scratch.buffers[operand.name].holds


def _is_small(lowered: Lowered, at: Read) -> bool:
    """Whether an array of real numbers has few of each sample."""
    small = (numbers_of_sample(at) or SOME + 1) <= SOME
    return len(at.axes) > 1 and lowered.kind(at) == "real" and small


def _short(lowered: Lowered, node: Store) -> Expr | None:
    """The one operand that is not like the result, where all others are, and samples are small."""
    at, value = node.at, node.value
    if not isinstance(at, Read) or not isinstance(value, Apply) or not _is_small(lowered, at):
        return None
    arrays = {o for o in value.operands if isinstance(o, Expr) and o.axes}
    alike = {o for o in arrays if _are_alike(lowered, at, o)}
    short = arrays - alike
    if not alike or len(short) != 1:
        return None
    (found,) = short
    own = bare(found)
    return found if isinstance(own, Read) and {*own.axes} <= {*at.axes} else None


def _are_alike(lowered: Lowered, at: Read, operand: Expr) -> bool:
    """Whether an array goes with a result entry by entry of memory, as it is."""
    same = lowered.layouts.memory(bare(operand)) == lowered.layouts.of(at)
    return same and lowered.kind(operand) == "real"


def _is_free(lowered: Lowered, node: Store) -> bool:
    """Whether a copy may stand where the result will."""
    at, *read = (
        {lowered.aliases.get(n.name, n.name) for n in part.walk() if isinstance(n, Read)}
        for part in (node.at, node.value)
    )
    return at.isdisjoint(*read)

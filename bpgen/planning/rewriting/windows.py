"""What is computed of the places of a window, or added there, computed once for each place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sympy as sp

from bpgen.equations.affine import affine
from bpgen.ir import Element, element, length
from bpgen.program.elements import outermost
from bpgen.program.grammar import (
    Assign,
    Expr,
    Fill,
    Loop,
    Map,
    Node,
    OnRequest,
    Read,
    Reduce,
    Slice,
    Slot,
    Step,
    Store,
    View,
    Windows,
)
from bpgen.program.memory import is_identity, is_zero, looks_at
from bpgen.program.spans import windows_of


def once_per_place(body: Iterable[Node]) -> tuple[Node, ...]:
    """Statements that compute a function of an array once, and not in every window that a place is
    in; and multiply what is added up at a place, rather than each addend.
    """
    made: list[Node] = []
    for node in body:
        if isinstance(node, (Step, OnRequest)):
            made.append(replace(node, body=once_per_place(node.body)))
        elif isinstance(node, Assign) and isinstance(node.value, Expr):
            made.append(replace(node, value=_before_windows(node.value)))
        elif isinstance(node, Loop) and made:
            made += _after_adding(made[-1], node)
        else:
            made.append(node)
    return tuple(made)


def _before_windows(value: Expr) -> Expr:
    """The windows of what is computed, for what is computed of windows."""
    if isinstance(value, Reduce):
        return replace(value, array=_before_windows(value.array))
    if not isinstance(value, Map) or is_identity(value):
        return value
    views = [x for _, x in value.operands if isinstance(x, Windows) and isinstance(x.array, Read)]
    alike = {(v.slots, v.axes, v.array.axes) for v in views}
    if len(views) != len(value.operands) or len(alike) != 1 or not _covers(views[0]):
        return value
    if views[0].axes != value.axes:
        return value
    operands = ((e, v.array) for (e, _), v in zip(value.operands, views, strict=True))
    return replace(views[0], array=Map(value.body, tuple(operands), views[0].array.axes))


def _covers(view: Windows) -> bool:
    """Whether every place is in a window, so that nothing is computed that was not."""
    return _is_all_stored(view) and all(
        w.begins.is_whole and abs(w.dilation) == 1 for w in windows_of(view)
    )


def _is_all_stored(view: View) -> bool:
    """Whether an array has no more than its axes say: a recurrence has what stands before it."""
    pairs = zip(view.slots, view.array.axes, strict=True)
    return all(slot.length == length(axis.size) for slot, axis in pairs)


def _after_adding(before: Node, loop: Loop) -> list[Node]:
    """A loop that adds up at places of an array of zeros, and then what all addends at a place are
    multiplied by.
    """
    if len(loop.body) != 1:
        return [loop]
    (store,) = loop.body
    if not (isinstance(store, Store) and _begins(before, store)):
        return [loop]
    at, value = store.at, store.value
    if not (isinstance(at, Slice) and isinstance(at.array, Read) and isinstance(value, Map)):
        return [loop]
    if not (
        _is_all_stored(at) and all(map(_is_everywhere, at.slots))
    ):  # elsewhere a factor may be undefined
        return [loop]
    theirs = {
        e: x.array
        for e, x in value.operands
        if isinstance(x, Slice) and x.slots == at.slots and isinstance(x.array, Read)
    }
    factors = sp.Mul.make_args(value.body)
    own = sp.Mul(*(f for f in factors if {*outermost(f)} and {*outermost(f)} <= {*theirs}))
    rest = value.body / own
    if own == 1 or not any(e not in theirs for e in outermost(rest)):
        return [loop]
    inner = replace(value, body=rest, operands=_of(value, rest))
    added = replace(loop, body=(replace(store, value=inner),))
    whole, axes = element(at.array.name, at.array.axes), at.array.axes
    operands = ((e, Read(theirs[e].name, axes)) for e in theirs if e in outermost(own))
    multiplied = Map(whole * own, ((whole, at.array), *operands), axes)
    return [added, Store(at.array, multiplied, False)]


def _begins(before: Node, store: Store) -> bool:
    """Whether a statement makes the zeros to which this one adds."""
    if not isinstance(before, Assign) or not isinstance(before.value, Fill):
        return False
    return is_zero(before.value.value) and store.adds and looks_at(store.at) == before.name


def _is_everywhere(slot: Slot) -> bool:
    """Whether a place comes to every value along its axis."""
    form = affine(slot.at) if isinstance(slot.at, sp.Expr) else None
    if form is None or form.start != 0:
        return False
    reach = sp.S.One
    for index, step in reversed(form.steps):
        if step < 0 or not (reach - step).is_nonnegative:
            return False
        reach += step * (length(index.size) - 1)
    return bool(sp.expand(reach - slot.length) == 0)


def _of(value: Map, body: sp.Expr) -> tuple[tuple[Element, Expr], ...]:
    return tuple((e, x) for e, x in value.operands if e in outermost(body))

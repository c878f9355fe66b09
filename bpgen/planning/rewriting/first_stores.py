"""What a loop adds up step by step in an array of zeros: what comes first to a place is stored
there, and zeros stand only where no step comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile

import sympy as sp

from bpgen.equations.affine import Affine, affine
from bpgen.ir import Index, length
from bpgen.program.grammar import (
    Assign,
    Call,
    Expr,
    Fill,
    Keep,
    Loop,
    Node,
    Pack,
    Read,
    Ref,
    Slice,
    Slot,
    Step,
    Store,
)
from bpgen.program.memory import is_zero, looks_at
from bpgen.program.spans import takes_all

Instead = Mapping[Node, tuple[Node, ...]]  # of a statement those that stand for it


@dataclass(frozen=True)
class _Visit:
    """A part of an array that a statement reads, or writes: then it is the statement, too."""

    view: Slice
    store: Store | None = None

    def along(self, step: Index) -> Iterator[int]:
        """The axes of the array of which a step tells the one entry."""
        for k, slot in enumerate(self.view.slots):
            if isinstance(slot.at, sp.Expr) and step in slot.at.free_symbols:
                yield k

    def place(self, axis: int) -> sp.Expr:
        """Where along an axis it is; nowhere, if it runs along it."""
        at = self.view.slots[axis].at
        free = not isinstance(at, sp.Expr) or at.free_symbols & {*self.view.axes}
        return sp.nan if free else at

    def parts(self, axis: int) -> list[tuple[int, Slot]]:
        """The other axes of which it is not all."""
        pairs = enumerate(self.view.slots)
        return [(k, s) for k, s in pairs if k != axis and not takes_all(s, self.view.axes)]


def first_stored(body: Iterable[Node]) -> tuple[Node, ...]:
    """Statements whose loops over steps store where they are the first to write."""
    made: list[Node] = []
    for node in body:
        for fill in [*_zeros(made)] if isinstance(node, Loop) and len(node.indices) == 1 else ():
            change = _change(fill, made, node)
            made, (node,) = [*_with(change, made)], _with(change, [node])
        made.append(node)
    return tuple(made)


def _zeros(body: Iterable[Node]) -> Iterator[Assign]:
    """The statements that make an array of zeros."""
    for node in _flat(body):
        if isinstance(node, Assign) and isinstance(node.value, Fill) and is_zero(node.value.value):
            yield node


def _flat(body: Iterable[Node]) -> Iterator[Node]:
    for node in body:
        yield from _flat(node.body) if isinstance(node, Step) else (node,)


def _with(instead: Instead, body: Iterable[Node]) -> Iterator[Node]:
    for node in body:
        if isinstance(node, (Step, Loop)):
            yield replace(node, body=tuple(_with(instead, node.body)))
        else:
            yield from instead.get(node, (node,))


def _change(fill: Assign, before: Iterable[Node], loop: Node) -> Instead:
    """Zeros only where no step comes, and a store for what comes first to each place; nothing where
    it is not sure that all of a place is written before it is read.
    """
    assert isinstance(loop, Loop)
    flat, (step,) = [*_flat(before)], loop.indices
    early = _visits(fill.name, flat[flat.index(fill) + 1 :])
    visits = _visits(fill.name, loop.body)
    axes = {k for v in visits or () for k in v.along(step)}
    if early is None or not visits or len(axes) != 1:
        return {}
    (axis,) = axes
    offsets = [sp.expand(v.place(axis) - step) for v in visits]
    if not all(o.is_Integer for o in offsets):
        return {}
    first = (min if loop.reverse else max)(offsets)  # these come to a place before the others do
    stores = _covering([v for v, o in zip(visits, offsets, strict=True) if o == first], axis)
    last, size = first + length(step.size), visits[0].view.slots[axis].length
    rest = sp.expand(size - last)
    apart = all(_is_apart(v.place(axis), first, last) for v in early)
    if not stores or not apart or first < 0 or not rest.is_nonnegative or not rest.is_Integer:
        return {}
    left = [*map(sp.Integer, range(first)), *(last + k for k in range(rest))]
    zeros = (_zero(fill, visits[0].view, axis, p) for p in left if not _is_stored(p, axis, early))
    begun = replace(fill, value=replace(fill.value, value=None))  # type: ignore[type-var]
    return {fill: (begun, *zeros), **{s: (replace(s, adds=False),) for s in stores}}


def _is_apart(place: sp.Expr, first: sp.Expr, last: sp.Expr) -> bool:
    """Whether a place is none of those from the first to before the last."""
    return bool((place - last).is_nonnegative or (place - first).is_negative)


def _is_stored(place: sp.Expr, axis: int, early: Iterable[_Visit]) -> bool:
    """Whether what first comes to a place before the loop writes all of it."""
    visit = next((v for v in early if v.place(axis) == place), None)
    store = visit.store if visit is not None and not visit.parts(axis) else None
    return store is not None and not store.adds


def _covering(visits: list[_Visit], axis: int) -> list[Store]:
    """The statements that write all of a place before it is read; none where it is not sure."""
    writing = [*takewhile(lambda v: v.store is not None, visits)]
    stores = [v.store for v in writing if v.store is not None]
    if any(stores.count(s) > 1 for s in stores):
        return []
    for k, visit in enumerate(writing):
        parts = [v.parts(axis) for v in writing[: k + 1]]
        if not visit.parts(axis):
            return [stores[k]] if k == 0 else []
        along = {p[0][0] if len(p) == 1 else -1 for p in parts}
        if len(along) == 1 and -1 not in along and _tile([p[0][1] for p in parts]):
            return stores[: k + 1]
    return []


def _tile(slots: list[Slot]) -> bool:
    """Whether parts of one axis are all of it, and none is a part of another."""
    forms = [affine(s.at) for s in slots if isinstance(s.at, sp.Expr)]
    runs = [f for f in forms if f is not None and _is_run(f)]
    ends = [(f.start, f.start + length(f.steps[0][0].size)) for f in runs]
    numbers = all(p.is_Integer for end in ends for p in end)
    if len(ends) != len(slots) or not numbers:
        return False
    order = sorted(ends)
    begins, stops = [0, *(stop for _, stop in order)], [*(b for b, _ in order), slots[0].length]
    return all(b == s for b, s in zip(begins, stops, strict=True))


def _is_run(form: Affine) -> bool:
    """Whether one index runs along it, entry by entry."""
    return [step for _, step in form.steps] == [1]


def _zero(fill: Assign, view: Slice, axis: int, place: sp.Expr) -> Store:
    """Zeros at one place of an array."""
    assert isinstance(fill.value, Fill) and fill.value.value is not None
    axes = tuple(i for k, i in enumerate(fill.value.axes) if k != axis)
    lengths = (s.length for s in view.slots)
    pairs = enumerate(zip(fill.value.axes, lengths, strict=True))
    slots = tuple(Slot(place if k == axis else i, size) for k, (i, size) in pairs)
    return Store(Slice(Read(fill.name, fill.value.axes), slots, axes), fill.value.value, False)


def _visits(name: str, body: Iterable[Node]) -> list[_Visit] | None:
    """Every part of an array that statements read and write, in their order; None where one speaks
    of it otherwise.
    """
    found: list[_Visit] = []
    for node in _flat(body):
        if isinstance(node, (Call, Keep, Pack)):
            return None
        if not any(isinstance(n, (Read, Ref)) and n.name == name for n in node.walk()):
            continue
        value = node.value if isinstance(node, (Assign, Store)) else None
        read = _views(name, value) if isinstance(value, Expr) else None
        if read is None or (isinstance(node, Assign) and _is_alias(value, name)):
            return None
        found += map(_Visit, read)
        if isinstance(node, Store):
            at = _views(name, node.at)
            if at is None or at not in ([], [node.at]):
                return None
            found += [_Visit(view, node) for view in at]
    return found


def _views(name: str, value: Node) -> list[Slice] | None:
    """The parts of an array in an expression; None where it is there otherwise."""
    nodes = value.walk()
    found = [n for n in nodes if isinstance(n, Slice) and _is_of(n.array, name)]
    return found if len(found) == sum(_is_of(n, name) for n in nodes) else None


def _is_alias(value: Node | None, name: str) -> bool:
    return isinstance(value, Expr) and looks_at(value) == name


def _is_of(node: Node, name: str) -> bool:
    return isinstance(node, (Read, Ref)) and node.name == name

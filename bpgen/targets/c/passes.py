"""What C does otherwise than arrays ask for: no copy of windows, nothing made only to be added.

A window's places are computed once, and looked at; a sum of products that is made to be added at
shifted places is added there; what forward leaves is not copied, if it only looks at what is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeGuard

import sympy as sp

from bpgen.ir import Index, length, spoken
from bpgen.names import free
from bpgen.planning.windows import once_each
from bpgen.program import grammar as program
from bpgen.program.grammar import (
    Assign,
    Contract,
    Expr,
    Function,
    Loop,
    Node,
    Read,
    Step,
    Store,
)
from bpgen.program.memory import bare, is_identity, written

LOOKS = (
    *(program.View, program.Gather, program.Broadcast, program.Join, program.Read),
    *(program.Cast, program.Count),
)


AROUND = (Step, program.OnRequest)  # statements around others, each of which is run once


def passed(function: Function, taken: Container[str], asked: bool) -> Function:
    """A function after all passes; without what is done on request, unless that is `asked` for."""
    body = [n for n in function.body if asked or not isinstance(n, program.OnRequest)]
    body = [n for statement in once_each(body) for n in _with_places(statement, taken)]
    body = [_changed(_changed(n, _in_order), _in_rows) for n in body]
    return replace(function, body=tuple(_added_at_once(body)))


def only_looks(value: Node) -> bool:
    """Whether it is other arrays, seen otherwise."""
    nodes = [n for n in value.walk() if isinstance(n, Expr)]
    joins = (n for n in nodes if isinstance(n, program.Join))
    seen = all(isinstance(n, LOOKS) or is_identity(n) for n in nodes)
    return seen and all(isinstance(n.array, Read) for n in joins)


def _changed(node: Any, change: Callable[[Any], Any]) -> Any:
    """A node with all that it is made of changed, from within."""
    if isinstance(node, tuple):
        new = tuple(_changed(n, change) for n in node)
        return new if any(a is not b for a, b in zip(new, node, strict=True)) else node
    if not isinstance(node, Node):
        return node
    parts = {f.name: getattr(node, f.name) for f in fields(node)}  # type: ignore[arg-type]
    changed = {name: _changed(part, change) for name, part in parts.items()}
    other = {name: part for name, part in changed.items() if part is not parts[name]}
    return change(replace(node, **other) if other else node)  # type: ignore[type-var]


# Windows


def _with_places(node: Node, taken: Container[str]) -> Iterator[Node]:
    """Of windows of what is computed, an array of what is computed, and windows of that."""
    if isinstance(node, AROUND):
        body = tuple(n for statement in node.body for n in _with_places(statement, taken))
        yield replace(node, body=body)
    elif isinstance(node, Assign) and _is_of_computed(node.value):
        inner, name = node.value.array, free(f"{node.name}_places", taken)
        yield Assign(name, inner)
        yield Assign(node.name, replace(node.value, array=Read(name, inner.axes)))
    else:
        yield node


def _is_of_computed(value: Node) -> TypeGuard[program.Windows]:
    return isinstance(value, program.Windows) and isinstance(value.array, program.Map)


def _in_order(node: Any) -> Any:
    """A join of an array that stands in memory as it is read, as one of that array."""
    if not isinstance(node, program.Join):
        return node
    array, axes = bare(node.array), node.array.axes
    if isinstance(array, program.Slice) and isinstance(array.array, Read):
        whole = ((s.at, s.length) for s in array.slots)
        if [*whole] == [(i, length(i.size)) for i in axes]:
            array = Read(array.array.name, axes)
    return replace(node, array=array) if isinstance(array, Read) and array.axes == axes else node


def _in_rows(node: Any) -> Any:
    """A softmax of an array read along other letters, for one read so."""
    if not isinstance(node, program.Slice) or not isinstance(node.array, program.InRows):
        return node
    if tuple(s.at for s in node.slots) != node.axes:
        return node
    rows, of = node.array, node.array.array  # whose axes may be told in another order
    at = dict(zip(rows.axes, zip(node.slots, node.axes, strict=True), strict=True))
    slots, axes = zip(*(at[i] for i in of.axes), strict=True)
    read = program.Slice(of, slots, axes)
    return replace(rows, array=read, axes=node.axes)


# What is made to be added


def _added_at_once(body: list[Node]) -> Iterator[Node]:
    """Statements, with no array for a sum of products that is only read to be added elsewhere."""
    made = {n.name: n.value for n in _within(body) if _is_sum(n)}
    read = Counter(name for node in body for name in _spoken_of(node))
    times = Counter(n.name for n in _within(body) if isinstance(n, Assign))
    changed: dict[Store, Store] = {}
    gone: set[str] = set()
    for loop in (n for n in _within(body) if isinstance(n, Loop)):
        for store in (n for n in loop.body if isinstance(n, Store)):
            name = _read_alone(store, loop)
            adding = _adding(store, made[name]) if name in made else None
            if adding is not None and read[name] == times[name] == 1:
                changed[store] = adding
                gone.add(name)
    for node in body:
        new = _changed(node, lambda n: changed.get(n, n) if isinstance(n, Store) else n)
        yield _without(new, gone)


def _within(body: Iterable[Node]) -> Iterator[Any]:
    """Statements, and those within them."""
    for node in body:
        yield node
        if isinstance(node, AROUND):
            yield from _within(node.body)


def _is_sum(node: Node) -> bool:
    return isinstance(node, Assign) and isinstance(node.value, Contract)


def _spoken_of(node: Node) -> Iterator[str]:
    """The arrays that a statement speaks of, beside those that it names."""
    for n in node.walk():
        if isinstance(n, program.Read):
            yield n.name
        elif isinstance(n, program.Shape) and n.of is not None:
            yield n.of.name
        elif isinstance(n, program.Pack):
            yield from (name for _, name in n.entries)
        elif isinstance(n, program.Call):
            yield from n.arguments


def _read_alone(node: Store, loop: Loop) -> str:
    """The array that a statement of a loop adds somewhere, element by element as it is."""
    if not node.adds:
        return ""
    value = bare(node.value)
    if not isinstance(value, program.Slice) or not isinstance(value.array, Read):
        return ""
    at = [s.at for s in value.slots]
    every = {*loop.indices, *node.at.axes}
    return value.array.name if {*at} == every and len(at) == len(every) else ""


def _adding(store: Store, made: Contract) -> Store | None:
    """The same statement, with the sum of products itself."""
    value = bare(store.value)
    assert isinstance(value, program.Slice)
    here = dict(zip(made.axes, (s.at for s in value.slots), strict=True))
    over = {k: Index(f"_0{spoken(k)}", k.size) for k in made.over}
    if {*over.values()} & {*here.values()}:
        return None
    known = {*store.at.axes, *over.values()}
    factors = [_at(o, {**here, **over}, known) for o in made.operands]
    if None in factors:
        return None
    whole = Contract(tuple(factors), tuple(over.values()), store.at.axes)  # type: ignore[arg-type]
    return replace(store, value=whole)


def _at(operand: Expr, new: Mapping[Index, Index], known: set[Index]) -> Expr | None:
    """An array at other places: along indices of a loop around it, it has no axis."""
    if isinstance(operand, Read):
        slots = tuple(program.Slot(i, length(i.size)) for i in operand.axes)
        operand = program.Slice(operand, slots, operand.axes)
    if not isinstance(operand, program.Slice) or not isinstance(operand.array, Read):
        return None
    at = [s.at.xreplace(dict(new)) for s in operand.slots if isinstance(s.at, sp.Expr)]
    if len(at) < len(operand.slots):
        return None
    slots = tuple(replace(s, at=p) for s, p in zip(operand.slots, at, strict=True))
    axes = [new.get(i, i) for i in operand.axes]
    return program.Slice(operand.array, slots, tuple(i for i in axes if i in known))


def _without(node: Node, gone: Container[str]) -> Node:
    """A statement without those that make these arrays."""
    if not isinstance(node, AROUND):
        return node
    kept = (n for n in node.body if not (isinstance(n, Assign) and n.name in gone))
    return replace(node, body=tuple(_without(n, gone) for n in kept))


def _joined(made: Iterable[Node]) -> Iterator[str]:
    """The arrays that are read under joined axes, as they stand in memory."""
    for node in (n for value in made for n in value.walk()):
        if isinstance(node, program.Join) and isinstance(node.array, Read):
            yield node.array.name


def _is_look(name: str, value: Expr, asked: Container[str], changes: Mapping[str, int]) -> bool:
    return name not in asked and changes[name] == 1 and only_looks(value)


# What is left by forward


@dataclass(frozen=True)
class Left:
    """What a function leaves: arrays that stay, and others that only look at them."""

    stays: frozenset[str]
    looks: Mapping[str, Expr]


def left(function: Function, asked: Iterable[str], inputs: Container[str]) -> Left:
    """What forward leaves for later: where an array only looks at others, these alone. Those that
    are `asked` for are there themselves; inputs are at hand wherever they are read.
    """
    made = {n.name: n.value for n in _within(function.body) if isinstance(n, Assign)}
    changes = Counter(n.name for n in function.walk() if isinstance(n, Assign))
    changes.update(name for n in function.walk() for name in written(n))
    changes.update(name for n in function.walk() if isinstance(n, program.Call) for name in n.names)
    packs = (n for n in function.walk() if isinstance(n, program.Pack))
    asked = {*asked, *_joined(made.values())}
    stays: set[str] = set()
    looks: dict[str, Expr] = {}
    todo = [name for p in packs for _, name in p.entries]
    while todo:
        name = todo.pop()
        value = made.get(name)
        if name in inputs or name in stays or name in looks:
            continue
        if isinstance(value, Expr) and _is_look(name, value, asked, changes):
            read = [n.name for n in value.walk() if isinstance(n, Read)]
            if all(
                n in inputs or (isinstance(made.get(n), Expr) and changes[n] == 1) for n in read
            ):
                looks[name] = value
                todo += read
                continue
        stays.add(name)
    return Left(frozenset(stays), looks)

"""What C does otherwise than arrays ask for: no copy of windows, nothing made only to be added.

A window's places are computed once, and looked at; a sum of products that is made to be added at
shifted places is added there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeGuard

import sympy as sp

from bpgen.ir import Index, length, spoken
from bpgen.names import free
from bpgen.planning.rewriting.windows import once_per_place
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
from bpgen.program.memory import bare
from bpgen.program.nodes import rewritten

AROUND = (Step, program.OnRequest)  # statements around others, each of which is run once


def passed(function: Function, taken: Container[str], asked: bool) -> Function:
    """A function after all passes; without what is done on request, unless that is `asked` for."""
    body = [n for n in function.body if asked or not isinstance(n, program.OnRequest)]
    body = [n for statement in once_per_place(body) for n in _with_places(statement, taken)]
    body = [rewritten(rewritten(n, _in_order), _in_rows) for n in body]
    return replace(function, body=tuple(_added_at_once(body)))


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
    made = {n.name: n.value for n in within(body) if _is_sum(n)}
    read = Counter(name for node in body for name in _spoken_of(node))
    times = Counter(n.name for n in within(body) if isinstance(n, Assign))
    changed: dict[Store, Store] = {}
    gone: set[str] = set()
    for loop in (n for n in within(body) if isinstance(n, Loop)):
        for store in (n for n in loop.body if isinstance(n, Store)):
            name = _read_alone(store, loop)
            adding = _adding(store, made[name]) if name in made else None
            if adding is not None and read[name] == times[name] == 1:
                changed[store] = adding
                gone.add(name)
    for node in body:
        new = rewritten(node, lambda n: changed.get(n, n) if isinstance(n, Store) else n)
        yield _without(new, gone)


def within(body: Iterable[Node]) -> Iterator[Any]:
    """Statements, and those within them."""
    for node in body:
        yield node
        if isinstance(node, AROUND):
            yield from within(node.body)


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

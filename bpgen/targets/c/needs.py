"""What nothing reads is not made: forward leaves what loss and backward look for, and no more. Of a
network whose inputs' gradients nobody asks for, that is less than its equations have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from bpgen.program import grammar as program
from bpgen.program.grammar import Assign, Expr, Function, Node, Pack, Ref
from bpgen.program.memory import looks_at, written


def without_idle(every: Mapping[str, Function]) -> dict[str, Function]:
    """The functions of a program without what nothing comes of."""
    late = {n: _lively(every[n]) for n in _run(every, ("_loss", "backward"))}
    asked = {kept for f in late.values() for kept in _cached(f)}
    return {
        n: late.get(n) or _lively(_leaving(f, {key for of, key in asked if of == n}))
        for n, f in every.items()
    }


def _run(every: Mapping[str, Function], names: Iterable[str]) -> Iterator[str]:
    """Functions of these names, and those of blocks that they call."""
    for name in (n for n in names if n in every):
        yield name
        yield from (n.function for n in every[name].walk() if isinstance(n, program.Call))


def _cached(function: Function) -> Iterator[tuple[str, str]]:
    """What a function looks for in the cache, and which function leaves it there: forward, or that
    of its block.
    """
    of_block = function.name.removesuffix("_backward")
    refs = (n for n in function.walk() if isinstance(n, Ref))
    return ((of_block if r.block else "forward", r.name) for r in refs if r.held == "cache")


def _leaving(function: Function, keys: Collection[str]) -> Function:
    """A function that packs these alone."""

    def less(node: Node) -> Node:
        if not isinstance(node, Pack):
            return node
        return replace(node, entries=tuple(e for e in node.entries if e[0] in keys))

    return replace(function, body=tuple(map(less, function.body)))


def _lively(function: Function) -> Function:
    """A function without statements that only make what nothing reads."""
    body = [*enumerate(function.body)]
    assigned = [n for n in function.walk() if isinstance(n, Assign)]
    looks = {n.name: looks_at(n.value) for n in assigned if isinstance(n.value, Expr)}
    makers: defaultdict[str, set[int]] = defaultdict(set)
    for k, node in body:
        for name in _made(node, looks) if _only_makes(node) else ():
            makers[name].add(k)
    alive: set[int] = set()
    todo = [k for k, node in body if not _only_makes(node)]
    while todo:
        k = todo.pop()
        alive.add(k)
        todo += {maker for name in _spoken(body[k][1]) for maker in makers.pop(name, ())} - alive
    return replace(function, body=tuple(node for k, node in body if k in alive))


def _only_makes(node: Node) -> bool:
    """Whether all that a statement does is to write arrays."""
    if isinstance(node, Assign):
        return isinstance(node.value, Expr | Ref)
    if isinstance(node, program.Loop | program.Step):
        return all(map(_only_makes, node.body))
    return isinstance(node, program.Store | program.ScatterAdd)


def _made(node: Node, looks: Mapping[str, str | None]) -> Iterator[str]:
    """The arrays that a statement makes or writes in, and those whose memory these are."""
    for n in node.walk():
        if isinstance(n, Assign):
            yield n.name
        for name in written(n):
            yield from _roots(name, looks)


def _roots(name: str | None, looks: Mapping[str, str | None]) -> Iterator[str]:
    seen: set[str] = set()
    while name is not None and name not in seen:
        yield name
        seen.add(name)
        name = looks.get(name)


def _spoken(node: Node) -> Iterator[str]:
    """The arrays of its function that a statement reads, or hands on; C is told lengths and the
    precision otherwise.
    """
    todo = [node]
    while todo:
        n = todo.pop()
        if isinstance(n, program.Length | program.Precision):
            continue
        yield from _NAMES.get(type(n), _none)(n)
        todo += n.parts()


def _none(_: Any) -> Iterable[str]:
    return ()


_NAMES: Mapping[type[Node], Callable[[Any], Iterable[str]]] = {
    program.Read: lambda n: (n.name,),
    Ref: lambda n: () if n.held else (n.name,),
    program.Call: lambda n: n.arguments,
    program.Keep: lambda n: (n.array,),
    program.Entry: lambda n: (n.array,),
    program.Number: lambda n: (n.array,),
    Pack: lambda n: (n.beside, *(name for _, name in n.entries)),
}

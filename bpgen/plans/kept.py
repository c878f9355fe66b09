"""Which arrays backward reads of those that forward leaves: how many of each, as each block has its
own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import sympy as sp

from bpgen.ir import extent
from bpgen.program.grammar import Assign, Call, Expr, Function, Loop, Node, Pack, Ref, Step
from bpgen.program.memory import looks_at

Which = Literal["one", "every block's", "the last block's", "every other block's"]


class Place(NamedTuple):
    """An array of a function, and of those that each block has, which."""

    function: str
    array: str
    which: Which = "one"


def kept(functions: Iterable[Function]) -> dict[Place, sp.Expr]:
    """How many arrays backward reads of each place."""
    by_name = {f.name: f for f in functions}
    found = _Found(by_name, {*_read(f for f in by_name.values() if f.name.endswith("backward"))})
    found.whole(by_name["forward"])
    return found.kept


def _read(functions: Iterable[Function]) -> Iterator[tuple[str, bool]]:
    """What is taken out of the cache, and whether it is of one block."""
    every = (n.value for f in functions for n in f.walk() if isinstance(n, Assign))
    refs = (ref for ref in every if isinstance(ref, Ref) and ref.held == "cache")
    yield from ((ref.name, bool(ref.block)) for ref in refs)


@dataclass
class _Found:
    functions: dict[str, Function]
    read: set[tuple[str, bool]]  # by backward
    kept: dict[Place, sp.Expr] = field(default_factory=dict)

    def whole(self, function: Function) -> None:
        """What the cache holds of the whole network, and of the blocks that it goes through."""
        at = _Names(function.name)
        for node in _flat(function.body):
            at.name(node)
            if isinstance(node, Loop):
                for call in (n for n in node.body if isinstance(n, Call)):
                    at[call.names[0]] = self._blocks(call, extent(i.size for i in node.indices), at)
            elif isinstance(node, Pack):
                keys = (array for key, array in node.entries if (key, False) in self.read)
                self.kept |= {at[array]: sp.S.One for array in keys}

    def _blocks(self, call: Call, times: sp.Expr, outer: _Names) -> Place:
        """What blocks leave, and where the last puts what it returns; each but the first is given
        what the one before returned.
        """
        block = self.functions[call.function]
        at = _Names(block.name)
        for node in _flat(block.body):
            at.name(node)
        pack = next(n for n in block.body if isinstance(n, Pack))
        given = dict(zip((a.name for a in block.arguments), call.arguments, strict=False))
        for array in (array for key, array in pack.entries if (key, True) in self.read):
            if array in given:
                self.kept[outer[given[array]]] = sp.S.One
                self.kept[at[pack.beside]._replace(which="every other block's")] = times - 1
            else:
                self.kept[at[array]._replace(which="every block's")] = times
        return at[pack.beside]._replace(which="the last block's")


class _Names(dict[str, Place]):
    """Where the arrays of a function are, by the names that they go by."""

    def __init__(self, function: str) -> None:
        super().__init__()
        self.function = function

    def __missing__(self, name: str) -> Place:
        return Place(self.function, name)

    def name(self, node: Node) -> None:
        """What a statement names is a part of what it looks at."""
        if isinstance(node, Assign) and isinstance(node.value, Expr):
            seen = looks_at(node.value)
            if seen is not None:
                self[node.name] = self[seen]


def _flat(body: Iterable[Node]) -> Iterator[Node]:
    for node in body:
        if isinstance(node, Step):
            yield from _flat(node.body)
        else:
            yield node

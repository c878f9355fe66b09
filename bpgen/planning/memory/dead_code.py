"""Statements whose arrays nothing reads after them: they are not made."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TypeGuard

from bpgen.planning.lowering.statements import Lowering
from bpgen.planning.nodes import FlatEntries, Ones, Where
from bpgen.program.grammar import Node, Read, Ref, Step, Store
from bpgen.program.memory import looks_at


def without_dead_code(
    body: Iterable[Node], lowered: Lowering, kept: Collection[str]
) -> tuple[Node, ...]:
    """The statements that something comes of; `kept` are the arrays that are needed after them."""
    made = _DeadCode(lowered, kept).back_through(body)
    mentioned = {n for node in made for n in _mentioned(node)}
    buffers = lowered.scratch.buffers
    numbers = {n for n, b in buffers.items() if b.kind == "number"}
    for name in (lowered.scratch.nameless | numbers) - mentioned:
        del buffers[name]
    return made


class _DeadCode:
    """Goes back through statements, and knows which arrays are read after the one it is at."""

    def __init__(self, lowered: Lowering, kept: Collection[str]) -> None:
        self.lowered = lowered
        self.after = {*map(self._root, kept)}

    def back_through(self, body: Iterable[Node]) -> tuple[Node, ...]:
        made: list[Node] = []
        for node in reversed([*body]):
            if isinstance(node, Step):
                made.append(replace(node, body=self.back_through(node.body)))
            elif not self._is_dead(node):
                made.append(node)
                self.after |= {*map(self._root, _read(node))}
        return tuple(reversed(made))

    def _is_dead(self, node: Node) -> bool:
        """Whether it writes on the way alone, where nothing reads it. What is written all over is
        not read from before.
        """
        if not isinstance(node, Store):
            return False
        at = node.at.array if isinstance(node.at, FlatEntries) else node.at
        name = self._root(str(looks_at(at)))
        if name not in self.lowered.scratch.nameless:
            return False
        dead = name not in self.after
        if _writes_whole(node):
            self.after.discard(name)
        return dead

    def _root(self, name: str) -> str:
        return self.lowered.aliases.get(name, name)


def _read(node: Node) -> set[str]:
    """The arrays that must be there before a statement."""
    return _mentioned(node.value) if _writes_whole(node) else _mentioned(node)


def _writes_whole(node: Node) -> TypeGuard[Store]:
    """Whether a statement writes all of an array, whatever was there."""
    if not isinstance(node, Store) or node.adds or isinstance(node.value, Where):
        return False
    return isinstance(node.at, Read)


def _mentioned(node: Node) -> set[str]:
    return {n.name for n in node.walk() if isinstance(n, (Read, Ref, Ones))}

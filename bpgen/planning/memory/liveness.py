"""From where to where in a function an array is needed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from bpgen.planning.nodes import HelperCall, Ones
from bpgen.program.grammar import (
    Assign,
    Call,
    Expr,
    Loop,
    Node,
    Number,
    OnRequest,
    Read,
    Ref,
    Step,
    Store,
)
from bpgen.program.memory import looks_at


@dataclass
class Liveness:
    """The statements of a function in order, and of each array the first and the last that speak
    of it.
    """

    arrays: Collection[str]
    statements: list[Node] = field(default_factory=list)
    first: dict[str, int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    _aliases: dict[str, str] = field(default_factory=dict)  # names for a part of another

    def scan(self, body: Iterable[Node]) -> None:
        for node in body:
            if isinstance(node, Loop):
                self._loop(node)
            elif isinstance(node, (Step, OnRequest)):
                self.scan(node.body)
            else:
                self._statement(node)

    def _statement(self, node: Node) -> None:
        here = len(self.statements)
        self.statements.append(node)
        if isinstance(node, Assign) and isinstance(node.value, Expr):
            seen = looks_at(node.value)
            if seen is not None:
                self._aliases[node.name] = self.root(seen)
        for name in self.mentioned_in(node):
            self.first.setdefault(name, here)
            self.last[name] = here

    def mentioned_in(self, node: Node) -> set[str]:
        """The arrays that a statement reads or writes."""
        named = {n.name for n in node.walk() if isinstance(n, (Read, Ref, Ones))}
        named |= {n.array for n in node.walk() if isinstance(n, Number)}
        named |= {a for n in node.walk() if isinstance(n, Call) for a in n.arguments}
        return {self.root(n) for n in named} & {*self.arrays}

    def root(self, name: str) -> str:
        """The array whose memory goes by a name."""
        return self._aliases.get(name, name)

    def _loop(self, node: Loop) -> None:
        """What a step finds as another left it is needed all through the loop."""
        start = len(self.statements)
        before = set(self.first)
        self.scan(node.body)
        end = len(self.statements) - 1
        inside = self.statements[start:]
        for name in {n for s in inside for n in self.mentioned_in(s)}:
            if name in before or not _is_written_whole(name, inside, self):
                self.first[name] = min(self.first[name], start)
                self.last[name] = max(self.last[name], end)


def _is_written_whole(name: str, statements: list[Node], lives: Liveness) -> bool:
    """Whether the first statement that speaks of an array writes all of it, or needs no more of it
    than memory.
    """
    one = next(s for s in statements if name in lives.mentioned_in(s))
    if not isinstance(one, Store) or one.adds:
        return False
    if isinstance(one.value, HelperCall) and name in {s.name for s in one.value.scratch or ()}:
        return True
    if not isinstance(one.at, Read):
        return False
    return one.at.name == name and not any(
        isinstance(n, Read) and n.name == name for n in one.value.walk()
    )

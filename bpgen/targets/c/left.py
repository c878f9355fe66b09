"""What a function leaves for later: nothing is copied that only looks at what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bpgen.program import grammar as program
from bpgen.program.grammar import Assign, Expr, Function, Node, Read
from bpgen.program.memory import is_identity, written
from bpgen.targets.c.passes import within

LOOKS = (
    *(program.View, program.Gather, program.Broadcast, program.Join, program.Read),
    *(program.Cast, program.Count),
)


def only_looks(value: Node) -> bool:
    """Whether it is other arrays, seen otherwise."""
    nodes = [n for n in value.walk() if isinstance(n, Expr)]
    joins = (n for n in nodes if isinstance(n, program.Join))
    seen = all(isinstance(n, LOOKS) or is_identity(n) for n in nodes)
    return seen and all(isinstance(n.array, Read) for n in joins)


def _joined(made: Iterable[Node]) -> Iterator[str]:
    """The arrays that are read under joined axes, as they stand in memory."""
    for node in (n for value in made for n in value.walk()):
        if isinstance(node, program.Join) and isinstance(node.array, Read):
            yield node.array.name


def _is_look(name: str, value: Expr, asked: Container[str], changes: Mapping[str, int]) -> bool:
    return name not in asked and changes[name] == 1 and only_looks(value)


@dataclass(frozen=True)
class Left:
    """What a function leaves: arrays that stay, and others that only look at them."""

    stays: frozenset[str]
    looks: Mapping[str, Expr]


def left(function: Function, asked: Iterable[str], inputs: Container[str]) -> Left:
    """What forward leaves for later: where an array only looks at others, these alone. Those that
    are `asked` for are there themselves; inputs are at hand wherever they are read.
    """
    made = {n.name: n.value for n in within(function.body) if isinstance(n, Assign)}
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

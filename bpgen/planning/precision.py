"""Parameters that numpy reads alone and writes where it is told: its dot and its take write into no
wider numbers than those they read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bpgen.planning.nodes import Dot, Take
from bpgen.program.grammar import Assign, Expr, Function, Ref
from bpgen.program.memory import looks_at


def of_one_precision(functions: Iterable[Function]) -> frozenset[str]:
    """The parameters of which a product is taken, or entries are, with nothing else: they must have
    the precision of all.
    """
    return frozenset(name for f in functions for name in _operands_alone(f))


def _operands_alone(function: Function) -> Iterator[str]:
    params: dict[str, str] = {}  # what they are called in the function, and what looks at them
    for node in function.walk():
        if isinstance(node, Assign) and isinstance(node.value, Ref) and node.value.held == "params":
            params[node.name] = node.value.name
        elif isinstance(node, Assign) and isinstance(node.value, Expr):
            looked = looks_at(node.value)
            params |= {node.name: params[looked]} if looked in params else {}
        read = {params.get(looks_at(o) or "") for o in _operands(node)}
        if None not in read:
            yield from (name for name in read if name)


def _operands(node: object) -> tuple[Expr, ...]:
    if isinstance(node, Take):
        return (node.array,)
    return (node.one, node.two) if isinstance(node, Dot) else ()

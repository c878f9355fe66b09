"""What backward computes again, so that forward need not keep it: what a few passes over memory
make of what is there anyway.

What is kept is written, and read again much later, when it has left the cache: two passes over slow
memory. A few calls of simple arithmetic, just before their result is needed, cost little more. A
product, an exponential or a function of the module does, and its values are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from bpgen.planning.rewriting.costs import is_cheap
from bpgen.planning.rewriting.recomputing import (
    Choice,
    of_dict,
    pack_of,
    recomputing,
    without_recomputed,
)
from bpgen.program.check import check
from bpgen.program.grammar import (
    Admit,
    Assign,
    Call,
    Expr,
    Function,
    Length,
    Node,
    Read,
    Ref,
    Return,
    Step,
)
from bpgen.program.memory import written

FORWARD = {"backward": "forward"}  # of the whole network; a block's is called as the block


def rematerialized(functions: Iterable[Function]) -> list[Function]:
    """The functions of a module, where backward computes again what is cheap."""
    made = {f.name: f for f in functions}
    asked = Counter(name for f in made.values() for name in _asked(f))
    for name, backward in made.copy().items():
        forward = made.get(FORWARD.get(name, name.removesuffix("_backward")), backward)
        if forward is not backward:
            choice = _choice(forward, {n for n in _asked(backward) if asked[n] == 1})
            made[forward.name] = without_recomputed(forward, choice)
            made[name] = recomputing(backward, forward, choice)
    check(made.values())
    return [*made.values()]


def _asked(function: Function) -> Iterator[str]:
    """What it takes out of the cache, and reads lengths off."""
    for node in _nodes(function):
        if isinstance(node, Ref) and node.held == "cache":
            yield node.name
        elif isinstance(node, Length):
            yield node.of.name


def _choice(forward: Function, own: set[str]) -> Choice:
    """What can be computed again of these, which backward alone reads: of what is kept anyway, is
    the caller's, or is less.
    """
    params = {name for name, _ in of_dict(forward.body, "params")}
    inputs = {n.name for n in forward.body if isinstance(n, Admit)}
    kept, once = {key for key, array in pack_of(forward).entries if key == array}, _stay(forward)
    axes: dict[str, set[object]] = {}
    choice = Choice({}, {})
    for name, step, value in _computed(forward):
        axes[name], less = {*value.axes}, {n for n in axes if axes[n] < {*value.axes}}
        reads = {n.name for n in value.walk() if isinstance(n, Read)} - params
        there = kept | inputs | {*choice.values} | (less & once)
        if name in own & kept & once and reads <= there and is_cheap(value):
            choice.values[name] = step
            choice.needs[name] = sorted(reads - {*choice.values})
            kept = (kept | reads) - {*choice.values}
    return choice


def _computed(forward: Function) -> Iterator[tuple[str, Step, Expr]]:
    """The values that one statement computes, each under its equation."""
    for step in forward.body:
        if isinstance(step, Step) and len(step.body) == 1:
            (node,) = step.body
            if isinstance(node, Assign) and isinstance(node.value, Expr):
                yield node.name, step, node.value


def _stay(forward: Function) -> set[str]:
    """The arrays that hold one value until the end, and are handed to nobody."""
    named = Counter(n.name for n in _nodes(forward) if isinstance(n, Assign))
    other = {pack_of(forward).beside}
    for node in _nodes(forward):
        other |= {*written(node)}
        if isinstance(node, Call):
            other |= {*node.names, *node.arguments}
        elif isinstance(node, Return):
            other |= {n.name for n in node.walk() if isinstance(n, Read)}
    return {name for name, times in named.items() if times == 1} - other


def _nodes(function: Function) -> Iterator[Node]:
    return (n for statement in function.body for n in statement.walk())

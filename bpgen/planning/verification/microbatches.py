"""Steps by blocks of the batch checked: each array is let in, each function is given what it asks
for, and blocks have a size. What breaks this is a defect of bpgen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bpgen.ir import BATCH, Malformed, TensorInfo
from bpgen.planning.nodes import Memory, Microbatches
from bpgen.program.grammar import Admit, Assign, Function, Length, OnRequest

PARTS = ("_loss", "backward")  # which are given targets, and forward inputs


def verify_microbatches(functions: Iterable[Function], tensors: Mapping[str, TensorInfo]) -> None:
    """Malformed where a step by blocks does not do for each block what the functions do for all."""
    made = {f.name: f for f in functions}
    for function in made.values():
        for node in function.body:
            if isinstance(node, Microbatches):
                for fault in _faults(node, function, made, tensors):
                    raise Malformed(f"{function.name}: {fault}: {node}")


def _faults(
    node: Microbatches,
    function: Function,
    made: Mapping[str, Function],
    tensors: Mapping[str, TensorInfo],
) -> Iterator[str]:
    every = (*node.inputs, *node.targets)
    if _arrays(made["forward"]) != node.inputs:
        yield "forward is given other inputs"
    if any(_arrays(made[name]) != node.targets for name in PARTS):
        yield "the loss is given other targets"
    if _arrays(function) != every or sorted(_let_in(function)) != sorted(every):
        yield "arrays are not let in"
    if node.real != tuple(n for n in node.inputs if tensors[n].bound is None):
        yield "the precision is that of other arrays"
    if not any(_counts_samples(n) for n in function.body):
        yield "the samples are not counted"
    memory = [n for f in made.values() for n in f.body if isinstance(n, Memory)]
    names = {name for m in memory for of in m.every for b in of.buffers for name in b.names}
    if node.samples < 1 or node.largest not in names:
        yield "blocks are of no size"


def _arrays(function: Function) -> tuple[str, ...]:
    return tuple(a.name for a in function.arguments if a.kind == "array")


def _let_in(function: Function) -> list[str]:
    """The arrays that pass a door, where it is asked for."""
    doors = (n for n in function.body if isinstance(n, OnRequest) and n.flag == "checked")
    return [n.name for door in doors for n in door.body if isinstance(n, Admit)]


def _counts_samples(node: object) -> bool:
    return isinstance(node, Assign) and node.name == BATCH and isinstance(node.value, Length)

"""Functions of a program, planned: their arrays are there before, and the door is passed once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bpgen.ir import TensorInfo
from bpgen.planning.body import Body
from bpgen.planning.layout.assignment import is_of_block, layouts_of
from bpgen.planning.layout.layouts import Layouts
from bpgen.planning.memory.donation import donated
from bpgen.planning.memory.named_views import with_named_views
from bpgen.planning.nodes import Buffers, Memory
from bpgen.planning.rewriting.fusion import PARTS, WHOLE, fused
from bpgen.planning.rewriting.rematerialization import rematerialized
from bpgen.planning.verification.verifier import verify
from bpgen.program.grammar import (
    Admit,
    Argument,
    Call,
    Function,
    Guard,
    Loop,
    Node,
    OnRequest,
    Pack,
    Ref,
    Return,
    Step,
)
from bpgen.program.measured import measured

_GIVEN = (Argument("workspace", "workspace"), Argument("checked", "checked"))
_PASSED = tuple(f"{a.name}={a.name}" for a in _GIVEN)
_REST = {"backward": (_PASSED[0], "checked=False")}  # what it is given is checked by then


def planned(
    functions: Iterable[Function],
    tensors: Mapping[str, TensorInfo],
    adjoints: Mapping[str, str],
) -> list[Function]:
    """The functions of a module, each with its arrays given to it. `adjoints`: of each tensor its
    gradient.
    """
    blocks: dict[str, tuple[Buffers, ...]] = {}
    made: dict[str, Function] = {}
    functions = rematerialized(functions)
    whole_step = fused({f.name: f for f in functions})
    layouts = layouts_of(functions, tensors, adjoints)
    packs = (n for f in functions for n in f.body if isinstance(n, Pack) and n.name == "cache")
    cached = [key for pack in packs for key, _ in pack.entries]
    for function in functions:
        if is_of_block(function):
            found = _of_block(function, functions, tensors, layouts, cached)
            made[function.name], blocks[function.name] = found
    for function in functions:
        if function.name not in made:
            whole = whole_step if whole_step is not None and function.name == WHOLE else function
            made[function.name] = _whole(whole, tensors, blocks, layouts, cached)
    if whole_step is not None:
        made[WHOLE] = with_named_views(donated(made[WHOLE], (made[name] for name in PARTS)))
    verify(made.values())
    return [made[f.name] for f in functions]


def _of_block(
    function: Function,
    functions: Iterable[Function],
    tensors: Mapping[str, TensorInfo],
    layouts: Layouts,
    cached: Iterable[str],
) -> tuple[Function, tuple[Buffers, ...]]:
    """A function of each block: what it keeps is its own, the rest all blocks write over."""
    body = Body(function, layouts)
    counter = next(a.name for a in function.arguments if a.kind == "block")
    nodes = (n for f in functions for s in f.body for n in s.walk() if isinstance(n, Loop))
    loop = next(n for n in nodes if any(_calls(s, function.name) for s in n.body))
    (times,) = (i.size for i in loop.indices)
    assert isinstance(times, int)
    own, over = body.own_and_shared()
    every = (
        Buffers(function.name, own, body.gradients, counter, times),
        Buffers(function.name, over),
    )
    made = body.with_memory(tuple(b for b in every if b.buffers))
    arguments = (*function.arguments, Argument("workspace", "memory"))
    return _measured(replace(function, arguments=arguments, body=made), cached, tensors), every


def _calls(node: Node, function: str) -> bool:
    return isinstance(node, Call) and node.function == function


def _whole(
    function: Function,
    tensors: Mapping[str, TensorInfo],
    blocks: Mapping[str, tuple[Buffers, ...]],
    layouts: Layouts,
    cached: Iterable[str],
) -> Function:
    """A function of the whole network, with the memory of the blocks that it goes through: what is
    `cached` may tell a length that these alone speak of.
    """
    arguments = (*function.arguments, *_GIVEN)
    if any(isinstance(n, Call) for n in function.body):
        return replace(function, arguments=arguments, body=_calling(function.body))
    gradients = {name: every[0].gradients for name, every in blocks.items()}
    body = Body(function, layouts, gradients)
    called = {n.function for s in function.body for n in s.walk() if isinstance(n, Call)}
    inner = tuple(b for name in blocks if name in called for b in blocks[name] if b.buffers)
    own = Buffers(function.name, body.buffers, body.gradients)
    memory: tuple[Node, ...] = ()
    if own.buffers or inner:
        memory = (Memory((own, *inner), body.given(tensors)),)
    made = body.with_memory((own,) if own.buffers else (), memory)
    function = _measured(replace(function, arguments=arguments, body=made), cached, tensors)
    return replace(function, body=tuple(map(_through, function.body)))


def _measured(
    function: Function, cached: Iterable[str], tensors: Mapping[str, TensorInfo]
) -> Function:
    """A function with the lengths that it and its memory speak of, which count the samples once."""
    made = measured(function, cached, tensors)
    return replace(made, body=tuple(n for n in made.body if not Body.is_rows(n)))


def _through(node: Node) -> Node:
    """The door, passed where the caller asks for it; the rest with what blocks are given."""
    if isinstance(node, (Guard, Admit)):
        return OnRequest((node,), "checked")
    return _blocks_given(node)


def _blocks_given(node: Node) -> Node:
    """Blocks, called with their memory."""
    if isinstance(node, Call):
        return _given(node, ("workspace",))
    if isinstance(node, (Loop, Step, OnRequest)):
        return replace(node, body=tuple(map(_blocks_given, node.body)))
    return node


def _calling(body: Iterable[Node]) -> tuple[Node, ...]:
    """Functions that are called with the memory; what comes in is checked once."""
    made: list[Node] = []
    for node in body:
        if isinstance(node, Call):
            made.append(_given(node, _PASSED))
        elif isinstance(node, Return):
            calls = [v for v in node.values if isinstance(v, Call)]
            made += _returned([_given(c, _REST.get(c.function, _PASSED)) for c in calls])
    return tuple(made)


def _returned(calls: list[Call]) -> list[Node]:
    """What one function returns is returned; of several, a line for each."""
    if len(calls) == 1:
        return [Return(tuple(calls))]
    names = ("value", "grads")
    named = [replace(c, names=(n,)) for n, c in zip(names, calls, strict=True)]
    return [*named, Return(tuple(map(Ref, names)))]


def _given(call: Call, more: tuple[str, ...]) -> Call:
    return replace(call, arguments=(*call.arguments, *more))

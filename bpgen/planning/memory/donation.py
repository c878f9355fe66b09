"""Memory of several functions that is donated to one which does what they do: it is called instead
of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bpgen.planning.memory.sharing import STEMS
from bpgen.planning.nodes import Buffer, Buffers, Memory, form
from bpgen.program.grammar import Function, Node


def donated(function: Function, others: Iterable[Function]) -> Function:
    """The function with arrays of the others where they are alike."""
    every = [n for f in others for n in f.body if isinstance(n, Memory)]
    body = tuple(_donated(n, every) if isinstance(n, Memory) else n for n in function.body)
    return replace(function, body=body)


def _donated(node: Memory, others: Iterable[Memory]) -> Node:
    """Of memory that can be made by the lengths which this one knows."""
    known = [of for other in others if {*other.sizes} <= {*node.sizes} for of in other.every]
    free = [(of, b) for of in known for b in of.buffers if not _is_given(of, b)]
    (own,) = node.every
    made = []
    for buffer in own.buffers:
        alike = [] if _is_given(own, buffer) else [p for p in free if form(p[1]) == form(buffer)]
        if alike:
            if buffer.kind in STEMS:  # what is written, and by one
                free.remove(alike[0])
            of, other = alike[0]
            buffer = replace(buffer, donated=(of.function, of.names.index(other.names[0])))
        made.append(buffer)
    return replace(node, every=(replace(own, buffers=tuple(made)),))


def _is_given(of: Buffers, buffer: Buffer) -> bool:
    """Whether it is part of the flat array of all gradients."""
    return bool({*buffer.names} & {array for _, array in of.gradients})

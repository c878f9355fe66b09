"""What a definition reads, and what is read on the way to it."""

from __future__ import annotations

from collections.abc import Iterable

from bpgen.declare.axes import serial_of
from bpgen.declare.declaration import Declaration
from bpgen.ir import Term, elements


def reads(definition: Iterable[Term]) -> list[int]:
    """The serial numbers of the tensors that a definition reads, the whole numbers that say where
    it is written included.
    """
    every = (e for t in definition for x in t.exprs for e in elements(x))
    return [serial_of(e) for e in every]


def reachable(declared: Declaration, roots: Iterable[int]) -> list[int]:
    """Everything the roots need, in the order of definition."""
    seen: set[int] = set()
    stack = list(roots)
    while stack:
        serial = stack.pop()
        if serial not in seen:
            seen.add(serial)
            stack += reads(declared.tensors[serial].terms)
    # What was told apart from a formula has its moment, and stands before it.
    return sorted(seen, key=lambda serial: (declared.tensors[serial].moment, -serial))

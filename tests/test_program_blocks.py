"""Blocks and outputs of array programs: their stores, what a function gives away, and what of it may
be its argument.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy as sp

from bpgen.ir import BATCH, Index, Malformed, length
from bpgen.program import grammar as program
from bpgen.program.check import check
from bpgen.program.grammar import (
    Assign,
    Copy,
    Function,
    Loop,
    Node,
    Pack,
    Read,
    Ref,
    Return,
    Slice,
    Slot,
)
from tests.array_programs import (
    ARGUMENTS,
    BACKWARD,
    BLOCK,
    CALL,
    FORWARD,
    PROGRAM,
    J,
    L,
    N,
    P,
    X,
    whole,
)


def _changed(function: Function, place: int, *nodes: Node) -> Function:
    """A function with other statements at a place."""
    return replace(function, body=(*function.body[:place], *nodes, *function.body[place + 1 :]))


LISTED, NAMED = program.Begin("ofs", named=False), program.Begin("ofs", named=True)
ELSEWHERE: dict[str, tuple[Function, str]] = {
    "an argument that is not let in": (
        _changed(FORWARD, 1),
        "x is no array, but argument not let in",
    ),
    "a cached array of other sizes than forward left": (
        _changed(BACKWARD, 2, Assign("c", Ref("x", "cache")), Assign("h", Copy(Read("c", (N, J))))),
        "x has not the sizes of x",
    ),
    "a store that nobody began": (_changed(FORWARD, 5), "'ofs'"),
    "a store by number, kept by name": (_changed(FORWARD, 5, LISTED), "ofs is no named store"),
    "a store by name, kept by number": (_changed(BACKWARD, 3, NAMED), "ofs is no listed store"),
    "a sum over blocks of no store": (_changed(BACKWARD, 3), "'ofs'"),
    "a sum over what is no store": (
        _changed(BACKWARD, 5, Assign("s", program.FromBlocks("s", "x", (N, P)))),
        "x is no listed store, but array",
    ),
    "a stack of what is no store": (
        _changed(BACKWARD, 6, program.Stack("stacked", "cache", some=True)),
        "cache is no listed store, but arrays",
    ),
    "a cache of what is no store": (
        _changed(FORWARD, 7, Pack("cache", (), ("params",))),
        "params is no named store, but arrays",
    ),
    "a dict taken over that is an array": (
        _changed(BACKWARD, 7, Pack("grads", (("", "s"),))),
        "s is no arrays, but array",
    ),
    "an array kept as a dict": (
        _changed(FORWARD, 6, Loop((L,), (CALL, program.Keep("ofs", "h", "l")))),
        "h is no arrays, but array",
    ),
    "an entry before its dict": (
        _changed(BACKWARD, 7, BACKWARD.body[8], BACKWARD.body[7]),
        "'grads'",
    ),
    "on request, of a function that is asked for nothing": (
        replace(BACKWARD, arguments=ARGUMENTS),
        "'inputs'",
    ),
    "an output that looks at an argument": (
        _changed(FORWARD, 8, Return((whole(X), Ref("cache")))),
        "x is given away, and not its own",
    ),
    "an output that is an argument under another name": (
        _changed(
            FORWARD, 4, Assign("h", whole(X)), FORWARD.body[5], FORWARD.body[7], FORWARD.body[8]
        ),
        "h is given away, and not its own",
    ),
    "a cache that holds a part of an argument": (
        _changed(FORWARD, 3, Assign("m", whole(X))),
        "m is given away, and not its own",
    ),
    "a block that hands on an argument": (
        _changed(BLOCK, 0, Assign("x_next", whole(X))),
        "x_next is given away, and not its own",
    ),
    "a block that returns nothing": (_changed(BLOCK, 1), "it returns once, and last"),
    "a block that says it returns one thing": (
        replace(BLOCK, returns=("array",)),
        r"it returns \('array', 'arrays'\)",
    ),
}


@pytest.mark.parametrize("fault", ELSEWHERE)
def test_a_fault_of_blocks_or_outputs_is_refused(fault: str) -> None:
    function, said = ELSEWHERE[fault]
    others = (f for f in PROGRAM if f.name != function.name)
    with pytest.raises(Malformed, match=said):
        check((function, *others))


RECURRENT = Read("h", (N, P))


def test_an_output_may_be_a_part_of_the_cache() -> None:
    """As that of a recurrence, without what stands before its first step."""
    late = Slice(RECURRENT, (Slot(N, length(BATCH)), Slot(J + 1, sp.Integer(3))), (N, J))
    check((BLOCK, _changed(FORWARD, 8, Return((late, Ref("cache"))))))


def test_an_output_and_an_entry_of_the_cache_may_be_an_argument() -> None:
    check((BLOCK, _changed(FORWARD, 8, Return((X, Ref("cache"))))))


def test_the_cache_may_hold_an_argument_under_other_axes() -> None:
    """Whose copy would be many times larger, as that of windows."""
    q, u = Index("q", 2), Index("u", 2)
    slid = program.Windows(X, (Slot(N, length(BATCH)), Slot(q + u, sp.Integer(3))), (N, q, u))
    check((BLOCK, _changed(FORWARD, 3, Assign("m", slid))))

"""The grammar of array programs: what breaks it is refused, each kind of fault by one of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import sympy as sp

from bpgen.ir import BATCH, Index, Malformed, element, length
from bpgen.program import grammar as program
from bpgen.program.check import check
from bpgen.program.grammar import (
    Argument,
    Assign,
    Contract,
    Copy,
    Expr,
    Fill,
    Function,
    Loop,
    Map,
    Node,
    Pack,
    Read,
    Reduce,
    Ref,
    Return,
    Shape,
    Slice,
    Slot,
    Store,
)
from tests.conftest import ROOT

N, P, J = Index("n", BATCH), Index("p", 3), Index("j", 2)
X = Read("x", (N, P))
ARGUMENTS = (Argument("params", "arrays"), Argument("x", "array"))
MEASURED = Assign(BATCH, program.Length(Ref("x"), 0))


def whole(array: Read) -> Slice:
    """Every element of an array."""
    slots = tuple(Slot(i, length(i.size)) for i in array.axes)
    return Slice(array, slots, array.axes)


def of(*body: Node) -> Function:
    return Function("f", ARGUMENTS, ("array",), "", body)


def doubled(array: Expr) -> Map:
    x = element("x", array.axes)
    return Map(2 * x, ((x, array),), array.axes)


RIGHT = of(
    MEASURED,
    Assign("y", Fill(program.NOTHING, (N, P), Shape((length(BATCH), sp.Integer(3))))),
    Store(whole(Read("y", (N, P))), doubled(whole(X)), adds=True),
    Assign("d", Copy(whole(X))),
    Pack("grads", (("y", "y"), ("d", "d"))),
    Return((Ref("grads"),)),
)


def test_a_right_function_passes() -> None:
    check([RIGHT])


FAULTS: dict[str, tuple[Callable[[], Node], str]] = {
    "a name that nobody gave": (lambda: Assign("z", whole(Read("q", (N, P)))), "'q'"),
    "a name before it is given": (lambda: Return((Ref("late"),)), "'late'"),
    "an entry of a dict that is not there": (lambda: Assign("c", Ref("c", "cache")), "'cache'"),
    "a length that nothing tells": (
        lambda: Assign("z", Fill(None, (J,), Shape((sp.Symbol("T"),)))),
        "'T'",
    ),
    "a place for an axis that is not there": (
        lambda: Assign("z", Slice(X, (Slot(P, sp.Integer(3)),), (P,))),
        "axes do not agree",
    ),
    "an axis that no place runs along": (
        lambda: Assign("z", replace(whole(X), axes=(N, P, J))),
        "axes do not agree",
    ),
    "an operand with an axis of its own": (
        lambda: Assign("z", replace(doubled(whole(X)), axes=(N,))),
        "axes do not agree",
    ),
    "an element without an operand": (
        lambda: Assign("z", Map(element("x", (N, P)), (), (N, P))),
        "axes do not agree",
    ),
    "an operand that the body has not": (
        lambda: Assign("z", replace(doubled(whole(X)), body=sp.Integer(1))),
        "axes do not agree",
    ),
    "a sum whose axis stays": (
        lambda: Assign("z", Reduce("sum", whole(X), (P,), (N, P))),
        "axes do not agree",
    ),
    "a sum over an axis that is not there": (
        lambda: Assign("z", Reduce("sum", whole(X), (J,), (N, P))),
        "axes do not agree",
    ),
    "a product that loses an axis": (
        lambda: Assign("z", Contract((whole(X), whole(X)), (P,), ())),
        "axes do not agree",
    ),
    "a value with an axis that its place has not": (
        lambda: Store(whole(Read("y", (N, P))), Map(sp.S.One, (), (J,)), adds=True),
        "axes do not agree",
    ),
    "an argument that is written": (
        lambda: Store(whole(X), doubled(whole(X)), adds=True),
        "x is written, and not its own",
    ),
    "an argument that is written in a loop": (
        lambda: Loop((J,), (Store(whole(X), doubled(whole(X)), adds=True),)),
        "x is written, and not its own",
    ),
    "a gradient that is an argument": (
        lambda: Pack("grads", (("x", "x"),)),
        "x is given away, and not its own",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused(fault: str) -> None:
    node, said = FAULTS[fault]
    body = (*RIGHT.body[:3], node(), *RIGHT.body[3:])
    with pytest.raises(Malformed, match=said):
        check([replace(RIGHT, body=body)])


def test_a_look_at_an_argument_is_not_written() -> None:
    """Under another name it is the same memory."""
    view = Assign("v", whole(X))
    write = Store(whole(Read("v", (N, P))), doubled(whole(X)), adds=True)
    with pytest.raises(Malformed, match="v is written, and not its own"):
        check([of(MEASURED, view, write)])


def test_text_decides_nothing() -> None:
    """No pattern, and no look at how a text begins or ends, where a program is made."""
    for folder in ("program", "raising"):
        for path in (ROOT / "bpgen" / folder).rglob("*.py"):
            source = path.read_text()
            for word in ("import re\n", "startswith(", "endswith(", "ast.parse", "split("):
                assert word not in source, f"{path.name}: {word}"

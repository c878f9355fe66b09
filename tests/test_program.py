"""The grammar of array programs: what breaks it is refused, each kind of fault by one of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy as sp

from bpgen.ir import BATCH, Index, Malformed, TensorInfo, length
from bpgen.program import grammar as program
from bpgen.program.check import check
from bpgen.program.grammar import (
    Argument,
    Assign,
    Copy,
    Fill,
    Loop,
    Map,
    Node,
    Pack,
    Read,
    Ref,
    Return,
    Shape,
    Slot,
    Store,
)
from tests.array_programs import (
    BLOCK,
    FORWARD,
    MEASURED,
    PROGRAM,
    RIGHT,
    J,
    N,
    P,
    X,
    Y,
    Z,
    named,
    of,
    whole,
    write,
)


def test_a_right_program_passes() -> None:
    check(PROGRAM)


IN_F: dict[str, tuple[Node | tuple[Node, ...], str]] = {
    "a name that nobody gave": (Assign("z", whole(Read("q", (N, P)))), "'q'"),
    "a name before it is given": (Return((Ref("late"),)), "'late'"),
    "an entry of a dict that is not there": (Assign("c", Ref("c", "grads")), "'grads'"),
    "a length that nothing tells": (
        Assign("z", Fill(None, (J,), Shape((sp.Symbol("T"),)))),
        "axes do not agree",
    ),
    "a length that nothing has told": (
        Assign("z", Fill(None, (Index("t", "T"),), Shape((length("T"),)), program.FLOAT64)),
        "'T'",
    ),
    "a length that is told on request alone": (
        (
            program.OnRequest((Assign("T", program.Length(Ref("x"), 1)),)),
            Assign("z", Fill(None, (Index("t", "T"),), Shape((length("T"),)), program.FLOAT64)),
        ),
        "'T'",
    ),
    "a length whose name is an array's by then": (
        (
            Assign(BATCH, whole(X)),
            Assign("z", Fill(None, (N,), Shape((length(BATCH),)), program.FLOAT64)),
        ),
        "'N'",
    ),
    "steps of a length that nothing has told": (Loop((Index("t", "T"),), ()), "'T'"),
    "the length of what is not there": (Assign("T", program.Length(Ref("q"), 0)), "'q'"),
    "the length of a length": (
        Assign("T", program.Length(Ref(BATCH), 0)),
        "N is no array, but length",
    ),
    "the length of another axis": (
        Assign(BATCH, program.Length(Ref("x"), 1)),
        "N is not the length of that axis",
    ),
    "the length of an axis that is not there": (
        Assign(BATCH, program.Length(Ref("x"), 2)),
        "N is not the length of that axis",
    ),
    "a shape of what is no array": (
        Assign("z", Fill(program.NOTHING, (N, P), Shape(of=Ref(BATCH)), program.FLOAT64)),
        "N is no array, but length",
    ),
    "a precision that nothing has": (
        Assign("z", program.Cast(X, program.Precision((Ref("q"),)))),
        "'q'",
    ),
    "a variable that holds no precision": (
        Assign("z", program.Cast(X, program.Precision((Ref("x"),), "x"))),
        "x is no precision, but array",
    ),
    "an array that is a length": (
        Assign("z", Read(BATCH, ())),
        "N is no array, but length",
    ),
    "a number of what is not there": (Return((program.Number("q"),)), "'q'"),
    "a door for what is no argument": (
        program.Admit("q", TensorInfo("q", (N,), "input"), (), frozenset()),
        "'q'",
    ),
    "noise without a source of it": (program.Draw("m", (), 0.5, Ref("x")), "'rng'"),
    "a name that a step gave, after it": (
        (Loop((J,), (named("z"),)), Assign("w", Copy(Read("z", (N, P))))),
        "'z'",
    ),
    "a name that is given on request, after it": (
        (program.OnRequest((named("z"),)), Assign("w", Copy(Read("z", (N, P))))),
        "'z'",
    ),
    "an index of a loop, after it": (
        program.Keep("ofs", "kept", "j"),
        "'j'",
    ),
    "a loop that counts in another's name": (
        Loop((Index("y", 3),), ()),
        "'y'. counts steps, and is another thing",
    ),
    "an array read along axes of other lengths": (
        Assign("z", Copy(Read("y", (N, J)))),
        "y has the sizes",
    ),
    "a shape that is another's": (
        Assign("z", Fill(program.NOTHING, (N, J), Shape(of=Ref("y")), program.FLOAT64)),
        "y has the sizes",
    ),
    "a gradient that has not the shape of its parameter": (
        (Assign("W", Ref("y", "params")), Assign("w", Copy(Read("W", (N, J))))),
        "y has not the sizes of y",
    ),
    "an entry of each row, without the numbers of the rows": (
        (
            Assign("k", program.Reduce("sum", X, (P,), (N,))),
            Assign(
                "z",
                program.Gather(
                    X, (Slot(N, length(BATCH)), Slot(Read("k", (N,)), sp.Integer(3))), (N,), (N,)
                ),
            ),
        ),
        "'rows'",
    ),
    "an array that is written while another looks at it": (
        (Assign("v", whole(Y)), Assign("u", whole(Read("v", (N, P)))), write(Y)),
        r"y is written, and \['u', 'v'\] looks at it",
    ),
    "an array that is written in the next step, while another looks at it": (
        Loop((J,), (write(Y), Assign("v", whole(Y)))),
        r"y is written, and \['v'\] looks at it",
    ),
    "an array that steps made of what was a look, written while another looks at it": (
        (Assign("z", whole(X)), Loop((J,), (named("z"),)), Assign("v", whole(Z)), write(Z)),
        r"z is written, and \['v'\] looks at it",
    ),
    "an argument that is written": (write(X), "x is written, and not its own"),
    "an argument that is written in a loop": (
        Loop((J,), (write(X),)),
        "x is written, and not its own",
    ),
    "a part of the cache that is written": (
        Loop((J,), (Assign("c", Ref("c", "cache")), write(Read("c", (N, P))))),
        "c is written, and not its own",
    ),
    "what is an argument after the first step, written in the next": (
        Loop((J,), (write(Y), Assign("y", whole(X)))),
        "y is written, and not its own",
    ),
    "what may be an argument where it is asked for": (
        program.OnRequest((Assign("y", whole(X)),)),
        "y is given away, and not its own",
    ),
    "a gradient that is an argument": (
        Pack("grads", (("x", "x"),)),
        "x is given away, and not its own",
    ),
    "a gradient that looks at another": (
        Loop((J,), (Assign("v", whole(Y)), Pack("grads", (("v", "v"),)))),
        "v is given away, and not its own",
    ),
    "a gradient of an input that is an argument": (
        program.Entry(Ref("x", "cache"), "x"),
        "x is given away, and not its own",
    ),
    "a gradient given twice": (
        program.Entry(Ref("x", "cache"), "y"),
        "'y'. is given away twice",
    ),
    "two returns": (Return((Ref("params"),)), "it returns once, and last"),
    "a return of an array": (Return((Y,)), r"it returns \('array',\)"),
    "a function that is not there": (program.Call(("z",), "g", ()), "g is no function"),
    "a call without an argument": (
        program.Call(("a", "b"), "forward", ("params",)),
        "it is not called with what it takes",
    ),
    "a call with an argument of another kind": (
        program.Call(("a", "b"), "forward", ("params", "cache")),
        "it is not called with what it takes",
    ),
    "a call for more than is returned": (
        program.Call(("a", "b", "c"), "forward", ("params", "x")),
        "it returns another number of things",
    ),
}


@pytest.mark.parametrize("fault", IN_F)
def test_a_fault_is_refused(fault: str) -> None:
    """Within a right function, before what it gives away."""
    nodes, said = IN_F[fault]
    added = nodes if isinstance(nodes, tuple) else (nodes,)
    body = (*RIGHT.body[:5], *added, *RIGHT.body[5:])
    with pytest.raises(Malformed, match=said):
        check((replace(RIGHT, body=body), BLOCK, FORWARD))


@pytest.mark.parametrize("name", ["taken out by a number", "a scalar as an array"])
def test_what_is_no_view_by_name_is_not_written_either(name: str) -> None:
    """numpy gives x[k] of one number k, and asarray(x), as the same memory."""
    one = Read("k", ())
    looks = {
        "taken out by a number": program.Gather(
            X, (Slot(one, length(BATCH)), Slot(P, sp.Integer(3))), (), (P,)
        ),
        "a scalar as an array": program.AsArray(one),
    }
    look = looks[name]
    door = program.Admit("k", TensorInfo("k", (), "state"), (), frozenset())
    written = Store(Read("v", look.axes), Map(sp.S.One, (), ()), adds=True)
    function = of(MEASURED, door, Assign("v", look), written)
    more = (*function.arguments, Argument("k", "array"))
    with pytest.raises(Malformed, match="v is written, and not its own"):
        check([replace(function, arguments=more)])


def test_a_look_at_an_argument_is_not_written() -> None:
    """Under another name it is the same memory."""
    with pytest.raises(Malformed, match="v is written, and not its own"):
        check([of(MEASURED, Assign("v", whole(X)), write(Read("v", (N, P))))])

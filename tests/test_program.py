"""The grammar of array programs: what breaks it is refused, each kind of fault by one of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy as sp

from bpgen.ir import BATCH, Index, Malformed, TensorInfo, element, length
from bpgen.program import grammar as program
from bpgen.program.check import check
from bpgen.program.grammar import (
    Argument,
    Assign,
    Copy,
    Expr,
    Fill,
    Function,
    Loop,
    Map,
    Node,
    Pack,
    Read,
    Ref,
    Return,
    Shape,
    Slice,
    Slot,
    Store,
)

N, P, J = Index("n", BATCH), Index("p", 3), Index("j", 2)
X, Y, Z = (Read(name, (N, P)) for name in "xyz")
ARGUMENTS = (Argument("params", "arrays"), Argument("cache", "arrays"), Argument("x", "array"))
ASKED = Argument("inputs", "flag")
MEASURED = Assign(BATCH, program.Length(Ref("x"), 0))


def whole(array: Read) -> Slice:
    """Every element of an array."""
    slots = tuple(Slot(i, length(i.size)) for i in array.axes)
    return Slice(array, slots, array.axes)


ADMITTED = program.Admit("x", TensorInfo("x", (N, P), "input"), (), frozenset())


def of(*body: Node) -> Function:
    """A function that gives gradients, for it is given the cache; x is let in first."""
    return Function("f", (*ARGUMENTS, ASKED), ("arrays",), "", (ADMITTED, *body))


def doubled(array: Expr) -> Map:
    x = element("x", array.axes)
    return Map(2 * x, ((x, array),), array.axes)


def write(array: Read) -> Store:
    return Store(whole(array), doubled(whole(X)), adds=True)


def named(name: str) -> Assign:
    """A name for an array of the function's own."""
    return Assign(name, Copy(whole(X)))


SHAPE = Shape((length(BATCH), sp.Integer(3)))
RIGHT = of(
    MEASURED,
    Assign("y", Fill(program.NOTHING, (N, P), SHAPE, program.FLOAT64)),
    write(Y),
    named("d"),
    Pack("grads", (("y", "y"), ("d", "d"))),
    Return((Ref("grads"),)),
)
BLOCK = Function(
    "_block",
    (Argument("params", "arrays"), Argument("l", "block"), Argument("x", "array")),
    ("array", "arrays"),
    "",
    (named("x_next"), Pack("", (("x", "x"),), beside="x_next")),
)
CALL = program.Call(("h", "kept"), "_block", ("params", "l", "x"))
L = Index("l", 4)
FORWARD = Function(
    "forward",
    (Argument("params", "arrays"), Argument("x", "array"), Argument("rng", "noise")),
    ("array", "arrays"),
    "",
    (
        program.Guard("params"),
        ADMITTED,
        MEASURED,
        program.Draw("m", SHAPE.sizes, 0.5, Ref("x")),
        named("h"),
        program.Begin("ofs", named=True),
        Loop((L,), (CALL, program.Keep("ofs", "kept", "l"))),
        Pack("cache", (("x", "x"), ("m", "m")), ("ofs",)),
        Return((Read("h", (N, P)), Ref("cache"))),
    ),
)
BACKWARD = of(
    MEASURED,
    named("h"),
    program.Begin("ofs", named=False),
    Loop((L,), (CALL, program.Keep("ofs", "kept")), reverse=True),
    Assign("s", program.FromBlocks("s", "ofs", (N, P))),
    program.Stack("stacked", "ofs", some=True),
    Pack("grads", (("", "stacked"), ("s", "s"))),
    program.OnRequest((named("dx"), program.Entry(Ref("x", "grads"), "dx"))),
    Return((Ref("grads"),)),
)
PROGRAM = (RIGHT, BLOCK, FORWARD, BACKWARD)


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

"""Right functions of array programs, by their nodes, and what wrong ones are made of."""

from __future__ import annotations

import sympy as sp

from bpgen.ir import BATCH, Index, TensorInfo, element, length
from bpgen.program import grammar as program
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
    """Twice an array."""
    x = element("x", array.axes)
    return Map(2 * x, ((x, array),), array.axes)


def write(array: Read) -> Store:
    """A statement that adds to every element of an array."""
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

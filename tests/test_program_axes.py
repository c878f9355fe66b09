"""The axes of array programs: a right node of each kind, and wrong ones, each refused by its own
rule.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy as sp

from bpgen.ir import BATCH, Index, Malformed, element, length
from bpgen.program import grammar as program
from bpgen.program.axes import _RULES, agree
from bpgen.program.check import check
from bpgen.program.grammar import FLOAT64, Argument, Assign, Expr, Fill, Function, Node, Slot

N, T = Index("n", BATCH), Index("t", "T")
P, J, K = Index("p", 3), Index("j", 2), Index("k", 6)
Q, U = Index("q", 2), Index("u", 2)
X, F, TOK = program.Read("x", (N, P)), program.Read("f", (N, K)), program.Read("tok", (N,))
B, Z, S = program.Read("b", (P,)), program.Read("z", (N, J, P)), program.Read("s", ())
LENGTHS = (
    Assign(BATCH, program.Length(program.Ref("x"), 0)),
    Assign("T", program.Length(program.Ref("x"), 0)),
    Assign("rows", program.Count(N, (N,))),
)
ONE = program.Map(sp.S.One, (), ())


def at(index: Index) -> Slot:
    """A whole axis."""
    return Slot(index, length(index.size))


def sized(*sizes: int | str) -> program.Shape:
    return program.Shape(tuple(map(length, sizes)))


def same(axes: program.Axes) -> program.Map:
    """A number, said to run along axes."""
    return replace(ONE, axes=axes)


def twice(array: Expr) -> program.Map:
    x = element("x", array.axes)
    return program.Map(2 * x, ((x, array),), array.axes)


SLICE = program.Slice(X, (at(N), at(P)), (N, P))
SPLIT = program.Split(F, (at(N), Slot(3 * J + P, sp.Integer(6))), (N, J, P))
WINDOWS = program.Windows(X, (at(N), Slot(Q + U, sp.Integer(3))), (N, Q, U))
GATHER = program.Gather(X, (Slot(TOK, length(BATCH)), at(P)), (N,), (N, P))
JOIN = program.Join(Z, (N, K))
BROADCAST = program.Broadcast(B, sized(BATCH, 3), (N, P))
COUNT = program.Count(N, (N,))
MAP = twice(X)
TOTAL = program.Total((X, B), (N, P), last=S)
CONTRACT = program.Contract((X, Z), (N, P), (J,))
SUM = program.Reduce("sum", X, (P,), (N,))
FIRST = program.Reduce("first", X, (P,), (N, P))
ROWS = program.InRows("softmax", X, (N, P))
FILL = Fill(ONE, (N, P), sized(BATCH, 3), FLOAT64)
STORE = program.Store(program.Read("y", (N, P)), B, adds=True)
SCATTER = program.ScatterAdd(replace(GATHER, array=program.Read("y", (N, P))), B)
LOOP = program.Loop((J, P), (STORE,))

RIGHT: dict[str, Node] = {
    "a slice": SLICE,
    "one place": program.Slice(X, (at(N), Slot(sp.Integer(2), sp.Integer(3))), (N,)),
    "an axis in two": SPLIT,
    "windows": WINDOWS,
    "rows looked up": GATHER,
    "an entry of each row": program.Gather(X, (at(N), Slot(TOK, sp.Integer(3))), (N,), (N,)),
    "two axes in one": JOIN,
    "the same for each sample": BROADCAST,
    "the numbers of the samples": COUNT,
    "twice an array": MAP,
    "a sum of arrays": TOTAL,
    "a product": CONTRACT,
    "a sum along an axis": SUM,
    "the first of the largest": FIRST,
    "a softmax": ROWS,
    "numbers of truths": program.Cast(X, FLOAT64),
    "a copy": program.Copy(X),
    "a scalar": program.AsArray(S),
    "ones": FILL,
    "something added": STORE,
    "something added at places": SCATTER,
    "steps": LOOP,
}

WRONG: dict[str, Node] = {
    "an axis twice": program.Read("x", (P, P)),
    "fewer places than axes": replace(SLICE, slots=(at(N),), axes=(N,)),
    "an axis that no place runs along": replace(SLICE, axes=(N, P, J)),
    "a place along an axis that does not come out": replace(SLICE, axes=(N,)),
    "axes that come out in another order": replace(SLICE, axes=(P, N)),
    "a place beyond the end": replace(SLICE, slots=(at(N), Slot(P + 1, sp.Integer(3)))),
    "a place before the beginning": replace(SLICE, slots=(at(N), Slot(P - 1, sp.Integer(3)))),
    "an axis of another length": replace(SLICE, slots=(at(N), Slot(P, sp.Integer(5)))),
    "an index without a value": replace(SLICE, slots=(at(N), Slot(J, sp.Integer(3))), axes=(N,)),
    "a slice by what is looked up": replace(SLICE, slots=(Slot(TOK, length(BATCH)), at(P))),
    "digits in another order": replace(SPLIT, axes=(N, P, J)),
    "digits that do not fill the axis": replace(SPLIT, slots=(at(N), Slot(2 * J + P, sp.Integer(6)))),
    "windows before what they slide along": replace(WINDOWS, axes=(Q, N, U)),
    "windows beyond the end": replace(WINDOWS, slots=(at(N), Slot(Q + 2 * U, sp.Integer(3)))),
    "windows whose width is not known": program.Windows(X, (at(N), Slot(T + P, sp.Integer(3))), (N, P, T)),
    "looked up along no axis": replace(GATHER, by=()),
    "what is looked up stands last": replace(GATHER, axes=(P, N)),
    "nothing that is looked up": replace(GATHER, slots=(at(N), at(P)), by=()),
    "a table with an axis too few": replace(GATHER, array=B),
    "other elements than there are": replace(JOIN, axes=(N, P)),
    "a shape that is not that of the axes": replace(BROADCAST, shape=sized(BATCH, 7)),
    "a shape with a length too few": replace(BROADCAST, shape=sized(BATCH)),
    "broadcast to its own axes": replace(BROADCAST, array=X),
    "broadcast, and an axis lost": replace(BROADCAST, array=Z),
    "the numbers of no axis": replace(COUNT, axes=()),
    "numbers along another axis": replace(COUNT, axes=(P,)),
    "an operand with an axis of its own": replace(MAP, axes=(N,)),
    "an element without an operand": replace(MAP, operands=()),
    "an operand that the body has not": replace(MAP, body=sp.S.One),
    "two operands of one element": replace(MAP, operands=(*MAP.operands, *MAP.operands)),
    "an operand that has no length along its axes": program.Map(
        MAP.body, ((MAP.operands[0][0], same((N, P))),), (N, J, P)
    ),
    "a sum of one": replace(TOTAL, addends=(X,), last=None),
    "an addend with an axis of its own": replace(TOTAL, addends=(X, Z)),
    "a last addend with an axis of its own": replace(TOTAL, last=Z),
    "a product of one": replace(CONTRACT, operands=(X,), axes=()),
    "a product that loses an axis": replace(CONTRACT, axes=()),
    "a product that keeps what is summed": replace(CONTRACT, axes=(J, P)),
    "a product over an axis that none has": replace(CONTRACT, over=(N, P, K)),
    "a product over no axis": replace(CONTRACT, over=(), axes=(N, P, J)),
    "a product of what has no length along its axes": replace(CONTRACT, operands=(same((N, P)), Z)),
    "a sum whose axis stays": replace(SUM, axes=(N, P)),
    "a sum over an axis that is not there": replace(SUM, over=(J,), axes=(N, P)),
    "a sum over no axis": replace(SUM, over=(), axes=(N, P)),
    "a sum of what has no length along its axes": replace(SUM, array=same((N, P))),
    "a mark that loses its axis": replace(FIRST, axes=(N,)),
    "a mark whose axis is not the last": replace(FIRST, axes=(P, N)),
    "a softmax that loses an axis": replace(ROWS, axes=(N,)),
    "a softmax along no axis": replace(ROWS, array=S, axes=()),
    "a scalar with axes": program.AsArray(X),
    "a number with axes everywhere": replace(FILL, value=B),
    "a shape and no precision": replace(FILL, precision=None),
    "ones in a shape that is not that of the axes": replace(FILL, shape=sized(3, BATCH)),
    "a name for what has no length along its axes": Assign("a", same((N, P))),
    "a value with an axis that its place has not": replace(STORE, value=Z),
    "an addend with an axis that its places have not": replace(SCATTER, value=Z),
    "backwards along two indices": replace(LOOP, reverse=True),
    "an index for two": replace(LOOP, indices=(J, J)),
    "a loop over an index that has a value": program.Loop((J,), (program.Loop((J,), (STORE,)),)),
    "an index of a loop as an axis": program.Loop((P,), (Assign("a", program.Copy(SLICE)),)),
    "the value of an index after its loop": program.Loop((J,), (Assign("a", replace(COUNT, place=P, axes=())),)),
}  # fmt: skip


def whole(node: Node) -> Function:
    """A block's function with this statement, or one that names this expression."""
    arguments = [Argument("params", "arrays"), Argument("l", "block")]
    arguments += [Argument(name, "array") for name in ("x", "f", "tok", "b", "z", "s")]
    made = Assign("y", program.Copy(X))
    statement = Assign("a", node) if isinstance(node, Expr) else node
    body = (*LENGTHS, made, statement, program.Return((program.Read("y", (N, P)),)))
    return Function("f", tuple(arguments), ("array",), "", body)


@pytest.mark.parametrize("name", RIGHT)
def test_right_axes_pass(name: str) -> None:
    check([whole(RIGHT[name])])


@pytest.mark.parametrize("name", WRONG)
def test_wrong_axes_are_refused(name: str) -> None:
    with pytest.raises(Malformed, match="f: axes do not agree: "):
        check([whole(WRONG[name])])


def test_each_rule_refuses_something() -> None:
    """Each kind of node that has a rule is one that it refuses."""
    parts = (part for node in WRONG.values() for part in whole(node).walk())
    assert {type(part) for part in parts if not agree(part, ())} >= {*_RULES}


def test_each_kind_of_array_has_a_right_one() -> None:
    told = {type(part) for node in RIGHT.values() for part in node.walk() if isinstance(part, Expr)}
    every = {
        kind for kind in vars(program).values() if isinstance(kind, type) and issubclass(kind, Expr)
    }
    # View and Look are what others are; blocks: in array_programs.
    assert every - told == {Expr, program.View, program.Look, program.FromBlocks}

"""How often a value goes over memory as large as its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from bpgen.formulas.bodies import tree_of
from bpgen.formulas.reading import Unread
from bpgen.formulas.tree import COMPARES, Call, Tree, leaves
from bpgen.ir import Element, Index
from bpgen.planning.views import varying_axes
from bpgen.program.grammar import Expr, Map, Total, Windows
from bpgen.program.memory import bare, looks_at

FEW = 4
LARGE = 16  # numbers of a sample; a smaller array is not worth a call
MANY = FEW + 1
SIMPLE = {
    *("add", "subtract", "multiply", "divide", "negative", "square", "sqrt", "absolute"),
    *("maximum", "minimum", *COMPARES),
}


def is_cheap(value: Expr) -> bool:
    """Whether a value is a few calls of simple arithmetic, place by place, on large arrays."""
    numbers = prod(i.size for i in value.axes if isinstance(i.size, int))
    return numbers >= LARGE and 0 < sum(_calls(value, {*value.axes})) <= FEW


def _calls(value: Expr, whole: set[Index]) -> Iterator[int]:
    """1 for each call on as many places as the whole has, 0 on fewer; many for what is no simple
    arithmetic, or a copy of windows.
    """
    if isinstance(value, Total):
        addends = [*value.addends, *([value.last] if value.last is not None else [])]
        yield len(addends) - 1
        for addend in addends:
            yield from _calls(addend, whole)
    elif isinstance(value, Map):
        operands = dict(value.operands)
        yield from _of_body(value, operands, whole)
        for operand in operands.values():
            yield from _calls(operand, whole)
    elif looks_at(value) is None or isinstance(bare(value), Windows):
        yield MANY


def _of_body(value: Map, operands: Mapping[Element, Expr], whole: set[Index]) -> Iterator[int]:
    try:
        yield from _of_tree(tree_of(value.body), operands, whole)
    except Unread:
        yield MANY


def _of_tree(tree: Tree, operands: Mapping[Element, Expr], whole: set[Index]) -> Iterator[int]:
    if isinstance(tree, Call):
        axes = {i for e in leaves(tree) for i in varying_axes(operands[e])}
        simple = tree.name in SIMPLE and not tree.own
        yield int(axes == whole) if simple else MANY
        for argument in tree.args:
            yield from _of_tree(argument, operands, whole)

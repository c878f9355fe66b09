"""The module's own scalar functions, planned: each writes where it is told, and is given the memory
that it needs on the way.
"""

from __future__ import annotations

from functools import lru_cache

from bpgen.formulas.helpers import spelled
from bpgen.formulas.reading import DIGITS, Unread
from bpgen.formulas.tree import Call, Tree
from bpgen.ir import Element, Index, element
from bpgen.planning.checked import check_helper, check_values
from bpgen.planning.memory import named, shared
from bpgen.planning.nodes import Buffer, Helper
from bpgen.planning.opened import Opening
from bpgen.planning.scratch import sizes_of
from bpgen.program.grammar import Expr, Read

AXES = (Index("_", "_"),)  # of all that a function is given, whatever they are
OUT = Read("out", AXES)


@lru_cache(100)
def helper(name: str) -> Helper | None:
    """A function of the table; None where it is more than elementary calls, one after another."""
    try:
        found = spelled(name)
    except Unread:
        return None
    if found.written_out or any(_asks_for_digits(t) for _, t in found.lets):
        return None
    opening = Opening({*found.arguments, OUT.name}, helper)
    opening.scratch.keeps_numbers = False  # it has no memory but what it is given
    arrays: dict[Element, Expr] = {element(a, ()): Read(a, AXES) for a in found.arguments}
    for let, tree in found.lets:
        at = opening.scratch.take(AXES)
        opening.compute(tree, at, arrays)
        arrays[element(let, ())] = at
    opening.compute(found.value, OUT, arrays)
    statements = tuple(opening.made)
    stretches = shared(statements, opening.scratch, ())
    out = Buffer((OUT.name,), sizes_of(OUT.axes))
    check_values(found.name, found.arguments, statements, (*stretches, out))
    body, buffers = named(statements, stretches, opening.scratch)
    made = Helper(
        found.name,
        found.arguments,
        tuple(a in found.numbers for a in found.arguments),
        tuple(b.kind for b in buffers),
        tuple(b.names[0] for b in buffers),
        found.doc,
        body,
    )
    check_helper(made, OUT)
    return made


def _asks_for_digits(tree: Tree) -> bool:
    if isinstance(tree, Call):
        return any(map(_asks_for_digits, tree.args))
    return bool(tree == DIGITS)

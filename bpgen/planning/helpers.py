"""The module's own scalar functions, planned: each writes where it is told, and is given the memory
that it needs on the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from bpgen.formulas.helpers import Spelled, spelled
from bpgen.formulas.reading import DIGITS, Unread
from bpgen.formulas.tree import Call, Tree
from bpgen.ir import Element, Index, element
from bpgen.planning.lowering.exponentials import bounded_twice, downwards, with_one
from bpgen.planning.lowering.scratch import sizes_of
from bpgen.planning.lowering.statements import Lowering
from bpgen.planning.memory.sharing import named, shared
from bpgen.planning.nodes import Buffer, Helper
from bpgen.planning.verification.verifier import verify_helper, verify_values
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
    lowering = Lowering({*found.arguments, OUT.name}, helper)
    lowering.scratch.keeps_numbers = False  # it has no memory but what it is given
    arrays: dict[Element, Expr] = {element(a, ()): Read(a, AXES) for a in found.arguments}
    for let, tree in _lets(found):
        at = OUT if let == OUT.name else lowering.scratch.take(AXES)
        lowering.compute(tree, at, arrays)
        arrays[element(let, ())] = at
    statements = tuple(lowering.made)
    stretches = shared(statements, lowering.scratch, ())
    out = Buffer((OUT.name,), sizes_of(OUT.axes))
    verify_values(found.name, found.arguments, statements, (*stretches, out))
    body, buffers = named(statements, stretches, lowering.scratch)
    made = Helper(
        found.name,
        found.arguments,
        tuple(a in found.numbers for a in found.arguments),
        tuple(b.kind for b in buffers),
        tuple(b.names[0] for b in buffers),
        found.doc,
        body,
    )
    verify_helper(made, OUT)
    return made


def _lets(found: Spelled) -> Iterator[tuple[str, Tree]]:
    """What a function computes on the way, and then what it returns."""
    for let, tree in (*found.lets, (OUT.name, found.value)):
        of = bounded_twice(tree)
        if of is not None:
            known = f"<exponential in {let}>"
            yield known, downwards(of)
            tree = with_one(tree, of, element(known, ()))
        yield let, tree


def _asks_for_digits(tree: Tree) -> bool:
    if isinstance(tree, Call):
        return any(map(_asks_for_digits, tree.args))
    return bool(tree == DIGITS)

"""What derive is about to print of a lesson is read back first: wrong numbers are not printed."""

from __future__ import annotations

from bpgen.check.lesson import Ground, Wrong, false_numbers
from bpgen.errors import NetError
from bpgen.gates.page import LESSON, LONG, REMEDY, is_long
from bpgen.lesson import sections
from bpgen.raising.plan import plan
from bpgen.record import Derivation
from bpgen.render import render
from bpgen.worked import Worked, differentiated


def ground_of(derivation: Derivation, worked: Worked, digits: int) -> Ground:
    """What the numbers of a lesson are compared with."""
    return Ground(
        differentiated(derivation),
        worked.point.lengths,
        worked.point.values,
        worked.rate,
        worked.held,
        {adjoint: tensor for tensor, adjoint in derivation.adjoint.items()},
        tuple(f.evaluated for f in derivation.forward),
        tuple((s.of, s.evaluated) for s in plan(derivation).backward),
        tuple(s.of for s in derivation.printed_steps),
        frozenset(derivation.auxiliaries),
        digits,
    )


def numbers(derivation: Derivation, worked: Worked, digits: int) -> list[Wrong]:
    """The rows and sentences of a lesson that are false, or cannot be read."""
    page = render(
        derivation, fmt="latex", steps="short", worked=worked, digits=digits, lesson=sections
    )
    return false_numbers(page, ground_of(derivation, worked, digits))[1]


def refuse_wrong(derivation: Derivation, worked: Worked, digits: int, place: str) -> str:
    """NetError where a number of the lesson is false. What could not be read, if anything; of a
    long page nothing is, which is said.
    """
    if is_long(derivation, LESSON):
        return LONG
    found = numbers(derivation, worked, digits)
    for wrong in found:
        if not wrong.unread:
            fact = f"not printed, for it would be false: {wrong.line}: {wrong.reason}"
            raise NetError(fact, REMEDY, place)
    return ", ".join(wrong.line for wrong in found)

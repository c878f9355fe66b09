"""What of a value is written first: sums of products that are added up in its place, a softmax."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bpgen.program import grammar as program
from bpgen.program.grammar import Contract, Expr


@dataclass(frozen=True)
class Parts:
    """A value in parts: what is written first, what is added to it, and what is made of that."""

    first: Expr
    added: tuple[Contract, ...] = ()
    last: Expr | None = None

    @property
    def others(self) -> tuple[Expr, ...]:
        """What is written, beside what is added."""
        return (self.first,) if self.last is None else (self.first, self.last)


def instead(value: Expr, part: Expr, at: Expr) -> program.Map | None:
    """What is made of a part of a value that is there by then: nothing, where it is the value."""
    if not isinstance(value, program.Map):
        return None
    if any(value.body == e for e, x in value.operands if x is part):
        return None
    here = ((e, at if x is part else x) for e, x in value.operands)
    return replace(value, operands=tuple(here))


def made_in_place(value: Expr, is_free: bool) -> list[Expr]:
    """The same, where the place may be free for more than sums: a softmax needs it so."""
    return [w for w in whole_sums(value) if is_free or not isinstance(w, program.InRows)]


def whole_sums(value: Expr) -> list[Expr]:
    """The sums of products that may be added up in the place of a value, or a softmax made
    there.
    """
    if _is_part(value):
        return [value]
    if isinstance(value, program.Total):
        every = (*value.addends, value.last)
        return [a for a in every if isinstance(a, Contract)]
    if isinstance(value, program.Map):
        return [x for _, x in value.operands if _is_part(x) and {*x.axes} == {*value.axes}][:1]
    return []


def _is_part(value: Expr) -> bool:
    if isinstance(value, program.InRows):
        return value.call == "softmax" and value.axes[-1].size != 1
    return isinstance(value, Contract)

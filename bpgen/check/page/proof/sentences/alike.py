"""Which gradients are said to be found in the same way: they are of the same signs."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from bpgen.check.page import formula as f
from bpgen.check.page.evaluate import Scope
from bpgen.check.page.layers import numbers_of
from bpgen.check.page.proof.left_sides import named
from bpgen.check.page.proof.numbered import Row, rows_of
from bpgen.check.page.proof.page import Page
from bpgen.check.page.proof.sentences.contractions import contracts
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.tree import children, together

REFERENCE = re.compile(r"( as )?\(([^()]*)\)")
_COUNTED = (f.Over, f.Power, f.Quotient, f.Negative, f.Cases)


def in_the_same_way(found: re.Match[str], page: Page) -> str:
    """(11) and (14) as (8), (12) as (9)."""
    rows = {row.tag: row for row in reversed(rows_of(page)) if row.tag}
    for one, other in pairs(found[1]):
        if not {one, other} <= {*rows}:
            return f"({other if one in rows else one}) is no equation"
        if one == other or _signs(rows[one]) != _signs(rows[other]):
            return f"({one}) is not as ({other})"
    return ""


def pairs(references: str) -> Iterator[tuple[str, str]]:
    """Each number, and the first of those that it is said to be as."""
    ones: list[str] = []
    for as_this, number in REFERENCE.findall(references):
        if as_this:
            yield from ((one, numbers_of(number)[0]) for one in ones)
            ones = []
        else:
            ones += numbers_of(number)


def _signs(row: Row) -> tuple[int, set[str]]:
    """How many indices a gradient has, and what it is made of, whatever it is called and in
    whichever order; where sums are written out, of however many, and where one is told in matrices
    and another at its indices, what it is at these.
    """
    if row.told is None or not row.told[0]:
        raise Unreadable(f"({row.tag}) is no gradient")
    left, right = (row.reading.parse(part) for part in row.statement.parts[:2])
    below, scope = named(left).below, Scope(row.reading)
    own = {together(n) if isinstance(n, f.Beside) else n for n in below}
    return scope.rank(row.told[1]), {*_within(right, scope, own)}


def _within(node: f.Node, scope: Scope, own: Container[f.Node]) -> Iterator[str]:
    """`own` is where an entry stands: in a condition it is the letter that another row has."""
    if isinstance(node, f.Derivative):
        yield "gradient"
        return
    if isinstance(node, f.Symbol):
        names = scope.reading.names
        known = names.find(node)
        if known is not None:
            yield "value" if known[0] is names.tensors else "gradient"
        return
    if isinstance(node, f.Under):  # how far each letter goes is a size, which another layer has
        for part in node.conditions:
            yield from _within(part, scope, own)
        return
    if isinstance(node, f.Norm):
        squares = f.Over("sum", f.Under(), f.Power(node.inner, f.Number(2.0)))
        yield from _within(squares, scope, own)
        return
    if isinstance(node, f.Indicator) and isinstance(node.condition, f.Relation):
        for part in node.condition.parts:
            yield from () if part in own else _within(part, scope, own)
        return
    if isinstance(node, f.Call):
        yield node.name + "'" * node.prime
    elif isinstance(node, f.Number):
        yield str(node.value)
    elif isinstance(node, _COUNTED):
        yield type(node).__name__
    elif isinstance(node, f.Product) and contracts(node, scope):
        yield f.Over.__name__
    for child in children(node):
        yield from _within(child, scope, own)

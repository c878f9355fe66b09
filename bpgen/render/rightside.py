"""The right side of an equation in index notation: sums with their indices, scatters with an
indicator.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from bpgen.contraction import Group, Sum, factored, groups
from bpgen.ir import BATCH, Element, Equation, Index, length
from bpgen.render.calls import exp, log
from bpgen.render.scalar import Printer, Signed
from bpgen.render.writer import ADD, ATOM, MUL, POW, Piece, Writer

MANY = 3  # sums within one pair of parentheses; more are written apart, so that lines can break


def right_side(equation: Equation, writer: Writer) -> list[Signed]:
    """The addends of the right side, those that are added before those that are subtracted."""
    printer = Printer(writer, writer.element)
    rest = without_mean(equation)
    if rest is not None:
        inner = Piece(printer.joined(right_side(rest, writer)), ADD)
        return [(False, before(printer, 1 / length(BATCH), inner))]
    found = factored(equation)
    if found is not None:
        inner = Piece(printer.joined(right_side(found.inside, writer)), ADD)
        beside = right_side(found.beside, writer) if found.beside.terms else []
        return [*beside, (False, around(printer, found.outer, inner))]
    return positive_first(
        [a for g in in_order(equation, writer) for a in indexed_group(g, equation.indices, printer)]
    )


def in_order(equation: Equation, writer: Writer) -> tuple[Group, ...]:
    """The groups of an equation; in a loss, penalties last."""
    found = groups(equation)
    return found if equation.indices else tuple(sorted(found, key=lambda g: _of_params(g, writer)))


def without_mean(equation: Equation) -> Equation | None:
    """The equation times N where it has several addends, each of them divided by N."""
    size = length(BATCH)
    several = len(equation.terms) > 1 or isinstance(equation.terms[0].body, sp.Add)
    if not several or not all(size in t.body.free_symbols for t in equation.terms):
        return None
    terms = tuple(
        t.map(lambda body: sp.Add(*(size * a for a in sp.Add.make_args(body))))
        for t in equation.terms
    )
    return (
        None if any(size in t.body.free_symbols for t in terms) else replace(equation, terms=terms)
    )


def _of_params(group: Group, writer: Writer) -> bool:
    bodies = (group.outer, *(s.body for s in group.sums))
    return {e.name for b in bodies for e in b.atoms(Element)} <= writer.order.params


def positive_first(addends: list[Signed]) -> list[Signed]:
    return sorted(addends, key=lambda a: a[0])


def indexed_group(group: Group, left: tuple[Index, ...], printer: Printer) -> list[Signed]:
    """The addends of one group."""
    marks = indicators(group, left, printer.writer)
    if not group.sums and not marks:
        return printer.addends(group.outer)
    if group.outer.is_Number and len(group.sums) > MANY:
        return [
            a
            for s in group.sums
            for a in indexed_group(Group(group.outer, (s,), group.at), left, printer)
        ]
    negative = bool(group.outer.as_coeff_Mul()[0].is_negative)
    outer = -group.outer if negative else group.outer
    if marks:
        flip, inner = _scattered(group, outer, marks, printer)
        return [(negative != flip, inner)]
    sums = [_sum(s, printer) for s in group.sums]
    if outer == 1 and not negative:
        return sums
    flip, inner = sums[0] if len(sums) == 1 else (False, Piece(printer.joined(sums), ADD))
    return [(negative != flip, before(printer, outer, inner))]


def around(printer: Printer, common: sp.Expr, inner: Piece) -> Piece:
    """What several terms have in common, and their bracket: before it, or under it."""
    above, below = sp.fraction(common)
    if below == 1:
        return before(printer, common, inner)
    dialect = printer.writer.dialect
    top = before(printer, above, inner)
    if dialect.flat:
        return Piece(dialect.frac(printer.fitted(top, MUL), printer.tight(below, POW)), MUL)
    return before(printer, 1 / below, top)


def before(printer: Printer, outer: sp.Expr, inner: Piece) -> Piece:
    """What stands outside a sum, then the sum."""
    if outer == 1:
        return inner
    return Piece(printer.juxtaposed([printer.tight(outer, MUL), printer.fitted(inner, MUL)]), MUL)


def indicators(group: Group, left: tuple[Index, ...], writer: Writer) -> list[str]:
    """1[i = y] for every axis at which a scatter does not write at the left side's own index."""
    equal = f" {writer.dialect.relations['==']} "
    at = group.at or left
    return [
        writer.indicator(writer.subscript(i) + equal + writer.subscript(e))
        for i, e in zip(left, at, strict=True)
        if i != e
    ]


def _scattered(group: Group, outer: sp.Expr, marks: list[str], printer: Printer) -> Signed:
    """The indicators of where it is written, outside the sum where they can be, then what is
    written.
    """
    text, negative, body = " ".join(marks), False, outer
    times = printer.writer.dialect.times
    for part in group.sums:
        free = {s for e in group.at or () for s in e.free_symbols}
        if not free & set(part.over):
            negative, inner = _sum(part, printer)
            shown = inner if outer == 1 else before(printer, outer, inner)
            return negative, Piece(text + times + shown.text, MUL)
        negative = _all_negative(part.body)
        text = printer.writer.dialect.sum(_over(part, printer.writer)) + text
        body = outer * (-part.body if negative else part.body)
    if body != 1:
        text += times + printer.tight(body, MUL)
    return negative, Piece(text, MUL)


def _over(part: Sum, writer: Writer) -> str:
    return ",".join(writer.subscript(k) for k in part.over)


def _all_negative(body: sp.Expr) -> bool:
    return isinstance(body, sp.Add) and all(a.could_extract_minus_sign() for a in body.args)


def _sum(part: Sum, printer: Printer) -> Signed:
    """sum over j of a product; the sign of a body that is negative throughout stands outside."""
    dialect, over, body = printer.writer.dialect, _over(part, printer.writer), part.body
    if part.reduce == "logsumexp":
        inner = dialect.sum(over) + exp(printer.text(body), printer.writer).text
        return False, log(Piece(inner, ATOM), dialect)
    if part.reduce == "max":
        return False, Piece(dialect.max(over) + printer.tight(body, MUL), MUL)
    negative = _all_negative(body)
    body = sp.Add(*(-a for a in body.args)) if negative else body
    return negative, Piece(dialect.sum(over) + printer.tight(body, MUL), MUL)

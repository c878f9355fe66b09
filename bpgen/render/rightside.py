"""The right side of an equation in index notation: sums with their indices, scatters with an
indicator.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sympy as sp

from bpgen.equations.contraction import Group, Sum, factored, groups
from bpgen.ir import BATCH, Element, Equation, Index, elements, length
from bpgen.render.calls import exp, log
from bpgen.render.masks import kept
from bpgen.render.scalar import Printer, Signed
from bpgen.render.under import under
from bpgen.render.writer import ADD, ATOM, MUL, POW, Piece, Writer

MANY = 3  # sums within one pair of parentheses; more are written apart, so that lines can break


def right_side(equation: Equation, writer: Writer) -> list[Signed]:
    """The addends of the right side, those that are added before those that are subtracted."""
    printer = Printer(writer, writer.element)
    if equation.terms[0].reduce == "first":
        return [(False, first_largest(equation.lhs, printer))]
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
    return {e.name for b in bodies for e in elements(b)} <= writer.order.params


def positive_first(addends: list[Signed]) -> list[Signed]:
    return sorted(addends, key=lambda a: a[0])


def indexed_group(group: Group, left: tuple[Index, ...], printer: Printer) -> list[Signed]:
    """The addends of one group."""
    marks, conditions = indicators(group, left, printer.writer)
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
    if marks or conditions:
        flip, inner = _scattered(group, outer, marks, conditions, printer)
        return [(negative != flip, inner)]
    sums = [_sum(s, printer) for s in group.sums]
    if outer == 1:
        return [(negative != flip, inner) for flip, inner in sums]
    flip, inner = sums[0] if len(sums) == 1 else (False, Piece(printer.joined(sums), ADD))
    return [(negative != flip, before(printer, outer, inner))]


def around(printer: Printer, common: sp.Expr, inner: Piece) -> Piece:
    """What several terms have in common, and their bracket: before it, or under it."""
    above, below = sp.fraction(common, exact=True)
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


def indicators(
    group: Group, left: tuple[Index, ...], writer: Writer
) -> tuple[list[str], list[str]]:
    """1[i = y] for every axis at which a scatter does not write at the left side's own index; and
    2p+u = i, where a sum is restricted to what it writes there.
    """
    over = {k for s in group.sums for k in s.over}
    marks, conditions = [], []
    for own, place in zip(left, group.at or left, strict=True):
        if own == place:
            continue
        equal, one, other = writer.dialect.relations["=="], *map(writer.subscript, (own, place))
        if place.free_symbols & over:
            conditions.append(f"{other}{equal}{one}")
        else:
            marks.append(writer.indicator(f"{one} {equal} {other}"))
    return marks, conditions


def _scattered(
    group: Group, outer: sp.Expr, marks: list[str], conditions: list[str], printer: Printer
) -> Signed:
    """The indicators of where it is written, then what is written: a sum under its conditions."""
    negative, shown = False, printer.piece(outer) if outer != 1 else None
    for part in group.sums:  # one at most
        if part.body == 1:  # what is counted stands inside
            number, rest = outer.as_coeff_Mul()
            part, outer = replace(part, factors=(rest,)), number
        negative, shown = _sum(part, printer, group.at or (), conditions)
        shown = shown if outer == 1 else before(printer, outer, shown)
    text = " ".join(marks)
    if shown is None:
        return negative, Piece(text, MUL)
    if not marks:
        return negative, shown
    if not group.sums and not outer.has(Element):  # a number stands first
        times = printer.writer.dialect.times
        return negative, Piece(printer.fitted(shown, MUL) + times + text, MUL)
    return negative, Piece(text + printer.writer.dialect.times + printer.fitted(shown, MUL), MUL)


def first_largest(access: Element, printer: Printer) -> Piece:
    """{1 if x_k = m for the first k; 0 otherwise}."""
    writer = printer.writer
    known = writer.firsts[access.name, len(access.indices)]
    at = dict(zip(known.indices, access.indices, strict=True))
    plain, bounds = kept(known.body.xreplace(at))
    body, largest = (printer.text(e) for e in (plain, known.largest.xreplace(at)))
    words = writer.dialect.words
    over = access.indices[len(known.largest.indices) :]
    if any(e.is_Integer for e in over):
        when = words["for the first time"] + writer.location(known, access)
    else:
        when = words["for the first"] + writer.listed(over)
        when += words["with"] + ", ".join(writer.bounded(bounds)) if bounds else ""
    if over[1:]:
        writer.note("order")
    equal = f" {writer.dialect.relations['==']} "
    rows = (("1", words["if"] + body + equal + largest + when), ("0", words["otherwise"]))
    return Piece(writer.dialect.cases(rows), MUL)


def _all_negative(body: sp.Expr) -> bool:
    return isinstance(body, sp.Add) and all(a.could_extract_minus_sign() for a in body.args)


def _sum(
    part: Sum, printer: Printer, at: Iterable[sp.Expr] = (), conditions: Iterable[str] = ()
) -> Signed:
    """sum over j of a product; the sign of a body that is negative throughout stands outside."""
    dialect, body = printer.writer.dialect, part.body
    if part.reduce != "sum":
        body, bounds = kept(body)
        conditions = (*conditions, *printer.writer.bounded(bounds))
    over = under(part.over, (body, *at), printer.writer, conditions)
    if part.reduce == "logsumexp":
        inner = dialect.sum(over) + exp(printer.text(body), printer.writer).text
        return False, log(Piece(inner, ATOM), dialect)
    if part.reduce == "max":
        return False, Piece(dialect.max(over) + printer.tight(body, MUL), MUL)
    negative = _all_negative(body)
    body = sp.Add(*(-a for a in body.args)) if negative else body
    return negative, Piece(dialect.sum(over) + printer.tight(body, MUL), MUL)

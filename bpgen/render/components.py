"""Every scalar equation of a small network written out, entries counted from 1."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import sympy as sp

from bpgen.equations.contraction import Group, Sum
from bpgen.errors import NetError
from bpgen.ir import Element, Equation, Index, Reduce
from bpgen.record import Derivation
from bpgen.render.calls import exp, log
from bpgen.render.masks import kept
from bpgen.render.places import along
from bpgen.render.rightside import MANY, before, first_largest, in_order, positive_first
from bpgen.render.sample import View
from bpgen.render.scalar import Printer, Signed
from bpgen.render.writer import ADD, ATOM, MUL, Piece, Writer

LARGEST = 200  # scalar equations: a page or two of them help, more do not
_REMEDY = "use --notation matrix or --notation index"

Entry = dict[sp.Basic, sp.Integer]


def check_size(derivation: Derivation, view: View) -> None:
    """Refuse a network that has too many scalar equations, or sizes known only at run time."""
    equations = [f.equation for f in derivation.printed]
    equations += [s.equation for s in derivation.printed_steps]
    count = 0
    for equation in equations:
        entries = 1
        for index in (
            *view.indices(equation.indices),
            *(k for t in equation.terms for k in view.indices(t.over)),
        ):
            if not isinstance(index.size, int):
                raise NetError(
                    f"{equation.name} has the length {index.size}, known only at run time", _REMEDY
                )
        block = equation.loop.index if equation.loop is not None and equation.loop.block else None
        for index in (i for i in view.indices(equation.indices) if i != block):
            entries *= int(str(index.size))
        count += entries
        if count > LARGEST:
            raise NetError(
                f"the network is too large to write out: more than {LARGEST} scalar equations",
                _REMEDY,
            )


def entries(indices: tuple[Index, ...]) -> Iterator[Entry]:
    """Every entry of a tensor, as index values counted from 0."""
    for values in product(*(range(int(str(i.size))) for i in indices)):
        yield dict(zip(indices, map(sp.Integer, values), strict=True))


def left_side(access: Element, entry: Entry, writer: Writer) -> str:
    return Printer(writer, writer.element).text(access.xreplace(entry))


def right_side(equation: Equation, entry: Entry, writer: Writer) -> list[Signed]:
    """The right side at one entry, its sums written out."""
    printer = Printer(writer, writer.element)
    if equation.terms[0].reduce == "first":
        return [(False, first_largest(equation.lhs.xreplace(entry), printer))]
    found = [
        a for g in in_order(equation, writer) for a in _group(g, equation.indices, entry, printer)
    ]
    return positive_first(found) or [(False, Piece("0"))]


def _group(group: Group, left: tuple[Index, ...], entry: Entry, printer: Printer) -> list[Signed]:
    outer = _within(group.outer.xreplace(entry), printer.writer)
    if not group.sums:
        marks = _indicators(group.at, left, entry, printer)
        if marks is None or outer == 0:
            return []
        return [_marked(outer, marks, printer)] if marks else printer.addends(outer)
    sums = [a for s in group.sums for a in _expanded(s, group.at, left, entry, printer)]
    if outer == 1 or not sums:
        return sums
    negative = bool(outer.as_coeff_Mul()[0].is_negative)
    outer = -outer if negative else outer
    if outer == 1:
        return [(not flip, inner) for flip, inner in sums]
    if len(sums) == 1:
        return [(negative != sums[0][0], before(printer, outer, sums[0][1]))]
    if outer.is_Number and len(sums) > MANY:
        return [(negative != flip, before(printer, outer, s)) for flip, s in sums]
    inner = Piece(printer.joined(sums), ADD)
    if outer.is_Number:
        return [(negative, before(printer, outer, inner))]
    return [
        (
            negative,
            Piece(printer.juxtaposed([printer.fitted(inner, MUL), printer.tight(outer, MUL)]), MUL),
        )
    ]


def _expanded(
    part: Sum,
    at: tuple[sp.Expr, ...] | None,
    left: tuple[Index, ...],
    entry: Entry,
    printer: Printer,
) -> list[Signed]:
    """The addends of a sum, one for each value of its indices; a maximum or logsumexp stays one
    call.
    """
    values = [
        _within(part.body.xreplace({**entry, **e}), printer.writer) for e in entries(part.over)
    ]
    if part.reduce != "sum":
        values = [z for z, bounds in map(kept, values) if all(a <= b for a, b in bounds)]
        return [(False, _reduced(part.reduce, values, printer))]
    found: list[Signed] = []
    for value, here in zip(values, entries(part.over), strict=True):
        marks = _indicators(at, left, {**entry, **here}, printer)
        if marks is not None and value != 0:
            found += [_marked(value, marks, printer)] if marks else printer.addends(value)
    return found


def _reduced(reduce: Reduce, values: list[sp.Expr], printer: Printer) -> Piece:
    """log(e^a + e^b), or max(a, b)."""
    dialect, texts = printer.writer.dialect, [printer.text(v) for v in values]
    if reduce == "max":
        return Piece(dialect.call(dialect.max("").strip(), ", ".join(texts)))
    inner = " + ".join(exp(text, printer.writer).text for text in texts)
    return log(Piece(inner, ADD if values[1:] else ATOM), dialect)


def _within(expr: sp.Expr, writer: Writer) -> sp.Expr:
    """An expression at an entry, where what is beyond the last step is 0."""
    beyond = {
        e: sp.S.Zero
        for e in expr.atoms(Element)
        for i, size in along(e, writer.axes)
        if i.is_Integer and isinstance(size, int) and i >= size
    }
    return expr.xreplace(beyond)


def _marked(value: sp.Expr, marks: list[str], printer: Printer) -> Signed:
    negative = bool(value.as_coeff_Mul()[0].is_negative)
    value = -value if negative else value
    return negative, before(printer, value, Piece(" ".join(marks), MUL))


def _indicators(
    at: tuple[sp.Expr, ...] | None, left: tuple[Index, ...], entry: Entry, printer: Printer
) -> list[str] | None:
    """The conditions under which a scatter writes at this entry; None where it does not."""
    marks = []
    for index, access in zip(left, at or left, strict=True):
        here, there = index.xreplace(entry), access.xreplace(entry)
        if here == there:
            continue
        if here.is_Integer and there.is_Integer:
            return None
        writer = printer.writer
        equal = f" {writer.dialect.relations['==']} "
        marks.append(writer.indicator(writer.subscript(here) + equal + writer.subscript(there)))
    return marks

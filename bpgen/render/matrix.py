"""Index notation raised to matrices: sum_j W[i,j] x[j] is W x, d[i] x[j] is d x^T, d[i] a[i] is d o
a.

What fits no such form raises `Unfit`, and its equation is printed with its indices. The batch index
is a label: a subscript n on a vector, and a sum over n, stay.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from bpgen.contraction import Group, Sum, factored
from bpgen.ir import BATCH, Element, Equation, Index, length
from bpgen.render.places import fits, is_plain, open_indices
from bpgen.render.products import (
    Raiser,
    Unfit,
    is_batch,
    matrix_sum,
    of_batch,
    outer_product,
    split_over,
)
from bpgen.render.reads import counted, read_in
from bpgen.render.rightside import (
    MANY,
    around,
    before,
    in_order,
    indexed_group,
    positive_first,
    without_mean,
)
from bpgen.render.scalar import Printer, Signed
from bpgen.render.writer import ADD, ATOM, MUL, POW, Piece, Writer


def left_side(equation: Equation, writer: Writer) -> str:
    """The tensor's name, with n where it has a batch axis."""
    return named(equation.lhs, writer)


def named(access: Element, writer: Writer) -> str:
    """The name of the tensor that an element is of."""
    return Raiser(writer, ()).named(access).text


def is_whole(access: Element, right: Equation, writer: Writer) -> bool:
    """Whether an equation for an element is one for its whole tensor."""
    raiser = Raiser(writer, (), _of_blocks(right, writer))
    axes = tuple(i for i in right.indices if not raiser.is_label(i))
    return raiser.inner(access) == axes and fits(access, writer.axes)


def _of_blocks(equation: Equation, writer: Writer) -> frozenset[sp.Basic]:
    """The indices that say which block."""
    places = [e.indices[0] for e in equation.reads() if e.name in writer.blocks]
    found = {i for place in places for i in open_indices((place,))}
    own = writer.blocks.get(equation.name)
    return frozenset(found if own is None or own not in equation.indices else {*found, own})


def attempt(equation: Equation, writer: Writer) -> list[Signed] | None:
    """The right side without indices, or None; what is noted on the way counts only where it
    succeeds.
    """
    trial = replace(writer, notes=set())
    try:
        found = right_side(equation, trial)
    except Unfit:
        return None
    writer.note(*trial.notes)
    return found


def right_side(equation: Equation, writer: Writer) -> list[Signed]:
    """The addends of the right side, without indices."""
    labels = _of_blocks(equation, writer)
    axes = tuple(i for i in equation.indices if not (is_batch(i) or i in labels))
    spoken = {s for t in equation.terms for s in t.body.free_symbols}
    scatters = any(t.at is not None for t in equation.terms)
    if len(axes) > 2 or not (scatters or spoken.issuperset(axes)):  # a number is no vector
        raise Unfit
    if any(t.reduce == "first" or counted(t.body) for t in equation.terms):  # no matrix names one
        raise Unfit
    rest = without_mean(equation)
    if rest is not None:
        printer = Printer(writer, writer.element)
        inner = Piece(printer.joined(right_side(rest, writer)), ADD)
        return [(False, before(printer, 1 / length(BATCH), inner))]
    found = factored(equation) if len(axes) < 2 else None
    if found is not None:
        inside = right_side(found.inside, writer)
        inner = Piece(Printer(writer, writer.element).joined(inside), ADD)
        beside = right_side(found.beside, writer) if found.beside.terms else []
        printer = Raiser(writer, axes, labels).printer(axes)
        return [*beside, (False, _around(printer, found.outer, inner))]
    if axes and len({bool(t.at or t.body.free_symbols & set(axes)) for t in equation.terms}) > 1:
        writer.note("broadcast")
    raiser = Raiser(writer, axes, labels)
    raised = _group if axes else _group_or_indexed
    return positive_first([a for g in in_order(equation, writer) for a in raised(g, axes, raiser)])


def _plain_whole(group: Group, writer: Writer) -> bool:
    """Whether every element is read at plain indices, each over the whole of its axis."""
    exprs = (group.outer, *(f for s in group.sums for f in s.factors))
    return not any(map(counted, exprs)) and all(
        all(map(is_plain, writer.below(e)))
        and fits(e, writer.axes)
        and (e.name, len(e.indices)) not in writer.firsts
        for expr in exprs
        for e in read_in(expr)
    )


def _group(group: Group, axes: tuple[Index, ...], raiser: Raiser) -> list[Signed]:
    if not _plain_whole(group, raiser.writer):
        raise Unfit
    if group.at is not None:
        return [_unit(group, axes, raiser)]
    if group.outer.is_Number and len(group.sums) > MANY:
        return [a for s in group.sums for a in _group(Group(group.outer, (s,)), axes, raiser)]
    negative = bool(group.outer.as_coeff_Mul()[0].is_negative)
    outer = -group.outer if negative else group.outer
    printer = raiser.printer(axes)
    if not group.sums:
        if len(axes) == 2:
            return [(negative, outer_product(outer, axes, raiser))]
        return printer.addends(group.outer)
    if len(axes) == 2:
        joined = [(False, matrix_sum(outer, s, axes, raiser)) for s in group.sums]
        return [(negative, piece) for _, piece in joined]
    sums = [_sum(s, axes, raiser) for s in group.sums]
    if outer == 1:
        return [(negative != flip, inner) for flip, inner in sums]
    flip, inner = sums[0] if len(sums) == 1 else (False, Piece(printer.joined(sums), ADD))
    if axes and not any(s.body.free_symbols & set(axes) for s in group.sums):
        return [(negative != flip, _scaled(printer, outer, inner))]
    return [(negative != flip, _times(printer, outer, inner))]


def _group_or_indexed(group: Group, axes: tuple[Index, ...], raiser: Raiser) -> list[Signed]:
    """In an equation for a scalar, norms may stand beside sums with indices."""
    trial = replace(raiser, writer=replace(raiser.writer, notes=set()))
    try:
        found = _group(group, axes, trial)
    except Unfit:
        return indexed_group(group, axes, Printer(raiser.writer, raiser.writer.element))
    raiser.writer.note(*trial.writer.notes)
    return found


def _scaled(printer: Printer, outer: sp.Expr, inner: Piece) -> Piece:
    """A scalar sum, such as an inner product, times a vector: 2 (u^T v) p."""
    coefficient, vector = outer.as_coeff_Mul()
    if vector == 1:
        return before(printer, coefficient, inner)
    beside = printer.juxtaposed([printer.fitted(inner, ATOM), printer.tight(vector, MUL)])
    return before(printer, coefficient, Piece(beside, MUL))


def _times(printer: Printer, outer: sp.Expr, inner: Piece) -> Piece:
    """(W^T d) o a o (1 - a), or 2 W x where the outer factors are scalars."""
    factors = [f for f in sp.Mul.make_args(outer) if printer.entrywise(f)]
    scalars = sp.Mul(*(f for f in sp.Mul.make_args(outer) if not printer.entrywise(f)))
    if not factors:
        return before(printer, outer, inner)
    vectors = printer.times([], factors)
    level = POW if printer.writer.dialect.flat and len(factors) == 1 else MUL
    joined = printer.odot([printer.fitted(inner, POW), printer.fitted(vectors, level)])
    return before(printer, scalars, Piece(joined, MUL))


def _around(printer: Printer, common: sp.Expr, inner: Piece) -> Piece:
    """A bracket and the factor of its terms: r (g - u), p o (g - u), or (g - u) / s."""
    if any(printer.entrywise(f) for f in sp.Mul.make_args(common)):
        return _times(printer, common, inner)
    return around(printer, common, inner)


def _unit(group: Group, axes: tuple[Index, ...], raiser: Raiser) -> Signed:
    """A scalar written at a label: a multiple of the unit vector e_y."""
    at = tuple(e for e in group.at or () if not raiser.is_label(e))
    if group.sums or len(at) != 1 or len(axes) != 1 or not isinstance(at[0], Element):
        raise Unfit
    negative = bool(group.outer.as_coeff_Mul()[0].is_negative)
    outer = -group.outer if negative else group.outer
    if outer.free_symbols & set(axes):
        raise Unfit
    return negative, before(
        raiser.printer(axes), outer, Piece(raiser.writer.unit(raiser.writer.subscript(at[0])))
    )


def _sum(part: Sum, axes: tuple[Index, ...], raiser: Raiser) -> Signed:
    """A sum in an equation for a vector or a scalar."""
    batch, over = split_over(part, raiser)
    if not over:
        negative, inner = _all(part.body, raiser.printer(axes))
        return negative, of_batch(batch, inner, raiser)
    if not axes or not part.body.free_symbols & set(axes):
        return False, of_batch(batch, _to_scalar(part, over, raiser), raiser)
    if len(over) != 1:
        raise Unfit
    both = [f for f in part.factors if f.free_symbols & set(axes)]
    rest = [f for f in part.factors if not f.free_symbols & set(axes)]
    if len(both) != 1 or not isinstance(both[0], Element) or not rest:
        raise Unfit
    matrix = raiser.bare(both[0], (*axes, *over), transposed=True)
    printer = raiser.printer(over)
    vector = printer.piece(sp.Mul(*rest))
    if not any(printer.entrywise(f) for f in rest):
        raise Unfit
    product = raiser.writer.product(printer.fitted(matrix, POW), printer.fitted(vector, POW))
    return False, of_batch(batch, Piece(product, MUL), raiser)


def _all(body: sp.Expr, printer: Printer) -> Signed:
    addends = printer.addends(body) or [(False, Piece("0"))]
    return addends[0] if len(addends) == 1 else (False, Piece(printer.joined(addends), ADD))


def _to_scalar(part: Sum, over: tuple[Index, ...], raiser: Raiser) -> Piece:
    """A squared norm, or the inner product of two vectors."""
    printer = raiser.printer(over)
    dialect = raiser.writer.dialect
    body = part.factors[0]
    if len(part.factors) == 1 and isinstance(body, sp.Pow) and body.exp == 2 and len(over) <= 2:
        if body.base.has(sp.Function) or not _whole(body.base, over, raiser):
            raise Unfit
        return Piece(dialect.norm(printer.text(body.base), "_F" if len(over) == 2 else ""), POW)
    if (
        len(part.factors) == 2
        and len(over) == 1
        and all(isinstance(f, Element) for f in part.factors)
    ):
        one, two = sorted(part.factors, key=raiser.writer.order.factor)
        if not raiser.inner(one) == raiser.inner(two) == over:
            raise Unfit
        left = raiser.named(one, transposed=True)
        right = printer.fitted(raiser.bare(two, over), POW)
        return Piece(raiser.writer.product(left.text, right), MUL)
    raise Unfit


def _whole(base: sp.Expr, over: tuple[Index, ...], raiser: Raiser) -> bool:
    """Whether a base has the summed axes in this order in one of its elements."""
    return any(raiser.inner(e) == over for e in base.atoms(Element))

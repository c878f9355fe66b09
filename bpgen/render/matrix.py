"""Index notation raised to matrices: sum_j W[i,j] x[j] is W x, d[i] x[j] is d x^T, d[i] a[i] is d o
a.

What fits no such form is None, and its equation is printed with its indices. The batch index is a
label: a subscript n on a vector, and a sum over n, stay.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from bpgen.equations.contraction import Factored, Group, factored
from bpgen.ir import BATCH, Element, Equation, is_batch, length
from bpgen.render.places import fits, is_plain, open_indices
from bpgen.render.products import matrix_sum, outer_product, vector_sum
from bpgen.render.raiser import Axes, Raiser, attempt, every
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


def right_side(equation: Equation, writer: Writer) -> list[Signed] | None:
    """The addends of the right side without indices, if it has such a form."""
    return attempt(writer, lambda trial: _right_side(equation, trial))


def _right_side(equation: Equation, writer: Writer) -> list[Signed] | None:
    labels = _of_blocks(equation, writer)
    axes = tuple(i for i in equation.indices if not (is_batch(i) or i in labels))
    raiser = Raiser(writer, axes, labels)
    if not _may_be_raised(equation, axes):
        return None
    rest = without_mean(equation)
    if rest is not None:
        inner, printer = _bracket(rest, writer), Printer(writer, writer.element)
        return None if inner is None else [(False, before(printer, 1 / length(BATCH), inner))]
    if len(axes) < 2:
        found = factored(equation)
        if found is not None:
            return _factored(found, raiser)
    if axes and len({bool(t.at or t.body.free_symbols & set(axes)) for t in equation.terms}) > 1:
        writer.note("broadcast")
    raised = _group if axes else _group_or_indexed
    groups = every(raised(g, raiser) for g in in_order(equation, writer))
    return None if groups is None else positive_first([a for group in groups for a in group])


def _may_be_raised(equation: Equation, axes: Axes) -> bool:
    """Whether its terms are of one or two axes and of all of them; no matrix names an index."""
    mentioned = {s for t in equation.terms for s in t.body.free_symbols}
    places = [t.at for t in equation.terms if t.at is not None]
    if len(axes) > 2 or not (places or mentioned.issuperset(axes)):  # a number is no vector
        return False
    labels = tuple(i for i in equation.indices if i not in axes)
    if any(tuple(e for e in at if is_batch(e) or e in labels) != labels for at in places):
        return False  # written at the diagonal of all pairs of samples
    return not any(t.reduce == "first" or counted(t.body) for t in equation.terms)


def _bracket(equation: Equation, writer: Writer) -> Piece | None:
    """A right side as one sum."""
    inside, printer = _right_side(equation, writer), Printer(writer, writer.element)
    return None if inside is None else Piece(printer.joined(inside), ADD)


def _factored(found: Factored, raiser: Raiser) -> list[Signed] | None:
    """What several terms have in common and their bracket, after the terms that lack it."""
    inner = _bracket(found.inside, raiser.writer)
    beside = _right_side(found.beside, raiser.writer) if found.beside.terms else []
    if inner is None or beside is None or not raiser.fits(found.outer, raiser.axes):
        return None
    return [*beside, (False, _around(raiser.printer(raiser.axes), found.outer, inner))]


def _is_plain_whole(group: Group, writer: Writer) -> bool:
    """Whether every element is read at plain indices, each over the whole of its axis."""
    exprs = (group.outer, *(f for s in group.sums for f in s.factors))
    return not any(map(counted, exprs)) and all(
        all(map(is_plain, writer.below(e)))
        and fits(e, writer.axes)
        and (e.name, len(e.indices)) not in writer.firsts
        for expr in exprs
        for e in read_in(expr)
    )


def _group(group: Group, raiser: Raiser) -> list[Signed] | None:
    """The addends of one group."""
    if not _is_plain_whole(group, raiser.writer):
        return None
    if group.at is not None:
        return every([_unit(group, raiser)])
    if group.outer.is_Number and len(group.sums) > MANY:
        apart = every(_group(Group(group.outer, (s,)), raiser) for s in group.sums)
        return None if apart is None else [a for addends in apart for a in addends]
    if len(raiser.axes) == 2:
        return _of_matrix(group, raiser)
    if not raiser.fits(group.outer, raiser.axes):
        return None
    printer = raiser.printer(raiser.axes)
    return _of_vector(group, raiser) if group.sums else printer.addends(group.outer)


def _of_matrix(group: Group, raiser: Raiser) -> list[Signed] | None:
    negative, outer = _signed(group.outer)
    if group.sums:
        found = every(matrix_sum(outer, s, raiser.axes, raiser) for s in group.sums)
    else:
        found = every([outer_product(outer, raiser.axes, raiser)])
    return None if found is None else [(negative, piece) for piece in found]


def _of_vector(group: Group, raiser: Raiser) -> list[Signed] | None:
    """Sums in an equation for a vector or a scalar, times what stands outside."""
    axes, printer = raiser.axes, raiser.printer(raiser.axes)
    negative, outer = _signed(group.outer)
    sums = every(vector_sum(s, axes, raiser) for s in group.sums)
    if sums is None:
        return None
    if outer == 1:
        return [(negative != flip, inner) for flip, inner in sums]
    flip, inner = sums[0] if len(sums) == 1 else (False, Piece(printer.joined(sums), ADD))
    scalar = axes and not any(s.body.free_symbols & set(axes) for s in group.sums)
    return [(negative != flip, (_scaled if scalar else _times)(printer, outer, inner))]


def _signed(outer: sp.Expr) -> tuple[bool, sp.Expr]:
    """Whether an expression is negative, and its absolute value."""
    negative = bool(outer.as_coeff_Mul()[0].is_negative)
    return negative, -outer if negative else outer


def _group_or_indexed(group: Group, raiser: Raiser) -> list[Signed]:
    """In an equation for a scalar, norms may stand beside sums with indices."""
    found = attempt(raiser.writer, lambda trial: _group(group, replace(raiser, writer=trial)))
    if found is not None:
        return found
    return indexed_group(group, raiser.axes, Printer(raiser.writer, raiser.writer.element))


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


def _unit(group: Group, raiser: Raiser) -> Signed | None:
    """A scalar written at a label: a multiple of the unit vector e_y."""
    axes, writer = raiser.axes, raiser.writer
    at = tuple(e for e in group.at or () if not raiser.is_label(e))
    if group.sums or len(at) != 1 or len(axes) != 1 or not isinstance(at[0], Element):
        return None
    negative, outer = _signed(group.outer)
    if outer.free_symbols & set(axes) or not raiser.fits(outer, axes):
        return None
    unit = Piece(writer.unit(at[0]))
    return negative, before(raiser.printer(axes), outer, unit)

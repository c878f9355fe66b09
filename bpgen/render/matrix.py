"""Index notation raised to matrices: sum_j W[i,j] x[j] is W x, d[i] x[j] is d x^T, d[i] a[i] is d o a.

What fits no such form raises `Unfit`, and its equation is printed with its indices. The batch index is a label:
a subscript n on a vector, and a sum over n, stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from bpgen.contraction import Group, Sum
from bpgen.ir import BATCH, Element, Equation, Index, length
from bpgen.render.rightside import before, in_order, positive_first, without_mean
from bpgen.render.scalar import Printer, Signed
from bpgen.render.writer import ADD, MUL, POW, Piece, Writer


class Unfit(Exception):
    """The equation has no form in vectors and matrices."""


def left_side(equation: Equation, writer: Writer) -> str:
    """The tensor's name, with n where it has a batch axis."""
    return writer.tensor(equation.name, tuple(writer.subscript(i) for i in equation.indices if _is_batch(i))).text


def right_side(equation: Equation, writer: Writer) -> list[Signed]:
    """The addends of the right side, without indices."""
    axes = tuple(i for i in equation.indices if not _is_batch(i))
    if len(axes) > 2:
        raise Unfit
    rest = without_mean(equation)
    if rest is not None:
        printer = Printer(writer, writer.element)
        inner = Piece(printer.joined(right_side(rest, writer)), ADD)
        return [(False, before(printer, 1 / length(BATCH), inner))]
    return positive_first([a for g in in_order(equation, writer) for a in _group(g, axes, _Raiser(writer, axes))])


def _is_batch(expr: sp.Basic) -> bool:
    return isinstance(expr, Index) and expr.size == BATCH


@dataclass(frozen=True)
class _Raiser:
    writer: Writer
    axes: tuple[Index, ...]

    def printer(self, axes: tuple[Index, ...]) -> Printer:
        """Prints expressions in which every element has either all of `axes` or none of them."""
        return Printer(self.writer, lambda e: self.bare(e, axes), lambda f: bool(f.free_symbols & set(axes)))

    def bare(self, access: Element, axes: tuple[Index, ...], transposed: bool = False) -> Piece:
        inner = tuple(i for i in access.indices if not _is_batch(i))
        if inner == axes or (transposed and inner == axes[::-1]):
            labels = tuple(self.writer.subscript(i) for i in access.indices if _is_batch(i))
            return self.writer.tensor(access.name, labels, transposed and inner != axes)
        if access.free_symbols & set(axes) or any(isinstance(i, Index) for i in inner):
            raise Unfit
        return self.writer.element(access)


def _group(group: Group, axes: tuple[Index, ...], raiser: _Raiser) -> list[Signed]:
    if group.at is not None:
        return [_unit(group, axes, raiser)]
    negative = bool(group.outer.as_coeff_Mul()[0].is_negative)
    outer = -group.outer if negative else group.outer
    printer = raiser.printer(axes)
    if not group.sums:
        if len(axes) == 2:
            return [(negative, _outer_product(outer, axes, raiser))]
        return printer.addends(group.outer)
    if len(axes) == 2:
        joined = [(False, _matrix_sum(outer, s, axes, raiser)) for s in group.sums]
        return [(negative, piece) for _, piece in joined]
    sums = [_sum(s, axes, raiser) for s in group.sums]
    if outer == 1 and not negative:
        return sums
    flip, inner = sums[0] if len(sums) == 1 else (False, Piece(printer.joined(sums), ADD))
    return [(negative != flip, _times(printer, outer, inner))]


def _times(printer: Printer, outer: sp.Expr, inner: Piece) -> Piece:
    """(W^T d) o a o (1 - a), or 2 W x where the outer factors are scalars."""
    factors = [f for f in sp.Mul.make_args(outer) if printer.entrywise(f)]
    scalars = sp.Mul(*(f for f in sp.Mul.make_args(outer) if not printer.entrywise(f)))
    if not factors:
        return before(printer, outer, inner)
    vectors = printer.times([], factors)
    level = POW if printer.writer.dialect.flat and len(factors) == 1 else MUL
    joined = Piece(printer.fitted(inner, POW) + printer.writer.dialect.odot + printer.fitted(vectors, level), MUL)
    return before(printer, scalars, joined)


def _unit(group: Group, axes: tuple[Index, ...], raiser: _Raiser) -> Signed:
    """A scalar written at a label: a multiple of the unit vector e_y."""
    at = tuple(e for e in group.at or () if not _is_batch(e))
    if group.sums or len(at) != 1 or len(axes) != 1 or not isinstance(at[0], Element):
        raise Unfit
    negative = bool(group.outer.as_coeff_Mul()[0].is_negative)
    outer = -group.outer if negative else group.outer
    if outer.free_symbols & set(axes):
        raise Unfit
    return negative, before(raiser.printer(axes), outer, Piece(raiser.writer.unit(raiser.writer.subscript(at[0]))))


def _over(part: Sum) -> tuple[tuple[Index, ...], tuple[Index, ...]]:
    """The batch indices and the others that a sum runs over."""
    if part.reduce != "sum":
        raise Unfit
    return tuple(k for k in part.over if _is_batch(k)), tuple(k for k in part.over if not _is_batch(k))


def _of_batch(batch: tuple[Index, ...], inner: Piece, raiser: _Raiser) -> Piece:
    if not batch:
        return inner
    text = inner.text if inner.level >= MUL else raiser.writer.dialect.parens(inner.text)
    return Piece(raiser.writer.dialect.sum(",".join(raiser.writer.subscript(k) for k in batch)) + text, MUL)


def _sum(part: Sum, axes: tuple[Index, ...], raiser: _Raiser) -> Signed:
    """A sum in an equation for a vector or a scalar."""
    batch, over = _over(part)
    if not over:
        negative, inner = _all(part.body, raiser.printer(axes))
        return negative, _of_batch(batch, inner, raiser)
    if not axes:
        return False, _of_batch(batch, _to_scalar(part, over, raiser), raiser)
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
    return False, _of_batch(batch, Piece(f"{matrix.text} {printer.fitted(vector, POW)}", MUL), raiser)


def _all(body: sp.Expr, printer: Printer) -> Signed:
    addends = printer.addends(body)
    return addends[0] if len(addends) == 1 else (False, Piece(printer.joined(addends), ADD))


def _to_scalar(part: Sum, over: tuple[Index, ...], raiser: _Raiser) -> Piece:
    """A squared norm, or the inner product of two vectors."""
    printer = raiser.printer(over)
    dialect = raiser.writer.dialect
    body = part.factors[0]
    if len(part.factors) == 1 and isinstance(body, sp.Pow) and body.exp == 2 and len(over) <= 2:
        if body.base.has(sp.Function) or not _whole(body.base, over):
            raise Unfit
        return Piece(dialect.norm(printer.text(body.base), "_F" if len(over) == 2 else ""), POW)
    if len(part.factors) == 2 and len(over) == 1 and all(isinstance(f, Element) for f in part.factors):
        one, two = sorted(part.factors, key=raiser.writer.order.factor)
        labels = tuple(raiser.writer.subscript(i) for i in one.indices if _is_batch(i))
        if tuple(i for i in one.indices if not _is_batch(i)) != over:
            raise Unfit
        left = raiser.writer.tensor(one.name, labels, transposed=True)
        return Piece(f"{left.text} {raiser.bare(two, over).text}", MUL)
    raise Unfit


def _whole(base: sp.Expr, over: tuple[Index, ...]) -> bool:
    """Whether a base has the summed axes in this order in one of its elements."""
    return any(tuple(i for i in e.indices if not _is_batch(i)) == over for e in base.atoms(Element))


def _outer_product(expr: sp.Expr, axes: tuple[Index, ...], raiser: _Raiser) -> Piece:
    """u v^T of a column and a row, or an expression entry by entry in whole matrices."""
    rows, columns, rest = _sides(sp.Mul.make_args(expr), axes)
    if rest is None:
        return raiser.printer(axes).piece(expr)
    if not rows and not columns:
        return raiser.printer(axes).piece(expr)
    if not rows or not columns:
        raise Unfit
    left, right = raiser.printer(axes[:1]), raiser.printer(axes[1:])
    column = left.fitted(left.piece(sp.Mul(*rows)), POW)
    row = _transposed(sp.Mul(*columns), axes[1:], right, raiser)
    return before(left, sp.Mul(*rest), Piece(f"{column} {row}", MUL))


def _transposed(expr: sp.Expr, axes: tuple[Index, ...], printer: Printer, raiser: _Raiser) -> str:
    if isinstance(expr, Element):
        inner = tuple(i for i in expr.indices if not _is_batch(i))
        if inner != axes:
            raise Unfit
        labels = tuple(raiser.writer.subscript(i) for i in expr.indices if _is_batch(i))
        return raiser.writer.tensor(expr.name, labels, transposed=True).text
    dialect = raiser.writer.dialect
    return dialect.transpose(dialect.parens(printer.text(expr)))


Sides = tuple[list[sp.Expr], list[sp.Expr], "list[sp.Expr] | None"]


def _sides(factors: tuple[sp.Expr, ...], axes: tuple[Index, ...]) -> Sides:
    """The factors along the rows, along the columns, and the scalars (None where some factor is of both)."""
    rows = [f for f in factors if axes[0] in f.free_symbols]
    columns = [f for f in factors if axes[1] in f.free_symbols]
    if set(rows) & set(columns):
        return rows, columns, None
    return rows, columns, [f for f in factors if f not in rows and f not in columns]


def _matrix_sum(outer: sp.Expr, part: Sum, axes: tuple[Index, ...], raiser: _Raiser) -> Piece:
    """A sum in an equation for a matrix: of outer products over the batch, or a product of two matrices."""
    batch, over = _over(part)
    if not over:
        scalars = sp.Mul(*(f for f in sp.Mul.make_args(outer) if not f.free_symbols & set(axes)))
        vectors = sp.Mul(*(f for f in sp.Mul.make_args(outer) if f.free_symbols & set(axes)))
        inner = _outer_product(vectors * part.body, axes, raiser)
        return before(raiser.printer(axes), scalars, _of_batch(batch, inner, raiser))
    if len(over) != 1 or outer.free_symbols & set(axes) or len(part.factors) != 2:
        raise Unfit
    if not all(isinstance(f, Element) for f in part.factors):
        raise Unfit
    first = [f for f in part.factors if axes[0] in f.free_symbols]
    second = [f for f in part.factors if axes[1] in f.free_symbols]
    if len(first) != 1 or len(second) != 1 or first == second:
        raise Unfit
    left = raiser.bare(first[0], (axes[0], over[0]), transposed=True)
    right = raiser.bare(second[0], (over[0], axes[1]), transposed=True)
    product = _of_batch(batch, Piece(f"{left.text} {right.text}", MUL), raiser)
    return before(raiser.printer(axes), outer, product)



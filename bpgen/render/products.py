"""Products of matrices and vectors, from factors that say which indices they use."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from bpgen.contraction import Sum
from bpgen.ir import BATCH, Element, Index
from bpgen.render.rightside import before
from bpgen.render.scalar import Printer
from bpgen.render.writer import MUL, POW, Piece, Writer


class Unfit(Exception):
    """The equation has no form in vectors and matrices."""


def is_batch(expr: sp.Basic) -> bool:
    return isinstance(expr, Index) and expr.size == BATCH


@dataclass(frozen=True)
class Raiser:
    """`labels` are the indices that stay: of the sample and of the block."""

    writer: Writer
    axes: tuple[Index, ...]
    labels: frozenset[sp.Basic] = frozenset()

    def is_label(self, expr: sp.Basic) -> bool:
        return is_batch(expr) or expr in self.labels

    def inner(self, access: Element) -> tuple[sp.Expr, ...]:
        """The indices of an element that matrices do away with."""
        return tuple(i for i in self.writer.below(access) if not is_batch(i))

    def named(self, access: Element, transposed: bool = False) -> Piece:
        """A tensor without those."""
        labels = tuple(self.writer.subscript(i) for i in access.indices if is_batch(i))
        return self.writer.tensor(access.name, labels, transposed, self.writer.above(access))

    def printer(self, axes: tuple[Index, ...]) -> Printer:
        """Prints expressions in which every element has either all of `axes` or none of them."""
        return Printer(
            self.writer, lambda e: self.bare(e, axes), lambda f: bool(f.free_symbols & set(axes))
        )

    def bare(self, access: Element, axes: tuple[Index, ...], transposed: bool = False) -> Piece:
        inner = self.inner(access)
        if inner == axes or (transposed and inner == axes[::-1]):
            return self.named(access, transposed and inner != axes)
        if access.free_symbols & set(axes) or any(isinstance(i, Index) for i in inner):
            raise Unfit
        return self.writer.element(access)


def split_over(part: Sum, raiser: Raiser) -> tuple[tuple[Index, ...], tuple[Index, ...]]:
    """The labels and the others that a sum runs over."""
    if part.reduce != "sum":
        raise Unfit
    return tuple(k for k in part.over if raiser.is_label(k)), tuple(
        k for k in part.over if not raiser.is_label(k)
    )


def of_batch(batch: tuple[Index, ...], inner: Piece, raiser: Raiser) -> Piece:
    if not batch:
        return inner
    text = inner.text if inner.level >= MUL else raiser.writer.dialect.parens(inner.text)
    return Piece(
        raiser.writer.dialect.sum(",".join(raiser.writer.subscript(k) for k in batch)) + text, MUL
    )


def outer_product(expr: sp.Expr, axes: tuple[Index, ...], raiser: Raiser) -> Piece:
    """u v^T of a column and a row, or an expression entry by entry in whole matrices."""
    rows, columns, rest = _sides(sp.Mul.make_args(expr), axes)
    if rest is None or not (rows or columns):
        if any(p.free_symbols & set(axes) for p in expr.atoms(sp.Pow)):
            raise Unfit  # the square of a matrix is not that of its entries
        return raiser.printer(axes).piece(expr)
    if not rows or not columns:
        raise Unfit
    left, right = raiser.printer(axes[:1]), raiser.printer(axes[1:])
    column = left.fitted(left.piece(sp.Mul(*rows)), POW)
    row = _transposed(sp.Mul(*columns), axes[1:], right, raiser)
    return before(left, sp.Mul(*rest), Piece(raiser.writer.product(column, row), MUL))


def _transposed(expr: sp.Expr, axes: tuple[Index, ...], printer: Printer, raiser: Raiser) -> str:
    if isinstance(expr, Element):
        if raiser.inner(expr) != axes:
            raise Unfit
        return raiser.named(expr, transposed=True).text
    dialect = raiser.writer.dialect
    return dialect.transpose(dialect.parens(printer.text(expr)))


Sides = tuple[list[sp.Expr], list[sp.Expr], "list[sp.Expr] | None"]


def _sides(factors: tuple[sp.Expr, ...], axes: tuple[Index, ...]) -> Sides:
    """The factors along the rows, along the columns, and the scalars (None where some factor is of
    both).
    """
    rows = [f for f in factors if axes[0] in f.free_symbols]
    columns = [f for f in factors if axes[1] in f.free_symbols]
    if set(rows) & set(columns):
        return rows, columns, None
    return rows, columns, [f for f in factors if f not in rows and f not in columns]


def matrix_sum(outer: sp.Expr, part: Sum, axes: tuple[Index, ...], raiser: Raiser) -> Piece:
    """A sum in an equation for a matrix: of outer products over the batch, or a product of two
    matrices.
    """
    batch, over = split_over(part, raiser)
    if not over:
        scalars = sp.Mul(*(f for f in sp.Mul.make_args(outer) if not f.free_symbols & set(axes)))
        vectors = sp.Mul(*(f for f in sp.Mul.make_args(outer) if f.free_symbols & set(axes)))
        inner = outer_product(vectors * part.body, axes, raiser)
        return before(raiser.printer(axes), scalars, of_batch(batch, inner, raiser))
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
    printer = raiser.printer(axes)
    both = raiser.writer.product(printer.fitted(left, POW), printer.fitted(right, POW))
    return before(printer, outer, of_batch(batch, Piece(both, MUL), raiser))

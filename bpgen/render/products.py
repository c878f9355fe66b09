"""Products of matrices and vectors, from factors that say which indices they use; None of what is
no such product.
"""

from __future__ import annotations

import sympy as sp

from bpgen.equations.contraction import Sum
from bpgen.ir import Element
from bpgen.render.raiser import Axes, Raiser
from bpgen.render.rightside import before
from bpgen.render.scalar import Printer, Signed
from bpgen.render.writer import ADD, MUL, POW, Piece


def outer_product(expr: sp.Expr, axes: Axes, raiser: Raiser) -> Piece | None:
    """u v^T of a column and a row, or an expression entry by entry in whole matrices."""
    rows, columns, rest = _sides(sp.Mul.make_args(expr), axes)
    if rest is None or not (rows or columns):
        # the square of a matrix is not that of its entries
        powers = any(p.free_symbols & set(axes) for p in expr.atoms(sp.Pow))
        fits = not powers and raiser.fits(expr, axes)
        return raiser.printer(axes).piece(expr) if fits else None
    if not (rows and columns and raiser.fits(sp.Mul(*rows, *rest), axes[:1])):
        return None
    row = _transposed(sp.Mul(*columns), axes[1:], raiser)
    if row is None:
        return None
    left = raiser.printer(axes[:1])
    column = left.fitted(left.piece(sp.Mul(*rows)), POW)
    return before(left, sp.Mul(*rest), Piece(raiser.writer.product(column, row), MUL))


def _transposed(expr: sp.Expr, axes: Axes, raiser: Raiser) -> str | None:
    if isinstance(expr, Element):
        whole = raiser.inner(expr) == axes
        return raiser.named(expr, transposed=True).text if whole else None
    if not raiser.fits(expr, axes):
        return None
    dialect = raiser.writer.dialect
    return dialect.transpose(dialect.parens(raiser.printer(axes).text(expr)))


Sides = tuple[list[sp.Expr], list[sp.Expr], "list[sp.Expr] | None"]


def _sides(factors: tuple[sp.Expr, ...], axes: Axes) -> Sides:
    """The factors along the rows, along the columns, and the scalars (None where some factor is of
    both).
    """
    rows, columns = ([f for f in factors if axis in f.free_symbols] for axis in axes)
    if set(rows) & set(columns):
        return rows, columns, None
    return rows, columns, [f for f in factors if f not in rows and f not in columns]


def matrix_sum(outer: sp.Expr, part: Sum, axes: Axes, raiser: Raiser) -> Piece | None:
    """A sum in an equation for a matrix: of outer products over the batch, or a product of two
    matrices.
    """
    split = _split_over(part, raiser)
    if split is None:
        return None
    batch, over = split
    factors = sp.Mul.make_args(outer)
    vectors = [f for f in factors if f.free_symbols & set(axes)]
    scalars = [f for f in factors if f not in vectors]
    if over and vectors:
        return None
    if over:
        inner = _product(part, axes, over, raiser)
    else:
        inner = outer_product(sp.Mul(*vectors) * part.body, axes, raiser)
    if inner is None or not raiser.fits(sp.Mul(*scalars), axes):
        return None
    return before(raiser.printer(axes), sp.Mul(*scalars), _of_batch(batch, inner, raiser))


def _product(part: Sum, axes: Axes, over: Axes, raiser: Raiser) -> Piece | None:
    """A B, of two matrices."""
    if len(over) != 1 or len(part.factors) != 2:
        return None
    if not all(isinstance(f, Element) for f in part.factors):
        return None
    first, second = ([f for f in part.factors if axis in f.free_symbols] for axis in axes)
    if len(first) != 1 or len(second) != 1 or first == second:
        return None
    left = _matrix(first[0], (axes[0], *over), raiser)
    right = _matrix(second[0], (*over, axes[1]), raiser)
    if left is None or right is None:
        return None
    printer = raiser.printer(axes)
    both = raiser.writer.product(printer.fitted(left, POW), printer.fitted(right, POW))
    return Piece(both, MUL)


def _matrix(access: Element, axes: Axes, raiser: Raiser) -> Piece | None:
    """A matrix of these axes, transposed where it has them in the other order."""
    whole = raiser.inner(access) in (axes, axes[::-1])
    return raiser.bare(access, axes) if whole else None


def vector_sum(part: Sum, axes: Axes, raiser: Raiser) -> Signed | None:
    """A sum in an equation for a vector or a scalar."""
    split = _split_over(part, raiser)
    if split is None:
        return None
    batch, over = split
    if not over:
        if not raiser.fits(part.body, axes):
            return None
        negative, inner = _all(part.body, raiser.printer(axes))
        return negative, _of_batch(batch, inner, raiser)
    if not axes or not part.body.free_symbols & set(axes):
        found = _to_scalar(part, over, raiser)
    else:
        found = _of_vector(part, axes, over, raiser)
    return None if found is None else (False, _of_batch(batch, found, raiser))


def _split_over(part: Sum, raiser: Raiser) -> tuple[Axes, Axes] | None:
    """The labels and the others that a sum runs over."""
    if part.reduce != "sum":
        return None
    labels = tuple(k for k in part.over if raiser.is_label(k))
    return labels, tuple(k for k in part.over if k not in labels)


def _of_batch(batch: Axes, inner: Piece, raiser: Raiser) -> Piece:
    if not batch:
        return inner
    text = inner.text if inner.level >= MUL else raiser.writer.dialect.parens(inner.text)
    over = ",".join(map(raiser.writer.subscript, batch))
    return Piece(raiser.writer.dialect.sum(over) + text, MUL)


def _all(body: sp.Expr, printer: Printer) -> Signed:
    addends = printer.addends(body) or [(False, Piece("0"))]
    return addends[0] if len(addends) == 1 else (False, Piece(printer.joined(addends), ADD))


def _of_vector(part: Sum, axes: Axes, over: Axes, raiser: Raiser) -> Piece | None:
    """A x, of a matrix and a vector."""
    matrices = [f for f in part.factors if f.free_symbols & set(axes)]
    vector = sp.Mul(*(f for f in part.factors if f not in matrices))
    if len(over) != 1 or len(matrices) != 1 or not isinstance(matrices[0], Element):
        return None
    matrix = _matrix(matrices[0], (*axes, *over), raiser)
    if matrix is None or not (vector.free_symbols & set(over) and raiser.fits(vector, over)):
        return None
    printer = raiser.printer(over)
    left, right = printer.fitted(matrix, POW), printer.fitted(printer.piece(vector), POW)
    return Piece(raiser.writer.product(left, right), MUL)


def _to_scalar(part: Sum, over: Axes, raiser: Raiser) -> Piece | None:
    """A squared norm, or the inner product of two vectors."""
    printer, body = raiser.printer(over), part.factors[0]
    if len(part.factors) == 1 and isinstance(body, sp.Pow) and body.exp == 2 and len(over) <= 2:
        base = body.base
        whole = any(raiser.inner(e) == over for e in base.atoms(Element))
        if base.has(sp.Function) or not (whole and raiser.fits(base, over)):
            return None
        kind = "_F" if len(over) == 2 else ""
        return Piece(raiser.writer.dialect.norm(printer.text(base), kind), POW)
    vectors = [f for f in part.factors if isinstance(f, Element) and raiser.inner(f) == over]
    if len(over) != 1 or not len(part.factors) == len(vectors) == 2:
        return None
    one, two = sorted(vectors, key=raiser.writer.order.factor)
    right = printer.fitted(raiser.bare(two, over), POW)
    return Piece(raiser.writer.product(raiser.named(one, transposed=True).text, right), MUL)

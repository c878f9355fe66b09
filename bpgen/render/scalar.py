"""The one printer of scalar expressions, whatever the notation and the dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sympy as sp

from bpgen.ir import Element
from bpgen.render.calls import called, condition
from bpgen.render.fractions import decimal, fraction
from bpgen.render.partial import Partial
from bpgen.render.writer import ADD, ATOM, MUL, POW, Piece, Writer

_HEAVY = ("frac", "\\log", "\\sum", "∂", "Σ")  # what needs a space or a dot beside it
Signed = tuple[bool, Piece]  # whether it is subtracted, and its absolute value


@dataclass(frozen=True)
class Printer:
    """`access` writes an element; `entrywise` says which factors are joined by the entry-by-entry
    product.
    """

    writer: Writer
    access: Callable[[Element], Piece]
    entrywise: Callable[[sp.Expr], bool] = lambda _: False

    def text(self, expr: sp.Expr) -> str:
        return self.joined(self.addends(expr))

    def piece(self, expr: sp.Expr) -> Piece:
        addends = self.addends(expr)
        negative, only = addends[0]
        return only if len(addends) == 1 and not negative else Piece(self.joined(addends), ADD)

    def joined(self, addends: Iterable[Signed]) -> str:
        """a - b + c."""
        minus, text = self.writer.dialect.minus, ""
        for negative, piece in addends:
            if text:
                text += f" {minus if negative else '+'} {piece.text}"
            else:
                text = (minus if negative else "") + piece.text
        return text

    def addends(self, expr: sp.Expr) -> list[Signed]:
        """The addends of a sum in the author's order; of anything else, itself."""
        parts = expr.args if isinstance(expr, sp.Add) else (expr,)
        ordered = sorted(parts, key=self.writer.order.addend) if parts[1:] else parts
        return [self.signed(p) for p in ordered]

    def signed(self, expr: sp.Expr) -> Signed:
        if expr.is_Number or isinstance(expr, sp.Mul):
            negative = bool(expr.as_coeff_Mul()[0].is_negative)
            return negative, self.product(-expr if negative else expr)
        return False, self.atom(expr)

    def tight(self, expr: sp.Expr, level: int) -> str:
        """An expression where only what binds at least as tightly as `level` goes without
        parentheses.
        """
        return self.fitted(self.piece(expr), level)

    def fitted(self, piece: Piece, level: int) -> str:
        return piece.text if piece.level >= level else self.writer.dialect.parens(piece.text)

    def product(self, expr: sp.Expr) -> Piece:
        """Numeric coefficient, then the factors in the author's order, over the denominators."""
        coefficient, top, bottom, lengths = fraction(expr)
        if bottom:
            return self._quotient(coefficient, top, [*lengths, *bottom])
        bare = coefficient == 1 and not lengths and top
        number = None if bare else self.number(coefficient, [self.tight(f, MUL) for f in lengths])
        return self.times([number] if number else [], top)

    def times(self, pieces: list[Piece], factors: Iterable[sp.Expr]) -> Piece:
        """Pieces that come first and factors to be ordered, as one product."""
        ordered = sorted(factors, key=self.writer.order.factor)
        plain = [f for f in ordered if not self.entrywise(f)]
        vectors = [f for f in ordered if self.entrywise(f)]
        alone = len(pieces) + len(ordered) == 1
        if alone and ordered:
            return self.atom(ordered[0])
        level = ADD if alone else MUL
        text = self.juxtaposed(
            [self.fitted(p, level) for p in pieces] + [self._factor(f, level) for f in plain]
        )
        if not vectors:
            return Piece(text, pieces[0].level if alone else MUL)
        joined = self.writer.dialect.odot.join(self._factor(v, MUL) for v in vectors)
        if not text:
            return Piece(joined, MUL)
        return Piece(self.juxtaposed([text, joined]), MUL)

    def _factor(self, expr: sp.Expr, level: int) -> str:
        """One factor of several; on one line a quotient among factors needs parentheses."""
        piece = self.piece(expr)
        if (
            self.writer.dialect.flat
            and level == MUL
            and piece.level == MUL
            and not isinstance(expr, Partial)
        ):
            return self.writer.dialect.parens(piece.text)
        return self.fitted(piece, level)

    def juxtaposed(self, texts: list[str]) -> str:
        """Factors side by side, with a thin space or a dot where they would run together."""
        times, made = self.writer.dialect.times, ""
        for text in texts:
            heavy = any(mark in made + text for mark in _HEAVY) or "/" in made
            tight = text.startswith("(") and (not heavy or not self.writer.dialect.flat)
            made += ("" if tight or not made else times if heavy else " ") + text
        return made

    def _quotient(
        self, coefficient: sp.Rational, top: list[sp.Expr], bottom: list[sp.Expr]
    ) -> Piece:
        front: list[Piece] = []
        p, q = coefficient.p, coefficient.q
        if decimal(coefficient) is not None and q != 1:
            front, p, q = [self.number(coefficient, [])], 1, 1
        above = self.times([Piece(str(p))] if p != 1 or not top else [], top)
        below = self.times([Piece(str(q))] if q != 1 else [], bottom)
        dialect = self.writer.dialect
        if dialect.flat:
            text = dialect.frac(self.fitted(above, MUL), self.fitted(below, POW))
        else:
            text = dialect.frac(above.text, below.text)
        quotient = Piece(text, MUL)
        return Piece(self.juxtaposed([front[0].text, text]), MUL) if front else quotient

    def number(self, value: sp.Rational, lengths: list[str]) -> Piece:
        """A number over lengths such as N: 2, 1/2, 0.01, 1/N, 1/(2N)."""
        dialect = self.writer.dialect
        short = decimal(value)
        if not lengths:
            if short is not None:
                return Piece(short)
            return Piece(dialect.small_frac(str(value.p), str(value.q)), MUL)
        below = ([str(value.q)] if value.q != 1 else []) + lengths
        under = " ".join(below)
        text = dialect.frac(
            str(value.p), dialect.parens(under) if dialect.flat and below[1:] else under
        )
        return Piece(text, MUL)

    def atom(self, expr: sp.Expr) -> Piece:
        """Anything that is neither a sum nor a product."""
        dialect = self.writer.dialect
        if isinstance(expr, Element):
            return self.access(expr)
        if isinstance(expr, Partial):
            return self.writer.partial(self.tight(expr.of, POW), self.tight(expr.wrt, POW))
        if isinstance(expr, sp.Symbol):
            return Piece(dialect.index(expr.name))
        if isinstance(expr, sp.Pow):
            return self._power(expr)
        if isinstance(expr, sp.Piecewise):
            rows = tuple((self.text(v), condition(c, self)) for v, c in expr.args)
            return Piece(dialect.cases(rows), MUL)
        if isinstance(expr, (sp.Function, sp.Max, sp.Min)):
            return called(expr, self)
        if expr is sp.pi or expr is sp.E:
            return Piece({sp.pi: dialect.index("pi"), sp.E: "e"}[expr])
        if isinstance(expr, (sp.Add, sp.Mul)) or expr.is_Number:
            return self.piece(expr)
        return Piece(dialect.escape(str(expr)), ADD)

    def _power(self, expr: sp.Pow) -> Piece:
        if expr.exp == sp.Rational(1, 2):
            return Piece(self.writer.dialect.sqrt(self.text(expr.base)))
        if expr.exp.could_extract_minus_sign():
            return self._quotient(sp.S.One, [], [1 / expr])
        return Piece(
            self.writer.dialect.power(self.tight(expr.base, ATOM), self.text(expr.exp)), POW
        )

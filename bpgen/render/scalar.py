"""The one printer of scalar expressions, whatever the notation and the dialect."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from bpgen.ir import BATCH, Element, element
from bpgen.render.calls import called, cases
from bpgen.render.fractions import Digits, digits, fraction
from bpgen.render.masks import kept
from bpgen.render.maxima import First
from bpgen.render.partial import Immediate, Partial
from bpgen.render.widths import is_large
from bpgen.render.writer import ADD, ATOM, MUL, POW, Piece, Writer

Signed = tuple[bool, Piece]  # whether it is subtracted, and its absolute value
_WORD = re.compile(r"[A-Za-z]{2,}[^A-Za-z\s\])]*$")  # adv(1 + z) is what a function gives


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
                text += f" {minus if negative else '+'} {self.writer.addend(negative, piece)}"
            else:
                text = (minus if negative else "") + self.writer.addend(negative, piece)
        return text

    def addends(self, expr: sp.Expr) -> list[Signed]:
        """The addends of a sum in the author's order; of anything else, itself."""
        parts = expr.args if isinstance(expr, sp.Add) else (expr,)
        if parts[1:] and len({self.entrywise(p) for p in parts}) > 1:
            self.writer.note("broadcast")
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
        roots, rest = [f for f in top if f.is_number], [f for f in top if not f.is_number]
        if coefficient == 1 and rest and not (lengths or roots):
            return self.times([], rest)
        return self.times([self.number(coefficient, roots, lengths)], rest)

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
        joined = self.odot([self._factor(v, MUL) for v in vectors])
        if not text:
            return Piece(joined, MUL)
        return Piece(self.juxtaposed([text, joined]), MUL)

    def odot(self, texts: list[str]) -> str:
        """The entry-by-entry product."""
        if texts[1:]:
            self.writer.note("odot")
        return self.writer.dialect.odot.join(texts)

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
        times, made, before, large = self.writer.dialect.times, "", "", False
        for text in texts:
            large = large or is_large(text) or "/" in before
            like_a_call = text.startswith("(") and _WORD.search(before) is not None
            flat = self.writer.dialect.flat
            apart = large or like_a_call if flat else self.writer.wordy(before, text)
            tight = text.startswith("(") and not apart and before != BATCH
            made += ("" if tight or not made else times if large or apart else " ") + text
            before = text
        return made

    def _quotient(
        self, coefficient: sp.Rational, top: list[sp.Expr], bottom: list[sp.Expr]
    ) -> Piece:
        front: list[Piece] = []
        p, q = coefficient.p, coefficient.q
        if q != 1 and digits(coefficient) is not None:
            front, p, q = [self.number(coefficient)], 1, 1
        above = self.times([Piece(str(p))] if p != 1 or not top else [], top)
        below = self.times([Piece(str(q))] if q != 1 else [], bottom)
        self._note_entrywise(*bottom)
        dialect = self.writer.dialect
        if dialect.flat:
            text = dialect.frac(self.fitted(above, MUL), self.fitted(below, POW))
        else:
            text = dialect.frac(above.text, below.text)
        quotient = Piece(text, MUL)
        return Piece(self.juxtaposed([front[0].text, text]), MUL) if front else quotient

    def _note_entrywise(self, *exprs: sp.Expr) -> None:
        if any(self.entrywise(e) for e in exprs):
            self.writer.note("entrywise")

    def number(
        self, value: sp.Rational, roots: Sequence[sp.Expr] = (), lengths: Sequence[sp.Expr] = ()
    ) -> Piece:
        """A number, perhaps with roots, over lengths such as N: 2, 1/2, 0.01, 1/N, sqrt(2)/2."""
        dialect, found = self.writer.dialect, digits(value)
        first = Piece(str(value.p)) if found is None else self._decimal(found)
        bare = first.text == "1" and roots
        above = [*([] if bare else [first]), *map(self.piece, roots)]
        below = [str(value.q)] if found is None else []
        below += [self.tight(f, MUL) for f in lengths]
        top = above[0] if len(above) == 1 else Piece(self._beside(above), MUL)
        if not below:
            return top
        under = dialect.parens(" ".join(below)) if dialect.flat and below[1:] else " ".join(below)
        over = dialect.frac if lengths else dialect.small_frac
        return Piece(over(self.fitted(top, MUL), under), MUL)

    def _beside(self, pieces: list[Piece]) -> str:
        return self.juxtaposed([self.fitted(p, MUL) for p in pieces])

    def _decimal(self, found: Digits) -> Piece:
        dialect = self.writer.dialect
        if found.rounded:
            self.writer.note("rounded")
        if not found.power:
            return Piece(found.decimal)
        ten = dialect.power("10", dialect.minus + str(-found.power))
        if found.decimal == "1":
            return Piece(ten, POW)
        return Piece(dialect.scientific(found.decimal, ten), MUL)

    def atom(self, expr: sp.Expr) -> Piece:
        """Anything that is neither a sum nor a product."""
        for kinds, printed in _ATOMS:
            if isinstance(expr, kinds):
                return printed(self, expr)
        if isinstance(expr, (sp.Add, sp.Mul)) or expr.is_Number:
            return self.piece(expr)
        return Piece(self.writer.dialect.escape(str(expr)), ADD)

    def _element(self, access: Element) -> Piece:
        known = self.writer.firsts.get((access.name, len(access.indices)))
        return self.access(access) if known is None else self.gives(access, known)

    def gives(self, access: Element, known: First) -> Piece:
        """The indicator of a maximum: 1[x_k gives m], 1[x_i x_j gives m at (i, j)]."""
        at = dict(zip(known.indices, access.indices, strict=True))
        body, largest = (self.text(e.xreplace(at)) for e in (kept(known.body)[0], known.largest))
        writer = self.writer
        writer.note(*["order"] * (len(known.over) > 1))
        text = body + writer.dialect.words["gives"] + largest + writer.location(known, access)
        return Piece(writer.indicator(text))

    def _partial(self, expr: Partial) -> Piece:
        """A factor of the chain rule; where it is a gradient that is so written, that gradient."""
        gradient = self.writer.gradients.get(expr.wrt.name)
        if gradient and expr.of.name == self.writer.total and not isinstance(expr, Immediate):
            return self.writer.element(element(gradient, expr.wrt.indices))
        of, wrt = self.tight(expr.of, POW), self.tight(expr.wrt, POW)
        return self.writer.partial(of, wrt, isinstance(expr, Immediate))

    def _power(self, expr: sp.Pow) -> Piece:
        if expr.exp == sp.Rational(1, 2):
            self._note_entrywise(expr.base)
            return Piece(self.writer.dialect.sqrt(self.text(expr.base)))
        if expr.exp.could_extract_minus_sign():
            return self._quotient(sp.S.One, [], [1 / expr])
        self._note_entrywise(expr.base)
        return Piece(
            self.writer.dialect.power(self.tight(expr.base, ATOM), self.text(expr.exp)), POW
        )


# What each kind of atom is printed by; the first kind that fits.
_ATOMS: tuple[tuple[type | tuple[type, ...], Callable[[Printer, Any], Piece]], ...] = (
    (Element, Printer._element),
    (Partial, Printer._partial),
    (sp.Symbol, lambda printer, symbol: Piece(printer.writer.dialect.index(symbol.name))),
    (sp.Pow, Printer._power),
    (sp.Piecewise, lambda printer, expr: cases(expr, printer)),
    ((sp.Function, sp.Max, sp.Min), lambda printer, call: called(call, printer)),
    (type(sp.pi), lambda printer, _: Piece(printer.writer.dialect.pi)),
    (type(sp.E), lambda *_: Piece("e")),
)

"""Scalar expressions as Python text, with no bracket more than Python needs; one printer for code
and comments.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import reduce
from typing import NamedTuple

import sympy as sp

from bpgen.formulas.order import (
    addends,
    content_of,
    factors,
    fraction,
    rounded,
    with_contents,
    with_one_number,
)
from bpgen.formulas.reading import read_call
from bpgen.formulas.tree import Call, Tree
from bpgen.functions import row
from bpgen.ir import Element
from bpgen.text.document import (
    ATOM,
    COMPARISON,
    MINUS,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    TOGETHER,
    Code,
    Operator,
    called,
    code,
)

_INFINITE = {sp.oo, -sp.oo}
_SIGNS = {
    "greater": ">",
    "greater_equal": ">=",
    "less": "<",
    "less_equal": "<=",
    "equal": "==",
    "not_equal": "!=",
    "logical_and": "&",
    "logical_or": "|",
}


class Text(NamedTuple):
    """A text and how tightly its outermost operator binds."""

    text: Code
    binding: int
    minus: bool = False  # it begins with the sign of its first addend


def word(text: str) -> Text:
    """A name or a number."""
    return Text(code(text), ATOM)


def bracketed(text: Text, least: int) -> Code:
    return text.text if text.binding >= least else text.text.bracketed()


def number(value: sp.Rational) -> Text:
    """An exact number as the float it came from: 1/100 is 0.01."""
    if value < 0:
        return Text(MINUS + number(-value).text, SIGN, minus=True)
    return word(str(value) if value.is_Integer and value < 2**31 else repr(float(value)))


def exactly(value: sp.Rational) -> Text:
    """An exact number for a reader: 2 / 3 where its decimal has no end."""
    endless = 1 < value.q <= 1000 and len(repr(float(value))) > 8
    if not endless:
        return number(value)
    above = number(sp.Integer(value.p))
    return Text(above.text.by("/", str(value.q)), PRODUCT, above.minus)


class Printer:
    """Prints expressions; `access` says how an element is written, `order` gives the rank of a
    tensor's name.
    """

    def __init__(
        self,
        access: Callable[[Element], Text],
        order: Mapping[str, int],
        calls: bool = True,
        used: set[str] | None = None,
        named: Callable[[str, bool], str] = lambda name, _: f"np.{name}",
        helpers: Collection[str] = (),
        untyped: Callable[[Code], Code] = lambda call: call.method("item", ()),
    ) -> None:
        self.access, self.order, self.calls = access, order, calls
        self.used = set() if used is None else used  # the functions that it used
        self.named = named  # what a library calls a function of numpy's, and one of numbers alone
        self.helpers = helpers  # functions of the module, where numpy needs none
        self.untyped = untyped  # a library's call of numbers alone, as a number of no type

    def __call__(self, expr: sp.Expr, least: int = SUM) -> Code:
        return bracketed(self.text(expr), least)

    def text(self, expr: sp.Expr) -> Text:
        if isinstance(expr, Element):
            return self.access(expr)
        if isinstance(expr, sp.Rational):
            return number(expr) if self.calls else exactly(expr)
        if isinstance(expr, sp.Symbol):
            return word(expr.name)
        if expr in _INFINITE:
            infinity = code(self.named("inf", False))
            return Text(infinity if expr > 0 else MINUS + infinity, SIGN, bool(expr < 0))
        if self.calls and expr.is_number:  # pi, the root of 2: one float, of no numpy type
            return number(expr)
        if isinstance(expr, sp.NumberSymbol):
            return word(str(expr).lower())
        if isinstance(expr, sp.Add):
            return self._sum(expr)
        if isinstance(expr, sp.Mul):
            return self._product(expr)
        if isinstance(expr, sp.exp):
            return self._call(expr)
        if isinstance(expr, sp.Pow):
            return self._power(expr)
        return self._call(expr)

    def _sum(self, expr: sp.Add) -> Text:
        content, rest = content_of(expr)
        if content != 1:
            return self._product(sp.Mul(content, rest, evaluate=False))  # 2 * (a - y)
        if self.calls and (less := with_one_number(expr)) != expr:
            return self.text(less)
        parts = addends(expr, self.order)
        text, _, minus = self.text(parts[0])
        for part in parts[1:]:
            if part.could_extract_minus_sign():
                text = text.by("-", self(-part, PRODUCT))
            else:
                text = text.by("+", self(part, PRODUCT))
        return Text(text, SUM, minus)

    def _product(self, expr: sp.Mul) -> Text:
        coefficient, rest = with_contents(expr)
        if coefficient < 0:
            binding = SIGN if -coefficient == 1 else PRODUCT
            return Text(MINUS + self(-expr, PRODUCT), binding, minus=True)
        constant, varying = rest.as_independent(*rest.free_symbols, Element, as_Add=False)
        if self.calls and constant != 1:
            coefficient, rest = rounded(coefficient * constant), varying
        above, below = fraction(coefficient, rest)
        above = factors(above, self.order)
        texts = [self._factor(f, above) for f in above] or [code("1")]
        first = self.text(above[0]) if above else word("1")
        minus = first.minus and first.binding >= SIGN
        text = reduce(self._times, texts)
        if not below:
            return Text(text, PRODUCT if len(texts) > 1 else first.binding, minus)
        under = bracketed(self.text(sp.Mul(*below)), POWER)
        return Text(text.by("/", under), PRODUCT, minus)

    def _times(self, one: Code, other: Code) -> Code:
        return one.by("*", other) if self.calls else one + " " + other

    def _factor(self, factor: sp.Expr, beside: list[sp.Expr]) -> Code:
        """A 0-1 function beside a real array may stay a boolean array."""
        known = row(factor)
        if (
            self.calls
            and known is not None
            and known.mask
            and any(isinstance(f, Element) for f in beside)
        ):
            return bracketed(self._computed(read_call(known.mask, factor.args)), POWER)
        if isinstance(factor, sp.Pow) and factor.exp == 3:  # a product itself
            return self(factor, PRODUCT)
        return self(factor, SIGN if factor is beside[0] else POWER)

    def _power(self, expr: sp.Pow) -> Text:
        base, exponent = expr.args
        if exponent == sp.Rational(1, 2):
            if not self.calls:
                return Text(called("sqrt", [self(base)]), ATOM)
            return self._by_library("sqrt", [self(base)], not base.has(Element))
        if exponent.could_extract_minus_sign():
            return Text(code("1").by("/", self(base**-exponent, POWER)), PRODUCT)
        twice = exponent == 3 and base.has(sp.Function)  # a function is called once
        if self.calls and base.has(Element) and exponent in (3, 4) and not twice:
            return self._product_of_squares(base, exponent)
        return Text(self._raised(self(base, ATOM), self(exponent, ATOM)), POWER)

    def _product_of_squares(self, base: sp.Expr, exponent: sp.Expr) -> Text:
        """numpy squares by multiplying; its powers beyond take hundreds of times as long."""
        under = self(base, ATOM)
        square = self._raised(under, code("2"))
        if exponent == 4:
            return Text(self._raised(square.bracketed(), code("2")), POWER)
        return Text(under.by("*", square), PRODUCT)

    def _raised(self, under: Code, over: Code) -> Code:
        """A power. Formatters leave no space beside its sign where both are names or numbers, and
        no line of a comment ends there.
        """
        if under.is_word and over.is_word:
            return under + "**" + over
        if self.calls:
            return under.by("**", over)
        return under + f"{TOGETHER}**{TOGETHER}" + over

    def _call(self, expr: sp.Expr) -> Text:
        known = row(expr)
        if known is None:
            raise NotImplementedError(f"no row for {type(expr).__name__}")
        if not self.calls:
            return Text(called(known.plain, [self(a, COMPARISON) for a in expr.args]), ATOM)
        self.used.add(known.name)
        if known.name in self.helpers:
            return self._computed(Call(known.name, expr.args, own=True))
        return self._computed(read_call(known.numpy, expr.args), not expr.has(Element))

    def _computed(self, tree: Tree, numbers: bool = False) -> Text:
        """Elementary calls, as code; `numbers`: of numbers alone."""
        if not isinstance(tree, Call):
            return self.text(tree)
        given = [self._computed(a, numbers) for a in tree.args]
        if tree.name in _SIGNS:
            sign = Operator(_SIGNS[tree.name])
            one, other = (bracketed(text, sign.level + 1) for text in given)
            return Text(one.by(sign.sign, other), sign.level)
        texts = [text.text for text in given]
        if tree.own:
            return Text(called(tree.name, texts), ATOM)
        return self._by_library(tree.name, texts, numbers)

    def _by_library(self, function: str, given: list[Code], numbers: bool) -> Text:
        """A call of what a library has. Of numbers alone numpy's has a type, which would lift that
        of arrays.
        """
        call = called(self.named(function, numbers), given)
        return Text(self.untyped(call) if numbers else call, ATOM)

"""Scalar bodies as trees of elementary calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy as sp

from bpgen.formulas.order import (
    addends,
    content_of,
    factors,
    fraction,
    with_contents,
    with_one_number,
)
from bpgen.formulas.reading import read_call
from bpgen.formulas.tree import Call, Tree
from bpgen.functions import row
from bpgen.ir import Element


def tree_of(body: sp.Expr, order: Mapping[str, int] | None = None) -> Tree:
    """The calls that compute a body. `order` gives the rank of a tensor's name: then addends and
    factors are in the order in which they are written.
    """
    return _Body(order).tree(body)


def added(trees: list[tuple[bool, Tree]]) -> Tree:
    """Trees added up, or subtracted where the first of a pair says so, which come last."""
    return _in_turn(sorted(trees, key=lambda t: t[0]))


def _in_turn(trees: list[tuple[bool, Tree]]) -> Tree:
    (negative, total), *others = trees
    total = Call("negative", (total,)) if negative else total
    for minus, tree in others:
        total = Call("subtract" if minus else "add", (total, tree))
    return total


class _Body:
    """Takes a body apart, in the order of names or else in sympy's."""

    def __init__(self, order: Mapping[str, int] | None) -> None:
        self.order = order

    def tree(self, body: sp.Expr) -> Tree:
        if isinstance(body, Element) or not body.has(Element):
            return body
        for kind, made in _KINDS:
            if isinstance(body, kind):
                return made(self, body)
        return self._called(body)

    def _sum(self, body: sp.Add) -> Tree:
        content, rest = content_of(body)
        if content != 1:
            return Call("multiply", (self.tree(rest), content))
        if (less := with_one_number(body)) != body:
            return self.tree(less)
        if self.order is not None:
            return _in_turn([self._signed(p) for p in addends(body, self.order)])
        parts = sorted(body.args, key=lambda a: (bool(a.is_number), sp.default_sort_key(a)))
        return added([self._signed(p) for p in parts])

    def _signed(self, part: sp.Expr) -> tuple[bool, Tree]:
        negative = bool(part.could_extract_minus_sign())
        return negative, self.tree(-part if negative else part)

    def _product(self, body: sp.Mul) -> Tree:
        """Factors above and below the bar, and the number that multiplies them."""
        coefficient, rest = with_contents(body)
        number, varying = rest.as_independent(Element, as_Add=False)
        above, below = map(self._ordered, fraction(sp.S.One, varying))
        number *= coefficient
        masks = [f is not above[0] and _is_mask(f) for f in above]
        top = _times(
            self._mask(f) if masked else self.tree(f)
            for f, masked in zip(above, masks, strict=True)
        )
        bottom = _times(map(self.tree, below))
        if bottom is None:
            assert top is not None
            return _scaled(top, number)
        if top is None:
            return Call("divide", (number, bottom))
        return _scaled(Call("divide", (top, bottom)), number)

    def _ordered(self, product: list[sp.Expr]) -> list[sp.Expr]:
        if self.order is not None:
            return factors(product, self.order)
        return sorted(product, key=_is_mask)

    def _mask(self, factor: sp.Expr) -> Tree:
        """What is true or false beside a real factor."""
        known = row(factor)
        assert known is not None
        return read_call(known.mask, [self.tree(a) for a in factor.args])

    def _power(self, body: sp.Pow) -> Tree:
        base, exponent = body.args
        if exponent.could_extract_minus_sign():
            return Call("divide", (sp.S.One, self.tree(base**-exponent)))
        under = self.tree(base)
        if exponent == sp.Rational(1, 2):
            return Call("sqrt", (under,))
        if exponent == 2:
            return Call("square", (under,))
        if exponent == 4:
            return Call("square", (Call("square", (under,)),))
        if exponent == 3 and isinstance(base, Element):
            return Call("multiply", (Call("square", (under,)), under))
        return Call("power", (under, self.tree(exponent)))

    def _called(self, body: sp.Expr) -> Tree:
        known = row(body)
        if known is None:
            raise NotImplementedError(f"no row for {type(body).__name__}")
        return read_call(known.numpy, [self.tree(a) for a in body.args])


def _scaled(tree: Tree, number: sp.Expr) -> Tree:
    if number == 1:
        return tree
    return Call("negative", (tree,)) if number == -1 else Call("multiply", (tree, number))


def _times(trees: Iterable[Tree]) -> Tree | None:
    product: Tree | None = None
    for tree in trees:
        product = tree if product is None else Call("multiply", (product, tree))
    return product


def _is_mask(factor: sp.Expr) -> bool:
    known = row(factor)
    return known is not None and bool(known.mask)


_KINDS = (
    (sp.Add, _Body._sum),
    (sp.Mul, _Body._product),
    (sp.exp, _Body._called),
    (sp.Pow, _Body._power),
)

"""Scalar bodies as trees of elementary calls."""

from __future__ import annotations

import sympy as sp

from bpgen.formulas.reading import read_call
from bpgen.formulas.tree import Call, Tree
from bpgen.functions import row
from bpgen.ir import Element
from bpgen.text.scalar import content_of, fraction, with_contents


def tree_of(body: sp.Expr) -> Tree:
    """The calls that compute a body."""
    if isinstance(body, Element) or not body.has(Element):
        return body
    for kind, made in _KINDS:
        if isinstance(body, kind):
            return made(body)
    return _called(body)


def added(trees: list[tuple[bool, Tree]]) -> Tree:
    """Trees added up, or subtracted where the first of a pair says so."""
    (negative, total), *others = sorted(trees, key=lambda t: t[0])
    total = Call("negative", (total,)) if negative else total
    for minus, tree in others:
        total = Call("subtract" if minus else "add", (total, tree))
    return total


def _sum(body: sp.Add) -> Tree:
    content, rest = content_of(body)
    if content != 1:
        return Call("multiply", (tree_of(rest), content))
    parts = sorted(body.args, key=lambda a: (bool(a.is_number), sp.default_sort_key(a)))
    signs = [bool(p.could_extract_minus_sign()) for p in parts]
    return added([(s, tree_of(-p if s else p)) for s, p in zip(signs, parts, strict=True)])


def _product(body: sp.Mul) -> Tree:
    """Factors above and below the bar, and the number that multiplies them."""
    coefficient, rest = with_contents(body)
    number, varying = rest.as_independent(Element, as_Add=False)
    above, below = fraction(sp.S.One, varying)
    number *= coefficient
    above.sort(key=_is_mask)
    top = _times([_mask(f) if above[0] is not f and _is_mask(f) else tree_of(f) for f in above])
    if not below:
        assert top is not None
        return _scaled(top, number)
    bottom = _times([tree_of(f) for f in below])
    assert bottom is not None
    if top is None:
        return Call("divide", (number, bottom))
    return _scaled(Call("divide", (top, bottom)), number)


def _scaled(tree: Tree, number: sp.Expr) -> Tree:
    if number == 1:
        return tree
    return Call("negative", (tree,)) if number == -1 else Call("multiply", (tree, number))


def _times(trees: list[Tree]) -> Tree | None:
    product: Tree | None = None
    for tree in trees:
        product = tree if product is None else Call("multiply", (product, tree))
    return product


def _is_mask(factor: sp.Expr) -> bool:
    known = row(factor)
    return known is not None and bool(known.mask)


def _mask(factor: sp.Expr) -> Tree:
    """What is true or false beside a real factor."""
    known = row(factor)
    assert known is not None
    return read_call(known.mask, [tree_of(a) for a in factor.args])


def _power(body: sp.Pow) -> Tree:
    base, exponent = body.args
    if exponent.could_extract_minus_sign():
        return Call("divide", (sp.S.One, tree_of(base**-exponent)))
    under = tree_of(base)
    if exponent == sp.Rational(1, 2):
        return Call("sqrt", (under,))
    if exponent == 2:
        return Call("square", (under,))
    if exponent == 4:
        return Call("square", (Call("square", (under,)),))
    if exponent == 3 and isinstance(base, Element):
        return Call("multiply", (Call("square", (under,)), under))
    return Call("power", (under, tree_of(exponent)))


def _called(body: sp.Expr) -> Tree:
    known = row(body)
    if known is None:
        raise NotImplementedError(f"no row for {type(body).__name__}")
    return read_call(known.numpy, [tree_of(a) for a in body.args])


_KINDS = ((sp.Add, _sum), (sp.Mul, _product), (sp.exp, _called), (sp.Pow, _power))

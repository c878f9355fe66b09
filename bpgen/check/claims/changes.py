"""How an expression is changed by a mistake, or by what undoes it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations

from bpgen.check.claims.around import Around
from bpgen.check.claims.names import Meaning
from bpgen.check.claims.scalars import SCALAR, slope_of
from bpgen.check.claims.text import called
from bpgen.check.claims.trees import (
    Change,
    addends,
    everywhere,
    factors,
    names_in,
    negative,
    product,
    renamed,
    total,
)

Changes = Callable[[ast.expr, Around], Iterable[Change]]


def at_each(rule: Callable[[ast.expr, Around], Iterable[ast.expr]]) -> Changes:
    """A mistake that is made at one place."""
    return lambda tree, around: everywhere(tree, lambda node: rule(node, around))


def _turned(node: ast.expr) -> ast.expr:
    """The transpose."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(node, "T")


def transpose(node: ast.expr, around: Around) -> Iterator[ast.expr]:
    """A tensor for its transpose, or the other way round."""
    tensor = isinstance(node, ast.Name) and around.names.find(node.id) is not None
    if tensor or (isinstance(node, ast.Attribute) and node.attr == "T"):
        yield _turned(node)


def order(node: ast.expr, _: Around) -> Iterator[ast.expr]:
    """The factors of a product the other way round, and turned."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield ast.BinOp(node.right, node.op, node.left)
        yield ast.BinOp(_turned(node.right), node.op, _turned(node.left))
    if isinstance(node, ast.Call) and called(node) in ("outer", "dot", "matmul"):
        yield ast.Call(node.func, node.args[::-1], [])


def sign(node: ast.expr, _: Around) -> Iterator[ast.expr]:
    """A difference the other way round, or the sign of one addend."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        yield ast.BinOp(node.right, node.op, node.left)
    parts = addends(node)
    if len(parts) > 1:
        yield from (total([*parts[:k], negative(p), *parts[k + 1 :]]) for k, p in enumerate(parts))
    elif isinstance(node, ast.UnaryOp):
        yield node.operand


def kind(node: ast.expr, _: Around) -> Iterator[ast.expr]:
    """A matrix product for one entry by entry, or the other way round."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.MatMult)):
        other = ast.MatMult() if isinstance(node.op, ast.Mult) else ast.Mult()
        yield ast.BinOp(node.left, other, node.right)


def update(node: ast.expr, around: Around) -> Iterator[ast.expr]:
    """W - eta dW, where W is meant."""
    parts = addends(node)
    if len(parts) == 2 and around.is_parameter(parts[0]):
        weights = Meaning(getattr(parts[0], "id", ""))
        moved = (around.names.find(n) for n in names_in(parts[1]))
        if any(m is not None and m.of is not None and m.tensor == weights.tensor for m in moved):
            yield parts[0]


def without(
    which: Callable[[ast.expr, Around], bool],
) -> Callable[[ast.expr, Around], Iterator[ast.expr]]:
    """A sum without one of its addends."""

    def rule(node: ast.expr, around: Around) -> Iterator[ast.expr]:
        parts = addends(node)
        if len(parts) > 1:
            for k, part in enumerate(parts):
                if which(part, around):
                    yield total([*parts[:k], *parts[k + 1 :]])

    return rule


def is_bias(node: ast.expr, around: Around) -> bool:
    """Whether an addend is a parameter."""
    return around.is_parameter(node)


def is_penalty(node: ast.expr, around: Around) -> bool:
    """Whether an addend of the loss, or of a parameter's gradient, is of parameters alone: of no
    gradient that comes back.
    """
    left, found = around.left.tensor, _tensors(node, around)
    if left != around.names.network.loss and not around.is_parameter(ast.Name(left)):
        return False
    return bool(found) and all(around.is_parameter(ast.Name(n)) for n in found)


def slope(tree: ast.expr, around: Around) -> Iterator[Change]:
    """A product without factors that are a derivative, or a part of one: they speak of one value
    and of its activation alone.
    """
    pairs = [{s, *others} for s, others in around.partners.items()]

    def rule(node: ast.expr) -> Iterator[ast.expr]:
        parts = factors(node)
        for own in pairs if around.left.of is not None and len(parts) > 1 else ():
            slopes = [k for k, p in enumerate(parts) if _speaks_of(p, own, around)]
            for some in range(len(slopes), 0, -1):
                for out in combinations(slopes, some):
                    if len(parts) > some:
                        yield product([p for k, p in enumerate(parts) if k not in out])

    yield from everywhere(tree, rule)


def _speaks_of(node: ast.expr, own: set[str], around: Around) -> bool:
    """Whether an expression is of these values alone."""
    found = set(_tensors(node, around))
    return bool(found) and found <= own


def _tensors(node: ast.expr, around: Around) -> list[str]:
    own = around.names.network.tensors
    return [n for n in names_in(node) if n in own or around.is_gradient(n)]


def factor(node: ast.expr, _: Around) -> Iterator[ast.expr]:
    """A product without one or two of its factors, a quotient without its divisor."""
    parts = factors(node)
    for some in (1, 2):
        for out in combinations(range(len(parts)), some):
            if len(parts) > some:
                yield product([p for k, p in enumerate(parts) if k not in out])
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.MatMult)):
        yield node.left
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield node.right


def power(node: ast.expr, _: Around) -> Iterator[ast.expr]:
    """A base without its exponent."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        yield node.left


def index(node: ast.expr, _: Around) -> Iterator[ast.expr]:
    """Indices in another order, or one of them the next or the last."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
        return
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if len(parts) > 1:
        yield ast.Subscript(node.value, ast.Tuple(parts[::-1]))
    for k, part in enumerate(parts):
        for step in (-1, 1):
            moved = _stepped(part, step)
            if moved is not None:
                at = [*parts[:k], moved, *parts[k + 1 :]]
                yield ast.Subscript(node.value, ast.Tuple(at) if len(at) > 1 else moved)


def _stepped(place: ast.expr, step: int) -> ast.expr | None:
    """The place before or after one; t of t - 1."""
    if isinstance(place, ast.Constant) and isinstance(place.value, int):
        return ast.Constant(place.value + step) if place.value + step >= 0 else None
    if isinstance(place, ast.BinOp) and isinstance(place.right, ast.Constant):
        return place.left
    if isinstance(place, ast.Name):
        op = ast.Add() if step > 0 else ast.Sub()
        return ast.BinOp(place, op, ast.Constant(1))
    return None


def activation(node: ast.expr, _: Around) -> Iterator[ast.expr]:
    """A function for its derivative, or the other way round."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        name, of = node.func.id, slope_of(node.func.id)
        if of is not None or name in SCALAR:
            yield ast.Call(ast.Name(of or f"{name}_prime"), node.args, [])


def diagonal(tree: ast.expr, around: Around) -> Iterator[Change]:
    """A vector, where a matrix is meant that has it on its diagonal."""
    if around.left.matrix:
        whole = ast.Call(ast.Name("diag"), [tree], [])
        yield tree, whole, whole


def mean(node: ast.expr, _: Around) -> Iterator[ast.expr]:
    """A mean for a sum, or the other way round; of an axis, for that of all."""
    other = {"mean": "sum", "sum": "mean"}
    if isinstance(node, ast.Call) and called(node) in other:
        func = node.func
        name = other[called(node)]
        plain = isinstance(func, ast.Name)
        new = ast.Name(name) if plain else ast.Attribute(getattr(func, "value", func), name)
        yield ast.Call(new, node.args, node.keywords)


def named(kind: Callable[[str, str, Around], bool]) -> Changes:
    """Another name wherever one stands, then at one place."""

    def every(tree: ast.expr, around: Around) -> Iterator[Change]:
        for name in names_in(tree):
            for other in around.others(name):
                if kind(name, other, around):
                    yield ast.Name(name), ast.Name(other), renamed(tree, name, other)

        def rule(node: ast.expr) -> Iterator[ast.expr]:
            for other in around.others(node.id) if isinstance(node, ast.Name) else ():
                if isinstance(node, ast.Name) and kind(node.id, other, around):
                    yield ast.Name(other)

        yield from everywhere(tree, rule)

    return every

"""The mistakes that people make, as a table: each is a change of an expression, which undoes it in
the claim, or makes it in the line that is true.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

from bpgen.check.claims.functions import SCALAR, slope_of
from bpgen.check.claims.names import Meaning, Names
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
from bpgen.ir import Equation, elements


@dataclass(frozen=True)
class Around:
    """What a mistake may speak of: the network, the names of the line that is true, and whose
    gradient or value is claimed.
    """

    names: Names
    left: Meaning
    true_names: tuple[str, ...] = ()
    partners: dict[str, set[str]] = field(default_factory=dict)

    def is_parameter(self, node: ast.expr) -> bool:
        info = self.names.network.tensors.get(getattr(node, "id", ""))
        return info is not None and info.role == "param"

    def is_gradient(self, name: str) -> bool:
        meaning = self.names.find(name)
        return meaning is not None and meaning.of is not None

    def others(self, name: str) -> Iterator[str]:
        """The names that may be meant where this one stands: of the line that is true, or the
        value before or after its activation.
        """
        if self.names.find(name) is None:
            return
        known = (*self.true_names, *sorted(self.partners.get(name, ())))
        for other in dict.fromkeys(known):
            meaning = self.names.find(other)
            if meaning in (None, self.left) or other == name:
                continue
            if self.is_gradient(other) == self.is_gradient(name):
                yield other


def partners(equations: Iterable[Equation]) -> dict[str, set[str]]:
    """What is computed entry by entry of one tensor alone, and that tensor, of each other."""
    found: dict[str, set[str]] = {}
    for e in equations:
        reads = {r.name for r in elements(e.terms[0].body)} if e.pointwise() else set()
        if len(reads) == 1:
            (read,) = reads
            found.setdefault(e.name, set()).add(read)
            found.setdefault(read, set()).add(e.name)
    return found


Changes = Callable[[ast.expr, Around], Iterable[Change]]
Parts = Callable[[ast.expr], list[ast.expr]]


@dataclass(frozen=True)
class Mistake:
    """What is said of it, the changes that undo it, and where they leave something out, of which
    parts.
    """

    kind: str
    changes: Changes
    parts: Parts | None = None

    def said(self, wrong: ast.expr, right: ast.expr) -> str:
        """The mistake, where one expression stands for another."""
        if self.parts is not None:
            mine, true = self.parts(wrong), self.parts(right)
            missing, extra = _left(true, mine), _left(mine, true)
            if bool(missing) != bool(extra):
                how = "is missing" if missing else "is too much"
                whole = _JOINED[self.parts](missing or extra)
                return f"{self.kind}: {ast.unparse(whole)} {how}"
        return f"{self.kind}: {ast.unparse(right)} belongs where {ast.unparse(wrong)} stands"


def _left(some: list[ast.expr], others: list[ast.expr]) -> list[ast.expr]:
    """What is left of some where the others are taken away."""
    counted = Counter(map(ast.unparse, others))
    rest = []
    for one in some:
        counted[ast.unparse(one)] -= 1
        if counted[ast.unparse(one)] < 0:
            rest.append(one)
    return rest


def _at_each(rule: Callable[[ast.expr, Around], Iterable[ast.expr]]) -> Changes:
    """A mistake that is made at one place."""
    return lambda tree, around: everywhere(tree, lambda node: rule(node, around))


def _turned(node: ast.expr) -> ast.expr:
    """The transpose."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(node, "T")


def _transpose(node: ast.expr, around: Around) -> Iterator[ast.expr]:
    tensor = isinstance(node, ast.Name) and around.names.find(node.id) is not None
    if tensor or (isinstance(node, ast.Attribute) and node.attr == "T"):
        yield _turned(node)


def _order(node: ast.expr, _: Around) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield ast.BinOp(node.right, node.op, node.left)
        yield ast.BinOp(_turned(node.right), node.op, _turned(node.left))
    if isinstance(node, ast.Call) and called(node) in ("outer", "dot", "matmul"):
        yield ast.Call(node.func, node.args[::-1], [])


def _sign(node: ast.expr, _: Around) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        yield ast.BinOp(node.right, node.op, node.left)
    parts = addends(node)
    if len(parts) > 1:
        yield from (total([*parts[:k], negative(p), *parts[k + 1 :]]) for k, p in enumerate(parts))
    elif isinstance(node, ast.UnaryOp):
        yield node.operand


def _kind(node: ast.expr, _: Around) -> Iterator[ast.expr]:
    """A matrix product for one entry by entry, or the other way round."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.MatMult)):
        other = ast.MatMult() if isinstance(node.op, ast.Mult) else ast.Mult()
        yield ast.BinOp(node.left, other, node.right)


def _update(node: ast.expr, around: Around) -> Iterator[ast.expr]:
    """W - eta dW, where W is meant."""
    parts = addends(node)
    if len(parts) == 2 and around.is_parameter(parts[0]):
        weights = Meaning(getattr(parts[0], "id", ""))
        moved = (around.names.find(n) for n in names_in(parts[1]))
        if any(m is not None and m.of is not None and m.tensor == weights.tensor for m in moved):
            yield parts[0]


def _without(
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


def _is_bias(node: ast.expr, around: Around) -> bool:
    return around.is_parameter(node)


def _is_penalty(node: ast.expr, around: Around) -> bool:
    own = around.names.network.tensors
    return all(own[n].role == "param" for n in names_in(node) if n in own) and any(
        around.is_parameter(ast.Name(n)) for n in names_in(node)
    )


def _slope(tree: ast.expr, around: Around) -> Iterator[Change]:
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


def _factor(node: ast.expr, _: Around) -> Iterator[ast.expr]:
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


def _power(node: ast.expr, _: Around) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        yield node.left


def _index(node: ast.expr, _: Around) -> Iterator[ast.expr]:
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


def _activation(node: ast.expr, _: Around) -> Iterator[ast.expr]:
    """A function for its derivative, or the other way round."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        name, of = node.func.id, slope_of(node.func.id)
        if of is not None or name in SCALAR:
            yield ast.Call(ast.Name(of or f"{name}_prime"), node.args, [])


def _mean(node: ast.expr, _: Around) -> Iterator[ast.expr]:
    """A mean for a sum, or the other way round; of an axis, for that of all."""
    other = {"mean": "sum", "sum": "mean"}
    if isinstance(node, ast.Call) and called(node) in other:
        func = node.func
        name = other[called(node)]
        plain = isinstance(func, ast.Name)
        new = ast.Name(name) if plain else ast.Attribute(getattr(func, "value", func), name)
        yield ast.Call(new, node.args, node.keywords)


def _named(kind: Callable[[str, str, Around], bool]) -> Changes:
    """Another name wherever one stands, then at one place."""

    def changes(tree: ast.expr, around: Around) -> Iterator[Change]:
        for name in names_in(tree):
            for other in around.others(name):
                if kind(name, other, around):
                    yield ast.Name(name), ast.Name(other), renamed(tree, name, other)

        def rule(node: ast.expr) -> Iterator[ast.expr]:
            for other in around.others(node.id) if isinstance(node, ast.Name) else ():
                if isinstance(node, ast.Name) and kind(node.id, other, around):
                    yield ast.Name(other)

        yield from everywhere(tree, rule)

    return changes


_JOINED: dict[Parts, Callable[[list[ast.expr]], ast.expr]] = {addends: total, factors: product}

# In the order in which they are likely.
TABLE = (
    Mistake("weights after their update", _at_each(_update)),
    Mistake("a transpose", _at_each(_transpose)),
    Mistake("an index", _at_each(_index)),
    Mistake("a sign", _at_each(_sign)),
    Mistake("the activation for its derivative", _at_each(_activation)),
    Mistake("the derivative of the activation", _slope, factors),
    Mistake(
        "before or after the activation",
        _named(lambda a, b, around: b in around.partners.get(a, ())),
    ),
    Mistake("another gradient", _named(lambda a, b, around: around.is_gradient(a))),
    Mistake("the order of a product", _at_each(_order)),
    Mistake("a matrix product for one entry by entry", _at_each(_kind)),
    Mistake("the bias", _at_each(_without(_is_bias)), addends),
    Mistake("the penalty", _at_each(_without(_is_penalty)), addends),
    Mistake("a term", _at_each(_without(lambda node, around: True)), addends),
    Mistake("a mean for a sum", _at_each(_mean)),
    Mistake("a power", _at_each(_power)),
    Mistake("a factor", _at_each(_factor), factors),
    Mistake("another tensor", _named(lambda a, b, around: not around.is_gradient(a))),
)

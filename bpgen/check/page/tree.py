"""What stands in a formula: its parts, its symbols, their letters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from bpgen.check.page import formula as f
from bpgen.once import once


def together(beside: f.Beside) -> f.Node:
    """4j as a product, 10 as one number."""
    parts: list[f.Node] = []
    number = ""
    for part in beside.parts:
        if isinstance(part, f.Number):
            number += str(int(part.value))
            continue
        if number:
            parts.append(f.Number(float(number)))
            number = ""
        parts.append(part)
    if number:
        parts.append(f.Number(float(number)))
    return parts[0] if len(parts) == 1 else f.Product(tuple(parts))


def letter_of(node: f.Node) -> str | None:
    """The name of an index letter: i, i_1."""
    if not isinstance(node, f.Symbol) or node.layer or node.accent or node.block is not None:
        return None
    if node.transposed:
        return None
    if not node.below:
        return node.stem
    if len(node.below) == 1 and (said := f.numeral(node.below[0])):
        return f"{node.stem}_{said}"
    return None


def children(node: f.Node) -> Sequence[f.Node]:
    """The formulas that a formula is made of."""
    if isinstance(node, tuple):
        return [*_among(node)]
    return _children(node) if _names(node.__class__) else ()


@once
def _children(node: f.Node) -> Sequence[f.Node]:
    return [*_among(getattr(node, name) for name in _names(node.__class__))]


def _among(parts: Iterable[f.Node]) -> Iterator[f.Node]:
    """The formulas among values, or in tuples there."""
    for part in parts:
        if isinstance(part, tuple):
            yield from _among(part)
        elif _names(part.__class__):
            yield part


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """The fields of a kind of formula."""
    return tuple(getattr(kind, "__dataclass_fields__", ()))


def parts_within(node: f.Node) -> Sequence[f.Node]:
    """A formula and all that it is made of."""
    return _kept_within(node) if _names(node.__class__) else _within(node)


def _within(node: f.Node) -> Sequence[f.Node]:
    return [node, *(part for c in children(node) for part in parts_within(c))]


_kept_within = once(_within)


def symbols_of(node: f.Node) -> Iterator[f.Symbol]:
    """Every symbol in a formula, those below others included."""
    return (part for part in parts_within(node) if isinstance(part, f.Symbol))


def ranges_of(node: f.Node, around: f.Node = None) -> Iterator[tuple[str, str, f.Node]]:
    """What the sums in a formula say of how far their letters run: all, or those around a part."""
    if isinstance(node, f.Over) and (around is None or has(node.body, around)):
        yield from node.under.ranges
    for child in children(node):
        yield from ranges_of(child, around)


def has(node: f.Node, part: f.Node) -> bool:
    return bool(node == part) or any(has(child, part) for child in children(node))


def outermost(node: f.Node) -> Iterator[f.Symbol]:
    """The symbols of an index."""
    if isinstance(node, f.Symbol):
        yield node
    else:
        for child in children(node):
            yield from outermost(child)


def letters_of(node: f.Node) -> list[str]:
    """The letters below the symbols of a formula, in order."""
    found = [letter_of(s) for s in symbols_of(node)]
    return list(dict.fromkeys(n for n in found if n is not None))


def describe(node: f.Node) -> str:
    if not isinstance(node, f.Symbol):
        return "a formula"
    above = f"^[{node.layer}]" if node.layer else ""
    return f"{node.accent and node.accent + ' '}{node.stem}{above}{'_…' if node.below else ''}"

"""The letters of a formula: which axes they run over, and which no sum binds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from bpgen.check.page import formula as f
from bpgen.check.page.evaluate.elements import parts_of
from bpgen.check.page.evaluate.scope import Scope
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.tree import children, letter_of, outermost, parts_within


def letter_axes(scope: Scope, node: f.Node, shifted: bool = False) -> Iterator[tuple[str, int]]:
    """Each letter that stands alone at an axis, or `shifted`, with the size of the axis."""
    for part in parts_within(node):
        if isinstance(part, f.Call) and part.at:
            yield from _entries(scope, part)
        elif isinstance(part, f.Symbol):
            yield from _axes(scope, part, shifted)


def _entries(scope: Scope, call: f.Call) -> Iterator[tuple[str, int]]:
    """The letter of softmax(z)_j, and how many entries z has."""
    (argument,), (place,) = call.arguments, call.at
    name = letter_of(place)
    if name is not None:
        with suppress(Unreadable):
            vector = scope.counted(dict.fromkeys(free(scope, argument), 1)).value(argument)
            yield name, max(vector.shape[-2:])


def _axes(scope: Scope, symbol: f.Symbol, shifted: bool) -> Iterator[tuple[str, int]]:
    """The letters of a tensor's element."""
    known = scope.find(symbol)
    if letter_of(symbol) in scope.letters or known is None or not known[1]:
        return
    info = scope.world.network.tensors[known[1]]
    try:
        parts = parts_of(scope, symbol, known[1])
    except Unreadable:
        return
    axes = info.indices[info.block + (info.batched and scope.reading.sample) :]
    pairs = [*zip(parts, axes, strict=False)]
    if info.block and symbol.block is not None:
        pairs.insert(0, (symbol.block, info.indices[0]))
    for part, axis in pairs:
        alone = part.addends[0] if shifted and isinstance(part, f.Sum) else part
        name = letter_of(alone)
        if name is not None and not is_label(scope, alone):
            yield name, scope.world.size(axis.size)


def is_label(scope: Scope, node: f.Node) -> bool:
    """Whether a symbol below another is a label, and no letter."""
    if not isinstance(node, f.Symbol) or letter_of(node) in scope.letters:
        return False
    known = scope.find(node)
    if known is None or not known[1] or known[0] is not scope.reading.names.tensors:
        return False
    beside = (len(p.parts) if isinstance(p, f.Beside) else 1 for p in known[2])
    bound = scope.world.network.tensors[known[1]].bound
    return bound is not None and scope.rank(known[1]) in (len(known[2]), sum(beside))


def free(scope: Scope, node: f.Node) -> list[str]:
    """The letters of a formula that no sum binds, in order."""
    return [n for n, s in free_symbols(scope, node) if not is_label(scope, s)]


def free_symbols(scope: Scope, node: f.Node) -> Iterator[tuple[str, f.Symbol]]:
    if isinstance(node, f.Over):
        inside = [*free_symbols(scope, node.body)]
        inside += [x for c in node.under.conditions for x in free_symbols(scope, c)]
        yield from ((n, s) for n, s in inside if n not in node.under.letters)
        return
    if isinstance(node, f.Symbol):
        known = scope.find(node)
        for part in (*(known[2] if known else node.below), node.block):
            for symbol in outermost(part):
                name = letter_of(symbol)
                if name is not None and scope.reading.names.length(symbol) is None:
                    yield name, symbol
                if symbol.below and name is None:
                    yield from free_symbols(scope, symbol)
        return
    for child in children(node):
        yield from free_symbols(scope, child)

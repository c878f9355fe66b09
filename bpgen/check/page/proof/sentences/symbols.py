"""Of every symbol in words, that there is such a tensor."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bpgen.check.page import formula as f
from bpgen.check.page.reading import Reading
from bpgen.check.page.tokens import Unreadable, tokens
from bpgen.check.page.tree import describe, symbols_of

UNRESOLVED = (Unreadable, ValueError, IndexError, AttributeError)


def unknown(sign: str, reading: Reading) -> Iterator[str]:
    """Why a symbol in a formula among words is of nothing."""
    for side in re.split(r"\\leftarrow|=|\\in\b", sign):
        try:
            node = reading.parse(tokens(side))
        except UNRESOLVED:
            continue  # a sign by itself, as the dots of a list
        for symbol in symbols_of(node):
            if not _is_there(symbol, reading):
                yield f"{describe(symbol)} is nothing on this page"


def _is_there(symbol: f.Symbol, reading: Reading) -> bool:
    """Whether there is such a tensor, of such a block; what has no mark of one may be a letter."""
    names = reading.names
    known = names.find(symbol)
    if known is None:
        stems = {key[:2] for table in (names.tensors, names.gradients) for key in table}
        numbered = bool(symbol.below) and f.numeral(symbol.below[0]) != ""
        named = numbered and (symbol.stem, symbol.accent) in stems
        return not (symbol.layer.isdigit() or symbol.block is not None or named)
    if symbol.block is None or not f.numeral(symbol.block):
        return True
    return int(f.numeral(symbol.block)) in places(known[1], reading)


def places(name: str, reading: Reading) -> range:
    """The numbers of the blocks that a tensor is of."""
    size = reading.world.network.tensors[name].indices[0].size
    count = size if isinstance(size, int) else reading.world.lengths[str(size)]
    return range(reading.base, reading.base + count)

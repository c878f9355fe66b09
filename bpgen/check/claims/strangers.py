"""What stands in a formula and is nothing of the network: no tensor, no gradient, no index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches

from bpgen.check.claims.names import RATES, Names, place
from bpgen.check.page import formula as f
from bpgen.check.page.grammar import Parser
from bpgen.check.page.names import Key
from bpgen.check.page.names import Names as Printed
from bpgen.check.page.tokens import Unreadable
from bpgen.check.page.tree import children, letter_of, symbols_of
from bpgen.errors import NetError
from bpgen.ir import BATCH

_CONSTANTS = ("infinity", "circle")  # and pi


def refuse(
    nodes: Sequence[f.Node], claim: str, names: Names, printed: Printed, smaller: bool
) -> None:
    """NetError for the first symbol that the network has not, or has no such entry of. `smaller`:
    its axes are shorter than those of the net.py.
    """
    letters = {n for node in nodes for n in _letters(node, printed)}
    for node in nodes:
        for symbol in _symbols(node, printed):
            found = printed.find(symbol)
            if found is None and not _is_other(symbol, letters, names):
                raise NetError(
                    f"the network has no {_written(symbol)}", _has(symbol, printed), place(claim)
                )
            _refuse_places(symbol, claim, names, printed, smaller)


def _symbols(node: f.Node, printed: Printed) -> Iterator[f.Symbol]:
    """The symbols of a formula; of what stands below one, that which is no part of its name."""
    if isinstance(node, f.Symbol):
        unit = node.stem in ("e", "bold e") and len(node.below) == 1
        if not unit or printed.find(node) is not None:
            yield node
        found = printed.find(node)
        for part in (*(found[2] if found else node.below), node.block):
            yield from _symbols(part, printed)
        return
    for child in children(node):
        yield from _symbols(child, printed)


def _letters(node: f.Node, printed: Printed) -> Iterator[str]:
    """Index letters: what stands below a tensor or a softmax, and what a sum runs over."""
    if isinstance(node, f.Over):
        yield from node.under.letters
    below: tuple[f.Node, ...] = node.at if isinstance(node, f.Call) else ()
    if isinstance(node, f.Symbol):
        found = printed.find(node)
        below = (*(found[2] if found else ()), *([node.block] if found and node.block else ()))
    for part in below:
        yield from (n for s in symbols_of(part) if (n := letter_of(s)) is not None)
    for child in children(node):
        yield from _letters(child, printed)


def _is_other(symbol: f.Symbol, letters: set[str], names: Names) -> bool:
    """Whether a symbol that is no tensor is an index, a length, the loss or a number of its own."""
    if letter_of(symbol) in letters:
        return True
    if symbol != f.Symbol(symbol.stem):
        return symbol == f.Symbol("ell", below=symbol.below) and names.scalar("ell") is not None
    own = (*names.lengths, BATCH, *RATES, *_CONSTANTS)
    return symbol.stem in own or names.scalar(symbol.stem) is not None


def _refuse_places(
    symbol: f.Symbol, claim: str, names: Names, printed: Printed, smaller: bool
) -> None:
    """NetError for what cannot be an index of a tensor: too many, too large, or a tensor itself."""
    _, tensor, below = printed.find(symbol) or ({}, "", ())
    if not tensor or not below:
        return
    info = names.network.tensors[tensor]
    parts = [p for b in below for p in (b.parts if isinstance(b, f.Beside) else (b,))]
    whole = _written(replace(symbol, below=symbol.below[: -len(below)]))
    sizes = info.sample_shape
    if len(parts) > len(sizes) + info.batched:
        fact = f"{whole} has {len(sizes)} {'index' if len(sizes) == 1 else 'indices'}"
        raise NetError(f"{fact}, not {len(parts)}", "an index is one letter or digit", place(claim))
    for part in parts:
        found = printed.find(part) if isinstance(part, f.Symbol) else None
        if found is not None and found[1] and names.network.tensors[found[1]].bound is None:
            fact = f"{_written(part)} is a tensor of the network, and no index"
            raise NetError(fact, "let another letter be the index", place(claim))
    for part, size in zip(parts, sizes, strict=False) if len(parts) == len(sizes) else ():
        if isinstance(part, f.Number) and isinstance(size, int) and part.value > size:
            fact = f"index {part.value:g} is out of range: {whole} has the shape "
            fact += "x".join(map(str, sizes))
            remedy = "indices count from 1, or from 0"
            if smaller:
                fact = f"{whole} is looked at at smaller sizes, without index {part.value:g}"
                remedy = "let letters be the indices"
            raise NetError(fact, remedy, place(claim))


def _has(symbol: f.Symbol, printed: Printed) -> str:
    """What the network has instead: all of that letter, or what is written nearly so, or all."""
    tables = (printed.tensors, printed.gradients)
    shown = {k: _shown(k, "l" * (t[k] in printed.blocks)) for t in tables for k in t if t[k]}
    alike = [text for key, text in shown.items() if key[0] == symbol.stem]
    if not alike and (close := get_close_matches(_written(symbol), shown.values(), 1, 0.5)):
        return f"did you mean {close[0]}?"
    return f"it has {', '.join(dict.fromkeys(alike or shown.values()))}"


def _written(symbol: f.Symbol) -> str:
    said = tuple(s for p in symbol.below if (s := f.numeral(p)))
    block = f.numeral(symbol.block) or letter_of(symbol.block) or "l" if symbol.block else ""
    return _shown((symbol.stem, symbol.accent, symbol.layer, said), block)


def _command(word: str) -> str:
    """A word that is a letter of LaTeX's, or stands upright."""
    try:
        Parser([f"\\{word}"], lambda _: False).symbol()
    except Unreadable:
        return f"\\mathrm{{{word}}}"
    return f"\\{word}"


def _shown(key: Key, block: str = "") -> str:
    stem, accent, layer, below = key
    word = stem.removeprefix("upright ").removeprefix("bold ")
    text = word if len(word) == 1 else _command(word)
    for each in accent.split():
        text = f"\\{each}{{{text}}}"
    text += f"^{{[{layer}]}}" if layer else ""
    text += f"^{{({block})}}" if block else ""
    return text + (f"_{{{','.join(b.removeprefix('upright ') for b in below)}}}" if below else "")

"""What the sentences of a page say of its symbols: what a delta is of, what feeds what, from where
to where a block goes; and of every other symbol in words, that there is such a tensor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from bpgen.check.page import formula as f
from bpgen.check.page.evaluate import Scope
from bpgen.check.page.layers import put, range_of
from bpgen.check.page.proof import batch
from bpgen.check.page.proof.feeding import feeds
from bpgen.check.page.proof.judge import NOWHERE
from bpgen.check.page.proof.page import Page, symbol_of
from bpgen.check.page.proof.report import FalseLine
from bpgen.check.page.reading import Reading
from bpgen.check.page.tokens import Unreadable, tokens
from bpgen.check.page.tree import describe, symbols_of

_DISPLAY = re.compile(r"\\begin\{(align\*|aligned|verbatim|tabular|tabularx)\}.*?\\end\{\1\}", re.S)
_MATHS = re.compile(r"\$([^$]*)\$")
_DEFINED = ("Here ", "In the rules for ")  # read elsewhere
_UNRESOLVED = (Unreadable, ValueError, IndexError, AttributeError)


def false_sentences(page: Page) -> Iterator[FalseLine]:
    """The sentences that are false, or of what is not there; those of a rule for several layers at
    each of them.
    """
    before = 0
    for display in (*_DISPLAY.finditer(page.latex), None):
        start, end = display.span() if display else (len(page.latex), 0)
        rule = range_of(page.latex[start:end])
        for line in page.latex[before:start].splitlines():
            if not line.startswith((*_DEFINED, "%")):
                for said in (line,) if rule is None else _instances(line, *rule):
                    yield from _false(said, page)
        before = end


def _instances(line: str, letter: str, layers: Iterable[int]) -> Iterator[str]:
    """A sentence at each layer."""
    for layer in layers:
        yield _MATHS.sub(lambda m, at=layer: f"${' '.join(put(tokens(m[1]), letter, at))}$", line)  # type: ignore[misc]


def _false(line: str, page: Page) -> Iterator[FalseLine]:
    for sign in _MATHS.findall(line):
        yield from (FalseLine(line, w, True) for w in _unknown(sign, page.sample))
    for pattern, judged in _SENTENCES:
        for found in pattern.finditer(line):
            try:
                why = judged(found, page)
            except _UNRESOLVED as error:
                why = str(error) or type(error).__name__
            if why:
                yield FalseLine(found[0], why, why == NOWHERE)


# every symbol


def _unknown(sign: str, reading: Reading) -> Iterator[str]:
    """Why a symbol in a formula among words is of nothing."""
    for side in re.split(r"\\leftarrow|=|\\in\b", sign):
        try:
            node = reading.parse(tokens(side))
        except _UNRESOLVED:
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
    return int(f.numeral(symbol.block)) in _places(known[1], reading)


def _places(name: str, reading: Reading) -> range:
    """The numbers of the blocks that a tensor is of."""
    size = reading.world.network.tensors[name].indices[0].size
    count = size if isinstance(size, int) else reading.world.lengths[str(size)]
    return range(reading.base, reading.base + count)


# what is said of them


def _meaning(found: re.Match[str], page: Page) -> str:
    """delta says how the loss changes with z."""
    reading = page.sample
    delta, of, is_gradient = symbol_of(found["delta"], reading)
    tensor, name, _ = symbol_of(found["tensor"], reading)
    if symbol_of(found["top"], reading)[1] != reading.top:
        return "this is not what is differentiated"
    same = is_gradient and of == name and delta.block == tensor.block
    return "" if same else "this is the gradient with respect to something else"


def _shift(block: f.Node) -> int:
    """How far l + 1 or l - 1 is from l."""
    parts = block.addends if isinstance(block, f.Sum) else (block,)
    shifts = [p for p in parts if f.numeral(p) or isinstance(p, f.Negative)]
    if len(parts) - len(shifts) != 1:
        raise Unreadable("of which block?")
    return sum(_number(p) for p in shifts)


def _number(node: f.Node) -> int:
    return -int(f.numeral(node.inner)) if isinstance(node, f.Negative) else int(f.numeral(node))


def _drawn(found: re.Match[str], page: Page) -> str:
    """Each entry of m is drawn in forward: 2 with the probability 1/2, else 0."""
    reading = page.sample
    scope = Scope(reading)
    value, probability = (
        np.real(scope.value(reading.parse(tokens(found[k])))) for k in ("value", "probability")
    )
    for symbol in _MATHS.findall(found["which"]):
        keep = reading.world.network.tensors[symbol_of(symbol, reading)[1]].keep
        if keep is None:
            return "that is not drawn"
        if not (np.allclose(probability, float(keep)) and np.allclose(value * probability, 1)):
            return f"it is 1/{keep} with the probability {keep}"
    return ""


def _block(found: re.Match[str], page: Page) -> str:
    """Block l, for l = 0, ..., 5: from x^(l-1) to x^(l); or back again."""
    reading = page.sample
    back = found["back"] is not None
    ends = [symbol_of(found[k], reading) for k in (("to", "from") if back else ("from", "to"))]
    (before, name, _), (after, same, _) = ends
    letter = f.Symbol(found["letter"].lstrip("\\"))
    if name != same or after.block != letter or _shift(before.block) != -1:
        return "a block goes from what the one before it leaves to what it leaves itself"
    if letter not in symbols_of(before.block):
        return "of which block?"
    if reading.world.network.tensors[name].carried is None:
        return "this does not go from block to block"
    places = _places(name, reading)
    told = [_place(n, reading) for n in found["values"].split(r", \dots, ")]
    if told != [*dict.fromkeys((places[-1], places[0]) if back else (places[0], places[-1]))]:
        return f"blocks are from {places[0]} to {places[-1]}"
    if found["last"]:
        last, of, _ = symbol_of(found["last"], reading)
        if of != name or _value(last.block, reading) != places[-1]:
            return f"the last block is {places[-1]}"
    return ""


def _descends(found: re.Match[str], page: Page) -> str:
    """w <- w - eta dL/dw"""
    reading = page.sample
    new, old, by = (symbol_of(found[k], reading) for k in ("new", "old", "by"))
    is_param = reading.world.network.tensors[new[1]].role == "param"
    same = new == old == by and is_param
    is_loss = symbol_of(found["loss"], reading)[1] == reading.world.network.loss
    return "" if same and is_loss else "this is no step of descent"


def _place(text: str, reading: Reading) -> int:
    return _value(reading.parse(tokens(text)), reading)


def _value(node: f.Node, reading: Reading) -> int:
    """5, L or L - 1."""
    if f.numeral(node):
        return int(f.numeral(node))
    (end,) = symbols_of(node)
    return reading.world.lengths[reading.names.length(end) or ""] + _shift(node)


def _sentence(text: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"(?<!P)<(\w+)>", r"\\$(?P<\1>[^$]*)\\$", text))


Judged = Callable[[re.Match[str], Page], str]
_SENTENCES: tuple[tuple[re.Pattern[str], Judged], ...] = (
    (_sentence("<delta> says how <top> changes with <tensor>"), _meaning),
    (
        re.compile(r"[Tt]he gradient of a parameter is the (?P<made>mean|sum)\b"),
        batch.of_parameters,
    ),
    (_sentence(r"samples are averaged: <delta> carries the factor \$1/N\$"), batch.carries),
    (
        _sentence(
            r"(?P<each>Each )?<read> (?P<how>(?:may )?feeds? \w+) <through>,"
            r" so \$\\sum_\{(?P<over>[^$]*)\}\$"
        ),
        feeds,
    ),
    (
        _sentence(
            r"Each entry of (?P<which>.*?) is drawn in forward: <value> with the probability"
            " <probability>, else 0"
        ),
        _drawn,
    ),
    (
        _sentence(
            r"Block <letter>, for \$\S+ = (?P<values>[^$]*)\$: from"
            r" (?P<back>the gradient with respect to )?<from> to (?:that of )?<to>\."
            r"(?: The last leaves <last>\.)?"
        ),
        _block,
    ),
    (
        re.compile(
            r"A step of gradient descent: \$(?P<new>\S+) \\leftarrow (?P<old>\S+) - \\eta \\, "
            r"\\tfrac\{\\partial (?P<loss>\S+?)\}\{\\partial (?P<by>\S+)\}\$"
        ),
        _descends,
    ),
)

"""From where to where a block goes, and which gradients are told step by step."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bpgen.check.page import formula as f
from bpgen.check.page.proof.numbered import rows_of
from bpgen.check.page.proof.page import Page, symbol_of
from bpgen.check.page.proof.report import FalseLine
from bpgen.check.page.proof.sentences.symbols import places
from bpgen.check.page.reading import Reading
from bpgen.check.page.tokens import Unreadable, tokens
from bpgen.check.page.tree import symbols_of

_BEYOND = re.compile(r"at \$\S+ = ([^$]*)\$, gradients are 0")


def block(found: re.Match[str], page: Page) -> str:
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
    blocks = places(name, reading)
    ends_told = (blocks[-1], blocks[0]) if back else (blocks[0], blocks[-1])
    if _values(found["values"], reading) != [*dict.fromkeys(ends_told)]:
        return f"blocks are from {blocks[0]} to {blocks[-1]}"
    if found["last"]:
        last, of, _ = symbol_of(found["last"], reading)
        if of != name or _value(last.block, reading) != blocks[-1]:
            return f"the last block is {blocks[-1]}"
    return ""


def through_time(found: re.Match[str], page: Page) -> str:
    """(7) to (9), step by step, for t = 2, ..., 0. Beyond the last step, at t = 3, gradients are 0:
    all gradients that have a number and are of what such a recurrence computes.
    """
    reading = page.sample
    after = _value(reading.parse(tokens(found["after"])), reading)
    if _values(found["values"], reading)[0] != after - 1:
        return "that is not the step after the last"
    size = after - reading.base
    loops = {e.name: e.loop for e in page.network.equations if e.loop and not e.loop.block}
    within = {name for name, loop in loops.items() if reading.world.size(loop.index.size) == size}
    told = (row for row in rows_of(page) if row.told and row.told[0] and row.told[1] in within)
    tags = [*dict.fromkeys(row.tag for row in told if row.tag)]
    said = [tags.index(n) for n in (found["first"], found["last"]) if n in tags]
    if not said or len(said) < 1 + (found["last"] is not None):
        return f"the gradients of its values are {', '.join(f'({t})' for t in tags)}"
    begin, end = said[0], said[-1]
    if found["between"] != {0: None, 1: "and"}.get(end - begin, "to"):
        return f"these are {end - begin + 1}"
    ends = f"({tags[begin - 1]}), step by step" if begin else ""
    begins = f"through time: ({tags[end + 1]})" if tags[end + 1 :] else ""
    return "" if ends in page.latex and begins in page.latex else "others are told nowhere"


def untold(page: Page) -> Iterator[FalseLine]:
    """That gradients are 0 beyond the last step, where one is read there."""
    reading = page.sample
    told = (_value(reading.parse(tokens(s)), reading) for s in _BEYOND.findall(page.latex))
    said = {after - reading.base for after in told}
    for size in sorted((page.sample.beyond | page.whole.beyond) - said):
        yield FalseLine(f"Beyond step {size + reading.base}, gradients are 0", "is not told")


def _values(text: str, reading: Reading) -> list[int]:
    """The first and the last of those that letters run through."""
    return [_value(reading.parse(tokens(n)), reading) for n in text.split(r", \dots, ")]


def _value(node: f.Node, reading: Reading) -> int:
    """5, L or L - 1."""
    if f.numeral(node):
        return int(f.numeral(node))
    (end,) = symbols_of(node)
    return reading.world.lengths[reading.names.length(end) or ""] + _shift(node)


def _shift(block: f.Node) -> int:
    """How far l + 1 or l - 1 is from l."""
    parts = block.addends if isinstance(block, f.Sum) else (block,)
    shifts = [p for p in parts if f.numeral(p) or isinstance(p, f.Negative)]
    if len(parts) - len(shifts) != 1:
        raise Unreadable("of which block?")
    return sum(_number(p) for p in shifts)


def _number(node: f.Node) -> int:
    return -int(f.numeral(node.inner)) if isinstance(node, f.Negative) else int(f.numeral(node))
